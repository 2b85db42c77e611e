//! `written` accepts a write: from now on every read includes it.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | flags | u8: 1 changed, 2 requested |
//! | post | option, varint |

use bytes::{BufMut, BytesMut};

use crate::error::DecodeError;
use crate::reply::Position;
use crate::wire::{Cursor, put_option, put_varint};

/// The answer to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// A position that includes the write.
    pub position: Position,
    /// Whether anything changed; a repeated follow does not.
    pub changed: bool,
    /// Whether a follow was not made but asked for.
    pub requested: bool,
    /// The id of the post that was published.
    pub post: Option<u64>,
}

impl Written {
    /// Flag: something changed.
    pub const CHANGED: u8 = 1;
    /// Flag: a follow was asked for.
    pub const REQUESTED: u8 = 2;

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let flags = cursor.take_flags("flags", Self::CHANGED | Self::REQUESTED)?;
        Ok(Self {
            position,
            changed: flags & Self::CHANGED != 0,
            requested: flags & Self::REQUESTED != 0,
            post: cursor.take_option("post", Cursor::take_varint)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.position.encode(out);
        let changed = if self.changed { Self::CHANGED } else { 0 };
        let requested = if self.requested { Self::REQUESTED } else { 0 };
        out.put_u8(changed | requested);
        put_option(out, self.post, put_varint);
    }
}
