//! `relation` reads how two users stand to each other.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | a | varint |
//! | b | varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::ReadOptions;
use crate::wire::{Cursor, put_varint};

/// Two users whose relation is asked for, seen from `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelationOf {
    /// Who looks.
    pub options: ReadOptions,
    /// The user from whom it is seen.
    pub a: u64,
    /// The other user.
    pub b: u64,
}

impl RelationOf {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            a: cursor.take_varint("a")?,
            b: cursor.take_varint("b")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.a);
        put_varint(out, self.b);
    }
}
