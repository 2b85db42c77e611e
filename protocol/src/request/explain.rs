//! `explain` asks why a post is in a home, or why it is not.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | user | varint: whose home |
//! | post | varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::ReadOptions;
use crate::wire::{Cursor, put_varint};

/// A post that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explain {
    /// Who looks: nobody but the user.
    pub options: ReadOptions,
    /// Whose home.
    pub user: u64,
    /// Which post.
    pub post: u64,
}

impl Explain {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            post: cursor.take_varint("post")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_varint(out, self.post);
    }
}
