//! A page of a home out of its reader's inbox, with what is not in there: posts of pulled authors, and
//! posts that are in flight.

use std::cell::Cell;

use super::build::Plan;
use super::flights::Flight;
use super::inbox::{Inbox, ROOM_MAX};
use super::policy::Policy;
use super::profile::Profile;
use super::shard::Open;
use super::slab::Slab;
use super::{Delivery, Tally};
use crate::error::Result;
use crate::ids::{Sequence, Timestamp};
use crate::limits::LIMIT_MAX;
use crate::query::Span;
use crate::read::merge::Merge;
use crate::views::outbox::{Newest, Outbox, Resident};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What one read did, for those who ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    /// The page came out of the reader's inbox.
    pub(crate) from_inbox: bool,
    /// The inbox was made for this read.
    pub(crate) built: bool,
    /// Ids taken from it.
    pub(crate) inbox_entries: usize,
    /// Authors whose outboxes were looked at.
    pub(crate) pulled: usize,
    /// Authors who are pulled, and whose newest post told that they have nothing for the page.
    pub(crate) skipped: usize,
    /// Posts in flight that were looked at.
    pub(crate) in_flight: usize,
}

/// What an inbox has for a page, and what is in flight for it.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Nearest to the cursor first.
    entries: Vec<Sequence>,
    flights: Vec<Sequence>,
    floor: Sequence,
    pulled: Vec<Ordinal>,
    /// Whether the inbox has as many ids as it keeps.
    is_full: bool,
    room: u16,
}

/// How far an inbox serves for a page.
#[derive(Debug)]
pub(crate) enum Inboxed {
    Page(Vec<Sequence>),
    /// These authors are pulled, and their posts are in files: the page is what these say and this.
    Files(Taken, Vec<Ordinal>),
    /// There is none, or the page reaches below its floor.
    No,
}

impl Inboxed {
    /// What is known of the page's entries, but for those in flight, and the authors who may have others.
    pub(crate) fn known(&self) -> (&[Sequence], &[Ordinal]) {
        match self {
            Self::Page(entries) => (entries, &[]),
            Self::Files(taken, authors) => (&taken.entries, authors),
            Self::No => (&[], &[]),
        }
    }
}

/// A page wanted of an inbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) reader: Ordinal,
    pub(crate) span: Span,
    /// How many entries.
    pub(crate) count: usize,
    pub(crate) now: Timestamp,
}

impl Wanted {
    /// Whether a reader may have asked for so many: a comparison of more teaches nothing about them.
    fn is_somebodys(&self) -> bool {
        self.count <= LIMIT_MAX + 1
    }
}

/// The page, newest first, as far as the inbox goes. `flights` are the posts in flight of authors whom the
/// reader follows and has not muted, looked up before this.
pub(crate) fn page(
    state: &State,
    wanted: Wanted,
    flights: Vec<Sequence>,
    steps: &mut Steps,
) -> Result<Inboxed> {
    let delivery = &state.delivery;
    let Some(mut taken) = delivery.take(wanted, flights) else { return Ok(Inboxed::No) };
    let pulled = match pull(state, wanted, &taken, steps)? {
        Ok(pulled) => pulled,
        Err(authors) => return Ok(Inboxed::Files(taken, authors)),
    };
    if let Some(entries) = taken.page(pulled, wanted, steps) {
        Tally::count(&delivery.tally.inbox_pages, 1);
        return Ok(Inboxed::Page(entries));
    }
    if wanted.is_somebodys() && taken.is_full && taken.room < ROOM_MAX {
        delivery.widen(wanted.reader, taken.room.saturating_mul(2));
    }
    Ok(Inboxed::No)
}

/// Posts of the authors who are pulled; or those authors, if their posts are in files.
fn pull(
    state: &State,
    wanted: Wanted,
    taken: &Taken,
    steps: &mut Steps,
) -> Result<std::result::Result<Vec<Sequence>, Vec<Ordinal>>> {
    if taken.pulled.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
    // Of what is older than the page's last entry, or below the floor, nothing counts.
    let last = if taken.entries.len() == wanted.count { taken.entries.last() } else { None };
    let bound = last.copied().unwrap_or(taken.floor).max(taken.floor);
    let is_up = matches!(wanted.span, Span::After(_));
    let counts = |author: &Ordinal| match resident.newest(*author) {
        Newest::None => is_up,
        Newest::Is(newest) | Newest::AtMost(newest) => is_up || bound < newest,
    };
    let authors: Vec<Ordinal> = taken.pulled.iter().copied().filter(counts).collect();
    steps.pulled += authors.len();
    steps.skipped += taken.pulled.len() - authors.len();
    Tally::count(&state.delivery.tally.pulled, authors.len());
    let mut merge = Merge::new(&resident, wanted.span, authors.len());
    authors.iter().for_each(|author| merge.add(*author));
    let entries = merge.nearest(wanted.count)?;
    Ok(if resident.missed.get() { Err(authors) } else { Ok(entries) })
}

