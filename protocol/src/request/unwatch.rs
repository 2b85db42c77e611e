//! `unwatch` ends a watch of the same connection.
//!
//! | field | bytes |
//! |---|---|
//! | watch | varint, at most 2^32 - 1 |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::wire::{Cursor, put_varint};

/// A watch to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwatch {
    /// The request id of the watch.
    pub watch: u32,
}

impl Unwatch {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { watch: cursor.take_varint_u32("watch")? })
    }

    pub(crate) fn encode(self, out: &mut BytesMut) {
        put_varint(out, u64::from(self.watch));
    }
}
