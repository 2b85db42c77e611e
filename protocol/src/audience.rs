//! Who sees a post: a part of requests and replies.
//!
//! | field | bytes |
//! |---|---|
//! | audience | u8, see [`Audience`] |
//! | group | varint, in replies only, and only if audience is 4 |
//! | name | text, at most 64 bytes, only if audience is 4 |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::limits::GROUP_NAME_BYTES_MAX;
use crate::wire::{Cursor, put_text, put_varint, text_of};

/// Who sees a post. Complete for version 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// 0: everybody.
    #[default]
    Everybody,
    /// 1: who follows the author.
    Followers,
    /// 2: who follows the author and is followed by the author.
    Mutual,
    /// 3: the author alone.
    Author,
    /// 4: who is in a group of the author's.
    Group {
        /// The group's id; 0 in a request, where the name says which it is.
        group: u64,
        /// What it was called when the post was published.
        name: Bytes,
    },
}

/// The same, borrowed, for [`PageWriter::push`](crate::PageWriter::push).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "see Audience")]
pub enum AudienceRef<'a> {
    #[default]
    Everybody,
    Followers,
    Mutual,
    Author,
    Group {
        group: u64,
        name: &'a [u8],
    },
}

/// The last tag there is.
const GROUP: u8 = 4;

impl Audience {
    /// The name of the group as text; empty if it is none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Group { name, .. } => text_of(name),
            _ => "",
        }
    }

    /// The same, borrowed.
    #[must_use]
    pub fn borrow(&self) -> AudienceRef<'_> {
        match self {
            Self::Everybody => AudienceRef::Everybody,
            Self::Followers => AudienceRef::Followers,
            Self::Mutual => AudienceRef::Mutual,
            Self::Author => AudienceRef::Author,
            Self::Group { group, name } => AudienceRef::Group { group: *group, name },
        }
    }

    /// As a request says it.
    pub(crate) fn load_said(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Self::restricted(cursor, |_| Ok(0))
    }

    /// As a post that is not for everybody has it.
    pub(crate) fn load_restricted(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Self::restricted(cursor, |cursor| cursor.take_varint("group"))
    }

    /// Everybody is said by saying nothing: so there is one way to say it.
    fn restricted(
        cursor: &mut Cursor,
        group: impl FnOnce(&mut Cursor) -> Result<u64, DecodeError>,
    ) -> Result<Self, DecodeError> {
        let at = cursor.at();
        match Self::load_as(cursor, group)? {
            Self::Everybody => Err(Cursor::refuse("audience", at, Problem::Unknown { value: 0 })),
            other => Ok(other),
        }
    }

    /// As a reply says it.
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Self::load_as(cursor, |cursor| cursor.take_varint("group"))
    }

    fn load_as(
        cursor: &mut Cursor,
        group: impl FnOnce(&mut Cursor) -> Result<u64, DecodeError>,
    ) -> Result<Self, DecodeError> {
        Ok(match cursor.take_tag("audience", GROUP)? {
            0 => Self::Everybody,
            1 => Self::Followers,
            2 => Self::Mutual,
            3 => Self::Author,
            _ => Self::Group {
                group: group(cursor)?,
                name: cursor.take_text("name", GROUP_NAME_BYTES_MAX)?,
            },
        })
    }

    /// As a request says it.
    pub(crate) fn encode_said(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.borrow().encode_as(out, |_, _| {})
    }
}

impl AudienceRef<'_> {
    fn tag(self) -> u8 {
        match self {
            Self::Everybody => 0,
            Self::Followers => 1,
            Self::Mutual => 2,
            Self::Author => 3,
            Self::Group { .. } => GROUP,
        }
    }

    /// As a reply says it.
    pub(crate) fn encode(self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.encode_as(out, put_varint)
    }

    fn encode_as(
        self,
        out: &mut BytesMut,
        put_group: impl FnOnce(&mut BytesMut, u64),
    ) -> Result<(), EncodeError> {
        out.put_u8(self.tag());
        match self {
            Self::Group { group, name } => {
                put_group(out, group);
                put_text(out, "name", name, GROUP_NAME_BYTES_MAX)?;
                Ok(())
            }
            Self::Everybody | Self::Followers | Self::Mutual | Self::Author => Ok(()),
        }
    }
}
