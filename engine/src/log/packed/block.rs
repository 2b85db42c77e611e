//! A block: some hundred records, packed together and unpacked together.

use std::sync::Arc;

use bytes::Bytes;

use super::head::{self, Before};
use crate::ids::{Sequence, Timestamp};
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64};
use crate::log::header::salted_crc;
use crate::log::layout::{PACKED_BLOCK_HEADER_BYTES, packed_block};
use crate::log::record::Record;

/// A block is closed when its unpacked bytes reach this. Larger blocks pack better, smaller ones
/// cost less to read a single post of.
pub(crate) const BLOCK_BYTES: usize = 64 * 1024;

/// Unpacked, a block is at most so large: one of the largest records more than it should be.
const RAW_BYTES_MAX: usize = BLOCK_BYTES + crate::limits::RECORD_BODY_BYTES_MAX + 64;

/// Bytes that a record takes in memory beside its contents, roughly.
const ENTRY_BYTES: usize = size_of::<(Sequence, Record)>();

/// How a block is packed.
const STORED: u8 = 0;
const ZSTD: u8 = 1;

/// An unpacked block.
#[derive(Debug)]
pub(crate) struct Block {
    records: Vec<(Sequence, Record)>,
    contents: usize,
}

/// A block that is being filled.
#[derive(Debug)]
pub(super) struct Filling {
    first: Option<Sequence>,
    before: Before,
    count: u32,
    heads: Vec<u8>,
    contents: Vec<u8>,
}

/// A block header that makes sense.
#[derive(Clone, Copy, Debug)]
struct Header {
    raw: usize,
    stored: usize,
    count: usize,
    heads: usize,
    first: Sequence,
    codec: u8,
}

impl Filling {
    /// An empty block; times count from `base`.
    pub(super) fn new(base: Timestamp) -> Self {
        let before = Before { time: base, ..Before::default() };
        Self { first: None, before, count: 0, heads: Vec::new(), contents: Vec::new() }
    }

    pub(super) fn push(&mut self, sequence: Sequence, record: &Record) {
        if self.first.is_none() {
            self.first = Some(sequence);
            self.before.next = sequence;
        }
        head::put((sequence, record), &mut self.before, &mut self.heads, &mut self.contents);
        self.count += 1;
    }

    pub(super) fn raw_len(&self) -> usize {
        self.heads.len() + self.contents.len()
    }

    pub(super) fn is_full(&self) -> bool {
        BLOCK_BYTES <= self.raw_len()
    }

    /// The first sequence and the bytes of the block, header included; `None` if it is empty.
    pub(super) fn finish(&self, salt: u64, level: i32) -> Option<(Sequence, Vec<u8>)> {
        let first = self.first?;
        let mut raw = self.heads.clone();
        raw.extend_from_slice(&self.contents);
        let packed = zstd::bulk::compress(&raw, level).ok();
        let (codec, stored) = match packed.filter(|packed| packed.len() < raw.len()) {
            Some(packed) => (ZSTD, packed),
            None => (STORED, raw.clone()),
        };
        let small = |len: usize| u32::try_from(len).expect("a block is some KiB");
        let mut out = Vec::with_capacity(PACKED_BLOCK_HEADER_BYTES + stored.len());
        put_u32(&mut out, small(raw.len()));
        put_u32(&mut out, small(stored.len()));
        put_u32(&mut out, self.count);
        put_u32(&mut out, small(self.heads.len()));
        put_u64(&mut out, first.0);
        out.extend_from_slice(&[codec, 0, 0, 0]);
        let crc = checksum(salt, &out, &stored);
        put_u32(&mut out, crc);
        out.extend_from_slice(&stored);
        Some((first, out))
    }
}

impl Header {
    fn load(bytes: &[u8]) -> Option<Self> {
        let fields = Fields(bytes.get(..PACKED_BLOCK_HEADER_BYTES)?);
        let size = |at| fields.u32(at) as usize;
        let header = Self {
            raw: size(packed_block::RAW_AT),
            stored: size(packed_block::STORED_AT),
            count: size(packed_block::COUNT_AT),
            heads: size(packed_block::HEADS_AT),
            first: Sequence(fields.u64(packed_block::FIRST_AT)),
            codec: fields.u8(packed_block::CODEC_AT),
        };
        let makes_sense = header.raw <= RAW_BYTES_MAX
            && header.stored <= header.raw
            && header.heads <= header.raw
            && header.count <= header.heads;
        makes_sense.then_some(header)
    }
}

impl Block {
    /// Reads the block at the start of `bytes`: verified, unpacked, decoded. Answers how many bytes
    /// it takes, too. The error says what is wrong.
    pub(crate) fn load(
        bytes: &[u8],
        salt: u64,
        base: Timestamp,
    ) -> Result<(Arc<Self>, usize), &'static str> {
        let header = Header::load(bytes).ok_or("the header of a block makes no sense")?;
        let end = PACKED_BLOCK_HEADER_BYTES + header.stored;
        let stored =
            bytes.get(PACKED_BLOCK_HEADER_BYTES..end).ok_or("the file ends inside a block")?;
        let covered = bytes.get(..packed_block::CRC_AT).unwrap_or_default();
        let crc = Fields(bytes).u32(packed_block::CRC_AT);
        if checksum(salt, covered, stored) != crc {
            return Err("checksum of a block differs");
        }
        let raw = match header.codec {
            STORED => Ok(stored.to_vec()),
            ZSTD => {
                zstd::bulk::decompress(stored, header.raw).map_err(|_| "a block cannot be unpacked")
            }
            _ => Err("a block is packed in an unknown way"),
        }?;
        if raw.len() != header.raw {
            return Err("a block unpacks to another length than it says");
        }
        let block = Self::decode(&header, &raw.into(), base);
        Ok((Arc::new(block.ok_or("the records of a block make no sense")?), end))
    }

    fn decode(header: &Header, raw: &Bytes, base: Timestamp) -> Option<Self> {
        let mut heads = Cursor::new(raw.get(..header.heads)?);
        let mut contents = raw.slice(header.heads..);
        let mut before = Before { next: header.first, time: base, created_at: 0 };
        let records: Vec<_> = (0..header.count)
            .map(|_| head::load(&mut heads, &mut contents, &mut before))
            .collect::<Option<_>>()?;
        let is_whole = heads.is_empty() && contents.is_empty();
        is_whole.then_some(Self { records, contents: raw.len() })
    }

    /// The record at `sequence`, if it is in the block.
    pub(crate) fn record(&self, sequence: Sequence) -> Option<&Record> {
        let at = self.records.partition_point(|(known, _)| *known < sequence);
        self.records.get(at).filter(|(known, _)| *known == sequence).map(|(_, record)| record)
    }

    /// All records, in order.
    pub(crate) fn records(&self) -> &[(Sequence, Record)] {
        &self.records
    }

    /// Bytes of memory it takes.
    pub(crate) fn weight(&self) -> u64 {
        (self.contents + self.records.len() * ENTRY_BYTES) as u64
    }
}

pub(crate) fn checksum(salt: u64, header: &[u8], stored: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salted_crc(salt, header));
    hasher.update(stored);
    hasher.finalize()
}