impl Taken {
    /// The page out of this and the posts of the pulled; `None` if it reaches below the inbox's floor.
    pub(crate) fn page(
        &mut self,
        pulled: Vec<Sequence>,
        wanted: Wanted,
        steps: &mut Steps,
    ) -> Option<Vec<Sequence>> {
        let in_span = |post: &Sequence| match wanted.span {
            Span::Newest => true,
            Span::Before(cursor) => *post < cursor.into(),
            Span::After(cursor) => Sequence::from(cursor) < *post,
        };
        let is_wanted = |post: &Sequence| self.floor < *post && in_span(post);
        let mut entries = std::mem::take(&mut self.entries);
        let from_inbox = entries.len();
        entries.extend(pulled.into_iter().chain(self.flights.iter().copied()).filter(is_wanted));
        let is_up = matches!(wanted.span, Span::After(_));
        if from_inbox < entries.len() {
            // Each part is in order; together they are, once sorted, and what came twice is next to itself.
            entries.sort_unstable();
            entries.dedup();
            if !is_up {
                entries.reverse();
            }
        }
        entries.truncate(wanted.count);
        // Upwards everything is above the floor; downwards what is below is not here.
        if !is_up && entries.len() < wanted.count && self.floor != Sequence(0) {
            return None;
        }
        if is_up {
            entries.reverse();
        }
        (steps.from_inbox, steps.inbox_entries) = (true, from_inbox);
        Some(entries)
    }
}

impl Delivery {
    /// The ids of the reader's inbox that are nearest to the cursor.
    fn take(&self, wanted: Wanted, mut flights: Vec<Sequence>) -> Option<Taken> {
        flights.retain(|post| !self.is_deleted(*post));
        let mut held = self.inboxes.hold(wanted.reader);
        let open = held.open()?;
        if wanted.is_somebodys() {
            self.note_read(open.profile, wanted.now);
        }
        let (inbox, slab) = (&*open.inbox, &*open.slab);
        let floor = inbox.floor();
        let entries = match wanted.span {
            Span::Newest => self.down(inbox, slab, inbox.len(), wanted.count),
            Span::Before(cursor) => {
                let below = inbox.count_below(slab, cursor.into());
                self.down(inbox, slab, below, wanted.count)
            }
            Span::After(cursor) if Sequence::from(cursor) < floor => return None,
            Span::After(cursor) => {
                let start = inbox.count_below(slab, Sequence::from(cursor).next());
                self.first_of((start..inbox.len()).map(|index| inbox.id(slab, index)), wanted.count)
            }
        };
        let pulled = open.profile.pulled.iter().copied().map(Ordinal).collect();
        let is_full = usize::from(inbox.room) <= inbox.len() + inbox.len() / 8 + 1;
        Some(Taken { entries, flights, floor, pulled, is_full, room: inbox.room })
    }

    fn down(&self, inbox: &Inbox, slab: &Slab, end: usize, count: usize) -> Vec<Sequence> {
        self.first_of((0..end).rev().map(|index| inbox.id(slab, index)), count)
    }

    /// The first of these that are not deleted.
    fn first_of(&self, ids: impl Iterator<Item = Sequence>, count: usize) -> Vec<Sequence> {
        let mut first = Vec::with_capacity(count);
        first.extend(ids.filter(|id| !self.is_deleted(*id)).take(count));
        first
    }

    /// The reader goes further down than the inbox: it is to keep more. It is dropped, and made anew
    /// by the next read.
    fn widen(&self, reader: Ordinal, room: u16) {
        if let Some(open) = self.inboxes.hold(reader).open() {
            open.inbox.room = open.inbox.room.max(room);
            open.profile.is_outdated = true;
        }
    }

    /// Now and then a reader's inbox is made anew, because other edges should be pushed.
    fn note_read(&self, profile: &mut Profile, now: Timestamp) {
        let is_counted = matches!(self.options.policy, Policy::Adaptive | Policy::ActiveFans);
        let bound = if is_counted { profile.reads.note(now, profile.bound) } else { None };
        let Some(bound) = bound else { return };
        if self.options.policy == Policy::ActiveFans {
            // Who was put off a list may stand higher by now.
            profile.is_outdated = !profile.pulled.is_empty();
        } else if !self.levels.is_same_bound(bound, profile.bound) {
            // Who reads more, or less, than before.
            (profile.next_bound, profile.is_outdated) = (bound, true);
        }
    }

    /// What a new inbox of the reader should be like; `None` if they have one that will do.
    pub(crate) fn wants_inbox(&self, reader: Ordinal, now: Timestamp) -> Option<Plan> {
        let (room, bound) = (self.options.inbox_min, self.bound_new());
        let new = Plan { reader, room, bound, now };
        if !self.inboxes.is_live(reader) {
            return (!self.is_thawing()).then_some(new);
        }
        match self.inboxes.hold(reader).open() {
            Some(Open { inbox, profile, .. }) if profile.is_outdated => {
                Some(Plan { room: inbox.room, bound: profile.next_bound, ..new })
            }
            Some(_) => None,
            None => Some(new),
        }
    }

    /// Whether the post is in the reader's inbox.
    pub(crate) fn has_pushed(&self, reader: Ordinal, post: Sequence) -> bool {
        self.inboxes.hold(reader).open().is_some_and(|open| open.inbox.contains(open.slab, post))
    }

    /// The posts in flight of these authors.
    pub(crate) fn flights_of(
        &self,
        each_author: impl FnOnce(&mut dyn FnMut(Ordinal)) -> Result<()>,
        steps: &mut Steps,
    ) -> Result<Vec<Sequence>> {
        if !self.is_flying() {
            return Ok(Vec::new());
        }
        let flights = self.flights();
        let mut flying = Vec::new();
        each_author(&mut |author| {
            if flights.has(author.0) {
                flying.push(author);
            }
        })?;
        steps.in_flight = flights.each().count();
        if flying.is_empty() {
            return Ok(Vec::new());
        }
        flying.sort_unstable();
        let is_theirs = |flight: &Flight| flying.binary_search(&flight.author).is_ok();
        Ok(flights.each().filter(is_theirs).map(|flight| flight.post).collect())
    }
}
