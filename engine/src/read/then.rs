//! A selection that is judged after the state was let go: whether it was judged as it would have been then.

use crate::ids::{Position, Sequence, UserId};
use crate::read::ties::Ties;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Then<'a> {
    pub(crate) position: Position,
    /// Of whom the feed is made; `None`: of anybody.
    pub(crate) authors: Option<&'a [Ordinal]>,
    /// There was nothing to judge.
    pub(crate) is_idle: bool,
}

impl Then<'_> {
    /// Whether these entries, which were judged by this state with these ties for those who look, are judged as
    /// they would have been then, and no author has lost another.
    pub(crate) fn judged_as(
        &self,
        (state, ties): (&State, &Ties<'_>),
        who_look: [Option<UserId>; 2],
        entries: &[Sequence],
    ) -> bool {
        let (sights, at) = (&state.sights, self.position.sequence);
        if sights.are_as_of(at) {
            return ties.are_as_of(state, at);
        }
        let is_as_of = |user: &Ordinal| sights.is_as_of(*user, at);
        // Who is being forgotten looks too.
        let mut who_look = who_look.into_iter().flatten().filter_map(|user| state.users.find(user));
        let is_root_as_of = |entry: &Sequence| {
            let root = state.reposts.find(*entry).and_then(|slot| state.reposts.root(slot.root));
            root.is_none_or(|root| is_as_of(&root.author))
        };
        self.authors.is_some_and(|authors| authors.iter().all(is_as_of))
            && who_look.all(|user| is_as_of(&user))
            && entries.iter().all(is_root_as_of)
            && ties.are_as_of(state, at)
    }
}
