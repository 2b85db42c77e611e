//! `post` reads one post.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | post | varint |
//! | revision | option varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::ReadOptions;
use crate::wire::{Cursor, put_option, put_varint};

/// A post to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostById {
    /// Who looks.
    pub options: ReadOptions,
    /// The post's id.
    pub post: u64,
    /// Which revision; absent is the newest.
    pub revision: Option<u32>,
}

impl PostById {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load_counting(cursor)?,
            post: cursor.take_varint("post")?,
            revision: cursor.take_option("revision", Cursor::take_varint_u32)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.post);
        put_option(out, self.revision.map(u64::from), put_varint);
    }
}
