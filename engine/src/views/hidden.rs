//! Whom a user's home leaves out although they may follow them: the muted, and the members of the
//! user's exclusive groups.
//!
//! The one place that says so. A read, a delivery and a watch ask here and nowhere else, so that none
//! of them can disagree.

use super::graph::Pairs;
use super::groups::Groups;
use super::state::State;
use super::users::Ordinal;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hidden<'a> {
    mutes: &'a Pairs,
    groups: &'a Groups,
}

impl<'a> Hidden<'a> {
    pub(crate) fn of(state: &'a State) -> Self {
        Self { mutes: &state.graph.mutes, groups: &state.groups }
    }

    /// Whether the author's posts are left out of the user's home.
    pub(crate) fn contains(self, user: Ordinal, author: Ordinal) -> bool {
        self.mutes.contains(user, author) || self.groups.is_apart(user, author)
    }

    /// Whether anybody's are.
    pub(crate) fn has_any(self, user: Ordinal) -> bool {
        self.mutes.lists.count(user) != 0 || self.groups.has_apart(user)
    }

    /// Whether the author's posts are left out of anybody's home.
    pub(crate) fn has_author(self, author: Ordinal) -> bool {
        self.mutes.has_target(author) || self.groups.is_apart_for_anybody(author)
    }
}
