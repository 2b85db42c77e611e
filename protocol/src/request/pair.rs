//! `unfollow`, `mute`, `unmute`, `block`, `unblock`, `befriend`, `approve` and `deny`: a change between
//! two users. The kind of the frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | options | write prefix |
//! | user | varint: who followed, mutes, blocks, or is asked |
//! | other | varint: who was followed, is muted, blocked, or asks |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::WriteOptions;
use crate::wire::{Cursor, put_varint};

/// Two users between whom something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who followed, mutes or blocks.
    pub user: u64,
    /// Who was followed, is muted or blocked.
    pub other: u64,
}

impl Pair {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            other: cursor.take_varint("other")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_varint(out, self.other);
    }
}
