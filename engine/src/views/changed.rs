//! When something about each user changed last, as far as it matters, in an array that never grows.
//!
//! Users share places, and who shares one takes the other's changes for their own: an answer "nothing
//! has changed" is always right.
//!
//! Considered: a sequence beside each user, which 120 million users would pay for and few ever ask.

use super::users::Ordinal;
use crate::ids::Sequence;

/// See the module. `PLACES` is how many places there are.
#[derive(Debug)]
pub(crate) struct Changed<const PLACES: usize>(Box<[Sequence]>);

impl<const PLACES: usize> Default for Changed<PLACES> {
    fn default() -> Self {
        Self(vec![Sequence(0); PLACES].into())
    }
}

impl<const PLACES: usize> Changed<PLACES> {
    /// Something of the user's changed with that record.
    pub(crate) fn note(&mut self, user: Ordinal, at: Sequence) {
        if let Some(place) = self.0.get_mut(user.index() % PLACES) {
            *place = at;
        }
    }

    /// Whether nothing of the user's has changed since.
    pub(crate) fn is_as_of(&self, user: Ordinal, position: Sequence) -> bool {
        self.0.get(user.index() % PLACES).is_none_or(|newest| *newest <= position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_changed_is_known() {
        let mut changed = Changed::<16>::default();
        changed.note(Ordinal(3), Sequence(7));
        let is_as_of = |user, at| changed.is_as_of(Ordinal(user), Sequence(at));
        assert!(is_as_of(3, 7) && !is_as_of(3, 6) && is_as_of(4, 0));
        assert!(!is_as_of(19, 6), "who shares a place");
    }
}
