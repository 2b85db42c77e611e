//! `changes` reads the log's changes from a position on, or waits for the next ones.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | after | option, position |
//! | begun | option, varint |
//! | limit | varint; 0 is the server's default |
//! | content | u8: 1 with text and meta of posts |
//! | wait_ms | varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::limits::WAIT_MS_MAX;
use crate::options::ReadOptions;
use crate::reply::Position;
use crate::wire::{Cursor, put_bool, put_option, put_varint};

/// A part of the change stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Who looks: nobody but the trusted application.
    pub options: ReadOptions,
    /// Everything up to here is known already; absent begins with the first change of all.
    pub after: Option<Position>,
    /// The `oldest` of the first answer, by who began with the first change and read every part since.
    pub begun: Option<u64>,
    /// How many changes at most; 0 is the server's default.
    pub limit: u32,
    /// Whether posts come with text and meta.
    pub content: bool,
    /// How long to wait for a change if there is none yet, in milliseconds.
    pub wait_ms: u32,
}

impl Changes {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let options = ReadOptions::load(cursor)?;
        let after = cursor.take_option("after", |cursor, _| Position::load(cursor))?;
        let begun = cursor.take_option("begun", Cursor::take_varint)?;
        let limit = cursor.take_varint_u32("limit")?;
        let content = cursor.take_bool("content")?;
        let wait_ms = cursor.take_varint_max("wait_ms", u64::from(WAIT_MS_MAX))?;
        let wait_ms = u32::try_from(wait_ms).expect("the limit is a u32");
        Ok(Self { options, after, begun, limit, content, wait_ms })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_option(out, self.after, |out, after| after.encode(out));
        put_option(out, self.begun, put_varint);
        put_varint(out, u64::from(self.limit));
        put_bool(out, self.content);
        put_varint(out, u64::from(self.wait_ms));
    }
}
