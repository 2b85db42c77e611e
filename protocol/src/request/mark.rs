//! `mark`, `marks` and `unread`: how far a user has seen a feed, and how much of it is unread.
//!
//! | field | bytes |
//! |---|---|
//! | mark | write prefix, user varint, feed option text, device varint, post varint |
//! | marks | read prefix, user varint, feed option text |
//! | unread | read prefix, user varint, feed option text, since option varint, limit varint |
//!
//! The feed is the group of that name; absent is the home.

use bytes::{Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::GROUP_NAME_BYTES_MAX;
use crate::options::{ReadOptions, WriteOptions};
use crate::wire::{Cursor, put_bool, put_option, put_text, put_varint, text_of};

/// A device has seen a feed up to a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Whose mark.
    pub user: u64,
    /// The group of that name; absent: the home.
    pub feed: Option<Bytes>,
    /// A number of the application's choice, 0 if it tells no devices apart.
    pub device: u64,
    /// Up to where.
    pub post: u64,
}

/// Asks for the marks of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarksOf {
    /// Who looks: the user or absent.
    pub options: ReadOptions,
    /// Whose marks.
    pub user: u64,
    /// The group of that name; absent: the home.
    pub feed: Option<Bytes>,
}

/// Asks how many entries of a feed are unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadOf {
    /// Who looks: the user or absent.
    pub options: ReadOptions,
    /// Whose feed.
    pub user: u64,
    /// The group of that name; absent: the home.
    pub feed: Option<Bytes>,
    /// What counts is above this instead of above the mark.
    pub since: Option<u64>,
    /// Up to how many are counted; 0 is the server's default.
    pub limit: u32,
}

fn take_feed(cursor: &mut Cursor) -> Result<Option<Bytes>, DecodeError> {
    cursor.take_option("feed", |cursor, field| cursor.take_text(field, GROUP_NAME_BYTES_MAX))
}

fn put_feed(out: &mut BytesMut, feed: Option<&Bytes>) -> Result<(), EncodeError> {
    put_bool(out, feed.is_some());
    feed.map_or(Ok(()), |name| put_text(out, "feed", name, GROUP_NAME_BYTES_MAX))
}

fn text(feed: Option<&Bytes>) -> Option<&str> {
    feed.map(|name| text_of(name))
}

impl Mark {
    /// The name of the group as text.
    #[must_use]
    pub fn feed(&self) -> Option<&str> {
        text(self.feed.as_ref())
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            feed: take_feed(cursor)?,
            device: cursor.take_varint("device")?,
            post: cursor.take_varint("post")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.user);
        put_feed(out, self.feed.as_ref())?;
        put_varint(out, self.device);
        put_varint(out, self.post);
        Ok(())
    }
}

impl MarksOf {
    /// The name of the group as text.
    #[must_use]
    pub fn feed(&self) -> Option<&str> {
        text(self.feed.as_ref())
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            feed: take_feed(cursor)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.user);
        put_feed(out, self.feed.as_ref())
    }
}

impl UnreadOf {
    /// The name of the group as text.
    #[must_use]
    pub fn feed(&self) -> Option<&str> {
        text(self.feed.as_ref())
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            feed: take_feed(cursor)?,
            since: cursor.take_option("since", Cursor::take_varint)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.user);
        put_feed(out, self.feed.as_ref())?;
        put_option(out, self.since, put_varint);
        put_varint(out, u64::from(self.limit));
        Ok(())
    }
}
