//! Plain log segments: signing one, and groups of records made to order.

use super::{index, number, put, put_crc};
use crate::ids::{Sequence, Timestamp};
use crate::log::header::salted_crc;
use crate::log::layout::{
    FOOTER_BYTES, FOOTER_MAGIC, GROUP_HEADER_BYTES, GROUP_MAGIC, RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES, footer, group_header, record_header, segment_header,
};
use crate::log::record::{Context, sign_record};

/// A record as its bytes say it; nothing of it needs to make sense.
#[derive(Clone, Copy, Debug)]
pub struct Forged<'a> {
    /// The kind.
    pub kind: u8,
    /// The flags.
    pub flags: u8,
    /// The body.
    pub body: &'a [u8],
}

/// Makes the checksums of groups, records, offset table and footer right. The header's is right.
pub fn sign(bytes: &mut [u8]) {
    let context = context(bytes);
    let end = data_end(bytes);
    let mut at = SEGMENT_HEADER_BYTES;
    while at < end {
        sign_group(bytes.get_mut(at..).unwrap_or_default(), context);
        at = next_group(bytes, at).unwrap_or(usize::MAX);
    }
    sign_footer(bytes, context.salt);
}

/// Appends a group of `records` behind the last group; the group does not claim that anything was
/// durable. Does nothing to a sealed segment.
pub fn append(bytes: &mut Vec<u8>, records: &[Forged<'_>]) {
    if footer_at(bytes).is_some() {
        return;
    }
    let (context, end) = (context(bytes), data_end(bytes));
    let first = next_sequence(bytes);
    let mut group = vec![0; GROUP_HEADER_BYTES];
    for (sequence, record) in (first..).zip(records) {
        let start = group.len();
        let len = u32::try_from(record.body.len()).unwrap_or(u32::MAX);
        group.extend_from_slice(&[0; RECORD_HEADER_BYTES]);
        group.extend_from_slice(record.body);
        let record_bytes = group.get_mut(start..).unwrap_or_default();
        put(record_bytes, record_header::BODY_AT, len.to_le_bytes().get(..3).unwrap_or_default());
        put(record_bytes, record_header::KIND_AT, &[record.kind, record.flags]);
        sign_record(record_bytes, Sequence(sequence), context);
    }
    let small = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
    put(&mut group, 0, &GROUP_MAGIC);
    let payload = group.len() - GROUP_HEADER_BYTES;
    put(&mut group, group_header::PAYLOAD_AT, &small(payload));
    put(&mut group, group_header::FIRST_AT, &first.to_le_bytes());
    put(&mut group, group_header::COUNT_AT, &small(records.len()));
    put(&mut group, group_header::TIME_AT, &context.base_time.0.to_le_bytes());
    put_crc(&mut group, 0..group_header::CRC_AT, |covered| salted_crc(context.salt, covered));
    bytes.resize(bytes.len().max(end + group.len()), 0);
    put(bytes, end, &group);
}

/// Where groups end: at the first bytes that do not begin like one.
#[must_use]
pub fn data_end(bytes: &[u8]) -> usize {
    let mut at = SEGMENT_HEADER_BYTES;
    while let Some(next) = next_group(bytes, at).filter(|next| *next <= bytes.len()) {
        at = next;
    }
    at
}

/// What the checksums in the segment are salted with.
fn context(bytes: &[u8]) -> Context {
    let field = |at| number::<8>(bytes, at).unwrap_or(0);
    let base_time = Timestamp(field(segment_header::BASE_TIME_AT));
    Context { salt: field(segment_header::SALT_AT), base_time }
}

/// Where the group behind the one at `at` begins; `None` if there is no group at `at`.
fn next_group(bytes: &[u8], at: usize) -> Option<usize> {
    let is_group = bytes.get(at..)?.starts_with(&GROUP_MAGIC);
    let payload = index::<4>(bytes, at + group_header::PAYLOAD_AT)?;
    is_group.then_some(at + GROUP_HEADER_BYTES + payload)
}

/// The sequence that the next group begins at.
fn next_sequence(bytes: &[u8]) -> u64 {
    let (mut at, end) = (SEGMENT_HEADER_BYTES, data_end(bytes));
    let mut next = number::<8>(bytes, segment_header::FIRST_AT).unwrap_or(0);
    while at < end {
        let count = number::<4>(bytes, at + group_header::COUNT_AT).unwrap_or(0);
        next = next.wrapping_add(count);
        at = next_group(bytes, at).unwrap_or(usize::MAX);
    }
    next
}

/// Signs the group at the start of `bytes` and its records.
fn sign_group(bytes: &mut [u8], context: Context) {
    let payload = index::<4>(bytes, group_header::PAYLOAD_AT).unwrap_or(0);
    let mut sequence = number::<8>(bytes, group_header::FIRST_AT).unwrap_or(0);
    put_crc(bytes, 0..group_header::CRC_AT, |covered| salted_crc(context.salt, covered));
    let end = (GROUP_HEADER_BYTES + payload).min(bytes.len());
    let mut rest = bytes.get_mut(GROUP_HEADER_BYTES..end).unwrap_or_default();
    while let Some(body) = index::<3>(rest, record_header::BODY_AT) {
        let Some((record, behind)) = rest.split_at_mut_checked(RECORD_HEADER_BYTES + body) else {
            return;
        };
        sign_record(record, Sequence(sequence), context);
        sequence = sequence.wrapping_add(1);
        rest = behind;
    }
}

fn footer_at(bytes: &[u8]) -> Option<usize> {
    let at = bytes.len().checked_sub(FOOTER_BYTES)?;
    bytes.get(at..)?.starts_with(&FOOTER_MAGIC).then_some(at)
}

fn sign_footer(bytes: &mut [u8], salt: u64) {
    let Some(start) = footer_at(bytes) else { return };
    let table_at = index::<4>(bytes, start + footer::DATA_END_AT).unwrap_or(0);
    let table = table_at..start.max(table_at);
    let crc = crc32fast::hash(bytes.get(table).unwrap_or_default());
    put(bytes, start + footer::TABLE_CRC_AT, &crc.to_le_bytes());
    let covered = start..start + footer::CRC_AT;
    put_crc(bytes, covered, |covered| salted_crc(salt, covered));
}
