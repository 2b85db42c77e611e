//! What of the unsynced writes a power cut leaves on the disk: seeded, and another kind each time.

use fanfold_engine::testing::seed::Random;

use super::content::{PAGE, SECTOR};
use crate::number::to_usize;

/// See the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing that was not synced: the disk wrote no byte before it had to.
    Nothing,
    /// Each unsynced sector, or not: writes come out torn and in any order.
    Sectors,
    /// Each unsynced page, or not, as a page cache writes back.
    Pages,
    /// Everything: a crash of the process alone.
    Everything,
}

/// The fate of a disk's unsynced bytes at one power cut.
#[derive(Clone, Debug)]
pub(super) struct Survival {
    kind: Kind,
    random: Random,
    /// Of a hundred pieces so many survive.
    percent: u64,
}

impl Survival {
    /// Draws one: in one cut of two nothing survives, in one of sixteen everything.
    pub(super) fn draw(random: &mut Random) -> Self {
        let kind = match random.below(16) {
            0..8 => Kind::Nothing,
            8..12 => Kind::Sectors,
            12..15 => Kind::Pages,
            _ => Kind::Everything,
        };
        Self::of(kind, random.bits())
    }

    pub(super) fn of(kind: Kind, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let percent = 10 + random.below(80);
        Self { kind, random, percent }
    }

    /// Bytes that survive, or not, as a whole.
    pub(super) fn piece(&self) -> usize {
        match self.kind {
            Kind::Pages => PAGE,
            Kind::Nothing | Kind::Sectors | Kind::Everything => SECTOR,
        }
    }

    /// Whether the next piece survives.
    pub(super) fn survives(&mut self) -> bool {
        match self.kind {
            Kind::Nothing => false,
            Kind::Everything => true,
            Kind::Sectors | Kind::Pages => self.random.below(100) < self.percent,
        }
    }

    /// The length of a file that the disk knew as `kept` long and programs see as `seen` long.
    pub(super) fn length(&mut self, kept: usize, seen: usize) -> usize {
        match self.kind {
            Kind::Nothing => kept,
            Kind::Everything => seen,
            Kind::Sectors | Kind::Pages => match self.random.below(3) {
                0 => kept,
                1 => seen,
                // A file that grew may be caught in between.
                _ if kept < seen => kept + self.below(seen - kept) / SECTOR * SECTOR,
                _ => seen,
            },
        }
    }

    /// Which of `count` changes of a directory survive: the oldest, as journals keep them, or any:
    /// some file systems keep an order for each file only (the log tree of btrfs).
    pub(super) fn names(&mut self, count: usize) -> Vec<bool> {
        match self.kind {
            Kind::Nothing => vec![false; count],
            Kind::Everything => vec![true; count],
            Kind::Sectors | Kind::Pages if self.random.one_in(2) => {
                (0..count).map(|_| self.survives()).collect()
            }
            Kind::Sectors | Kind::Pages => {
                let oldest = self.below(count + 1);
                (0..count).map(|at| at < oldest).collect()
            }
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        to_usize(self.random.below(bound as u64))
    }
}
