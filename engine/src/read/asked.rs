//! A page that is asked for, and how many entries have to be looked at for it.
//!
//! A look takes one entry more than the page has, which tells whether there is more. If the
//! [`Judge`] hides some of them, or the [`Collapser`] drops some, the next look takes twice as many, so that
//! a long stretch of hidden ones costs linear time.

use crate::collapse::{BroughtBy, Collapse};
use crate::error::Result;
use crate::ids::{Position, PostId, Sequence};
use crate::query::{Span, TimelineQuery};
use crate::read::authors::Authors;
use crate::read::collapse::Collapser;
use crate::read::counts::Counting;
use crate::read::judge::{self, Feed, Judge};
use crate::read::ties::Ties;
use crate::shared::Shared;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Looks whose entries could not be judged as of their position, because somebody's sight changed
/// meanwhile. Then the next one stays with the state, and looks at files that were read a moment ago.
pub(crate) const STALE_MAX: u32 = 3;

/// What is wanted with the entries of a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extras {
    pub(crate) counting: Counting,
    pub(crate) collapse: Option<Collapse>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a TimelineQuery,
    pub(crate) extras: Extras,
    /// Who follows whom, as far as the judge asked for it.
    pub(crate) ties: Ties<'a>,
    feed: Feed,
    /// What the next look takes, less one.
    limit: usize,
    stale: u32,
    /// Of whom the feed is made, as of the position of the look, if the page is collapsed and has reposts.
    authors: Option<Authors>,
    /// For whom each entry stands that fitted, if the page is collapsed.
    brought_by: Vec<BroughtBy>,
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

/// What a look is worth.
struct Judged {
    entries: Vec<Sequence>,
    is_enough: bool,
    brought_by: Vec<BroughtBy>,
}

/// What tells whether entries can still be judged as of the position of their selection; `None`:
/// there was nothing to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turns(Option<(u64, Sequence)>);

impl Turns {
    /// Of entries of which those who look see all that they see the authors of.
    pub(crate) const IDLE: Self = Self(None);

    /// Of entries that are to be judged.
    pub(crate) fn of(state: &State) -> Self {
        Self(Some((state.turns(), state.position.sequence)))
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

impl Extras {
    /// Only the entries.
    pub(crate) const NONE: Self = Self::counted(Counting::No);

    pub(crate) const fn counted(counting: Counting) -> Self {
        Self { counting, collapse: None }
    }
}

impl<'a> Asked<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        feed: Feed,
        query: &'a TimelineQuery,
        extras: Extras,
    ) -> Self {
        // A quarter more at once saves most collapsed pages a second look.
        let more = extras.collapse.map_or(0, |_| query.limit / 4 + 1);
        let (limit, ties) = (query.limit + more, Ties::new(shared));
        Self { query, extras, ties, feed, limit, stale: 0, authors: None, brought_by: Vec::new() }
    }

    /// What the next look looks for.
    pub(crate) fn raw(&self) -> TimelineQuery {
        let top = self.extras.collapse.and_then(|collapse| collapse.top);
        let above = top.map(|top| PostId(top.0.saturating_add(1)));
        let span = match (self.query.span, above) {
            (Span::Newest, Some(above)) => Span::Before(above),
            (Span::Before(cursor), Some(above)) => Span::Before(cursor.min(above)),
            (span, _) => span,
        };
        TimelineQuery { limit: self.limit, span, ..*self.query }
    }

    /// What tells later whether the entries of a look at this state can still be judged.
    pub(crate) fn turns(&self, state: &State) -> Turns {
        turns(state, self.feed, self.query)
    }

