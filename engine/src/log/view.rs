//! What readers see of the log: the sealed segments, then the buffered ones, in sequence order.
//!
//! [`Log`] hands out the list as one shared value; the keeper swaps in a new list when a segment
//! was sealed. A reader that holds the old list goes on reading it: the same records.

use std::sync::{Arc, PoisonError, RwLock};

use super::buffered::BufferedSegment;
use super::located::Located;
use super::record::Record;
use super::sealed::SealedSegment;
use crate::error::Result;
use crate::ids::Sequence;

/// The log, for reading.
#[derive(Debug)]
pub(crate) struct Log {
    segments: RwLock<Arc<Segments>>,
}

/// One unchanging list of segments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segments {
    pub(crate) sealed: Vec<Arc<SealedSegment>>,
    pub(crate) buffered: Vec<Arc<BufferedSegment>>,
}

impl Log {
    pub(crate) fn new(sealed: Vec<Arc<SealedSegment>>) -> Self {
        let segments = Segments { sealed, buffered: Vec::new() };
        Self { segments: RwLock::new(Arc::new(segments)) }
    }

    /// The segments now.
    pub(crate) fn segments(&self) -> Arc<Segments> {
        Arc::clone(&self.segments.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new active segment was begun.
    pub(crate) fn begin(&self, segment: Arc<BufferedSegment>) {
        self.change(|segments| segments.buffered.push(segment));
    }

    /// The buffered segment of the same name is now this sealed one.
    pub(crate) fn sealed(&self, segment: Arc<SealedSegment>) {
        self.change(|segments| {
            segments.buffered.retain(|buffered| buffered.name != segment.name);
            segments.sealed.push(segment);
        });
    }

    fn change(&self, edit: impl FnOnce(&mut Segments)) {
        let mut slot = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        let mut segments = Segments::clone(&slot);
        edit(&mut segments);
        *slot = Arc::new(segments);
    }
}

impl Segments {
    /// The record at `sequence`; `None` if the log has none there.
    pub(crate) fn record(&self, sequence: Sequence) -> Result<Option<Record>> {
        self.locate(sequence).map(|located| located.record()).transpose()
    }

    /// Where the record at `sequence` is; `None` if the log has none there.
    pub(crate) fn locate(&self, sequence: Sequence) -> Option<Located<'_>> {
        let newer = self.buffered.partition_point(|segment| segment.first() <= sequence);
        if let Some(segment) = newer.checked_sub(1).and_then(|index| self.buffered.get(index)) {
            return segment.locate(sequence);
        }
        let newer = self.sealed.partition_point(|segment| segment.first() <= sequence);
        self.sealed.get(newer.checked_sub(1)?)?.locate(sequence)
    }

    /// The first sequence at or above `sequence` that a segment holds or will hold: steps over
    /// declared holes. `sequence` itself if nothing is known above it.
    pub(crate) fn skip_holes(&self, sequence: Sequence) -> Sequence {
        let below = self.sealed.partition_point(|segment| segment.last() < sequence);
        if let Some(segment) = self.sealed.get(below) {
            return sequence.max(segment.first());
        }
        self.buffered.first().map_or(sequence, |segment| sequence.max(segment.first()))
    }

    pub(crate) fn count(&self) -> usize {
        self.sealed.len() + self.buffered.len()
    }
}
