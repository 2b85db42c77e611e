//! What a viewer may not see, judged by today's graph.
//!
//! A block hides each from the other wherever a viewer is given. A viewer nobody has written about
//! has no blocks; no viewer means the trusted application, which sees everything.

use crate::ids::UserId;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Somebody who looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer<'a> {
    state: &'a State,
    /// `None`: the trusted application, or a user without any edge.
    ordinal: Option<Ordinal>,
}

impl<'a> Viewer<'a> {
    pub(crate) fn new(state: &'a State, viewer: Option<UserId>) -> Self {
        let known = viewer.and_then(|viewer| state.users.find(viewer));
        // Without a single block in the database nobody is hidden from anybody.
        let ordinal = known.filter(|_| 0 < state.graph.blocks.len());
        Self { state, ordinal }
    }

    /// Whether nothing of the user's home can be hidden from this viewer. Whom one has blocked, or is
    /// blocked by, one does not follow.
    pub(crate) fn sees_home_of(&self, user: Ordinal) -> bool {
        self.ordinal.is_none_or(|viewer| viewer == user)
    }

    /// Whether everything of `user` is hidden from this viewer.
    pub(crate) fn is_hidden(&self, user: Ordinal) -> bool {
        self.ordinal.is_some_and(|viewer| self.state.graph.is_blocked_between(viewer, user))
    }
}
