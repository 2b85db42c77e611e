//! The active segment as readers see it: the writer's own buffers, never a map of a growing file.
//!
//! Groups are pushed once they are as durable as their mode asks. Readers hold the lock for the
//! length of one page at most; the bytes they take away are reference-counted slices.

use std::sync::{PoisonError, RwLock};

use ::bytes::Bytes;

use super::header::SegmentHeader;
use super::located::Located;
use crate::ids::Sequence;

/// A segment that is in memory as a whole, because it is being written or sealed.
#[derive(Debug)]
pub(crate) struct BufferedSegment {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    groups: RwLock<Groups>,
}

/// The groups of a [`BufferedSegment`].
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// Each group's bytes and its offset in the segment, ascending.
    chunks: Vec<(u32, Bytes)>,
    /// Each record's place; the group is kept too, because searching for it would cost a page more
    /// than these four bytes a record cost memory.
    places: Vec<Place>,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Its offset in the segment.
    offset: u32,
    /// The index of its group in `chunks`.
    chunk: u32,
}

impl BufferedSegment {
    pub(crate) fn new(name: String, header: SegmentHeader) -> Self {
        Self { name, header, groups: RwLock::default() }
    }

    pub(crate) fn first(&self) -> Sequence {
        self.header.first
    }

    /// Adds a group whose bytes stand at `offset`; `starts` count from the start of the group.
    pub(crate) fn push(&self, offset: u32, bytes: Bytes, starts: &[u32]) {
        let mut groups = self.groups.write().unwrap_or_else(PoisonError::into_inner);
        let chunk = u32::try_from(groups.chunks.len()).expect("segments are at most 1 GiB");
        let places = starts.iter().map(|start| Place { offset: offset + start, chunk });
        groups.places.extend(places);
        groups.chunks.push((offset, bytes));
    }

    pub(crate) fn offsets(&self) -> Vec<u32> {
        self.read(|groups| groups.places.iter().map(|place| place.offset).collect())
    }

    /// Where the record at `sequence` is; `None` if it is not here (yet).
    pub(crate) fn locate(&self, sequence: Sequence) -> Option<Located<'_>> {
        let (offset, bytes) = self.read(|groups| self.find(groups, sequence))?;
        let context = self.header.context;
        Some(Located { bytes, sequence, context, file: &self.name, offset })
    }

    /// The record's offset in the segment, and the bytes from there to the end of its group.
    fn find(&self, groups: &Groups, sequence: Sequence) -> Option<(u32, Bytes)> {
        let index = usize::try_from(sequence.0.checked_sub(self.header.first.0)?).ok()?;
        let Place { offset, chunk } = *groups.places.get(index)?;
        let (start, bytes) = groups.chunks.get(chunk as usize)?;
        Some((offset, bytes.slice((offset - start) as usize..)))
    }

    /// No code that runs under the lock can leave it half-changed, so poison means nothing here.
    fn read<R>(&self, look: impl FnOnce(&Groups) -> R) -> R {
        look(&self.groups.read().unwrap_or_else(PoisonError::into_inner))
    }
}
