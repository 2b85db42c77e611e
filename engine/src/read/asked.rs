//! A page that is asked for, and how many entries have to be looked at for it.
//!
//! A look takes one entry more than the page has, which tells whether there is more. If the
//! [`Judge`] hides some of them, the next look takes twice as many, so that a long stretch of hidden
//! ones costs linear time.

use crate::error::Result;
use crate::ids::Sequence;
use crate::query::{Span, TimelineQuery};
use crate::read::counts::Counting;
use crate::read::judge::{Feed, Judge};
use crate::read::ties::Ties;
use crate::shared::Shared;
use crate::views::state::State;

/// Looks whose entries could not be judged as of their position, because somebody's sight changed
/// meanwhile. Then the next one stays with the state, and looks at files that were read a moment ago.
pub(crate) const STALE_MAX: u32 = 3;

/// See the module.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a TimelineQuery,
    pub(crate) counting: Counting,
    /// Who follows whom, as far as the judge asked for it.
    pub(crate) ties: Ties<'a>,
    feed: Feed,
    /// What the next look takes, less one.
    limit: usize,
    stale: u32,
}

/// What is left of entries that were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// A page.
    Enough,
    /// Too few: the next look takes more.
    Short,
    /// Nobody knows: some lists are to be read first, see [`Ties::missing`].
    Unknown,
}

/// What tells whether entries can still be judged as of the position of their selection; `None`:
/// there was nothing to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turns(Option<(u64, Sequence)>);

impl Turns {
    pub(crate) fn of(state: &State) -> Self {
        Self((!state.is_all_seen()).then(|| (state.turns(), state.position.sequence)))
    }

    /// Whether there was nothing to judge.
    pub(crate) fn is_idle(self) -> bool {
        self.0.is_none()
    }

    /// Whether what these ties were asked for is as it was, and all else that may show or hide a post.
    pub(crate) fn are_of(self, state: &State, ties: &Ties<'_>) -> bool {
        let are = |(turns, at)| turns == state.turns() && ties.are_as_of(state, at);
        self.0.is_none_or(are)
    }
}

impl<'a> Asked<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        feed: Feed,
        query: &'a TimelineQuery,
        counting: Counting,
    ) -> Self {
        let (limit, stale) = (query.limit, 0);
        Self { query, counting, ties: Ties::new(shared), feed, limit, stale }
    }

    /// What the next look looks for.
    pub(crate) fn raw(&self) -> TimelineQuery {
        TimelineQuery { limit: self.limit, ..*self.query }
    }

    /// Whether the next look goes through files under the state lock.
    pub(crate) fn is_stubborn(&self) -> bool {
        STALE_MAX <= self.stale
    }

    /// Leaves out of `entries`, which were selected from this state, what the reader does not see.
    pub(crate) fn fit(&mut self, state: &State, entries: &mut Vec<Sequence>) -> Result<Fit> {
        if state.is_all_seen() {
            return Ok(Fit::Enough);
        }
        let count = entries.len();
        while !self.judge(state, entries) {
            if !self.is_stubborn() && !self.ties.is_stubborn() {
                return Ok(Fit::Unknown);
            }
            self.ties.read_now(state)?;
        }
        let (is_all, wanted) = (count <= self.limit, self.query.limit + 1);
        if entries.len() < wanted && !is_all {
            self.limit = self.limit.saturating_mul(2);
            return Ok(Fit::Short);
        }
        // Nearest to the cursor is last where the page goes up.
        match self.query.span {
            Span::After(_) => drop(entries.drain(..entries.len().saturating_sub(wanted))),
            Span::Newest | Span::Before(_) => entries.truncate(wanted),
        }
        Ok(Fit::Enough)
    }

    /// Leaves out what is not seen; false, and all of them stay, if that is not known.
    fn judge(&self, state: &State, entries: &mut Vec<Sequence>) -> bool {
        self.ties.begin();
        let judge = Judge::of((state, &self.ties), self.feed, self.query);
        let seen: Vec<Sequence> =
            entries.iter().copied().filter(|entry| judge.sees(*entry)).collect();
        let is_known = self.ties.is_complete();
        if is_known {
            *entries = seen;
        }
        is_known
    }

    /// The same for entries that were selected when the state had these turns, which is let go.
    pub(crate) fn fit_later(
        &mut self,
        shared: &Shared,
        turns: Turns,
        entries: &mut Vec<Sequence>,
    ) -> Result<bool> {
        if turns.is_idle() {
            return Ok(true);
        }
        loop {
            let missing = {
                let state = shared.state()?;
                let mut fitting = entries.clone();
                let fit = self.fit(&state, &mut fitting)?;
                if !turns.are_of(&state, &self.ties) {
                    self.stale += 1;
                    return Ok(false);
                }
                if fit != Fit::Unknown {
                    *entries = fitting;
                    return Ok(fit == Fit::Enough);
                }
                self.ties.missing(&state)
            };
            self.ties.read(missing)?;
        }
    }
}
