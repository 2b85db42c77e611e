//! `private` makes a user private, or ends that.
//!
//! | field | bytes |
//! |---|---|
//! | options | write prefix |
//! | user | varint |
//! | on | u8: 0 or 1 |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::WriteOptions;
use crate::wire::{Cursor, put_bool, put_varint};

/// A user is private from here on, or is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Private {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who.
    pub user: u64,
    /// Whether they are private from here on.
    pub on: bool,
}

impl Private {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            on: cursor.take_bool("on")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_bool(out, self.on);
    }
}
