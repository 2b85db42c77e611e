//! A record's place in memory: found, not yet verified.
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

    /// Verifies the record and reads the post in it, borrowed; `None` if it is something else.
    pub(crate) fn post(&self) -> Result<Option<PostFields<'a>>> {
        self.fields(is_post_kind)
    }

    /// The same of what it says of a broadcast.
    pub(crate) fn said(&self) -> Result<Option<PostFields<'a>>> {
        self.fields(is_broadcast_kind)
    }

    fn fields(&self, is_wanted: fn(u8) -> bool) -> Result<Option<PostFields<'a>>> {
        let bytes = self.bytes.get(self.start..).unwrap_or_default();
        let fields = PostFields::decode(bytes, self.sequence, self.context, is_wanted);
        fields.map_err(|fault| self.damaged(fault))
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
