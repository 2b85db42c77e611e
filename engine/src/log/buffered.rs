//! The active segment as readers see it: the writer's own buffers, never a map of a growing file.
//!
//! Groups are pushed once they are as durable as their mode asks. Readers lock nothing and count no
//! references: they borrow from the segment, which the list of segments they hold keeps alive.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use ::bytes::Bytes;

use super::grow::Grow;
use super::header::SegmentHeader;
use super::located::Located;
use crate::ids::Sequence;
use crate::storage::mapping::prefetch;

/// A segment that is in memory as a whole, because it is being written or sealed.
#[derive(Debug)]
pub(crate) struct BufferedSegment {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    /// Each group's bytes and its offset in the segment, ascending.
    chunks: Grow<OnceLock<(u32, Bytes)>>,
    /// Each record's place: the index of its group in `chunks` above its offset in the segment. A search
    /// for the group would cost a page more than these four bytes a record cost memory.
    places: Grow<AtomicU64>,
    /// Records that are there. Stored after all that belongs to them, by the one writer.
    records: AtomicUsize,
    groups: AtomicUsize,
}

impl BufferedSegment {
    pub(crate) fn new(name: String, header: SegmentHeader) -> Self {
        Self {
            name,
            header,
            chunks: Grow::default(),
            places: Grow::default(),
            records: AtomicUsize::new(0),
            groups: AtomicUsize::new(0),
        }
    }

    pub(crate) fn first(&self) -> Sequence {
        self.header.first
    }

    /// Adds a group whose bytes stand at `offset`; `starts` count from the start of the group. For the
    /// one writer.
    pub(crate) fn push(&self, offset: u32, bytes: Bytes, starts: &[u32]) {
        let group = self.groups.fetch_add(1, Ordering::Relaxed);
        let chunk = u64::from(u32::try_from(group).expect("segments are at most 1 GiB"));
        let records = self.records.load(Ordering::Relaxed);
        let is_set = self.chunks.make(group).set((offset, bytes));
        debug_assert!(is_set.is_ok(), "a segment has one writer");
        for (index, start) in (records..).zip(starts) {
            let place = chunk << 32 | u64::from(offset + start);
            self.places.make(index).store(place, Ordering::Relaxed);
        }
        self.records.store(records + starts.len(), Ordering::Release);
    }

    pub(crate) fn offsets(&self) -> Vec<u32> {
        let records = self.records.load(Ordering::Acquire);
        (0..records).filter_map(|index| self.place(index)).map(|(_, offset)| offset).collect()
    }

    /// Where the record at `sequence` is; `None` if it is not here (yet).
    pub(crate) fn locate(&self, sequence: Sequence) -> Option<Located<'_>> {
        let (chunk, offset) = self.place(self.index(sequence)?)?;
        let (start, bytes) = self.chunks.get(chunk)?.get()?;
        let (context, start) = (self.header.context, (offset - start) as usize);
        // The writer made these bytes, or recovery verified them.
        let (is_verified, file) = (true, &self.name);
        Some(Located { bytes, start, sequence, context, is_verified, file, offset })
    }

    /// Has the place of the record at `sequence` fetched.
    pub(crate) fn prefetch(&self, sequence: Sequence) {
        let place = self.index(sequence).and_then(|index| self.places.block_of(index));
        if let Some((block, at)) = place {
            prefetch(block, at);
        }
    }

    fn index(&self, sequence: Sequence) -> Option<usize> {
        let index = usize::try_from(sequence.0.checked_sub(self.header.first.0)?).ok()?;
        (index < self.records.load(Ordering::Acquire)).then_some(index)
    }

    fn place(&self, index: usize) -> Option<(usize, u32)> {
        let place = self.places.get(index)?.load(Ordering::Relaxed);
        let offset = u32::try_from(place & u64::from(u32::MAX)).ok()?;
        Some((usize::try_from(place >> 32).ok()?, offset))
    }
}
