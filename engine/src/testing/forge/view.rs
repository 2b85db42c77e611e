//! View files: signing one, and listing it in the manifest as what it says it is.

use super::{index, number, put, put_crc};
use crate::log::layout::{manifest, manifest_view};
use crate::runs::layout::{VIEW_BLOCK_BYTES, VIEW_FOOTER_BYTES, view_footer, view_header};
use crate::runs::writer::block_checksum;

/// Makes the checksums of header, blocks and footer right.
pub fn sign(bytes: &mut [u8]) {
    put_crc(bytes, 0..view_header::CRC_AT, crc32fast::hash);
    let Some(footer_at) = bytes.len().checked_sub(VIEW_FOOTER_BYTES) else { return };
    let salt = number::<8>(bytes, view_header::SALT_AT).unwrap_or(0);
    let data_end = index::<8>(bytes, footer_at + view_footer::DATA_END_AT).unwrap_or(usize::MAX);
    let Some((data, rest)) = bytes.split_at_mut_checked(data_end) else { return };
    for (block, number) in data.chunks(VIEW_BLOCK_BYTES).zip(0_u64..) {
        let at = 4 * usize::try_from(number).unwrap_or(usize::MAX);
        put(rest, at, &block_checksum(salt, number, block).to_le_bytes());
    }
    let table = bytes.get(data_end..footer_at).unwrap_or_default();
    let crc = crc32fast::hash(table);
    put(bytes, footer_at + view_footer::CHECKSUMS_CRC_AT, &crc.to_le_bytes());
    put_crc(bytes, footer_at..footer_at + view_footer::CRC_AT, crc32fast::hash);
}

/// Lists in the manifest `listing` for the view file of this kind and number what the file's header
/// says: range and length. The manifest is to be signed afterwards.
pub fn list_as_is(listing: &mut [u8], number_in_name: u64, file: &[u8]) {
    let end = listing.len().saturating_sub(4);
    let entries = listing.get_mut(manifest::HEAD_BYTES..end).unwrap_or_default();
    for entry in entries.chunks_exact_mut(manifest::VIEW_BYTES) {
        if number::<8>(entry, manifest_view::NUMBER_AT) != Some(number_in_name) {
            continue;
        }
        let fields = [
            (view_header::FIRST_AT, manifest_view::FIRST_AT),
            (view_header::LAST_AT, manifest_view::LAST_AT),
        ];
        for (from, to) in fields {
            put(entry, to, &number::<8>(file, from).unwrap_or(0).to_le_bytes());
        }
        put(entry, manifest_view::LEN_AT, &(file.len() as u64).to_le_bytes());
    }
}
