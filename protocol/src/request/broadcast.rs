//! `broadcast_schedule`, `broadcast_reschedule`, `broadcast_start`, `broadcast_end`, `broadcast_cancel`,
//! `broadcasts` and `broadcast`: live sessions. The kind of the frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | schedule | write prefix, at varint, content |
//! | reschedule | write prefix, broadcast varint, at varint |
//! | start | write prefix, what u8: 0 and a broadcast varint, or 1 and content |
//! | end | write prefix, broadcast varint, post_kind option, varint; text option; meta option |
//! | cancel | write prefix, broadcast varint |
//! | content | author varint, post_kind varint, text, meta |
//! | broadcasts | read prefix, user varint, page u8 (0 first, 1 next), its fields, limit varint |
//! | page: first | device option, varint |
//! | page: next | session varint, after option, varint |
//! | broadcast | read prefix, broadcast varint |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::{META_BYTES_MAX, TEXT_BYTES_MAX};
use crate::options::{ReadOptions, WriteOptions};
use crate::wire::{Cursor, put_bool, put_bytes, put_option, put_text, put_varint, text_of};

/// What a broadcast is called, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastContent {
    /// Whose broadcast it is.
    pub author: u64,
    /// The application's own kind.
    pub kind: u16,
    /// UTF-8, at most 64 KiB.
    pub text: Bytes,
    /// The application's own data.
    pub meta: Bytes,
}

/// A broadcast that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastSchedule {
    /// Key and acting user.
    pub options: WriteOptions,
    /// When it is to start, in ms since 1970.
    pub at: u64,
    /// What it is called.
    pub content: BroadcastContent,
}

/// A broadcast that is to start at another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastReschedule {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Which one.
    pub broadcast: u64,
    /// When it is to start, in ms since 1970.
    pub at: u64,
}

/// A broadcast that starts now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastStart {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Which one.
    pub what: Started,
}

/// Which broadcast starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// One that was scheduled.
    Scheduled(u64),
    /// A new one.
    New(BroadcastContent),
}

/// A broadcast that ends now, and what its replay says other than it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastEnd {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Which one.
    pub broadcast: u64,
    /// The application's own kind of post.
    pub kind: Option<u16>,
    /// UTF-8, at most 64 KiB.
    pub text: Option<Bytes>,
    /// The application's own data.
    pub meta: Option<Bytes>,
}

/// A broadcast that will not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastCancel {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Which one.
    pub broadcast: u64,
}

/// A page of the broadcasts of whom a user follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastFeed {
    /// Who looks.
    pub options: ReadOptions,
    /// Whose feed.
    pub user: u64,
    /// Which page.
    pub page: FeedPage,
    /// How many entries at most; 0 is the server's default.
    pub limit: u32,
}

/// Which page of a feed that has sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedPage {
    /// The first: it begins a session.
    First {
        /// The reader's device: it has one session at a time.
        device: Option<u64>,
    },
    /// A following one.
    Next {
        /// The session.
        session: u64,
        /// The last entry of the page before.
        after: Option<u64>,
    },
}

/// One broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastById {
    /// Who looks.
    pub options: ReadOptions,
    /// Which one.
    pub broadcast: u64,
}

impl BroadcastContent {
    /// The text as text.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.text)
    }

    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            author: cursor.take_varint("author")?,
            kind: cursor.take_varint_u16("post_kind")?,
            text: cursor.take_text("text", TEXT_BYTES_MAX)?,
            meta: cursor.take_bytes("meta", META_BYTES_MAX)?,
        })
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_varint(out, self.author);
        put_varint(out, u64::from(self.kind));
        put_text(out, "text", &self.text, TEXT_BYTES_MAX)?;
        put_bytes(out, "meta", &self.meta, META_BYTES_MAX)
    }
}

impl BroadcastSchedule {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            at: cursor.take_varint("at")?,
            content: BroadcastContent::load(cursor)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.at);
        self.content.encode(out)
    }
}

impl BroadcastReschedule {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            broadcast: cursor.take_varint("broadcast")?,
            at: cursor.take_varint("at")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.broadcast);
        put_varint(out, self.at);
    }
}

impl BroadcastStart {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let options = WriteOptions::load(cursor)?;
        let what = match cursor.take_tag("what", 1)? {
            0 => Started::Scheduled(cursor.take_varint("broadcast")?),
            _ => Started::New(BroadcastContent::load(cursor)?),
        };
        Ok(Self { options, what })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        match &self.what {
            Started::Scheduled(broadcast) => {
                out.put_u8(0);
                put_varint(out, *broadcast);
                Ok(())
            }
            Started::New(content) => {
                out.put_u8(1);
                content.encode(out)
            }
        }
    }
}

impl BroadcastEnd {
    /// The text as text, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref().map(text_of)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let text = |cursor: &mut Cursor, field| cursor.take_text(field, TEXT_BYTES_MAX);
        let meta = |cursor: &mut Cursor, field| cursor.take_bytes(field, META_BYTES_MAX);
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            broadcast: cursor.take_varint("broadcast")?,
            kind: cursor.take_option("post_kind", Cursor::take_varint_u16)?,
            text: cursor.take_option("text", text)?,
            meta: cursor.take_option("meta", meta)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.broadcast);
        put_option(out, self.kind.map(u64::from), put_varint);
        put_bool(out, self.text.is_some());
        if let Some(text) = &self.text {
            put_text(out, "text", text, TEXT_BYTES_MAX)?;
        }
        put_bool(out, self.meta.is_some());
        match &self.meta {
            Some(meta) => put_bytes(out, "meta", meta, META_BYTES_MAX),
            None => Ok(()),
        }
    }
}

impl BroadcastCancel {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let options = WriteOptions::load(cursor)?;
        Ok(Self { options, broadcast: cursor.take_varint("broadcast")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.broadcast);
    }
}

impl FeedPage {
    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(match cursor.take_tag("page", 1)? {
            0 => Self::First { device: cursor.take_option("device", Cursor::take_varint)? },
            _ => Self::Next {
                session: cursor.take_varint("session")?,
                after: cursor.take_option("after", Cursor::take_varint)?,
            },
        })
    }

    fn encode(self, out: &mut BytesMut) {
        match self {
            Self::First { device } => {
                out.put_u8(0);
                put_option(out, device, put_varint);
            }
            Self::Next { session, after } => {
                out.put_u8(1);
                put_varint(out, session);
                put_option(out, after, put_varint);
            }
        }
    }
}

impl BroadcastFeed {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            page: FeedPage::load(cursor)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        self.page.encode(out);
        put_varint(out, u64::from(self.limit));
    }
}

impl BroadcastById {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let options = ReadOptions::load(cursor)?;
        Ok(Self { options, broadcast: cursor.take_varint("broadcast")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.broadcast);
    }
}
