//! `watching` accepts a watch.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::reply::Position;
use crate::wire::Cursor;

/// The watch has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watching {
    /// Everything behind this position is told.
    pub position: Position,
}

impl Watching {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { position: Position::load(cursor)? })
    }

    pub(crate) fn encode(self, out: &mut BytesMut) {
        self.position.encode(out);
    }
}
