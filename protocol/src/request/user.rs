//! `user` reads a user's counts.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | user | varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::ReadOptions;
use crate::wire::{Cursor, put_varint};

/// A user to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserById {
    /// Who looks.
    pub options: ReadOptions,
    /// The user's id.
    pub user: u64,
}

impl UserById {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { options: ReadOptions::load(cursor)?, user: cursor.take_varint("user")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
    }
}
