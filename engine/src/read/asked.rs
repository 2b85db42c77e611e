//! A page that is asked for, and how many entries have to be looked at for it.
//!
//! A look takes one entry more than the page has, which tells whether there is more. If the
//! [`Judge`] hides some of them, or the [`Collapser`] drops some, the next look goes on below them (or above,
//! where the page goes up) and takes twice as many, so that a long stretch of hidden ones costs linear time.
//!
//! After so many entries the state is let go, and others have their turn. The page stays as of the position of its
//! first look, see [`Pinned`]: what is newer is left out, and nothing may have happened since to whom it
//! concerns, see [`Sights`](crate::views::sights::Sights). Else it begins anew; and where that happens again
//! and again the next look holds the state until the page is full.

use crate::collapse::{BroughtBy, Collapse};
use crate::error::Result;
use crate::ids::{Position, PostId, Sequence};
use crate::query::{Span, TimelineQuery};
use crate::read::authors::Authors;
use crate::read::collapse::{Collapser, Lines};
use crate::read::counts::Counting;
use crate::read::judge::{self, Feed, Judge};
use crate::read::pinned::Pinned;
use crate::read::then::Then;
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
    /// It holds the state until it is full: earlier pages were out of date when what stands beside them was found.
    pub(crate) is_stubborn: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a TimelineQuery,
    pub(crate) extras: Extras,
    /// Who follows whom, as far as the judge asked for it.
    pub(crate) ties: Ties<'a>,
    feed: Feed,
    /// What the next look takes, less one, if that is within what is left of this hold.
    limit: usize,
    /// What the last look was to take, less one.
    looked_for: usize,
    /// Entries that are looked at under one hold of the state.
    hold: usize,
    /// Entries that were looked at under this one, for nothing.
    spent: usize,
    stale: u32,
    so_far: SoFar,
    /// Where the page stands, if it goes on under another hold.
    pinned: Option<Pinned>,
    /// Of whom the feed is made, as of the position of the look, if the page is collapsed and has reposts.
    authors: Option<Authors>,
    /// For whom each entry stands that fitted, if the page is collapsed.
    brought_by: Vec<BroughtBy>,
}

/// What earlier looks at the page have found.
#[derive(Debug, Default)]
struct SoFar {
    /// What the page has, newest first.
    kept: Vec<Sequence>,
    /// The last entry that was looked at.
    upto: Option<PostId>,
    /// Of the roots that were met, if the page is collapsed.
    lines: Lines,
}

/// What is left of entries that were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// A page.
    Enough,
    /// Too few: the next look goes on from there.
    Short,
    /// Nobody knows: some lists are to be read first, see [`Ties::missing`].
    Unknown,
}

/// What a look is worth.
struct Judged {
    entries: Vec<Sequence>,
    is_all: bool,
    lines: Lines,
}

impl Extras {
    /// Only the entries.
    pub(crate) const NONE: Self = Self::counted(Counting::No);

    pub(crate) const fn counted(counting: Counting) -> Self {
        Self { counting, collapse: None, is_stubborn: false }
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
        let limit = query.limit + more;
        Self {
            query,
            extras,
            ties: Ties::new(shared),
            feed,
            limit,
            looked_for: limit,
            hold: shared.options.hold_entries,
            spent: 0,
            stale: if extras.is_stubborn { STALE_MAX } else { 0 },
            so_far: SoFar::default(),
            pinned: None,
            authors: None,
            brought_by: Vec::new(),
        }
    }

    /// What the next look looks for.
    pub(crate) fn raw(&mut self) -> TimelineQuery {
        let span = match (self.so_far.upto, self.query.span) {
            (None, span) => span,
            (Some(upto), Span::After(_)) => Span::After(upto),
            (Some(upto), Span::Newest | Span::Before(_)) => Span::Before(upto),
        };
        self.looked_for = match self.is_under_way() && !self.is_stubborn() {
            true => self.limit.min(self.hold.saturating_sub(self.spent)).max(1),
            false => self.limit,
        };
        let top = self.extras.collapse.and_then(|collapse| collapse.top);
        let above = top.map(|top| PostId(top.0.saturating_add(1)));
        let span = match (span, above) {
            (Span::Newest, Some(above)) => Span::Before(above),
            (Span::Before(cursor), Some(above)) => Span::Before(cursor.min(above)),
            (span, _) => span,
        };
        TimelineQuery { limit: self.looked_for, span, ..*self.query }
    }

    /// Whether there is nothing to judge in this state.
    pub(crate) fn is_idle(&self, state: &State) -> bool {
        !self.is_under_way() && is_idle(state, self.feed, self.query)
    }

    /// Whether earlier looks have found a part of the page.
    pub(crate) fn is_under_way(&self) -> bool {
        self.so_far.upto.is_some()
    }

    /// Whether others are to have their turn at the state.
    pub(crate) fn is_spent(&self) -> bool {
        !self.is_stubborn() && self.hold <= self.spent
    }

    /// The page goes on from here under another hold.
    pub(crate) fn pin(&mut self, pinned: Pinned) {
        (self.spent, self.pinned) = (0, Some(pinned));
    }

