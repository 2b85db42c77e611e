//! Walks the groups of a segment front to back and verifies every byte on the way. Recovery,
//! sealing, `check` and `inspect` all walk with this; none has a parser of its own.

use ::bytes::Bytes;

use super::group::GroupHeader;
use super::layout::{GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use super::record::{Context, Record, RecordFault, RecordHeader};
use crate::ids::Sequence;

/// Walks groups from the start of a segment's data.
#[derive(Debug)]
pub(crate) struct GroupScan<'a> {
    bytes: &'a Bytes,
    context: Context,
    offset: usize,
    next: Sequence,
}

/// A verified group: its header and records.
#[derive(Debug)]
pub(crate) struct ScannedGroup {
    pub(crate) offset: usize,
    pub(crate) header: GroupHeader,
    /// Each with its offset in the segment and its sequence.
    pub(crate) records: Vec<(u32, Sequence, Record)>,
}

/// Why a walk stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The bytes end exactly behind a group.
    End,
    /// Only zeros follow.
    Zeros,
    /// What stands here is no group.
    Bad(GroupFault),
}

/// Why bytes are not a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupFault {
    /// No valid group header.
    Header,
    /// The file ends inside the group.
    Short,
    /// The group starts at this sequence, not at the expected one.
    Sequence { expected: Sequence, found: Sequence },
    /// A record at this offset is damaged.
    Record { offset: u64, fault: RecordFault },
    /// The records do not fill the group.
    Length,
}

impl std::fmt::Display for GroupFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header => f.write_str("no valid group header"),
            Self::Short => f.write_str("the file ends inside a group"),
            Self::Sequence { expected, found } => {
                write!(f, "group starts at sequence {found}, expected {expected}")
            }
            Self::Record { fault, .. } => fault.fmt(f),
            Self::Length => f.write_str("the records do not fill their group"),
        }
    }
}

impl GroupFault {
    /// The offset the fault is best reported at, if the group starts at `offset`.
    pub(crate) fn place(&self, offset: usize) -> u64 {
        match self {
            Self::Record { offset, .. } => *offset,
            _ => offset as u64,
        }
    }
}

impl<'a> GroupScan<'a> {
    /// Walks `bytes`, a whole segment up to the end of its data.
    pub(crate) fn new(bytes: &'a Bytes, first: Sequence, context: Context) -> Self {
        Self { bytes, context, offset: SEGMENT_HEADER_BYTES, next: first }
    }

    /// Where the next group starts, or would.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// The sequence of the next record.
    pub(crate) fn next_sequence(&self) -> Sequence {
        self.next
    }

    /// The next group, or why there is none.
    pub(crate) fn next_group(&mut self) -> Result<ScannedGroup, Stop> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        if rest.is_empty() {
            return Err(Stop::End);
        }
        let Some(header) = GroupHeader::load(rest, self.context.salt) else {
            let zeros = rest.iter().all(|byte| *byte == 0);
            return Err(if zeros { Stop::Zeros } else { Stop::Bad(GroupFault::Header) });
        };
        let records = self.load_records(&header, rest).map_err(Stop::Bad)?;
        let offset = self.offset;
        self.offset += GROUP_HEADER_BYTES + header.payload_len as usize;
        self.next = Sequence(self.next.0 + u64::from(header.count));
        Ok(ScannedGroup { offset, header, records })
    }

    fn load_records(
        &self,
        header: &GroupHeader,
        rest: &[u8],
    ) -> Result<Vec<(u32, Sequence, Record)>, GroupFault> {
        if header.first != self.next {
            return Err(GroupFault::Sequence { expected: self.next, found: header.first });
        }
        let end = GROUP_HEADER_BYTES + header.payload_len as usize;
        if rest.len() < end {
            return Err(GroupFault::Short);
        }
        let mut records = Vec::new();
        let mut at = GROUP_HEADER_BYTES;
        for index in 0..header.count {
            let sequence = Sequence(header.first.0 + u64::from(index));
            let (record, len) = self.load_record(self.offset + at, self.offset + end, sequence)?;
            let offset = u32::try_from(self.offset + at).map_err(|_| GroupFault::Length)?;
            records.push((offset, sequence, record));
            at += len;
        }
        if at == end { Ok(records) } else { Err(GroupFault::Length) }
    }

    fn load_record(
        &self,
        offset: usize,
        end: usize,
        sequence: Sequence,
    ) -> Result<(Record, usize), GroupFault> {
        let wrong = |fault| GroupFault::Record { offset: offset as u64, fault };
        let bytes = self.bytes.slice(offset.min(end)..end);
        let header = RecordHeader::load(&bytes, sequence, self.context).map_err(wrong)?;
        let record = Record::decode(header, &bytes, sequence, self.context).map_err(wrong)?;
        Ok((record, header.record_len()))
    }
}

/// The largest `synced_up_to` of any group header that stands anywhere in `bytes` from `from` on:
/// how far the log is known to have been durable.
pub(crate) fn durable_evidence(bytes: &[u8], from: usize, salt: u64) -> u32 {
    let rest = bytes.get(from..).unwrap_or_default();
    (0..rest.len())
        .filter_map(|at| GroupHeader::load(rest.get(at..)?, salt))
        .map(|header| header.synced_up_to)
        .max()
        .unwrap_or(0)
}
