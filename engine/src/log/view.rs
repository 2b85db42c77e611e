//! What readers see of the log: the sealed segments, then the buffered ones, in sequence order.
//!
//! [`Log`] hands out the list as one shared value; the keeper swaps in a new list when a segment
//! was sealed. A reader that holds the old list goes on reading it: the same records.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::buffered::BufferedSegment;
use super::located::Located;
use super::packed::cache::BlockCache;
use super::record::Record;
use super::sealed::SealedSegment;
use crate::error::Result;
use crate::ids::Sequence;

/// The log, for reading.
#[derive(Debug)]
pub(crate) struct Log {
    segments: RwLock<Arc<Segments>>,
    /// The keeper has given up: no segment is sealed any more.
    cannot_seal: AtomicBool,
}

/// One unchanging list of segments.
#[derive(Clone, Debug)]
pub(crate) struct Segments {
    pub(crate) sealed: Vec<Arc<SealedSegment>>,
    pub(crate) buffered: Vec<Arc<BufferedSegment>>,
    /// Of the packed segments.
    pub(crate) blocks: Arc<BlockCache>,
}

impl Log {
    pub(crate) fn new(sealed: Vec<Arc<SealedSegment>>, blocks: Arc<BlockCache>) -> Self {
        let segments = Segments { sealed, buffered: Vec::new(), blocks };
        Self { segments: RwLock::new(Arc::new(segments)), cannot_seal: AtomicBool::new(false) }
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
            segments.buffered.retain(|buffered| buffered.name != segment.name());
            segments.sealed.push(segment);
        });
    }

    /// What is buffered stays so.
    pub(crate) fn give_up_sealing(&self) {
        self.cannot_seal.store(true, Ordering::Release);
    }

    /// Whether what is buffered stays so.
    pub(crate) fn cannot_seal(&self) -> bool {
        self.cannot_seal.load(Ordering::Acquire)
    }

    /// Readers that come now find `new` where they found `old`; nothing happens if `old` was replaced
    /// meanwhile.
    pub(crate) fn swap(&self, old: &Arc<SealedSegment>, new: &Arc<SealedSegment>) {
        self.change(|segments| {
            let place = segments.sealed.iter_mut().find(|known| Arc::ptr_eq(known, old));
            place.into_iter().for_each(|place| *place = Arc::clone(new));
        });
    }

    /// Readers that come now find `new` instead of the segments that it stands for.
    pub(crate) fn replace(&self, new: &Arc<SealedSegment>) {
        let range = new.first()..=new.last();
        self.change(|segments| {
            segments.sealed.retain(|known| !range.contains(&known.first()));
            let at = segments.sealed.partition_point(|known| known.first() < new.first());
            segments.sealed.insert(at, Arc::clone(new));
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
        if let Some(segment) = self.buffered_at(sequence) {
            return segment.locate(sequence).map(|located| located.record()).transpose();
        }
        self.sealed_at(sequence).map_or(Ok(None), |segment| segment.record(sequence, &self.blocks))
    }

    /// Where the record at `sequence` is, if that is in memory of our own.
    pub(crate) fn resident(&self, sequence: Sequence) -> Option<Located<'_>> {
        if let Some(segment) = self.buffered_at(sequence) {
            return segment.locate(sequence);
        }
        self.sealed_at(sequence).filter(|segment| segment.is_resident())?.locate(sequence)
    }

    /// Has the place of the record at `sequence` fetched, if that is in memory of our own.
    pub(crate) fn prefetch(&self, sequence: Sequence) {
        if let Some(segment) = self.buffered_at(sequence) {
            return segment.prefetch(sequence);
        }
        if let Some(SealedSegment::Plain(plain)) = self.sealed_at(sequence).map(Arc::as_ref)
            && plain.is_resident
        {
            plain.prefetch(sequence);
        }
    }

    /// The sealed segment that stands for `sequence`.
    pub(crate) fn sealed_at(&self, sequence: Sequence) -> Option<&Arc<SealedSegment>> {
        let newer = self.sealed.partition_point(|segment| segment.first() <= sequence);
        self.sealed.get(newer.checked_sub(1)?).filter(|segment| sequence <= segment.last())
    }

    fn buffered_at(&self, sequence: Sequence) -> Option<&Arc<BufferedSegment>> {
        let newer = self.buffered.partition_point(|segment| segment.first() <= sequence);
        self.buffered.get(newer.checked_sub(1)?)
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
