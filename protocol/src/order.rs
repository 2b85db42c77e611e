//! Runs of ordered numbers as differences: the first stands as it is, each further one as its distance
//! from the one before, which is positive but for runs that may repeat a number.
//!
//! Invariant: what comes in is ordered, and so is what goes out; anything else is refused.

use crate::error::{DecodeError, EncodeError, Problem};
use crate::wire::Cursor;

/// Which way a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Newest first: pages.
    Falling,
    /// Oldest first: scans.
    Rising,
    /// The same, where a number may come again.
    RisingOrSame,
}

/// A run in the middle of being read or written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    direction: Direction,
    before: Option<u64>,
}

impl Run {
    pub(crate) const fn new(direction: Direction) -> Self {
        Self { direction, before: None }
    }

    /// The next number of the run.
    pub(crate) fn take(
        &mut self,
        cursor: &mut Cursor,
        field: &'static str,
    ) -> Result<u64, DecodeError> {
        let at = cursor.at();
        let delta = cursor.take_varint(field)?;
        let number = self.step(delta).ok_or_else(|| Cursor::refuse(field, at, Problem::Order))?;
        self.before = Some(number);
        Ok(number)
    }

    /// What to write for the next number of the run.
    pub(crate) fn put(&mut self, field: &'static str, number: u64) -> Result<u64, EncodeError> {
        let delta = self.delta(number).ok_or_else(|| EncodeError::new(field, Problem::Order))?;
        self.before = Some(number);
        Ok(delta)
    }

    fn step(&self, delta: u64) -> Option<u64> {
        let Some(before) = self.before else { return Some(delta) };
        if delta == 0 && self.direction != Direction::RisingOrSame {
            return None;
        }
        match self.direction {
            Direction::Falling => before.checked_sub(delta),
            Direction::Rising | Direction::RisingOrSame => before.checked_add(delta),
        }
    }

    fn delta(&self, number: u64) -> Option<u64> {
        let Some(before) = self.before else { return Some(number) };
        let delta = match self.direction {
            Direction::Falling => before.checked_sub(number)?,
            Direction::Rising | Direction::RisingOrSame => number.checked_sub(before)?,
        };
        (delta != 0 || self.direction == Direction::RisingOrSame).then_some(delta)
    }
}