    /// Those of the entries that the page shows: the one more only tells whether there is more.
    pub(crate) fn shown<'b>(&self, entries: &'b [Sequence]) -> &'b [Sequence] {
        let more = entries.len().saturating_sub(self.query.limit);
        match self.query.span {
            Span::After(_) => entries.get(more..),
            Span::Newest | Span::Before(_) => entries.get(..entries.len() - more),
        }
        .unwrap_or_default()
    }

    /// Whether the next look goes through files under the state lock.
    pub(crate) fn is_stubborn(&self) -> bool {
        STALE_MAX <= self.stale
    }

    /// Whether it has to be known of whom the feed is made, for a page that may have any post.
    pub(crate) fn wants_authors(&self, state: &State) -> bool {
        self.extras.collapse.is_some() && !state.reposts.is_empty()
    }

    /// Of whom the feed is made, as of the look that is to be fitted.
    pub(crate) fn set_authors(&mut self, authors: Authors) {
        self.authors = Some(authors);
    }

    /// For whom each entry stands that fitted, if the page is collapsed.
    pub(crate) fn take_brought_by(&mut self) -> Vec<BroughtBy> {
        std::mem::take(&mut self.brought_by)
    }

    /// Leaves out of `entries`, which were selected from this state at `position`, what the reader does not
    /// see, and what the page drops. Where that is not known, all of them stay. `authors` says whose they
    /// are, if that was asked.
    pub(crate) fn fit(
        &mut self,
        state: &State,
        position: Position,
        (entries, authors): (&mut Vec<Sequence>, &[Ordinal]),
    ) -> Result<Fit> {
        if judge::is_idle(state, self.feed, is_own(self.feed, self.query)) {
            return Ok(self.fit_idle(position, entries));
        }
        let judged = loop {
            self.ties.begin();
            let judged = self.judge(state, position, (entries, authors));
            if self.ties.is_complete() {
                break judged;
            }
            if !self.is_stubborn() && !self.ties.is_stubborn() {
                return Ok(Fit::Unknown);
            }
            self.ties.read_now(state)?;
        };
        self.authors = None;
        *entries = judged.entries;
        self.brought_by = judged.brought_by;
        Ok(self.grow_unless(judged.is_enough))
    }

    /// The same where nothing was hidden from anybody at that position: then there was no repost either.
    fn fit_idle(&mut self, position: Position, entries: &mut Vec<Sequence>) -> Fit {
        let Some(collapse) = self.extras.collapse else { return Fit::Enough };
        let is_all = entries.len() <= self.limit;
        let is_all = cut(entries, collapse.top_at(position)) || is_all;
        let is_enough = self.trim(entries, is_all);
        self.brought_by = vec![BroughtBy::default(); entries.len()];
        self.grow_unless(is_enough)
    }

    fn grow_unless(&mut self, is_enough: bool) -> Fit {
        if is_enough {
            return Fit::Enough;
        }
        self.limit = self.limit.saturating_mul(2);
        Fit::Short
    }

    /// What the reader sees of the entries, and the page keeps; it means nothing unless the ties are complete.
    fn judge(
        &self,
        state: &State,
        position: Position,
        (entries, authors): (&[Sequence], &[Ordinal]),
    ) -> Judged {
        let judge = Judge::of((state, &self.ties), self.feed, self.query);
        let is_all = entries.len() <= self.limit;
        let authors = authors.iter().copied().map(Some).chain(std::iter::repeat(None));
        let seen = entries.iter().copied().zip(authors);
        let seen = seen.filter(|(entry, author)| judge.sees(*entry, *author));
        let mut entries: Vec<Sequence> = seen.map(|(entry, _)| entry).collect();
        let Some(collapse) = self.extras.collapse else {
            let is_enough = self.trim(&mut entries, is_all);
            return Judged { entries, is_enough, brought_by: Vec::new() };
        };
        let is_all = cut(&mut entries, collapse.top_at(position)) || is_all;
        let nobody = Authors::default();
        let authors = self.authors.as_ref().unwrap_or(&nobody);
        let collapser = Collapser::new(judge, authors, &collapse, position);
        let lines = collapser.retain(&mut entries);
        let is_enough = self.trim(&mut entries, is_all);
        let brought_by =
            if is_enough { collapser.brought_by(&entries, &lines) } else { Vec::new() };
        Judged { entries, is_enough, brought_by }
    }

    /// Cuts what is left to what the page needs; false if that is too little, and not all there is.
    fn trim(&self, entries: &mut Vec<Sequence>, is_all: bool) -> bool {
        let wanted = self.query.limit + 1;
        if entries.len() < wanted && !is_all {
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
        position: Position,
        (entries, authors): (&mut Vec<Sequence>, &[Ordinal]),
    ) -> Result<bool> {
        if turns.is_idle() {
            return Ok(self.fit_idle(position, entries) == Fit::Enough);
        }
        loop {
            let missing = {
                let state = shared.state()?;
                let mut fitting = entries.clone();
                let fit = self.fit(&state, position, (&mut fitting, authors))?;
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

/// Whether nobody but whose feed it is looks at it, or the trusted application.
fn is_own(feed: Feed, query: &TimelineQuery) -> bool {
    query.viewer.is_none_or(|viewer| feed != Feed::Outbox && viewer == query.user)
}

/// Whether it matters whose the entries are.
pub(crate) fn asks_author(state: &State, feed: Feed, query: &TimelineQuery) -> bool {
    judge::asks_author(state, feed, is_own(feed, query))
}

/// What tells later whether entries of this state can still be judged.
pub(crate) fn turns(state: &State, feed: Feed, query: &TimelineQuery) -> Turns {
    let is_idle = judge::is_idle(state, feed, is_own(feed, query));
    if is_idle { Turns::IDLE } else { Turns::of(state) }
}

/// Cuts off what is above the top; whether there was any. A page that goes up ends there.
fn cut(entries: &mut Vec<Sequence>, top: PostId) -> bool {
    let above = entries.iter().take_while(|entry| Sequence::from(top) < **entry).count();
    entries.drain(..above);
    0 < above
}
