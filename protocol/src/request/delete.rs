//! `delete` removes a post.
//!
//! | field | bytes |
//! |---|---|
//! | options | write prefix |
//! | post | varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::WriteOptions;
use crate::wire::{Cursor, put_varint};

/// A post to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delete {
    /// Key and acting user.
    pub options: WriteOptions,
    /// The post's id.
    pub post: u64,
}

impl Delete {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { options: WriteOptions::load(cursor)?, post: cursor.take_varint("post")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.post);
    }
}
