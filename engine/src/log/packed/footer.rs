//! The footer of a packed segment.

use crate::ids::Timestamp;
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::log::header::salted_crc;
use crate::log::layout::{
    PACKED_FOOTER_BYTES, PACKED_FOOTER_MAGIC, PACKED_INDEX_ENTRY_BYTES, packed_footer,
};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackedFooter {
    pub(crate) count: u64,
    pub(crate) raw_bytes: u64,
    pub(crate) last_time: Timestamp,
    pub(crate) data_end: u32,
    pub(crate) blocks: u32,
    pub(crate) index_crc: u32,
    /// Packed for the long term.
    pub(crate) is_cold: bool,
}

impl PackedFooter {
    pub(crate) fn encode(&self, salt: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(PACKED_FOOTER_BYTES);
        out.extend_from_slice(&PACKED_FOOTER_MAGIC);
        put_u64(&mut out, self.count);
        put_u64(&mut out, self.raw_bytes);
        put_u64(&mut out, self.last_time.0);
        put_u32(&mut out, self.data_end);
        put_u32(&mut out, self.blocks);
        put_u32(&mut out, self.index_crc);
        out.push(u8::from(self.is_cold));
        out.resize(packed_footer::CRC_AT, 0);
        let crc = salted_crc(salt, &out);
        put_u32(&mut out, crc);
        out
    }

    /// Reads the footer at the end of `bytes`; `None` if there is no valid one.
    pub(crate) fn load(bytes: &[u8], salt: u64) -> Option<Self> {
        let start = bytes.len().checked_sub(PACKED_FOOTER_BYTES)?;
        let fields = Fields(bytes.get(start..)?);
        let crc = salted_crc(salt, fields.slice(0, packed_footer::CRC_AT));
        let is_ours = fields.array::<8>(0) == PACKED_FOOTER_MAGIC;
        if !is_ours || fields.u32(packed_footer::CRC_AT) != crc {
            return None;
        }
        Some(Self {
            count: fields.u64(packed_footer::COUNT_AT),
            raw_bytes: fields.u64(packed_footer::RAW_AT),
            last_time: Timestamp(fields.u64(packed_footer::LAST_TIME_AT)),
            data_end: fields.u32(packed_footer::DATA_END_AT),
            blocks: fields.u32(packed_footer::BLOCKS_AT),
            index_crc: fields.u32(packed_footer::INDEX_CRC_AT),
            is_cold: fields.u8(packed_footer::IS_COLD_AT) != 0,
        })
    }

    /// The length of the whole file.
    pub(crate) fn file_len(&self) -> u64 {
        let index = PACKED_INDEX_ENTRY_BYTES as u64 * u64::from(self.blocks);
        u64::from(self.data_end) + index + PACKED_FOOTER_BYTES as u64
    }
}
