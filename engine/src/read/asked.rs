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
use crate::shared::Shared;
use crate::views::state::State;

/// Looks whose entries could not be judged as of their position, because somebody's sight changed
/// meanwhile. Then the next one stays with the state, and looks at files that were read a moment ago.
pub(crate) const STALE_MAX: u32 = 3;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a TimelineQuery,
    pub(crate) counting: Counting,
    feed: Feed,
    /// What the next look takes, less one.
    limit: usize,
    stale: u32,
}

/// What tells whether entries can still be judged as of the position of their selection; `None`:
/// there was nothing to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turns(Option<u64>);

impl Turns {
    pub(crate) fn of(state: &State) -> Self {
        Self((!state.is_all_seen()).then(|| state.turns()))
    }

    /// Whether there was nothing to judge.
    pub(crate) fn is_idle(self) -> bool {
        self.0.is_none()
    }
}

impl<'a> Asked<'a> {
    pub(crate) fn new(feed: Feed, query: &'a TimelineQuery, counting: Counting) -> Self {
        Self { query, counting, feed, limit: query.limit, stale: 0 }
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
    /// False if that leaves too few: then the next look takes more.
    pub(crate) fn fit(&mut self, state: &State, entries: &mut Vec<Sequence>) -> bool {
        let judge = Judge::of(state, self.feed, self.query);
        if judge.is_idle() {
            return true;
        }
        let (is_all, wanted) = (entries.len() <= self.limit, self.query.limit + 1);
        entries.retain(|entry| judge.sees(*entry));
        if entries.len() < wanted && !is_all {
            self.limit = self.limit.saturating_mul(2);
            return false;
        }
        // Nearest to the cursor is last where the page goes up.
        match self.query.span {
            Span::After(_) => drop(entries.drain(..entries.len().saturating_sub(wanted))),
            Span::Newest | Span::Before(_) => entries.truncate(wanted),
        }
        true
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
        let state = shared.state()?;
        if Turns::of(&state) != turns {
            self.stale += 1;
            return Ok(false);
        }
        Ok(self.fit(&state, entries))
    }
}
