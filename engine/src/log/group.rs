//! A group: the records of one append. All of a group is in the log, or none of it.
//!
//! Its header says where the segment was already durable when the group was written
//! (`synced_up_to`). That is what lets recovery tell a tear from rot: bytes below the mark of any
//! later group had been promised, bytes above every mark had not.

use super::bytes::{Fields, put_u32, put_u64};
use super::header::salted_crc;
use super::layout::{GROUP_HEADER_BYTES, GROUP_MAGIC, group_header};
use super::record::{Context, Record};
use crate::ids::{Sequence, Timestamp};

/// The header of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupHeader {
    pub(crate) payload_len: u32,
    pub(crate) first: Sequence,
    pub(crate) count: u32,
    pub(crate) synced_up_to: u32,
    pub(crate) time: Timestamp,
}

impl GroupHeader {
    pub(crate) fn encode(&self, salt: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(GROUP_HEADER_BYTES);
        out.extend_from_slice(&GROUP_MAGIC);
        put_u32(&mut out, self.payload_len);
        put_u64(&mut out, self.first.0);
        put_u32(&mut out, self.count);
        put_u32(&mut out, self.synced_up_to);
        put_u64(&mut out, self.time.0);
        put_u32(&mut out, 0);
        let crc = salted_crc(salt, &out);
        put_u32(&mut out, crc);
        out
    }

    /// Reads the header at the start of `bytes`; `None` if there is no valid one.
    pub(crate) fn load(bytes: &[u8], salt: u64) -> Option<Self> {
        let fields = Fields(bytes.get(..GROUP_HEADER_BYTES)?);
        if fields.array::<4>(0) != GROUP_MAGIC {
            return None;
        }
        let crc = salted_crc(salt, fields.slice(0, group_header::CRC_AT));
        if fields.u32(group_header::CRC_AT) != crc {
            return None;
        }
        Some(Self {
            payload_len: fields.u32(group_header::PAYLOAD_AT),
            first: Sequence(fields.u64(group_header::FIRST_AT)),
            count: fields.u32(group_header::COUNT_AT),
            synced_up_to: fields.u32(group_header::SYNCED_AT),
            time: Timestamp(fields.u64(group_header::TIME_AT)),
        })
    }
}

/// A group being built: its records' bytes behind room for the header.
#[derive(Debug)]
pub(crate) struct GroupBuffer {
    bytes: Vec<u8>,
    /// Where each record starts, counted from the start of the group.
    starts: Vec<u32>,
}

impl GroupBuffer {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; GROUP_HEADER_BYTES], starts: Vec::new() }
    }

    pub(crate) fn push(&mut self, record: &Record, sequence: Sequence, context: Context) {
        let start = u32::try_from(self.bytes.len()).expect("a group fits 32 bits (limits.rs)");
        self.starts.push(start);
        record.encode(sequence, context, &mut self.bytes);
    }

    /// Header included.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The finished bytes and the start of each record in them.
    pub(crate) fn finish(
        mut self,
        first: Sequence,
        synced_up_to: u32,
        time: Timestamp,
        salt: u64,
    ) -> (Vec<u8>, Vec<u32>) {
        let len32 = |len: usize| u32::try_from(len).expect("a group fits 32 bits (limits.rs)");
        let header = GroupHeader {
            payload_len: len32(self.bytes.len() - GROUP_HEADER_BYTES),
            first,
            count: len32(self.starts.len()),
            synced_up_to,
            time,
        };
        let place = self.bytes.get_mut(..GROUP_HEADER_BYTES).expect("room was made in new()");
        place.copy_from_slice(&header.encode(salt));
        (self.bytes, self.starts)
    }
}
