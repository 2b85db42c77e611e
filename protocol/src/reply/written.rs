//! `written` accepts a write: from now on every read includes it.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | changed | u8: 0 or 1 |
//! | post | option, varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::reply::Position;
use crate::wire::{Cursor, put_bool, put_option, put_varint};

/// The answer to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// A position that includes the write.
    pub position: Position,
    /// Whether anything changed; a repeated follow does not.
    pub changed: bool,
    /// The id of the post that was published.
    pub post: Option<u64>,
}

impl Written {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            position: Position::load(cursor)?,
            changed: cursor.take_bool("changed")?,
            post: cursor.take_option("post", Cursor::take_varint)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.position.encode(out);
        put_bool(out, self.changed);
        put_option(out, self.post, put_varint);
    }
}
