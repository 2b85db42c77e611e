//! An open packed segment.

use std::sync::Arc;

use bytes::Bytes;

use super::block::Block;
use super::cache::BlockCache;
use super::footer::PackedFooter;
use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::log::bytes::Fields;
use crate::log::header::SegmentHeader;
use crate::log::layout::{PACKED_INDEX_ENTRY_BYTES, SEGMENT_HEADER_BYTES, packed_index};
use crate::log::record::Record;

/// See the module.
#[derive(Debug)]
pub(crate) struct PackedSegment {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    pub(crate) footer: PackedFooter,
    map: Bytes,
}

impl PackedSegment {
    /// Opens a mapped segment: verifies header, footer and index (a damaged index would make records
    /// look as if retention had dropped them). Blocks are verified whenever they are unpacked.
    pub(crate) fn open(name: String, map: Bytes) -> Result<Self> {
        let header = SegmentHeader::load(&name, &map)?;
        let len = map.len() as u64;
        let damaged = |what: &str| Error::corrupt(&name, len, what);
        let footer = PackedFooter::load(&map, header.context.salt)
            .ok_or_else(|| damaged("the segment's footer is damaged"))?;
        if footer.file_len() != len || (footer.data_end as usize) < SEGMENT_HEADER_BYTES {
            return Err(damaged("footer and file disagree"));
        }
        if header.last < header.first {
            return Err(damaged("the segment ends before it begins"));
        }
        let segment = Self { name, header, footer, map };
        if crc32fast::hash(segment.index()) != segment.footer.index_crc {
            let at = u64::from(segment.footer.data_end);
            return Err(segment.damaged(at, "checksum of the index differs"));
        }
        Ok(segment)
    }

    pub(crate) fn file_len(&self) -> u64 {
        self.map.len() as u64
    }

    /// The record at `sequence`; `None` if there is none any more.
    pub(crate) fn record(&self, sequence: Sequence, cache: &BlockCache) -> Result<Option<Record>> {
        let Some(number) = self.block_of(sequence) else { return Ok(None) };
        let id = (self.header.context.salt, number);
        let block = match cache.get(id) {
            Some(block) => block,
            None => {
                let block = self.block(number)?;
                cache.put(id, &block);
                block
            }
        };
        Ok(block.record(sequence).cloned())
    }

    /// Unpacks all blocks, one after the other.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Result<Arc<Block>>> + '_ {
        (0..self.footer.blocks).map(|number| self.block(number))
    }

    /// Verifies all blocks, and that they are what the index says.
    pub(crate) fn verify(&self) -> Result<()> {
        let mut next = self.header.first;
        let mut count = 0;
        for (number, block) in (0..).zip(self.blocks()) {
            let block = block?;
            count += block.records().len() as u64;
            let first = block.records().first().map_or(next, |(first, _)| *first);
            let last = block.records().last().map_or(first, |(last, _)| *last);
            if first < next || self.header.last < last || self.first_of(number) != first {
                let at = self.offset_of(number) as u64;
                return Err(self.damaged(at, "a block is not where it belongs"));
            }
            next = last.next();
        }
        if count != self.footer.count {
            return Err(self.damaged(self.file_len(), "the footer counts other records"));
        }
        Ok(())
    }

    fn block(&self, number: u32) -> Result<Arc<Block>> {
        let offset = self.offset_of(number);
        let end = self.footer.data_end as usize;
        let bytes = self.map.get(offset..end).unwrap_or_default();
        let context = self.header.context;
        let (block, _) = Block::load(bytes, context.salt, context.base_time)
            .map_err(|what| self.damaged(offset as u64, what))?;
        Ok(block)
    }

    /// The number of the block that has `sequence`, if any has.
    fn block_of(&self, sequence: Sequence) -> Option<u32> {
        let (mut low, mut high) = (0, self.footer.blocks);
        while low < high {
            let middle = low.midpoint(high);
            if self.first_of(middle) <= sequence {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }

    fn first_of(&self, number: u32) -> Sequence {
        Sequence(self.index_entry(number).u64(packed_index::FIRST_AT))
    }

    fn offset_of(&self, number: u32) -> usize {
        self.index_entry(number).u32(packed_index::OFFSET_AT) as usize
    }

    fn index_entry(&self, number: u32) -> Fields<'_> {
        let start = number as usize * PACKED_INDEX_ENTRY_BYTES;
        let entry = self.index().get(start..start + PACKED_INDEX_ENTRY_BYTES);
        Fields(entry.expect("numbers are below the footer's count, which the length confirms"))
    }

    fn index(&self) -> &[u8] {
        let start = self.footer.data_end as usize;
        let len = PACKED_INDEX_ENTRY_BYTES * self.footer.blocks as usize;
        self.map.get(start..start + len).expect("the length of the file was checked")
    }

    fn damaged(&self, offset: u64, what: &str) -> Error {
        Error::corrupt(&self.name, offset, what)
    }
}
