//! `revise` gives a post another text.
//!
//! | field | bytes |
//! |---|---|
//! | options | write prefix |
//! | post | varint |
//! | revision | varint |
//! | text | bytes, at most 64 KiB, UTF-8 |
//! | meta | option bytes, at most 4 KiB |

use bytes::{Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::{META_BYTES_MAX, TEXT_BYTES_MAX};
use crate::options::WriteOptions;
use crate::wire::{Cursor, put_bool, put_bytes, put_text, put_varint, text_of};

/// A post is to say something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revise {
    /// Key and acting user.
    pub options: WriteOptions,
    /// The post's id.
    pub post: u64,
    /// The revision it is known to have.
    pub revision: u32,
    /// The text from now on, UTF-8.
    pub text: Bytes,
    /// The application's data from now on; absent keeps it.
    pub meta: Option<Bytes>,
}

impl Revise {
    /// The text as text.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.text)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let options = WriteOptions::load(cursor)?;
        let post = cursor.take_varint("post")?;
        let revision = cursor.take_varint_u32("revision")?;
        let text = cursor.take_text("text", TEXT_BYTES_MAX)?;
        let meta = cursor.take_option("meta", |it, field| it.take_bytes(field, META_BYTES_MAX))?;
        Ok(Self { options, post, revision, text, meta })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.post);
        put_varint(out, u64::from(self.revision));
        put_text(out, "text", &self.text, TEXT_BYTES_MAX)?;
        put_bool(out, self.meta.is_some());
        match &self.meta {
            Some(meta) => put_bytes(out, "meta", meta, META_BYTES_MAX),
            None => Ok(()),
        }
    }
}
