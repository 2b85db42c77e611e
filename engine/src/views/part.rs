//! One owner's timeline in two shapes: a [`Part`] borrows it from the views, an [`Excerpt`] takes
//! what a read needs of it along, so that files are looked at after the state is let go.
//!
//! A page fault of a mapped file lasts as long as a disk: nobody holds the state lock meanwhile.

use std::cell::Cell;
use std::sync::{Arc, Weak};

use super::graves::{Grave, holds};
use super::slots::SlotList;
use super::users::Ordinal;
use crate::error::Result;
use crate::ids::Sequence;
use crate::runs::family::Family;
use crate::runs::run::{Entry, Run};

/// One owner's timeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a, const WIDTH: usize> {
    owner: Ordinal,
    pub(crate) hot: &'a SlotList<WIDTH>,
    /// From here on all entries are in the hot list.
    pub(crate) floor: Sequence,
    pub(crate) graves: &'a [Grave],
    /// Oldest first; none if the hot list has everything.
    pub(crate) files: &'a [Arc<Family>],
    /// Set instead of looking at a file.
    missed: Option<&'a Cell<bool>>,
}

/// A part that outlives its views.
#[derive(Debug)]
pub(crate) struct Excerpt<const WIDTH: usize> {
    pub(crate) owner: Ordinal,
    pub(crate) hot: SlotList<WIDTH>,
    pub(crate) floor: Sequence,
    pub(crate) graves: Vec<Grave>,
    pub(crate) files: Arc<Vec<Arc<Family>>>,
}

/// Which entries a read wants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Near {
    /// Those below a cursor.
    Below(Sequence),
    /// Those above a cursor.
    Above(Sequence),
}

/// See [`Timelines::stamp`](super::timeline::Timelines::stamp).
#[derive(Debug)]
pub(crate) struct Stamp {
    pub(crate) count: u32,
    pub(crate) last: Option<Sequence>,
    /// Keeps no file alive.
    pub(crate) files: Weak<Vec<Arc<Family>>>,
}

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        // A follow moves the last entry, an unfollow alone the count; only a flush, which replaces
        // the list of files, takes the last entry out of memory.
        let same_files = Weak::ptr_eq(&self.files, &other.files);
        (self.count, self.last) == (other.count, other.last) && same_files
    }
}

impl<'a, const WIDTH: usize> Part<'a, WIDTH> {
    pub(crate) fn new(
        owner: Ordinal,
        hot: &'a SlotList<WIDTH>,
        floor: Sequence,
        graves: &'a [Grave],
        files: &'a [Arc<Family>],
    ) -> Self {
        Self { owner, hot, floor, graves, files, missed: None }
    }

    /// The same part, but instead of looking at a file it sets `missed` and ends there.
    pub(crate) fn resident(self, missed: &'a Cell<bool>) -> Self {
        Self { missed: Some(missed), ..self }
    }

    /// How many files a walk may look at; 0 if it must not, and then it is told.
    pub(crate) fn files_to_walk(&self) -> usize {
        match self.missed {
            Some(missed) if !self.files.is_empty() => {
                missed.set(true);
                0
            }
            _ => self.files.len(),
        }
    }

    /// The owner's run in a file.
    pub(crate) fn run(&self, file: usize) -> Result<Option<Run<'a>>> {
        let Some(family) = self.files.get(file) else { return Ok(None) };
        let Some(listed) = family.find(self.owner) else { return Ok(None) };
        family.run(&listed).map(Some)
    }

    /// Entries in this file do not come in their order, or come twice.
    pub(crate) fn disorder<T>(&self, file: usize) -> Result<Option<T>> {
        let what = "the entries of a run are not in order";
        self.files.get(file).map_or(Ok(None), |family| Err(family.damaged(what)))
    }

    /// Whether the owner has that entry.
    pub(crate) fn contains(&self, entry: Sequence) -> Result<bool> {
        if self.floor <= entry {
            return Ok(self.hot.find(entry).is_some());
        }
        let upto = self.files_to_walk();
        let after = self.files.partition_point(|family| family.first() <= entry).min(upto);
        let Some(file) = after.checked_sub(1) else { return Ok(false) };
        let Some(run) = self.run(file)? else { return Ok(false) };
        let index = run.count_below(entry);
        let stands = index < run.len() && run.entry(index).0 == entry;
        Ok(stands && !holds(self.graves, entry))
    }

    /// Whether an entry that was found a moment ago holds still; looks at no file.
    pub(crate) fn still_stands(&self, entry: Sequence) -> bool {
        if self.floor <= entry {
            self.hot.find(entry).is_some()
        } else {
            !holds(self.graves, entry)
        }
    }

    /// Hands out all payloads, oldest entry first.
    pub(crate) fn each_payload(&self, mut each: impl FnMut(u32)) -> Result<()> {
        self.each_sealed_run(|run, end| {
            for index in 0..end {
                if self.graves.is_empty() || !holds(self.graves, run.entry(index).0) {
                    each(run.payload(index));
                }
            }
            None::<()>
        })?;
        self.hot.payloads().for_each(each);
        Ok(())
    }

    /// Hands out all entries, oldest first.
    pub(crate) fn each_entry(&self, mut each: impl FnMut(Entry)) -> Result<()> {
        self.each_sealed_run(|run, end| {
            let entries = (0..end).map(|index| run.entry(index));
            entries.filter(|entry| !holds(self.graves, entry.0)).for_each(&mut each);
            None::<()>
        })?;
        (0..self.hot.len()).map(|index| self.hot.entry(index)).for_each(each);
        Ok(())
    }

    /// The entry with this payload. Linear: lists of followees are bounded by an option.
    pub(crate) fn find_payload(&self, payload: u32) -> Result<Option<Sequence>> {
        if let Some(index) = self.hot.payloads().position(|found| found == payload) {
            return Ok(Some(self.hot.sequence(index)));
        }
        self.each_sealed_run(|run, end| {
            (0..end)
                .filter(|index| run.payload(*index) == payload)
                .map(|index| run.entry(index).0)
                .find(|entry| !holds(self.graves, *entry))
        })
    }

    /// Looks at the owner's sealed runs, oldest first, until `look` finds something. It is handed
    /// how many entries of the run stand below the floor.
    fn each_sealed_run<T>(
        &self,
        mut look: impl FnMut(&Run<'_>, usize) -> Option<T>,
    ) -> Result<Option<T>> {
        let below_floor = self.files.partition_point(|family| family.first() < self.floor);
        for file in 0..below_floor.min(self.files_to_walk()) {
            let Some(run) = self.run(file)? else { continue };
            let end = run.count_below(self.floor);
            if let Some(found) = look(&run, end) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl<const WIDTH: usize> Excerpt<WIDTH> {
    /// The part that was taken along.
    pub(crate) fn part(&self) -> Part<'_, WIDTH> {
        Part::new(self.owner, &self.hot, self.floor, &self.graves, &self.files)
    }
}
