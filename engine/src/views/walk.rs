//! Walks along one timeline, away from a cursor: down to older entries, up to newer ones. Entries
//! that hold no longer do not show.
//!
//! The common walk stays within the hot list and touches no file.

use super::graves::holds;
use super::part::Part;
use crate::error::Result;
use crate::ids::Sequence;
use crate::runs::run::{Entry, Run};

/// From a cursor to older entries.
#[derive(Debug)]
pub(crate) struct Down<'a, const WIDTH: usize> {
    part: Part<'a, WIDTH>,
    /// Entries of the hot list that are still to come.
    hot_left: usize,
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
    part: Part<'a, WIDTH>,
    /// The next entry of the hot list.
    hot_next: usize,
    above: Sequence,
    /// The next file to look at.
    file_next: usize,
    /// The run the walk is in, and its next entry.
    run: Option<(Run<'a>, usize)>,
}

impl<'a, const WIDTH: usize> Down<'a, WIDTH> {
    /// The entries below `below`, newest first.
    pub(crate) fn new(part: Part<'a, WIDTH>, below: Sequence) -> Self {
        let hot = part.hot;
        // Most walks begin at the newest entry, or right below it: no search for these.
        let hot_left = match hot.last() {
            Some(last) if last == below => hot.len() - 1,
            Some(last) if below < last => hot.count_below(below),
            _ => hot.len(),
        };
        let bound = below.min(part.floor);
        Self { part, hot_left, bound, files_left: part.files.len(), run: None }
    }

    /// The next older entry.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        if let Some(index) = self.hot_left.checked_sub(1) {
            self.hot_left = index;
            return Ok(Some(self.part.hot.entry(index)));
        }
        if self.files_left == 0 && self.run.is_none() {
            return Ok(None);
        }
        self.next_sealed()
    }

    fn next_sealed(&mut self) -> Result<Option<Entry>> {
        self.files_left = self.files_left.min(self.part.files_to_walk());
        loop {
            if let Some(entry) = self.next_of_run() {
                if self.bound <= entry.0 {
                    return self.part.disorder(self.files_left);
                }
                self.bound = entry.0;
                return Ok(Some(entry));
            }
            let Some(file) = self.files_left.checked_sub(1) else { return Ok(None) };
            self.files_left = file;
            let begins = self.part.files.get(file).map(|family| family.first());
            if begins.is_none_or(|first| self.bound <= first) {
                continue;
            }
            let run = self.part.run(file)?;
            self.run = run.map(|run| (run, run.count_below(self.bound)));
        }
    }

    fn next_of_run(&mut self) -> Option<Entry> {
        let graves = self.part.graves;
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
    pub(crate) fn new(part: Part<'a, WIDTH>, above: Sequence) -> Self {
        let hot_next = part.hot.count_below(above.next());
        let file_next = part.files.partition_point(|family| family.last() <= above);
        Self { part, hot_next, above, file_next, run: None }
    }

    /// The next newer entry.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        if let Some(entry) = self.next_sealed()? {
            return Ok(Some(entry));
        }
        let index = self.hot_next;
        self.hot_next += 1;
        Ok((index < self.part.hot.len()).then(|| self.part.hot.entry(index)))
    }

    fn next_sealed(&mut self) -> Result<Option<Entry>> {
        loop {
            if let Some(entry) = self.next_of_run() {
                if entry.0 <= self.above {
                    return self.part.disorder(self.file_next.saturating_sub(1));
                }
                self.above = entry.0;
                return Ok(Some(entry));
            }
            let Some(family) = self.part.files.get(self.file_next) else { return Ok(None) };
            if self.part.floor <= family.first() || self.part.files_to_walk() == 0 {
                return Ok(None);
            }
            let run = self.part.run(self.file_next)?;
            self.file_next += 1;
            self.run = run.map(|run| (run, run.count_below(self.above.next())));
        }
    }

    fn next_of_run(&mut self) -> Option<Entry> {
        let (graves, floor) = (self.part.graves, self.part.floor);
        let (run, next) = self.run.as_mut()?;
        while *next < run.len() {
            let entry = run.entry(*next);
            *next += 1;
            if floor <= entry.0 {
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
