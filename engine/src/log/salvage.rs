//! What is left of a damaged segment: the records whose own checksums hold at their own places.
//!
//! Nothing here decides whether damage may be lived with; only `repair`, when asked, uses it.

use std::collections::BTreeMap;

use ::bytes::Bytes;

use super::bytes::Fields;
use super::group::GroupHeader;
use super::header::{Footer, SegmentHeader};
use super::layout::{GROUP_HEADER_BYTES, GROUP_MAGIC, SEGMENT_HEADER_BYTES};
use super::packed::block::Block;
use super::record::{Context, Record, RecordHeader};
use crate::ids::Sequence;

/// The header, if it is sound, and all records that are, in order. Without a sound header nothing
/// can be proven.
pub(crate) fn salvage(
    name: &str,
    bytes: Bytes,
) -> (Option<SegmentHeader>, Vec<(Sequence, Record)>) {
    let Ok(header) = SegmentHeader::load(name, &bytes) else { return (None, Vec::new()) };
    let mut found = BTreeMap::new();
    if header.is_packed {
        blocks(&bytes, &header, &mut found);
    } else {
        groups(&bytes, &header, &mut found);
        listed(&bytes, &header, &mut found);
    }
    (Some(header), found.into_iter().collect())
}

type Found = BTreeMap<Sequence, Record>;

/// Records of groups whose headers are sound, up to the first bad record of each.
fn groups(bytes: &Bytes, header: &SegmentHeader, found: &mut Found) {
    let mut at = SEGMENT_HEADER_BYTES;
    while let Some(rest) = bytes.get(at..).filter(|rest| GROUP_HEADER_BYTES <= rest.len()) {
        let is_group = rest.starts_with(&GROUP_MAGIC);
        match GroupHeader::load(rest, header.context.salt).filter(|_| is_group) {
            Some(group) => {
                let first = group.first;
                let count = u64::from(group.count);
                at += GROUP_HEADER_BYTES;
                at = records(bytes, at, (first, count), header.context, found);
            }
            None => at += 1,
        }
    }
}

/// Records one behind the other, until one is bad. Answers where that is.
fn records(
    bytes: &Bytes,
    mut at: usize,
    (first, count): (Sequence, u64),
    context: Context,
    found: &mut Found,
) -> usize {
    for index in 0..count {
        let Some(sequence) = first.0.checked_add(index).map(Sequence) else { return at };
        let Some((record, len)) = record(bytes, at, sequence, context) else { return at };
        found.insert(sequence, record);
        at += len;
    }
    at
}

/// Records that the offset table finds, behind damage.
fn listed(bytes: &Bytes, header: &SegmentHeader, found: &mut Found) {
    let Some(footer) = Footer::load(bytes, header.context.salt) else { return };
    let table = bytes.get(footer.data_end as usize..).unwrap_or_default();
    for (index, slot) in table.chunks_exact(4).take(footer.count as usize).enumerate() {
        let sequence = Sequence(header.first.0 + index as u64);
        if !found.contains_key(&sequence)
            && let Some((record, _)) =
                record(bytes, Fields(slot).u32(0) as usize, sequence, header.context)
        {
            found.insert(sequence, record);
        }
    }
}

fn record(
    bytes: &Bytes,
    at: usize,
    sequence: Sequence,
    context: Context,
) -> Option<(Record, usize)> {
    let rest = (at < bytes.len()).then(|| bytes.slice(at..))?;
    let header = RecordHeader::load(&rest, sequence, context).ok()?;
    let record = Record::decode(header, &rest, sequence, context).ok()?;
    Some((record, header.record_len()))
}

/// Records of packed blocks that are sound, wherever they stand.
fn blocks(bytes: &Bytes, header: &SegmentHeader, found: &mut Found) {
    let mut at = SEGMENT_HEADER_BYTES;
    let Context { salt, base_time } = header.context;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match Block::load(rest, salt, base_time) {
            Ok((block, len)) => {
                found.extend(block.records().iter().cloned());
                at += len;
            }
            Err(_) => at += 1,
        }
    }
}
