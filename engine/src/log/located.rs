//! A record's place in memory: found, not yet verified.
//!
//! Finding and reading are two steps, so that a page can find all of its records, then touch them
//! all, and only then read them one by one. In each of the first two steps the processor overlaps
//! the cache misses of all records; verifying a record at a time would wait for each.

use std::hint::black_box;

use ::bytes::Bytes;

use super::record::{Context, Record, RecordHeader};
use crate::error::{Error, Result};
use crate::ids::Sequence;

/// A cache line, in bytes.
const LINE: usize = 64;

/// Lines of a record that are touched ahead: a header and some 300 bytes of text.
const LINES_AHEAD: usize = 6;

/// Where a record stands.
#[derive(Debug)]
pub(crate) struct Located<'a> {
    /// From the record's start to at least its end.
    pub(crate) bytes: Bytes,
    pub(crate) sequence: Sequence,
    pub(crate) context: Context,
    /// File and offset, for errors.
    pub(crate) file: &'a str,
    pub(crate) offset: u32,
}

impl Located<'_> {
    /// Brings the record's first cache lines in.
    pub(crate) fn touch(&self) {
        let lines = self.bytes.iter().step_by(LINE).take(LINES_AHEAD);
        black_box(lines.fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
    }

    /// Verifies and decodes the record.
    pub(crate) fn record(&self) -> Result<Record> {
        RecordHeader::peek(&self.bytes)
            .and_then(|header| Record::decode(header, &self.bytes, self.sequence, self.context))
            .map_err(|fault| Error::corrupt(self.file, u64::from(self.offset), fault))
    }
}
