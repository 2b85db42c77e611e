//! The post in a record, borrowed from the log: what a page needs of it, and no more.

use super::bytes::Cursor;
use super::layout::record_kind;
use super::record::{Context, Head, RecordFault, RecordHeader};
use crate::ids::{Sequence, Timestamp, UserId};

/// The fields of a post's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PostFields<'a> {
    pub(crate) time: Timestamp,
    pub(crate) author: UserId,
    pub(crate) kind: u16,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) text: &'a [u8],
    pub(crate) meta: &'a [u8],
}

impl<'a> PostFields<'a> {
    /// Verifies the record at the start of `bytes` and reads the post in it; `None` if it is something else.
    pub(crate) fn decode(
        bytes: &'a [u8],
        sequence: Sequence,
        context: Context,
    ) -> Result<Option<Self>, RecordFault> {
        let header = RecordHeader::peek(bytes)?;
        let body = header.verified(bytes, sequence, context)?;
        if header.kind != record_kind::PUBLISH {
            return Ok(None);
        }
        Self::load(&header, body, context).map(Some).ok_or(RecordFault::Malformed)
    }

    /// Reads the verified body of a publish.
    fn load(header: &RecordHeader, body: &'a [u8], context: Context) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let head = Head::load(header, &mut cursor, context)?;
        Some(Self {
            time: head.time,
            author: UserId(head.first),
            kind: u16::try_from(head.second).ok()?,
            created_at: head.tags.created_at,
            text: cursor.rest(),
            meta: head.tags.meta,
        })
    }
}
