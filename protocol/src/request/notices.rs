//! `notices` and `notices_read`: what concerns a user, and up to where they have read it. The kind of the
//! frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | notices | read prefix, user varint, before option varint, limit varint, only_count u8 |
//! | notices_read | write prefix, user varint, up_to option varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::{ReadOptions, WriteOptions};
use crate::wire::{Cursor, put_bool, put_option, put_varint};

/// A page of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notices {
    /// Who looks: the user, or nobody.
    pub options: ReadOptions,
    /// Whose notices.
    pub user: u64,
    /// Only groups whose newest notice is below this sequence.
    pub before: Option<u64>,
    /// How many groups at most; 0 is the server's default.
    pub limit: u32,
    /// Only how many are unread: the answer has no groups.
    pub only_count: bool,
}

/// A user has read their notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticesRead {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who.
    pub user: u64,
    /// Everything up to this sequence; absent: up to their newest notice.
    pub up_to: Option<u64>,
}

impl Notices {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            before: cursor.take_option("before", Cursor::take_varint)?,
            limit: cursor.take_varint_u32("limit")?,
            only_count: cursor.take_bool("only_count")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_option(out, self.before, put_varint);
        put_varint(out, u64::from(self.limit));
        put_bool(out, self.only_count);
    }
}

impl NoticesRead {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            up_to: cursor.take_option("up_to", Cursor::take_varint)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_option(out, self.up_to, put_varint);
    }
}
