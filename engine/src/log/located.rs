//! A record's place in memory: found, not yet read.
//!
//! Finding and reading are two steps, so that a page can find all of its records, then have them all
//! fetched, and only then read them one by one: the cache misses of all records overlap. Verifying a
//! record at a time would wait for each.

use ::bytes::Bytes;

use super::broadcast_effect::is_broadcast_kind;
use super::post::{PostFields, is_post_kind};
use super::record::{Context, Record, RecordFault, RecordHeader};
use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::storage::mapping::prefetch;

/// A cache line, in bytes.
const LINE: usize = 64;

/// Lines of a record that are fetched ahead: a header and some 300 bytes of text.
const LINES_AHEAD: usize = 6;

/// Where a record stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located<'a> {
    /// It begins in here at `start`, and ends in here.
    pub(crate) bytes: &'a Bytes,
    pub(crate) start: usize,
    pub(crate) sequence: Sequence,
    pub(crate) context: Context,
    /// Its bytes are in memory of our own, and were verified when they got there.
    pub(crate) is_verified: bool,
    /// File and offset, for errors.
    pub(crate) file: &'a str,
    pub(crate) offset: u32,
}

impl<'a> Located<'a> {
    /// Has the record's first cache lines fetched.
    pub(crate) fn prefetch(&self) {
        for line in 0..LINES_AHEAD {
            prefetch(self.bytes, self.start + line * LINE);
        }
    }

    /// Verifies and decodes the record. Text and meta are slices of the segment's bytes.
    pub(crate) fn record(&self) -> Result<Record> {
        let bytes = self.bytes.get(self.start..).map(|rest| self.bytes.slice_ref(rest));
        let bytes = bytes.unwrap_or_default();
        RecordHeader::peek(&bytes)
            .and_then(|header| Record::decode(header, &bytes, self.sequence, self.context))
            .map_err(|fault| self.damaged(fault))
    }

    /// Verifies it, whatever was done before.
    pub(crate) fn verify(&self) -> Result<()> {
        let bytes = self.bytes.get(self.start..).unwrap_or_default();
        let verified = RecordHeader::peek(bytes)
            .and_then(|header| header.verified(bytes, self.sequence, self.context).map(|_| ()));
        verified.map_err(|fault| self.damaged(fault))
    }

    /// Reads the post in the record, borrowed; `None` if it is something else. Verifies what may have come
    /// from a disk.
    #[inline]
    pub(crate) fn post(&self) -> Result<Option<PostFields<'a>>> {
        self.fields(is_post_kind)
    }

    /// The same of what it says of a broadcast.
    pub(crate) fn said(&self) -> Result<Option<PostFields<'a>>> {
        self.fields(is_broadcast_kind)
    }

    #[inline]
    fn fields(&self, is_wanted: impl Fn(u8) -> bool) -> Result<Option<PostFields<'a>>> {
        self.load(is_wanted).map_err(|fault| self.damaged(fault))
    }

    #[inline]
    fn load(
        &self,
        is_wanted: impl Fn(u8) -> bool,
    ) -> std::result::Result<Option<PostFields<'a>>, RecordFault> {
        let bytes = self.bytes.get(self.start..).unwrap_or_default();
        let header = RecordHeader::peek(bytes)?;
        let body = match self.is_verified {
            true => header.body(bytes)?,
            false => header.verified(bytes, self.sequence, self.context)?,
        };
        if !is_wanted(header.kind) {
            return Ok(None);
        }
        PostFields::load(&header, body, self.context).map(Some).ok_or(RecordFault::Malformed)
    }

    /// A part of the record that keeps the segment's bytes alive.
    pub(crate) fn slice(&self, part: &[u8]) -> Bytes {
        self.bytes.slice_ref(part)
    }

    #[cold]
    fn damaged(&self, fault: RecordFault) -> Error {
        Error::corrupt(self.file, u64::from(self.offset), fault)
    }
}
