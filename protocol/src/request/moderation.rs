//! `suspend`, `unsuspend`, `hide`, `unhide` and `moderated`: for moderators. The kind of the frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | suspend, unsuspend | write prefix, user varint |
//! | hide, unhide | write prefix, post varint |
//! | moderated | read prefix, what u8 (0 all, 1 users, 2 posts), before option varint, limit varint |

use bytes::{BufMut, BytesMut};

use crate::error::DecodeError;
use crate::options::{ReadOptions, WriteOptions};
use crate::wire::{Cursor, put_option, put_varint};

/// A user who is to be suspended, or is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Key; an acting user is refused.
    pub options: WriteOptions,
    /// The user.
    pub user: u64,
}

/// A post that is to be hidden, or is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hiding {
    /// Key; an acting user is refused.
    pub options: WriteOptions,
    /// The post.
    pub post: u64,
}

/// A page of what is moderated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeratedOf {
    /// A viewer is refused.
    pub options: ReadOptions,
    /// Which of it.
    pub what: ModeratedWhat,
    /// Only what began below this sequence.
    pub before: Option<u64>,
    /// How many at most; 0 is the server's default.
    pub limit: u32,
}

/// Which part of what is moderated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ModeratedWhat {
    /// All of it.
    All = 0,
    /// Users who are suspended.
    Users = 1,
    /// Posts that are hidden.
    Posts = 2,
}

impl Suspension {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { options: WriteOptions::load(cursor)?, user: cursor.take_varint("user")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
    }
}

impl Hiding {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { options: WriteOptions::load(cursor)?, post: cursor.take_varint("post")? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.post);
    }
}

impl ModeratedWhat {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::All, Self::Users, Self::Posts];

    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let tag = cursor.take_tag("what", 2)?;
        Ok(Self::ALL.get(usize::from(tag)).copied().unwrap_or(Self::All))
    }
}

impl ModeratedOf {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            what: ModeratedWhat::load(cursor)?,
            before: cursor.take_option("before", Cursor::take_varint)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        out.put_u8(self.what as u8);
        put_option(out, self.before, put_varint);
        put_varint(out, u64::from(self.limit));
    }
}