    /// Whether the page goes on.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.is_some()
    }

    /// Where to go on, if the page does.
    pub(crate) fn take_pinned(&mut self) -> Option<Pinned> {
        self.pinned.take()
    }

    /// What was found is not so any more: the next look begins anew.
    pub(crate) fn begin_anew(&mut self) {
        (self.spent, self.pinned, self.so_far) = (0, None, SoFar::default());
    }

    /// The same because something has changed meanwhile.
    pub(crate) fn note_stale(&mut self) {
        self.stale += 1;
        self.begin_anew();
    }

    /// Whether an inbox is no good for the next look: it does not say whose the entries are, so anybody's change is
    /// one; and it has no more than that.
    pub(crate) fn is_past_inboxes(&self) -> bool {
        0 < self.stale || self.hold <= self.limit
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

    /// Whether the next look holds the state until the page is full, through files too.
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

    /// Leaves out of `entries`, which were selected from this state as of `position`, what the reader does not
    /// see, and what the page drops, and puts what earlier looks have found before them. Where that is too
    /// little it is kept for the next look; where nothing is known of it, nothing changes. `authors` says whose they
    /// are, if that was asked.
    pub(crate) fn fit(
        &mut self,
        state: &State,
        position: Position,
        (entries, authors): (&mut Vec<Sequence>, &[Ordinal]),
    ) -> Result<Fit> {
        if self.is_idle(state) {
            self.fit_idle(position, entries);
            return Ok(Fit::Enough);
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
        self.so_far.lines.join(judged.lines);
        let last = if self.is_up() { entries.first() } else { entries.last() };
        let (upto, looked) = (last.map(|last| PostId::from(*last)), entries.len());
        *entries = self.with_kept(judged.entries);
        if !self.trim(entries, judged.is_all) {
            self.so_far.kept = std::mem::take(entries);
            self.so_far.upto = upto;
            self.spent += looked;
            self.limit = self.limit.saturating_mul(2);
            if !self.is_stubborn() {
                self.limit = self.limit.min(self.hold.max(self.query.limit));
            }
            return Ok(Fit::Short);
        }
        if let Some(collapse) = self.extras.collapse {
            self.brought_by = self.so_far.lines.brought_by(state, &collapse, entries);
        }
        Ok(Fit::Enough)
    }

    /// The same where nothing was hidden from anybody at that position: then there was no repost either, and
    /// one look has all that the page needs.
    fn fit_idle(&mut self, position: Position, entries: &mut Vec<Sequence>) {
        let Some(collapse) = self.extras.collapse else { return };
        cut(entries, collapse.top_at(position));
        self.trim(entries, true);
        self.brought_by = vec![BroughtBy::default(); entries.len()];
    }

    fn is_up(&self) -> bool {
        matches!(self.query.span, Span::After(_))
    }

    /// What earlier looks have found is nearer to the cursor.
    fn with_kept(&mut self, mut seen: Vec<Sequence>) -> Vec<Sequence> {
        let mut kept = std::mem::take(&mut self.so_far.kept);
        if kept.is_empty() {
            return seen;
        }
        if self.is_up() {
            std::mem::swap(&mut seen, &mut kept);
        }
        kept.extend(seen);
        kept
    }

    /// What the reader sees of the entries, and the page keeps; it means nothing unless the ties are complete.
    fn judge(
        &self,
        state: &State,
        position: Position,
        (entries, authors): (&[Sequence], &[Ordinal]),
    ) -> Judged {
        let judge = Judge::of((state, &self.ties), self.feed, self.query);
        let top =
            self.extras.collapse.map_or_else(|| position.sequence.into(), |c| c.top_at(position));
        let newer = if self.is_up() { above(entries, top) } else { 0 };
        // A page that goes up ends at the top, or where it was when it began.
        let is_all = 0 < newer || entries.len() <= self.looked_for;
        let authors = authors.iter().copied().map(Some).chain(std::iter::repeat(None));
        let seen = entries.iter().copied().zip(authors).skip(newer);
        let seen = seen.filter(|(entry, author)| judge.sees(*entry, *author));
        let mut entries: Vec<Sequence> = seen.map(|(entry, _)| entry).collect();
        let Some(collapse) = self.extras.collapse else {
            return Judged { entries, is_all, lines: Lines::default() };
        };
        let nobody = Authors::default();
        let authors = self.authors.as_ref().unwrap_or(&nobody);
        let collapser = Collapser::new(judge, authors, &collapse, position);
        let lines = collapser.retain(&mut entries, &self.so_far.lines);
        Judged { entries, is_all, lines }
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

    /// The same for entries of a selection after the state was let go. False: look again.
    pub(crate) fn fit_later(
        &mut self,
        shared: &Shared,
        then: Then<'_>,
        (entries, authors): (&mut Vec<Sequence>, &[Ordinal]),
    ) -> Result<bool> {
        if then.is_idle {
            self.fit_idle(then.position, entries);
            return Ok(true);
        }
        loop {
            let missing = {
                let state = shared.state()?;
                let mut fitting = entries.clone();
                let fit = self.fit(&state, then.position, (&mut fitting, authors))?;
                if !self.is_judged_as(&state, then, entries) {
                    self.note_stale();
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

    /// Whether these entries, which were judged by this state, were judged as they would have been then.
    pub(crate) fn is_judged_as(&self, state: &State, then: Then<'_>, entries: &[Sequence]) -> bool {
        let who_look = [Some(self.query.user), self.query.viewer];
        then.judged_as((state, &self.ties), who_look, entries)
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

/// Whether who looks sees all that they see the authors of.
pub(crate) fn is_idle(state: &State, feed: Feed, query: &TimelineQuery) -> bool {
    judge::is_idle(state, feed, is_own(feed, query))
}

/// How many of the entries are above the top.
fn above(entries: &[Sequence], top: PostId) -> usize {
    entries.iter().take_while(|entry| Sequence::from(top) < **entry).count()
}

/// Cuts off what is above the top.
fn cut(entries: &mut Vec<Sequence>, top: PostId) {
    entries.drain(..above(entries, top));
}
