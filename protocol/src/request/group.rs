//! `group_create`, `group_delete`, `group_add`, `group_remove`, `group` and `members`: a user's groups
//! of authors. The kind of the frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | create | write prefix, user varint, name text, exclusive u8 |
//! | delete | write prefix, user varint, name text |
//! | add, remove | write prefix, user varint, name text, author varint |
//! | group | as for a home, then name text |
//! | members | as for edges, then name text |

use bytes::{Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::GROUP_NAME_BYTES_MAX;
use crate::options::WriteOptions;
use crate::request::edges::Edges;
use crate::request::timeline::Timeline;
use crate::wire::{Cursor, put_bool, put_text, put_varint, text_of};

/// A group that is to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCreate {
    /// Key and acting user.
    pub options: WriteOptions,
    /// The owner.
    pub user: u64,
    /// What it is to be called: UTF-8 without control characters, at least one byte.
    pub name: Bytes,
    /// Whether its members are left out of the owner's home.
    pub exclusive: bool,
}

/// A group that is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDelete {
    /// Key and acting user.
    pub options: WriteOptions,
    /// The owner.
    pub user: u64,
    /// The group.
    pub name: Bytes,
}

/// Who is to be, or to be no longer, in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// Key and acting user.
    pub options: WriteOptions,
    /// The owner of the group.
    pub user: u64,
    /// The group.
    pub name: Bytes,
    /// The member.
    pub author: u64,
}

/// A page of a group's feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFeed {
    /// Which page; the user is the owner, who looks the owner or absent.
    pub page: Timeline,
    /// The group.
    pub name: Bytes,
}

/// A page of a group's members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// Which page; the user is the owner, who looks the owner or absent.
    pub page: Edges,
    /// The group.
    pub name: Bytes,
}

fn take_name(cursor: &mut Cursor) -> Result<Bytes, DecodeError> {
    cursor.take_text("name", GROUP_NAME_BYTES_MAX)
}

fn put_name(out: &mut BytesMut, name: &[u8]) -> Result<(), EncodeError> {
    put_text(out, "name", name, GROUP_NAME_BYTES_MAX)
}

impl GroupCreate {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.name)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            name: take_name(cursor)?,
            exclusive: cursor.take_bool("exclusive")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.user);
        put_name(out, &self.name)?;
        put_bool(out, self.exclusive);
        Ok(())
    }
}

impl GroupDelete {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.name)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            name: take_name(cursor)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.user);
        put_name(out, &self.name)
    }
}

impl GroupMember {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.name)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            name: take_name(cursor)?,
            author: cursor.take_varint("author")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.user);
        put_name(out, &self.name)?;
        put_varint(out, self.author);
        Ok(())
    }
}

impl GroupFeed {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.name)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { page: Timeline::load(cursor)?, name: take_name(cursor)? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.page.encode(out);
        put_name(out, &self.name)
    }
}

impl Members {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.name)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { page: Edges::load(cursor)?, name: take_name(cursor)? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.page.encode(out);
        put_name(out, &self.name)
    }
}
