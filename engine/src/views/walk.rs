//! Walks along one timeline, away from a cursor: down to older entries, up to newer ones. Entries
//! that hold no longer do not show.
//!
//! The common walk stays within the hot list and touches no file.

use super::graves::{Grave, holds};
use super::slots::SlotList;
use super::timeline::Timelines;
use super::users::Ordinal;
use crate::error::Result;
use crate::ids::Sequence;
use crate::runs::run::{Entry, Run};

/// From a cursor to older entries.
#[derive(Debug)]
pub(crate) struct Down<'a, const WIDTH: usize> {
    hot: &'a SlotList<WIDTH>,
    /// Entries of the hot list that are still to come.
    hot_left: usize,
    timelines: &'a Timelines<WIDTH>,
    owner: Ordinal,
    /// Sealed entries from here on do not show.
    bound: Sequence,
    /// Files that are still to come.
    files_left: usize,
    /// The run the walk is in, and how many of its entries are still to come.
    run: Option<(Run<'a>, usize)>,
}

/// From a cursor to newer entries.
#[derive(Debug)]
pub(crate) struct Up<'a, const WIDTH: usize> {
    hot: &'a SlotList<WIDTH>,
    /// The next entry of the hot list.
    hot_next: usize,
    timelines: &'a Timelines<WIDTH>,
    owner: Ordinal,
    above: Sequence,
    /// Sealed entries from here on do not show.
    floor: Sequence,
    /// The next file to look at.
    file_next: usize,
    /// The run the walk is in, and its next entry.
    run: Option<(Run<'a>, usize)>,
}

impl<'a, const WIDTH: usize> Down<'a, WIDTH> {
    /// The entries below `below`, newest first.
    pub(crate) fn new(timelines: &'a Timelines<WIDTH>, owner: Ordinal, below: Sequence) -> Self {
        let hot = timelines.hot(owner);
        // Most walks begin at the newest entry, or right below it: no search for these.
        let hot_left = match hot.last() {
            Some(last) if last == below => hot.len() - 1,
            Some(last) if below < last => hot.count_below(below),
            _ => hot.len(),
        };
        let bound = below.min(hot.first().unwrap_or(Sequence(u64::MAX)));
        let files_left = timelines.sealed().len();
        Self { hot, hot_left, timelines, owner, bound, files_left, run: None }
    }

    /// The next older entry.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        if let Some(index) = self.hot_left.checked_sub(1) {
            self.hot_left = index;
            return Ok(Some(self.hot.entry(index)));
        }
        if self.files_left == 0 && self.run.is_none() {
            return Ok(None);
        }
        self.next_sealed()
    }

    fn next_sealed(&mut self) -> Result<Option<Entry>> {
        let graves = self.timelines.graves.of(self.owner);
        loop {
            if let Some(entry) = self.next_of_run(graves) {
                return Ok(Some(entry));
            }
            let Some(file) = self.files_left.checked_sub(1) else { return Ok(None) };
            self.files_left = file;
            let family = self.timelines.sealed().get(file).expect("files_left counts them");
            if self.bound <= family.first() {
                continue;
            }
            let Some(listed) = family.find(self.owner) else { continue };
            let run = family.run(&listed)?;
            self.run = Some((run, run.count_below(self.bound)));
        }
    }

    fn next_of_run(&mut self, graves: &[Grave]) -> Option<Entry> {
        let (run, left) = self.run.as_mut()?;
        while let Some(index) = left.checked_sub(1) {
            *left = index;
            let entry = run.entry(index);
            if !holds(graves, entry.0) {
                return Some(entry);
            }
        }
        self.run = None;
        None
    }
}

impl<'a, const WIDTH: usize> Up<'a, WIDTH> {
    /// The entries above `above`, oldest first.
    pub(crate) fn new(timelines: &'a Timelines<WIDTH>, owner: Ordinal, above: Sequence) -> Self {
        let hot = timelines.hot(owner);
        let hot_next = hot.count_below(above.next());
        let floor = timelines.floor(owner);
        let file_next = timelines.sealed().partition_point(|family| family.last() <= above);
        Self { hot, hot_next, timelines, owner, above, floor, file_next, run: None }
    }

    /// The next newer entry.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        if let Some(entry) = self.next_sealed()? {
            return Ok(Some(entry));
        }
        let index = self.hot_next;
        self.hot_next += 1;
        Ok((index < self.hot.len()).then(|| self.hot.entry(index)))
    }

    fn next_sealed(&mut self) -> Result<Option<Entry>> {
        let graves = self.timelines.graves.of(self.owner);
        loop {
            if let Some(entry) = self.next_of_run(graves) {
                return Ok(Some(entry));
            }
            let Some(family) = self.timelines.sealed().get(self.file_next) else { return Ok(None) };
            if self.floor <= family.first() {
                return Ok(None);
            }
            self.file_next += 1;
            let Some(listed) = family.find(self.owner) else { continue };
            let run = family.run(&listed)?;
            self.run = Some((run, run.count_below(self.above.next())));
        }
    }

    fn next_of_run(&mut self, graves: &[Grave]) -> Option<Entry> {
        let (run, next) = self.run.as_mut()?;
        while *next < run.len() {
            let entry = run.entry(*next);
            *next += 1;
            if self.floor <= entry.0 {
                break;
            }
            if !holds(graves, entry.0) {
                return Some(entry);
            }
        }
        self.run = None;
        None
    }
}
