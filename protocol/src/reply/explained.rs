//! `explained` says why a post is in a home, or why it is not.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | why | u8, see [`Why`] |
//! | author | option, varint |
//! | since | option, varint: a sequence |
//! | time | option, varint: milliseconds since 1970 |
//! | by | option, varint |
//! | group | text, if why is 8 |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::GROUP_NAME_BYTES_MAX;
use crate::reply::Position;
use crate::wire::{Cursor, put_option, put_text, put_varint, text_of};

/// Why a post is in a home, or why not. Complete for version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Why {
    /// It is there, in the reader's inbox.
    Pushed = 0,
    /// It is there, read out of its author's outbox.
    Pulled = 1,
    /// It is there, on its way into the inbox.
    InFlight = 2,
    /// The user does not follow its author.
    NotFollowing = 3,
    /// The user has muted its author.
    Muted = 4,
    /// One of the two has blocked the other.
    Blocked = 5,
    /// It was deleted.
    Deleted = 6,
    /// There is and was no such post.
    NoSuchPost = 7,
    /// Its author is in an exclusive group of the user.
    Apart = 8,
    /// Its author is suspended.
    Suspended = 9,
    /// Moderators have hidden it.
    Hidden = 10,
    /// It is not for the user, or of a repost what it refers to is not.
    Audience = 11,
}

/// Why a post is in a home, or why it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The position for which this holds.
    pub position: Position,
    /// The reason.
    pub why: Why,
    /// Who published the post, as far as is known.
    pub author: Option<u64>,
    /// The record behind the reason: the follow of a post that is there; the unfollow, the mute, the block,
    /// the delete, or what a moderator did, of one that is not. Absent if it is not known any more.
    pub since: Option<u64>,
    /// When that was committed, in milliseconds since 1970, while the log has it.
    pub time: Option<u64>,
    /// Who blocks.
    pub by: Option<u64>,
    /// The exclusive group that has the author, if that is why; else empty.
    pub group: Bytes,
}

impl Why {
    const ALL: [Self; 12] = [
        Self::Pushed,
        Self::Pulled,
        Self::InFlight,
        Self::NotFollowing,
        Self::Muted,
        Self::Blocked,
        Self::Deleted,
        Self::NoSuchPost,
        Self::Apart,
        Self::Suspended,
        Self::Hidden,
        Self::Audience,
    ];

    /// Whether the post is in the home.
    #[must_use]
    pub fn is_present(self) -> bool {
        matches!(self, Self::Pushed | Self::Pulled | Self::InFlight)
    }

    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let tag = cursor.take_tag("why", 11)?;
        Ok(Self::ALL.get(usize::from(tag)).copied().unwrap_or(Self::NoSuchPost))
    }
}

impl Explained {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let (position, why) = (Position::load(cursor)?, Why::load(cursor)?);
        Ok(Self {
            position,
            why,
            author: cursor.take_option("author", Cursor::take_varint)?,
            since: cursor.take_option("since", Cursor::take_varint)?,
            time: cursor.take_option("time", Cursor::take_varint)?,
            by: cursor.take_option("by", Cursor::take_varint)?,
            group: match why {
                Why::Apart => cursor.take_text("group", GROUP_NAME_BYTES_MAX)?,
                _ => Bytes::new(),
            },
        })
    }

    /// The name of the group as text.
    #[must_use]
    pub fn group(&self) -> &str {
        text_of(&self.group)
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        out.put_u8(self.why as u8);
        for number in [self.author, self.since, self.time, self.by] {
            put_option(out, number, put_varint);
        }
        if self.why == Why::Apart {
            put_text(out, "group", &self.group, GROUP_NAME_BYTES_MAX)?;
        }
        Ok(())
    }
}
