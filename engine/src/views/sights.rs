//! When what is seen of each user's posts, or by them, changed last: what was judged, or selected, at an
//! earlier position is the same now if that is so of all whom it concerns.
//!
//! A counter for all users together would have a busy system make every longer read begin anew.

use super::changed::Changed;
use super::users::Ordinal;
use crate::ids::Sequence;

/// Two megabytes: a read that depends on two thousand authors takes one change in a hundred of other users for
/// one of theirs.
const PLACES: usize = 262_144;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Sights {
    users: Changed<PLACES>,
    newest: Sequence,
}

impl Sights {
    /// A post of the user's went, or something shows or hides what there was of theirs, or what they see.
    pub(crate) fn note(&mut self, user: Ordinal, at: Sequence) {
        self.users.note(user, at);
        self.newest = at;
    }

    /// Whether nothing of that kind happened to the user since.
    pub(crate) fn is_as_of(&self, user: Ordinal, position: Sequence) -> bool {
        self.newest <= position || self.users.is_as_of(user, position)
    }

    /// Whether it happened to nobody.
    pub(crate) fn are_as_of(&self, position: Sequence) -> bool {
        self.newest <= position
    }
}
