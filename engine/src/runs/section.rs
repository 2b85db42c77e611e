//! An entry of a view file's section list: which part of which family stands where.

use super::layout::{SECTION_BYTES, section};
use crate::log::bytes::{Fields, put_u32, put_u64};

/// One section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// See [`family`](super::layout::family).
    pub(crate) family: u8,
    /// See [`section_part`](super::layout::section_part).
    pub(crate) part: u8,
    pub(crate) payload_bits: u8,
    pub(crate) count: u64,
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

impl Section {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SECTION_BYTES);
        bytes.extend_from_slice(&[self.family, self.part, self.payload_bits, 0]);
        put_u32(&mut bytes, 0);
        put_u64(&mut bytes, self.count);
        put_u64(&mut bytes, self.offset);
        put_u64(&mut bytes, self.len);
        bytes
    }

    /// Reads [`SECTION_BYTES`] bytes; `None` if the section does not lie before `data_end`.
    pub(crate) fn load(bytes: &[u8], data_end: u64) -> Option<Self> {
        let fields = Fields(bytes.get(..SECTION_BYTES)?);
        let found = Self {
            family: fields.u8(section::FAMILY_AT),
            part: fields.u8(section::PART_AT),
            payload_bits: fields.u8(section::PAYLOAD_BITS_AT),
            count: fields.u64(section::COUNT_AT),
            offset: fields.u64(section::OFFSET_AT),
            len: fields.u64(section::LEN_AT),
        };
        let end = found.offset.checked_add(found.len)?;
        (end <= data_end && found.payload_bits <= 32).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_bounds() {
        let section =
            Section { family: 2, part: 1, payload_bits: 17, count: 9, offset: 64, len: 100 };
        assert_eq!(section.encode().len(), SECTION_BYTES);
        assert_eq!(Section::load(&section.encode(), 164), Some(section));
        assert_eq!(Section::load(&section.encode(), 163), None, "behind the end");
        let wild = Section { len: u64::MAX, ..section };
        assert_eq!(Section::load(&wild.encode(), u64::MAX), None, "overflow");
        let wide = Section { payload_bits: 33, ..section };
        assert_eq!(Section::load(&wide.encode(), 164), None, "payloads are at most 32 bits");
    }
}
