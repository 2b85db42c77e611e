//! Who reacted to a post or a comment, newest first.

use crate::command::check_kind;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::Sequence;
use crate::query::{PageEnd, Reactor, ReactorsPage, ReactorsQuery};
use crate::read::content::Reach;
use crate::read::feed::check_limit;
use crate::read::lists::{self, Listed, Taken, still_stands};
use crate::read::sight::Sight;
use crate::read::targets::{self, no_target};
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::part::Near;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// A page of who reacted. Within memory: `None` if that is not enough.
pub(crate) fn reactors(
    shared: &Shared,
    query: &ReactorsQuery,
    reach: Reach,
) -> Result<Option<ReactorsPage>> {
    check_limit(query.limit)?;
    query.kind.map_or(Ok(()), check_kind)?;
    let Some(target) = targets::find(shared, query.target, reach)? else { return Ok(None) };
    let target = target.ok_or_else(|| no_target(query.target))?;
    let near = Near::Below(query.before.unwrap_or(Sequence(u64::MAX)));
    let mut want = query.limit + 1;
    let mut sight = Sight::new(shared, &target, query.viewer);
    loop {
        if !sight.is_clear(reach)? {
            return Ok(None);
        }
        let (taken, standing) = {
            let state = shared.state()?;
            if !sight.check(&state)? {
                continue;
            }
            let standing = targets::standing(&state, &target)?;
            let (lists, kinds) = lists_of(&state, query);
            let mut page = Filling::new(&state, query, &kinds);
            let is_whole =
                lists::resident(&state.responses, &lists, near, |listed| page.add(listed))?;
            if is_whole && !standing.is_in_files() {
                return page_if(standing.resolve()?, query, page.page);
            }
            (Taken::take(&state.responses, &lists, near), standing)
        };
        if reach == Reach::Memory {
            return Ok(None);
        }
        if !standing.resolve()? {
            return Err(no_target(query.target));
        }
        let found = taken.read(want)?;
        let state = shared.state()?;
        if !sight.check(&state)? {
            continue;
        }
        let (lists, kinds) = lists_of(&state, query);
        if !taken.is_current(&state.responses, &lists) {
            continue;
        }
        let mut page = Filling::new(&state, query, &kinds);
        for listed in &found {
            let stands = lists
                .get(listed.0)
                .is_some_and(|list| still_stands(&state.responses, *list, listed.1.0));
            if stands && !page.add(*listed)? {
                break;
            }
        }
        if page.page.end == PageEnd::More || found.len() < want {
            return Ok(Some(page.page));
        }
        // Many of them are hidden from the viewer.
        want *= 4;
    }
}

fn page_if(
    stands: bool,
    query: &ReactorsQuery,
    page: ReactorsPage,
) -> Result<Option<ReactorsPage>> {
    if stands { Ok(Some(page)) } else { Err(no_target(query.target)) }
}

/// The lists of the target that are asked for, and their kinds.
fn lists_of(state: &State, query: &ReactorsQuery) -> (Vec<Ordinal>, Vec<u8>) {
    let lists = state.responses.reactions_to(query.target);
    let mut lists: Vec<(Ordinal, u8)> = lists
        .filter(|(kind, _)| query.kind.is_none_or(|wanted| wanted == *kind))
        .map(|(kind, list)| (list, kind))
        .collect();
    lists.sort_unstable();
    lists.into_iter().unzip()
}

/// A page being filled.
struct Filling<'a> {
    state: &'a State,
    viewer: Viewer<'a>,
    kinds: &'a [u8],
    limit: usize,
    page: ReactorsPage,
}

impl<'a> Filling<'a> {
    fn new(state: &'a State, query: &ReactorsQuery, kinds: &'a [u8]) -> Self {
        let (position, reactors) = (state.position, Vec::new());
        let page = ReactorsPage { position, reactors, end: PageEnd::End };
        Self { state, viewer: Viewer::new(state, query.viewer), kinds, limit: query.limit, page }
    }

    /// Adds a reaction unless it is hidden; false if the page was full.
    fn add(&mut self, (list, (sequence, user)): Listed) -> Result<bool> {
        let user = Ordinal(user);
        if self.viewer.is_hidden(user) {
            return Ok(true);
        }
        if self.page.reactors.len() == self.limit {
            self.page.end = PageEnd::More;
            return Ok(false);
        }
        let user = self.state.users.find_id(user).ok_or_else(|| nobody(user, sequence))?;
        let kind = self.kinds.get(list).copied().unwrap_or_default();
        self.page.reactors.push(Reactor { user, kind, sequence });
        Ok(true)
    }
}

/// Only a damaged file can say so.
pub(crate) fn nobody(user: Ordinal, sequence: Sequence) -> Error {
    let what = format!("the response of sequence {sequence} is of user number {}", user.0);
    Error::new(ErrorKind::Corrupt, format!("{what}, and there is no such user"))
}
