//! Timelines: for each owner the entries that hold, in ascending order. Outboxes and both
//! directions of the graph are made of them.
//!
//! The newer end of a timeline is a list in memory, its older part stands in sealed runs:
//!
//! ```text
//!   sealed runs (files, oldest first)          hot list (memory)
//! | .. | .. | .. | .. | .. | .. | .. | .. |
//!                         | .. | .. | .. | .. | .. | .. |
//!                         ^ floor: first entry of the hot list
//! ```
//!
//! Invariants:
//! * The hot list holds every entry from its first one on; what is not in files yet is in it.
//! * Sealed entries below the floor count unless they have a grave; those from the floor on repeat
//!   the hot list and are not looked at. So any sealed prefix of a hot list may be dropped.
//! * Files cover disjoint ranges of the log, in ascending order.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::DigestBuilder;
use super::graves::{Grave, Graves, holds};
use super::part::{Excerpt, Near, Part, Stamp};
use super::slots::SlotList;
use super::sparse::Sparse;
use super::users::{Ordinal, PerUser};
use super::walk::Up;
use crate::error::Result;
use crate::ids::Sequence;
use crate::runs::family::{Family, Listed};
use crate::runs::run::Entry;

/// The timelines of all owners, of one kind. `WIDTH` is the width of a slot of the hot lists.
#[derive(Debug, Default)]
pub(crate) struct Timelines<const WIDTH: usize> {
    hot: PerUser<SlotList<WIDTH>>,
    /// Shared, so that a reader can take the list along.
    sealed: Arc<Vec<Arc<Family>>>,
    pub(crate) graves: Graves,
    /// Entries that hold, of each owner.
    counts: Sparse<u32>,
    total: u64,
}

/// The record that ends an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Removal {
    pub(crate) at: Sequence,
    /// Entries up to here are in files, or are being written to one.
    pub(crate) frontier: Sequence,
}

impl<const WIDTH: usize> Timelines<WIDTH> {
    const NONE: &'static SlotList<WIDTH> = &SlotList::EMPTY;

    /// Entries that hold, of all owners.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Entries that hold.
    pub(crate) fn count(&self, owner: Ordinal) -> u32 {
        self.counts.get(owner)
    }

    /// The part of the timeline that is in memory.
    pub(crate) fn hot(&self, owner: Ordinal) -> &SlotList<WIDTH> {
        self.hot.at(owner).unwrap_or(Self::NONE)
    }

    /// Adds an entry, above all that the owner has.
    pub(crate) fn push(&mut self, owner: Ordinal, entry: Entry) {
        self.hot.make(owner).push(entry);
        self.add_count(owner, 1);
    }

    /// Ends an entry that holds.
    pub(crate) fn remove(&mut self, owner: Ordinal, entry: Sequence, removal: Removal) {
        let was_hot = self.hot.at_mut(owner).is_some_and(|list| list.remove(entry));
        let is_sealed = entry <= removal.frontier;
        if is_sealed {
            self.graves.add(owner, Grave { entry, ended: removal.at });
        }
        if (was_hot || is_sealed) && 0 < self.count(owner) {
            *self.counts.make(owner) -= 1;
            self.total -= 1;
        }
    }

    /// All entries of the owner end; files are passed over from now on. Answers how many there were.
    pub(crate) fn drop_owner(&mut self, owner: Ordinal) -> u32 {
        self.hot.remove(owner);
        let dropped = self.counts.get_mut(owner).map_or(0, std::mem::take);
        self.total -= u64::from(dropped);
        dropped
    }

