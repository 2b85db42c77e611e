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

/// What an inbox has for a page.
struct Taken {
    /// Nearest to the cursor first.
    entries: Vec<Sequence>,
    floor: Sequence,
    pulled: Vec<Ordinal>,
    /// Whether the inbox has as many ids as it keeps.
    is_full: bool,
    room: u16,
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

/// The page, newest first; `None` if it reaches below the inbox's floor, or into files. `flights` are
/// the posts in flight of authors whom the reader follows and has not muted, looked up before this.
pub(crate) fn page(
    state: &State,
    wanted: Wanted,
    flights: &[Sequence],
    steps: &mut Steps,
) -> Result<Option<Vec<Sequence>>> {
    let delivery = &state.delivery;
    let Some(taken) = delivery.take(wanted) else { return Ok(None) };
    steps.inbox_entries = taken.entries.len();
    let Some(pulled) = pull(state, wanted, &taken, steps)? else { return Ok(None) };
    let is_complete = taken.floor == Sequence(0);
    let mut entries = taken.entries;
    let in_span = |post: &Sequence| match wanted.span {
        Span::Newest => true,
        Span::Before(cursor) => *post < cursor.into(),
        Span::After(cursor) => Sequence::from(cursor) < *post,
    };
    let is_wanted =
        |post: &Sequence| taken.floor < *post && in_span(post) && !delivery.is_deleted(*post);
    let others = pulled.into_iter().chain(flights.iter().copied()).filter(is_wanted);
    let before = entries.len();
    entries.extend(others);
    let is_up = matches!(wanted.span, Span::After(_));
    if before < entries.len() {
        // Each part is in order; together they are, once sorted, and what came twice is next to itself.
        entries.sort_unstable();
        entries.dedup();
        if !is_up {
            entries.reverse();
        }
    }
    entries.truncate(wanted.count);
    // Upwards everything is above the floor; downwards what is below is not here.
    if !is_up && entries.len() < wanted.count && !is_complete {
        if taken.is_full && taken.room < ROOM_MAX {
            delivery.widen(wanted.reader, taken.room.saturating_mul(2));
        }
        return Ok(None);
    }
    if is_up {
        entries.reverse();
    }
    steps.from_inbox = true;
    Tally::count(&delivery.tally.inbox_pages, 1);
    Ok(Some(entries))
}

/// Posts of the authors who are pulled. `None` if these are in files.
fn pull(
    state: &State,
    wanted: Wanted,
    taken: &Taken,
    steps: &mut Steps,
) -> Result<Option<Vec<Sequence>>> {
    if taken.pulled.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
    // Of what is older than the page's last entry, or below the floor, nothing counts.
    let last = if taken.entries.len() == wanted.count { taken.entries.last() } else { None };
    let bound = last.copied().unwrap_or(taken.floor).max(taken.floor);
    let is_up = matches!(wanted.span, Span::After(_));
    let mut merge = Merge::new(&resident, wanted.span, taken.pulled.len());
    for author in &taken.pulled {
        let newest = match resident.newest(*author) {
            Newest::None => Sequence(0),
            Newest::Is(newest) | Newest::AtMost(newest) => newest,
        };
        if !is_up && newest <= bound {
            steps.skipped += 1;
            continue;
        }
        steps.pulled += 1;
        merge.add(*author);
    }
    Tally::count(&state.delivery.tally.pulled, steps.pulled);
    let entries = merge.nearest(wanted.count)?;
    Ok((!resident.missed.get()).then_some(entries))
}

impl Delivery {
    /// The ids of the reader's inbox that are nearest to the cursor.
    fn take(&self, wanted: Wanted) -> Option<Taken> {
        let mut held = self.inboxes.hold(wanted.reader);
        let open = held.open()?;
        self.note_read(open.profile, wanted.now);
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
        Some(Taken { entries, floor, pulled, is_full, room: inbox.room })
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

    /// Adaptive delivery: who reads more, or less, than before has other edges pushed.
    fn note_read(&self, profile: &mut Profile, now: Timestamp) {
        if self.options.policy == Policy::Adaptive
            && let Some(bound) = profile.reads.note(now, profile.bound)
            && bound != profile.bound
            && !self.levels.is_same_bound(bound, profile.bound)
        {
            (profile.next_bound, profile.is_outdated) = (bound, true);
        }
    }

    /// What a new inbox of the reader should be like; `None` if they have one that will do.
    pub(crate) fn wants_inbox(&self, reader: Ordinal, now: Timestamp) -> Option<Plan> {
        let (room, bound) = (self.options.inbox_min, self.bound_new());
        let new = Plan { reader, room, bound, now };
        if !self.inboxes.is_live(reader) {
            return Some(new);
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
