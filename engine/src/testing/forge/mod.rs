//! Signs files whose bytes were changed on purpose: all checksums are made right again, so that a
//! test reaches what lies behind them. A checksum says that bytes are as they were written, not that
//! they make sense; nothing read from a file may panic or take unbounded memory for a checksum that
//! fits.
//!
//! Whatever is too broken to have a checksum (a length that leads out of the file) is left alone.
//!
//! * [`segment`]: plain log segments, and groups of records made to order.
//! * [`packed`]: packed log segments; blocks can be stored unpacked, so that changes hit fields.
//! * [`view`]: view files.
//! * [`record`]: one record, decoded and encoded.

pub mod packed;
pub mod record;
pub mod segment;
pub mod view;

use std::ops::Range;

use crate::log::bytes::Fields;
use crate::log::layout::{FILE_KIND_PACKED, SEGMENT_HEADER_BYTES, segment_header};
use crate::storage::names;

/// Makes the checksums of the file `name` right.
pub fn sign(name: &str, bytes: &mut [u8]) {
    if name == names::MANIFEST || name == names::INBOXES || name == names::RANKS {
        let end = bytes.len().saturating_sub(4);
        put_crc(bytes, 0..end, crc32fast::hash);
    } else if names::parse_view(name).is_some() {
        view::sign(bytes);
    } else if names::parse_segment(name).is_some() && SEGMENT_HEADER_BYTES <= bytes.len() {
        put_crc(bytes, 0..segment_header::CRC_AT, crc32fast::hash);
        match number::<1>(bytes, segment_header::KIND_AT) == Some(u64::from(FILE_KIND_PACKED)) {
            true => packed::sign(bytes),
            false => segment::sign(bytes),
        }
    }
}

/// The `WIDTH` bytes at `at` as a number, if they are there.
fn number<const WIDTH: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let part = bytes.get(at..at.checked_add(WIDTH)?)?;
    let mut whole = [0; 8];
    whole.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
    Some(Fields(&whole).u64(0))
}

/// [`number`] as an index.
fn index<const WIDTH: usize>(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(number::<WIDTH>(bytes, at)?).ok()
}

/// Writes `value` at `at`, if there is room.
fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    let place = at.checked_add(value.len()).and_then(|end| bytes.get_mut(at..end));
    place.into_iter().for_each(|place| place.copy_from_slice(value));
}

/// Writes the checksum of `covered` right behind it.
fn put_crc(bytes: &mut [u8], covered: Range<usize>, crc: impl Fn(&[u8]) -> u32) {
    let at = covered.end;
    if let Some(crc) = bytes.get(covered).map(crc) {
        put(bytes, at, &crc.to_le_bytes());
    }
}
