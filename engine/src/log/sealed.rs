//! A sealed segment: a file that never changes again, as it was written or rewritten.

use super::header::SegmentHeader;
use super::located::Located;
use super::packed::cache::BlockCache;
use super::packed::segment::PackedSegment;
use super::plain::PlainSegment;
use super::record::Record;
use crate::error::Result;
use crate::ids::{Sequence, Timestamp};

/// See the module.
#[derive(Debug)]
pub(crate) enum SealedSegment {
    Plain(PlainSegment),
    Packed(PackedSegment),
}

impl SealedSegment {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Plain(plain) => &plain.name,
            Self::Packed(packed) => &packed.name,
        }
    }

    pub(crate) fn header(&self) -> &SegmentHeader {
        match self {
            Self::Plain(plain) => &plain.header,
            Self::Packed(packed) => &packed.header,
        }
    }

    /// The first sequence that it stands for.
    pub(crate) fn first(&self) -> Sequence {
        self.header().first
    }

    /// The last sequence that it stands for.
    pub(crate) fn last(&self) -> Sequence {
        match self {
            Self::Plain(plain) => plain.last(),
            Self::Packed(packed) => packed.header.last,
        }
    }

    /// The latest commit time in it.
    pub(crate) fn last_time(&self) -> Timestamp {
        match self {
            Self::Plain(plain) => plain.footer.last_time,
            Self::Packed(packed) => packed.footer.last_time,
        }
    }

    pub(crate) fn file_len(&self) -> u64 {
        match self {
            Self::Plain(plain) => plain.file_len(),
            Self::Packed(packed) => packed.file_len(),
        }
    }

    /// Whether it was packed for the long term.
    pub(crate) fn is_cold(&self) -> bool {
        matches!(self, Self::Packed(packed) if packed.footer.is_cold)
    }

    pub(crate) fn is_packed(&self) -> bool {
        matches!(self, Self::Packed(_))
    }

    /// Whether all of it is in memory of our own.
    pub(crate) fn is_resident(&self) -> bool {
        matches!(self, Self::Plain(plain) if plain.is_resident)
    }

    /// Where the record at `sequence` is, if the segment is not packed.
    pub(crate) fn locate(&self, sequence: Sequence) -> Option<Located<'_>> {
        match self {
            Self::Plain(plain) => plain.locate(sequence),
            Self::Packed(_) => None,
        }
    }

    /// The record at `sequence`; `None` if there is none.
    pub(crate) fn record(&self, sequence: Sequence, cache: &BlockCache) -> Result<Option<Record>> {
        match self {
            Self::Plain(plain) => plain.locate(sequence).map(|found| found.record()).transpose(),
            Self::Packed(packed) => packed.record(sequence, cache),
        }
    }

    /// Hands out every record, verifying every byte on the way.
    pub(crate) fn each_record(&self, mut each: impl FnMut(Sequence, &Record)) -> Result<()> {
        match self {
            Self::Plain(plain) => plain.each_record(each),
            Self::Packed(packed) => {
                packed.verify()?;
                for block in packed.blocks() {
                    block?.records().iter().for_each(|(sequence, record)| each(*sequence, record));
                }
                Ok(())
            }
        }
    }
}
