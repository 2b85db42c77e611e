//! A sealed segment: a mapped file that never changes again. Reads find a record through the offset
//! table and verify it every time (a checksum of 300 bytes costs some 20 ns; a wrong post in a feed
//! costs more).

use ::bytes::Bytes;

use super::bytes::Fields;
use super::header::{Footer, SegmentHeader};
use super::located::Located;
use super::scan::GroupScan;
use crate::error::{Error, Result};
use crate::ids::Sequence;

/// A sealed, mapped segment.
#[derive(Debug)]
pub(crate) struct SealedSegment {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    pub(crate) footer: Footer,
    map: Bytes,
}

impl SealedSegment {
    /// Opens a mapped segment and verifies header, footer and offset table, not the records.
    pub(crate) fn open(name: String, map: Bytes) -> Result<Self> {
        let header = SegmentHeader::load(&name, &map)?;
        let footer = Footer::load(&map, header.context.salt).ok_or_else(|| {
            Error::corrupt(&name, map.len() as u64, "the segment's footer is damaged")
        })?;
        if footer.file_len() != map.len() as u64 || footer.first != header.first {
            let at = map.len() as u64;
            return Err(Error::corrupt(&name, at, "footer and file disagree"));
        }
        let segment = Self { name, header, footer, map };
        if crc32fast::hash(segment.table()) != footer.table_crc {
            let at = u64::from(footer.data_end);
            return Err(segment.damaged(at, "checksum of the offset table differs"));
        }
        Ok(segment)
    }

    pub(crate) fn first(&self) -> Sequence {
        self.header.first
    }

    /// The last sequence; a sealed segment holds at least one record.
    pub(crate) fn last(&self) -> Sequence {
        Sequence(self.header.first.0 + u64::from(self.footer.count) - 1)
    }

    pub(crate) fn file_len(&self) -> u64 {
        self.map.len() as u64
    }

    /// Where the record at `sequence` is; `None` if this segment has no such sequence.
    pub(crate) fn locate(&self, sequence: Sequence) -> Option<Located<'_>> {
        let offset = self.offset(sequence)?;
        let bytes = self.map.slice(offset as usize..self.footer.data_end as usize);
        let context = self.header.context;
        Some(Located { bytes, sequence, context, file: &self.name, offset })
    }

    /// Walks all groups, verifying every byte of data.
    pub(crate) fn data(&self) -> Bytes {
        self.map.slice(..self.footer.data_end as usize)
    }

    pub(crate) fn scan<'a>(&self, data: &'a Bytes) -> GroupScan<'a> {
        GroupScan::new(data, self.header.first, self.header.context)
    }

    /// The offsets of the records, as stored.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = u32> + '_ {
        self.table().chunks_exact(4).map(|slot| Fields(slot).u32(0))
    }

    pub(crate) fn damaged(&self, offset: u64, what: impl std::fmt::Display) -> Error {
        Error::corrupt(&self.name, offset, what)
    }

    fn offset(&self, sequence: Sequence) -> Option<u32> {
        let index = usize::try_from(sequence.0.checked_sub(self.header.first.0)?).ok()?;
        let slot = self.table().get(index.checked_mul(4)?..)?.get(..4)?;
        let offset = Fields(slot).u32(0);
        Some(offset.min(self.footer.data_end))
    }

    fn table(&self) -> &[u8] {
        let start = self.footer.data_end as usize;
        let len = 4 * self.footer.count as usize;
        self.map.get(start..start + len).unwrap_or_default()
    }
}
