//! Packed log segments: signing one, and storing its blocks unpacked.

use super::{index, number, put, put_crc};
use crate::log::header::salted_crc;
use crate::log::layout::{
    PACKED_BLOCK_HEADER_BYTES, PACKED_FOOTER_BYTES, PACKED_INDEX_ENTRY_BYTES, SEGMENT_HEADER_BYTES,
    packed_block, packed_footer, packed_index, segment_header,
};
use crate::log::packed::block::checksum;

/// Makes the checksums of blocks, index and footer right. The header's is right.
pub fn sign(bytes: &mut [u8]) {
    let salt = number::<8>(bytes, segment_header::SALT_AT).unwrap_or(0);
    let Some(footer_at) = bytes.len().checked_sub(PACKED_FOOTER_BYTES) else { return };
    let data_end = index::<4>(bytes, footer_at + packed_footer::DATA_END_AT).unwrap_or(0);
    let data = bytes.get_mut(..data_end.min(footer_at)).unwrap_or_default();
    let mut rest = data.get_mut(SEGMENT_HEADER_BYTES..).unwrap_or_default();
    while let Some(stored) = index::<4>(rest, packed_block::STORED_AT) {
        let end = PACKED_BLOCK_HEADER_BYTES + stored;
        let Some((block, behind)) = rest.split_at_mut_checked(end) else { break };
        let (header, content) = block.split_at_mut(PACKED_BLOCK_HEADER_BYTES);
        put_crc(header, 0..packed_block::CRC_AT, |covered| checksum(salt, covered, content));
        rest = behind;
    }
    let crc = crc32fast::hash(bytes.get(data_end..footer_at).unwrap_or_default());
    put(bytes, footer_at + packed_footer::INDEX_CRC_AT, &crc.to_le_bytes());
    let covered = footer_at..footer_at + packed_footer::CRC_AT;
    put_crc(bytes, covered, |covered| salted_crc(salt, covered));
}

/// The same segment with its blocks not compressed; `None` if it is none that is sound.
#[must_use]
pub fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let footer_at = bytes.len().checked_sub(PACKED_FOOTER_BYTES)?;
    let data_end = index::<4>(bytes, footer_at + packed_footer::DATA_END_AT)?;
    let mut out = bytes.get(..SEGMENT_HEADER_BYTES)?.to_vec();
    let mut entries = bytes.get(data_end..footer_at)?.to_vec();
    let mut rest = bytes.get(SEGMENT_HEADER_BYTES..data_end)?;
    for entry in entries.chunks_exact_mut(PACKED_INDEX_ENTRY_BYTES) {
        let at = u32::try_from(out.len()).ok()?;
        put(entry, packed_index::OFFSET_AT, &at.to_le_bytes());
        let end = PACKED_BLOCK_HEADER_BYTES + index::<4>(rest, packed_block::STORED_AT)?;
        let (block, behind) = rest.split_at_checked(end)?;
        let (header, stored) = block.split_at(PACKED_BLOCK_HEADER_BYTES);
        let raw_len = index::<4>(header, packed_block::RAW_AT)?;
        let raw = match number::<1>(header, packed_block::CODEC_AT)? {
            0 => stored.to_vec(),
            _ => zstd::bulk::decompress(stored, raw_len).ok()?,
        };
        let mut header = header.to_vec();
        put(&mut header, packed_block::STORED_AT, &u32::try_from(raw.len()).ok()?.to_le_bytes());
        put(&mut header, packed_block::CODEC_AT, &[0]);
        out.extend_from_slice(&header);
        out.extend_from_slice(&raw);
        rest = behind;
    }
    let data_end = u32::try_from(out.len()).ok()?;
    let mut footer = bytes.get(footer_at..)?.to_vec();
    put(&mut footer, packed_footer::DATA_END_AT, &data_end.to_le_bytes());
    out.append(&mut entries);
    out.append(&mut footer);
    sign(&mut out);
    Some(out)
}
