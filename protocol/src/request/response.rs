//! `react`, `unreact`, `comment`, `comment_delete`, `comments` and `reactors`: what posts are responded
//! with. The kind of the frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | react, unreact | write prefix, user varint, target varint, reaction u8 |
//! | comment | write prefix, user varint, post varint, answers option varint, text, mentions: u8, then a varint for each |
//! | comment_delete | write prefix, comment varint |
//! | comments | read prefix, post varint, order u8, cursor option varint, limit varint |
//! | reactors | read prefix, target varint, reaction option u8, before option varint, limit varint |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::TEXT_BYTES_MAX;
use crate::mentions;
use crate::options::{ReadOptions, WriteOptions};
use crate::wire::{Cursor, put_option, put_text, put_varint, text_of};

/// A reaction that is to begin, or to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who reacts.
    pub user: u64,
    /// To what: a post or a comment.
    pub target: u64,
    /// How: 0 to 15. Checked by the server, so that the refusal can name the value.
    pub kind: u8,
}

/// A comment that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewComment {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who comments.
    pub user: u64,
    /// On which post.
    pub post: u64,
    /// The comment of that post which it answers.
    pub answers: Option<u64>,
    /// The text, UTF-8; must not be empty.
    pub text: Bytes,
    /// Whom it mentions.
    pub mentions: Vec<u64>,
}

/// A comment that is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentDelete {
    /// Key and acting user.
    pub options: WriteOptions,
    /// The comment.
    pub comment: u64,
}

/// A page of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comments {
    /// Who looks.
    pub options: ReadOptions,
    /// Of which post.
    pub post: u64,
    /// Newest first, else oldest first.
    pub newest_first: bool,
    /// Only what stands behind this comment in that order; it need not exist.
    pub cursor: Option<u64>,
    /// How many comments at most; 0 is the server's default.
    pub limit: u32,
}

/// A page of who reacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reactors {
    /// Who looks.
    pub options: ReadOptions,
    /// To what: a post or a comment.
    pub target: u64,
    /// Only reactions of this kind.
    pub kind: Option<u8>,
    /// Only reactions below this sequence.
    pub before: Option<u64>,
    /// How many reactions at most; 0 is the server's default.
    pub limit: u32,
}

impl Reaction {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            target: cursor.take_varint("target")?,
            kind: cursor.take_u8("reaction")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_varint(out, self.target);
        out.put_u8(self.kind);
    }
}

impl NewComment {
    /// The text as text.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.text)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            post: cursor.take_varint("post")?,
            answers: cursor.take_option("answers", Cursor::take_varint)?,
            text: cursor.take_text("text", TEXT_BYTES_MAX)?,
            mentions: mentions::load(cursor)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.user);
        put_varint(out, self.post);
        put_option(out, self.answers, put_varint);
        put_text(out, "text", &self.text, TEXT_BYTES_MAX)?;
        mentions::encode(&self.mentions, out)
    }
}

impl CommentDelete {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { options: WriteOptions::load(cursor)?, comment: cursor.take_varint("comment")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.comment);
    }
}

impl Comments {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            post: cursor.take_varint("post")?,
            newest_first: cursor.take_bool("order")?,
            cursor: cursor.take_option("cursor", Cursor::take_varint)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.post);
        out.put_u8(u8::from(self.newest_first));
        put_option(out, self.cursor, put_varint);
        put_varint(out, u64::from(self.limit));
    }
}

impl Reactors {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            target: cursor.take_varint("target")?,
            kind: cursor.take_option("reaction", Cursor::take_u8)?,
            before: cursor.take_option("before", Cursor::take_varint)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.target);
        put_option(out, self.kind, |out, kind| out.put_u8(kind));
        put_option(out, self.before, put_varint);
        put_varint(out, u64::from(self.limit));
    }
}
