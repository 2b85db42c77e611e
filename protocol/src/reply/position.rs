//! The log position an answer was given at: in front of every reply about data.
//!
//! | field | bytes |
//! |---|---|
//! | epoch | varint, at most 2^32 - 1 |
//! | sequence | varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::wire::{Cursor, put_varint};

/// A position in the log. Positions of different epochs do not compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// Which history: a recovery that may have lost acknowledged writes starts a new one.
    pub epoch: u32,
    /// The newest record that the answer includes.
    pub sequence: u64,
}

impl Position {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            epoch: cursor.take_varint_u32("epoch")?,
            sequence: cursor.take_varint("sequence")?,
        })
    }

    pub(crate) fn encode(self, out: &mut BytesMut) {
        put_varint(out, u64::from(self.epoch));
        put_varint(out, self.sequence);
    }
}
