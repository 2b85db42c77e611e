//! `repost`, `unrepost` and `reposters`: posts that refer to others. The kind of the frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | repost | write prefix with an audience, user varint, parent varint, kind varint, created_at option varint, text, meta, mentions |
//! | unrepost | write prefix, user varint, post varint |
//! | reposters | read prefix, post varint, before option varint, limit varint |

use bytes::{Bytes, BytesMut};

use crate::audience::Audience;
use crate::error::{DecodeError, EncodeError};
use crate::limits::{META_BYTES_MAX, TEXT_BYTES_MAX};
use crate::mentions;
use crate::options::{ReadOptions, WriteOptions};
use crate::wire::{Cursor, put_bytes, put_option, put_text, put_varint, text_of};

/// A repost that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRepost {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who reposts.
    pub user: u64,
    /// What: a post, or a repost.
    pub parent: u64,
    /// The application's own kind of post.
    pub kind: u16,
    /// When it was written, in ms since 1970; only for imports.
    pub created_at: Option<u64>,
    /// What they say of it, UTF-8; empty for a bare repost.
    pub text: Bytes,
    /// The application's own data.
    pub meta: Bytes,
    /// Whom it mentions.
    pub mentions: Vec<u64>,
    /// Who sees it.
    pub audience: Audience,
}

/// A bare repost that is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unrepost {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who reposted.
    pub user: u64,
    /// Any post of the chain: the root, or a repost of it.
    pub post: u64,
}

/// A page of who reposted a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reposters {
    /// Who looks.
    pub options: ReadOptions,
    /// Which post; of a repost those who reposted its root.
    pub post: u64,
    /// Only reposts below this one; it need not exist.
    pub before: Option<u64>,
    /// How many at most; 0 is the server's default.
    pub limit: u32,
}

impl NewRepost {
    /// The text as text.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.text)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let (options, audience) = WriteOptions::load_of_post(cursor)?;
        Ok(Self {
            options,
            user: cursor.take_varint("user")?,
            parent: cursor.take_varint("parent")?,
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
        put_varint(out, self.user);
        put_varint(out, self.parent);
        put_varint(out, u64::from(self.kind));
        put_option(out, self.created_at, put_varint);
        put_text(out, "text", &self.text, TEXT_BYTES_MAX)?;
        put_bytes(out, "meta", &self.meta, META_BYTES_MAX)?;
        mentions::encode(&self.mentions, out)
    }
}

impl Unrepost {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
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

impl Reposters {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            post: cursor.take_varint("post")?,
            before: cursor.take_option("before", Cursor::take_varint)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.post);
        put_option(out, self.before, put_varint);
        put_varint(out, u64::from(self.limit));
    }
}
