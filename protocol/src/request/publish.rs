//! `publish` adds a post.
//!
//! | field | bytes |
//! |---|---|
//! | options | write prefix, with an audience |
//! | author | varint |
//! | post_kind | varint, at most 65,535 |
//! | created_at | option, varint, ms |
//! | text | bytes, at most 64 KiB, UTF-8 |
//! | meta | bytes, at most 4 KiB |
//! | mentions | u8, then a varint for each |

use bytes::{Bytes, BytesMut};

use crate::audience::Audience;
use crate::error::{DecodeError, EncodeError};
use crate::limits::{META_BYTES_MAX, TEXT_BYTES_MAX};
use crate::mentions;
use crate::options::WriteOptions;
use crate::wire::{Cursor, put_bytes, put_option, put_text, put_varint, text_of};

/// A post to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Whose post it is.
    pub author: u64,
    /// The application's own kind of post.
    pub kind: u16,
    /// When it was written, in ms since 1970, if not now: for imports. Does not change the order.
    pub created_at: Option<u64>,
    /// The text, UTF-8; may be empty.
    pub text: Bytes,
    /// The application's own data.
    pub meta: Bytes,
    /// Whom it mentions.
    pub mentions: Vec<u64>,
    /// Who sees it.
    pub audience: Audience,
}

impl Publish {
    /// The text as text.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.text)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let (options, audience) = WriteOptions::load_of_post(cursor)?;
        Ok(Self {
            options,
            author: cursor.take_varint("author")?,
            kind: cursor.take_varint_u16("post_kind")?,
            created_at: cursor.take_option("created_at", Cursor::take_varint)?,
            text: cursor.take_text("text", TEXT_BYTES_MAX)?,
            meta: cursor.take_bytes("meta", META_BYTES_MAX)?,
            mentions: mentions::load(cursor)?,
            audience,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode_of_post(&self.audience, out)?;
        put_varint(out, self.author);
        put_varint(out, u64::from(self.kind));
        put_option(out, self.created_at, put_varint);
        put_text(out, "text", &self.text, TEXT_BYTES_MAX)?;
        put_bytes(out, "meta", &self.meta, META_BYTES_MAX)?;
        mentions::encode(&self.mentions, out)
    }
}
