//! A record's header, and the checksums over it and the whole: see [`record`](super::record).

use super::bytes::{Fields, put_u24};
use super::layout::{RECORD_HEADER_BYTES, record_header};
use super::record_fault::RecordFault;
use crate::ids::{Sequence, Timestamp};
use crate::limits::RECORD_BODY_BYTES_MAX;

/// What the checksums and times of a segment's records are relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) salt: u64,
    pub(crate) base_time: Timestamp,
}

/// A record header that passed its own checksum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordHeader {
    pub(crate) body_len: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    crc: u32,
}

impl RecordHeader {
    /// Verifies and reads the header at the start of `bytes`: for walks, where nothing but the
    /// length says where the record ends.
    pub(crate) fn load(
        bytes: &[u8],
        sequence: Sequence,
        context: Context,
    ) -> Result<Self, RecordFault> {
        let bytes = bytes.get(..RECORD_HEADER_BYTES).ok_or(RecordFault::Short)?;
        let fields = Fields(bytes);
        let checked = fields.slice(COVERED_AT, record_header::CHECK_AT);
        if fields.u24(record_header::CHECK_AT) != header_check(checked, seed(sequence, context)) {
            return Err(RecordFault::Header);
        }
        Self::peek(bytes)
    }

    /// Reads the header at the start of `bytes` and leaves it to the record's checksum to verify
    /// it: for reads, where the bytes are known to hold a record.
    #[inline]
    pub(crate) fn peek(bytes: &[u8]) -> Result<Self, RecordFault> {
        let bytes = bytes.get(..RECORD_HEADER_BYTES).ok_or(RecordFault::Short)?;
        let fields = Fields(bytes);
        let body_len = fields.u24(record_header::BODY_AT) as usize;
        if RECORD_BODY_BYTES_MAX < body_len {
            return Err(RecordFault::Malformed);
        }
        Ok(Self {
            body_len,
            kind: fields.u8(record_header::KIND_AT),
            flags: fields.u8(record_header::FLAGS_AT),
            crc: fields.u32(record_header::CRC_AT),
        })
    }

    /// The body of the record at the start of `bytes`, which was verified before.
    #[inline]
    pub(super) fn body<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], RecordFault> {
        bytes.get(RECORD_HEADER_BYTES..self.record_len()).ok_or(RecordFault::Short)
    }

    /// The body of the record at the start of `bytes`; verifies the checksum over all of it.
    pub(super) fn verified<'a>(
        &self,
        bytes: &'a [u8],
        sequence: Sequence,
        context: Context,
    ) -> Result<&'a [u8], RecordFault> {
        let covered = bytes.get(COVERED_AT..self.record_len()).ok_or(RecordFault::Short)?;
        if salted_crc(seed(sequence, context), covered) != self.crc {
            return Err(RecordFault::Body);
        }
        covered.get(RECORD_HEADER_BYTES - COVERED_AT..).ok_or(RecordFault::Malformed)
    }

    /// Bytes of header and body.
    pub(crate) fn record_len(&self) -> usize {
        RECORD_HEADER_BYTES + self.body_len
    }
}

/// The record's checksum covers everything from here on.
const COVERED_AT: usize = record_header::BODY_AT;

/// Fills in the header of `record`, whose body is complete.
pub(super) fn put_header(record: &mut [u8], body_len: usize, kind: u8, flags: u8, seed: u32) {
    let mut header = Vec::with_capacity(RECORD_HEADER_BYTES);
    put_u24(&mut header, u32::try_from(body_len).expect("a body fits 24 bits (limits.rs)"));
    header.extend_from_slice(&[kind, flags]);
    let check = header_check(&header, seed);
    put_u24(&mut header, check);
    let (crc_place, covered) = record.split_at_mut(COVERED_AT);
    let (fields_place, _) = covered.split_at_mut(header.len());
    fields_place.copy_from_slice(&header);
    crc_place.copy_from_slice(&salted_crc(seed, covered).to_le_bytes());
}

/// Makes both checksums of a record right whose other bytes are as they shall be.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn sign_record(record: &mut [u8], sequence: Sequence, context: Context) {
    if record.len() < RECORD_HEADER_BYTES {
        return;
    }
    let fields = Fields(record);
    let body_len = fields.u24(record_header::BODY_AT) as usize;
    let (kind, flags) = (fields.u8(record_header::KIND_AT), fields.u8(record_header::FLAGS_AT));
    put_header(record, body_len, kind, flags, seed(sequence, context));
}

fn header_check(fields: &[u8], seed: u32) -> u32 {
    salted_crc(seed, fields) & 0x00ff_ffff
}

fn salted_crc(seed: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(bytes);
    hasher.finalize()
}

/// Mixes salt and sequence, so that neighbours differ in many bits.
pub(super) fn seed(sequence: Sequence, context: Context) -> u32 {
    ((context.salt ^ sequence.0).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}
