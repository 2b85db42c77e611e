//! Whether an entry still holds: known at once from memory, or looked up in files after the state is
//! let go.

use std::cell::Cell;

use crate::error::Result;
use crate::ids::Sequence;
use crate::views::graph::{EDGE_WIDTH, Edges};
use crate::views::outbox::POST_WIDTH;
use crate::views::part::{Excerpt, Near};
use crate::views::timeline::Timelines;
use crate::views::users::Ordinal;

/// Whether an entry of a timeline stands, or where that is written.
#[derive(Debug)]
pub(crate) enum Stands<const WIDTH: usize = POST_WIDTH> {
    Known(bool),
    InFiles(Excerpt<WIDTH>, Sequence),
}

/// Since when an edge stands, or where that stands.
#[derive(Debug)]
pub(crate) enum Since {
    Known(Option<Sequence>),
    InFiles(Excerpt<EDGE_WIDTH>, Ordinal),
}

impl<const WIDTH: usize> Stands<WIDTH> {
    /// Whether the owner has that entry.
    pub(crate) fn of(
        timelines: &Timelines<WIDTH>,
        owner: Ordinal,
        entry: Sequence,
    ) -> Result<Self> {
        let missed = Cell::new(false);
        let found = timelines.part(owner).resident(&missed).contains(entry)?;
        if missed.get() {
            // The entry is below the floor: nothing of the hot list is needed.
            return Ok(Self::InFiles(timelines.excerpt(owner, Near::Above(entry), 0), entry));
        }
        Ok(Self::Known(found))
    }

    pub(crate) fn is_in_files(&self) -> bool {
        matches!(self, Self::InFiles(..))
    }

    pub(crate) fn resolve(&self) -> Result<bool> {
        match self {
            Self::Known(stands) => Ok(*stands),
            Self::InFiles(excerpt, entry) => excerpt.part().contains(*entry),
        }
    }
}

impl Since {
    /// Since when the edge from `owner` to `other` stands.
    pub(crate) fn of(edges: &Edges, owner: Ordinal, other: Ordinal) -> Result<Self> {
        let missed = Cell::new(false);
        let found = edges.part(owner).resident(&missed).find_payload(other.0)?;
        if missed.get() {
            // The hot list was searched already.
            let none = edges.excerpt(owner, Near::Above(Sequence(u64::MAX - 1)), 0);
            return Ok(Self::InFiles(none, other));
        }
        Ok(Self::Known(found))
    }

    pub(crate) fn is_in_files(&self) -> bool {
        matches!(self, Self::InFiles(..))
    }

    pub(crate) fn resolve(&self) -> Result<Option<Sequence>> {
        match self {
            Self::Known(since) => Ok(*since),
            Self::InFiles(excerpt, other) => excerpt.part().find_payload(other.0),
        }
    }
}
