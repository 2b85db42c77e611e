//! Segment header and footer: what a segment says about itself, at its start and, once sealed, at
//! its end. Offsets are in [`layout`](super::layout).

use super::bytes::{Fields, put_u16, put_u32, put_u64};
use super::layout::{
    FILE_KIND_LOG, FILE_KIND_PACKED, FOOTER_BYTES, FOOTER_MAGIC, FORMAT_VERSION, MAGIC,
    SEGMENT_HEADER_BYTES, footer, segment_header,
};
use super::record::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{DatabaseId, Sequence, Timestamp};
use crate::limits::{EPOCH_MAX, SEQUENCE_MAX};

/// How a segment was written; tells recovery whether acknowledged writes may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrittenWith {
    Fsync,
    Interval,
    Os,
}

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) written_with: WrittenWith,
    pub(crate) database: DatabaseId,
    pub(crate) epoch: u32,
    pub(crate) first: Sequence,
    pub(crate) previous: Sequence,
    pub(crate) context: Context,
    /// The length the file was made with.
    pub(crate) made_len: u64,
    /// The file was rewritten; see [`packed`](super::packed).
    pub(crate) is_packed: bool,
    /// Of a packed segment: the last sequence that it stands for.
    pub(crate) last: Sequence,
}

/// The footer of a sealed segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) first: Sequence,
    pub(crate) count: u32,
    pub(crate) data_end: u32,
    pub(crate) last_time: Timestamp,
    pub(crate) table_crc: u32,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        out.extend_from_slice(&MAGIC);
        put_u16(&mut out, FORMAT_VERSION);
        out.push(if self.is_packed { FILE_KIND_PACKED } else { FILE_KIND_LOG });
        out.push(self.written_with as u8);
        put_u32(&mut out, 0);
        out.extend_from_slice(&self.database.0);
        put_u32(&mut out, self.epoch);
        put_u32(&mut out, 0);
        put_u64(&mut out, self.first.0);
        put_u64(&mut out, self.previous.0);
        put_u64(&mut out, self.context.base_time.0);
        put_u64(&mut out, self.context.salt);
        put_u64(&mut out, self.made_len);
        put_u64(&mut out, self.last.0);
        out.resize(segment_header::CRC_AT, 0);
        let crc = crc32fast::hash(&out);
        put_u32(&mut out, crc);
        out
    }

    /// Reads the header at the start of `bytes`; `name` is the file, for errors.
    pub(crate) fn load(name: &str, bytes: &[u8]) -> Result<Self> {
        let Some(bytes) = bytes.get(..SEGMENT_HEADER_BYTES) else {
            let len = bytes.len();
            let what =
                format!("a segment has a header of 4096 bytes, this file {len} bytes in all");
            return Err(Error::corrupt(name, len as u64, what));
        };
        let fields = Fields(bytes);
        if fields.array::<8>(0) != MAGIC {
            return Err(Error::corrupt(name, 0, "this is not a Fanfold segment"));
        }
        let crc = crc32fast::hash(fields.slice(0, segment_header::CRC_AT));
        if fields.u32(segment_header::CRC_AT) != crc {
            let at = segment_header::CRC_AT as u64;
            return Err(Error::corrupt(name, at, "checksum of the segment header differs"));
        }
        Self::load_fields(name, fields)
    }

    fn load_fields(name: &str, fields: Fields<'_>) -> Result<Self> {
        let (version, kind) =
            (fields.u16(segment_header::VERSION_AT), fields.u8(segment_header::KIND_AT));
        let is_segment = matches!(kind, FILE_KIND_LOG | FILE_KIND_PACKED);
        if version != FORMAT_VERSION || !is_segment {
            return Err(Error::new(
                ErrorKind::Unusable,
                format!(
                    "{name} has format version {version}, kind {kind}; this program reads \
                     version {FORMAT_VERSION}, kinds {FILE_KIND_LOG} and {FILE_KIND_PACKED}"
                ),
            ));
        }
        if fields.u32(segment_header::SPACE_AT) != 0 {
            let at = segment_header::SPACE_AT as u64;
            return Err(Error::corrupt(name, at, "reserved field `space` is not 0"));
        }
        let sequence = |at| Sequence(fields.u64(at));
        let (first, previous, last) = (
            sequence(segment_header::FIRST_AT),
            sequence(segment_header::PREVIOUS_AT),
            sequence(segment_header::LAST_AT),
        );
        let epoch = fields.u32(segment_header::EPOCH_AT);
        let in_range = previous < first && first.max(last).0 <= SEQUENCE_MAX;
        if !in_range || EPOCH_MAX < epoch {
            let at = segment_header::EPOCH_AT as u64;
            return Err(Error::corrupt(name, at, "epoch and sequences make no sense"));
        }
        let durability = fields.u8(segment_header::DURABILITY_AT);
        Ok(Self {
            written_with: WrittenWith::from_byte(durability).ok_or_else(|| {
                let at = segment_header::DURABILITY_AT as u64;
                Error::corrupt(name, at, format!("unknown durability {durability}"))
            })?,
            database: DatabaseId(fields.array(segment_header::DATABASE_AT)),
            epoch,
            first,
            previous,
            context: Context {
                salt: fields.u64(segment_header::SALT_AT),
                base_time: Timestamp(fields.u64(segment_header::BASE_TIME_AT)),
            },
            made_len: fields.u64(segment_header::MADE_AT),
            is_packed: kind == FILE_KIND_PACKED,
            last,
        })
    }
}

impl WrittenWith {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Fsync, Self::Interval, Self::Os].into_iter().find(|mode| *mode as u8 == byte)
    }
}

impl Footer {
    pub(crate) fn encode(&self, salt: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(FOOTER_BYTES);
        out.extend_from_slice(&FOOTER_MAGIC);
        put_u64(&mut out, self.first.0);
        put_u32(&mut out, self.count);
        put_u32(&mut out, self.data_end);
        put_u64(&mut out, self.last_time.0);
        put_u32(&mut out, self.table_crc);
        put_u64(&mut out, 0);
        let crc = salted_crc(salt, &out);
        put_u32(&mut out, crc);
        out
    }

    /// Reads the footer at the end of `bytes`; `None` if there is no valid one.
    pub(crate) fn load(bytes: &[u8], salt: u64) -> Option<Self> {
        let start = bytes.len().checked_sub(FOOTER_BYTES)?;
        let fields = Fields(bytes.get(start..)?);
        let crc = salted_crc(salt, fields.slice(0, footer::CRC_AT));
        if fields.array::<8>(0) != FOOTER_MAGIC || fields.u32(footer::CRC_AT) != crc {
            return None;
        }
        Some(Self {
            first: Sequence(fields.u64(footer::FIRST_AT)),
            count: fields.u32(footer::COUNT_AT),
            data_end: fields.u32(footer::DATA_END_AT),
            last_time: Timestamp(fields.u64(footer::LAST_TIME_AT)),
            table_crc: fields.u32(footer::TABLE_CRC_AT),
        })
    }

    /// The length of the whole sealed file.
    pub(crate) fn file_len(&self) -> u64 {
        u64::from(self.data_end) + 4 * u64::from(self.count) + FOOTER_BYTES as u64
    }
}

/// crc32 of `bytes`, begun with `salt`.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of the salt are mixed")]
pub(crate) fn salted_crc(salt: u64, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial((salt ^ (salt >> 32)) as u32);
    hasher.update(bytes);
    hasher.finalize()
}