    /// The owner's whole timeline, as walks and searches need it.
    pub(crate) fn part(&self, owner: Ordinal) -> Part<'_, WIDTH> {
        let hot = self.hot(owner);
        // Most timelines are in memory as a whole: these have no business with files.
        let is_whole = hot.len() as u64 == u64::from(self.count(owner));
        let files = if is_whole { &[][..] } else { self.sealed() };
        Part::new(owner, hot, self.floor(owner), self.graves.of(owner), files)
    }

    /// What files say of the owner, with up to `want` entries of the hot list on the cursor's side: to
    /// be looked at after the state is let go.
    pub(crate) fn excerpt(&self, owner: Ordinal, near: Near, want: usize) -> Excerpt<WIDTH> {
        let hot = self.hot(owner);
        let window = match near {
            Near::Below(cursor) => {
                let end = hot.count_below(cursor);
                end.saturating_sub(want)..end
            }
            Near::Above(cursor) => {
                let start = hot.count_below(cursor.next());
                start..start.saturating_add(want).min(hot.len())
            }
        };
        let part = self.part(owner);
        Excerpt {
            owner,
            hot: hot.window(window),
            floor: part.floor,
            graves: part.graves.to_vec(),
            files: if part.files.is_empty() { Arc::default() } else { Arc::clone(&self.sealed) },
        }
    }

    /// What tells whether the owner's entries are the same as at another time: no change leaves it
    /// as it was.
    pub(crate) fn stamp(&self, owner: Ordinal) -> Stamp {
        let last = self.hot(owner).last();
        Stamp { count: self.count(owner), last, files: Arc::downgrade(&self.sealed) }
    }

    /// From here on all entries are in the hot list.
    pub(crate) fn floor(&self, owner: Ordinal) -> Sequence {
        self.hot(owner).first().unwrap_or(Sequence(u64::MAX))
    }

    /// The files, oldest first.
    pub(crate) fn sealed(&self) -> &[Arc<Family>] {
        &self.sealed
    }

    /// The files, to be taken along.
    pub(crate) fn files(&self) -> Arc<Vec<Arc<Family>>> {
        Arc::clone(&self.sealed)
    }

    /// Adds a file that covers what follows the last one. Its entries are in the hot lists.
    pub(crate) fn publish(&mut self, family: Arc<Family>) {
        Arc::make_mut(&mut self.sealed).push(family);
    }

    /// What the files in this range hold is in the one file now; in none if nothing holds.
    pub(crate) fn replace(&mut self, range: &RangeInclusive<Sequence>, by: Option<&Arc<Family>>) {
        let sealed = Arc::make_mut(&mut self.sealed);
        sealed.retain(|family| !range.contains(&family.first()));
        let at = sealed.partition_point(|family| family.first() < *range.start());
        by.into_iter().for_each(|family| sealed.insert(at, Arc::clone(family)));
    }

    /// Counts a run of a file that is about to be loaded.
    pub(crate) fn note(&mut self, listed: &Listed) {
        self.add_count(listed.owner, listed.head.count);
    }

    /// Adds a file whose entries are not in the hot lists: at open.
    pub(crate) fn load(&mut self, family: Family) {
        Arc::make_mut(&mut self.sealed).push(Arc::new(family));
    }

    /// Adds a grave of an entry in the files: at open.
    pub(crate) fn bury(&mut self, owner: Ordinal, grave: Grave) {
        self.graves.add(owner, grave);
        if let Some(count) = self.counts.get_mut(owner).filter(|count| 0 < **count) {
            *count -= 1;
            self.total -= 1;
        }
    }

    /// Drops entries below `floor` from memory, as far as files have them.
    pub(crate) fn trim(&mut self, owner: Ordinal, floor: Sequence) {
        let Some(last) = self.sealed.last().map(|family| family.last()) else { return };
        let Some(list) = self.hot.at_mut(owner) else { return };
        list.drop_below(floor.min(last.next()));
        if list.is_empty() {
            // Whoever did nothing lately costs no more than their place in the arrays.
            self.hot.remove(owner);
        }
    }

    /// Drops all but the newest `count` entries from memory: the others mean nothing any more.
    pub(crate) fn keep_newest(&mut self, owner: Ordinal, count: usize) {
        let Some(list) = self.hot.at_mut(owner) else { return };
        if let Some(first) = list.len().checked_sub(count) {
            list.drop_below(list.sequence(first));
        }
    }

    /// Drops entries up to there from memory, wherever else they are: they mean nothing any more.
    pub(crate) fn drop_up_to(&mut self, owner: Ordinal, last: Sequence) {
        let Some(list) = self.hot.at_mut(owner) else { return };
        list.drop_below(last.next());
        if list.is_empty() {
            self.hot.remove(owner);
        }
    }

    /// Takes sealed entries, ascending and right below what is in memory, into memory: `older` was
    /// read when the hot list began at `floor`. Nothing happens if it begins elsewhere by now.
    pub(crate) fn warm(&mut self, owner: Ordinal, floor: Sequence, older: &[Entry]) {
        if older.is_empty() || self.floor(owner) != floor {
            return;
        }
        let graves = self.graves.of(owner);
        let standing: Vec<Entry> =
            older.iter().filter(|(entry, _)| !holds(graves, *entry)).copied().collect();
        if !standing.is_empty() {
            self.hot.make(owner).prepend(standing.into_iter());
        }
    }

    fn add_count(&mut self, owner: Ordinal, by: u32) {
        *self.counts.make(owner) += by;
        self.total += u64::from(by);
    }

    /// Adds count and entries of one owner to a digest.
    pub(crate) fn digest(&self, owner: Ordinal, digest: &mut DigestBuilder) -> Result<()> {
        digest.number(u64::from(self.count(owner)));
        let mut walk = Up::new(self.part(owner), Sequence(0));
        while let Some((entry, payload)) = walk.next()? {
            digest.number(entry.0);
            digest.number(u64::from(payload));
        }
        Ok(())
    }
}
