//! `forget` and `forgotten`: a user is to be forgotten, and who is being forgotten. The kind of the frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | forget | write prefix, user varint |
//! | forgotten | read prefix |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::{ReadOptions, WriteOptions};
use crate::wire::{Cursor, put_varint};

/// A user who is to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forget {
    /// Key; an acting user is refused.
    pub options: WriteOptions,
    /// The user.
    pub user: u64,
}

/// Everybody who is being forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForgottenOf {
    /// A viewer is refused.
    pub options: ReadOptions,
}

impl Forget {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { options: WriteOptions::load(cursor)?, user: cursor.take_varint("user")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
    }
}

impl ForgottenOf {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { options: ReadOptions::load(cursor)? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
    }
}
