//! `scan` walks through everything that holds, in log order: the base of an export.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | what | u8: 0 posts, 1 follows |
//! | after | varint: a sequence; 0 starts at the beginning |
//! | until | option, varint: a sequence |
//! | limit | varint; 0 is the server's default |

use bytes::{BufMut, BytesMut};

use crate::error::DecodeError;
use crate::options::ReadOptions;
use crate::wire::{Cursor, put_option, put_varint};

/// What a scan walks through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanWhat {
    /// Posts that are not deleted.
    Posts,
    /// Follows that hold.
    Follows,
}

/// One step of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Who looks.
    pub options: ReadOptions,
    /// What to walk through.
    pub what: ScanWhat,
    /// Start above this sequence; 0 starts at the beginning.
    pub after: u64,
    /// Stop at this sequence; absent stops at the newest.
    pub until: Option<u64>,
    /// How many items at most; 0 is the server's default.
    pub limit: u32,
}

impl ScanWhat {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(if cursor.take_bool("what")? { Self::Follows } else { Self::Posts })
    }

    pub(crate) fn encode(self, out: &mut BytesMut) {
        out.put_u8(match self {
            Self::Posts => 0,
            Self::Follows => 1,
        });
    }
}

impl Scan {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            what: ScanWhat::load(cursor)?,
            after: cursor.take_varint("after")?,
            until: cursor.take_option("until", Cursor::take_varint)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        self.what.encode(out);
        put_varint(out, self.after);
        put_option(out, self.until, put_varint);
        put_varint(out, u64::from(self.limit));
    }
}
