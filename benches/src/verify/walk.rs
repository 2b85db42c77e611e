//! One walk: a reader, a page size, a direction, and the part of the home that is paged through.
//!
//! A home is a list of indexes, newest first; a walk covers `from..to` of it. Downwards it starts
//! at the newest end with no cursor, or below entry `from - 1`, and goes on with `before`. Upwards
//! it starts at the oldest end above nothing, or above entry `to`, and goes on with `after`.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Runs of pages that are read of a home which is too long to be read whole.
pub(super) const RUNS: usize = 5;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// With `before`, from newer to older.
    Down,
    /// With `after`, from older to newer.
    Up,
}

/// A part of a home to be paged through.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) reader: u64,
    pub(super) direction: Direction,
    pub(super) page: usize,
    /// The whole home, newest first, as indexes of the model's posts.
    pub(super) home: Arc<[usize]>,
    /// Of each entry who else brought it, if the home is collapsed.
    pub(super) brought_by: Option<Arc<[Vec<u64>]>>,
    /// The part that is walked.
    pub(super) part: Range<usize>,
}

impl Walk {
    /// Whether the walk covers the whole home.
    pub(super) fn is_complete(&self) -> bool {
        self.part == (0..self.home.len())
    }
}

impl fmt::Display for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Down => "downwards with `before`",
            Direction::Up => "upwards with `after`",
        };
        write!(
            f,
            "{}home of user {} ({} entries) in pages of {} {direction}",
            if self.brought_by.is_some() { "collapsed " } else { "" },
            self.reader,
            self.home.len(),
            self.page
        )
    }
}

/// The walks of one home: one if it has at most `max_pages` pages, else [`RUNS`] runs of pages,
/// evenly spread, both ends included.
pub(super) fn parts(entries: usize, page: usize, max_pages: usize) -> Vec<Range<usize>> {
    let budget = page * max_pages;
    if entries <= budget {
        return std::iter::once(0..entries).collect();
    }
    let run = budget / RUNS / page * page;
    let spare = entries - run;
    (0..RUNS)
        .map(|number| {
            let start = spare * number / (RUNS - 1);
            start..start + run
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_home_is_walked_whole() {
        for entries in [0, 1, 200] {
            let whole = std::iter::once(0..entries);
            assert!(parts(entries, 20, 10).into_iter().eq(whole));
        }
    }

    #[test]
    fn of_a_long_home_runs_of_pages_are_walked_with_both_ends() {
        let runs = parts(1_001, 20, 10);
        assert_eq!(runs, [0..40, 240..280, 480..520, 720..760, 961..1_001]);
        assert_eq!(runs.iter().map(Range::len).sum::<usize>(), 200);
    }
}
