//! `touch` says that a user was active.
//!
//! | field | bytes |
//! |---|---|
//! | options | write prefix |
//! | user | varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::WriteOptions;
use crate::wire::{Cursor, put_varint};

/// A user who was active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who was active.
    pub user: u64,
}

impl Touch {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { options: WriteOptions::load(cursor)?, user: cursor.take_varint("user")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
    }
}
