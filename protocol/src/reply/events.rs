//! `events` are pushed for a watch, in the order in which they happened. Their request id is that of
//! the watch.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | more | u8: 1 while a catch-up goes on |
//! | count | u16 |
//! | each | tag u8: 0 entry, 1 removed, 2 feed changed, 3 gap, 4 presence, 5 presence anew, 6 changed; then a post, its id, an author, nothing, a user and u8 (1 online), nothing, a post |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::{Position, Post};
use crate::wire::{Cursor, put_bool, put_count, put_varint};

/// The fewest bytes of an event: the tag of a gap.
const EVENT_BYTES_MIN: usize = 1;

/// Something that happened to a home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A post entered.
    Entry(Post),
    /// A post is deleted; it may be one that was never told.
    Removed(u64),
    /// The posts of this author entered or left as a whole.
    FeedChanged(u64),
    /// What happened before cannot be told; the home is to be read anew.
    Gap,
    /// A followee came online or went offline.
    Presence {
        /// Who.
        user: u64,
        /// Whether they are online.
        online: bool,
    },
    /// Whatever was told of presence before counts no longer.
    PresenceAnew,
    /// A post that is there says something else: the post as it is from then on.
    Changed(Post),
}

/// What happened to a watched home, up to a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// Where to go on after a reconnect.
    pub position: Position,
    /// Whether a catch-up goes on: what a later frame takes back may be left out already.
    pub more: bool,
    /// May be empty: then nothing happened.
    pub events: Vec<Event>,
}

impl Event {
    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(match cursor.take_tag("tag", 6)? {
            // Entries need not be in order: each id stands as it is.
            0 => Self::Entry(Post::load(cursor, &mut Run::new(Direction::Rising))?),
            1 => Self::Removed(cursor.take_varint("post")?),
            2 => Self::FeedChanged(cursor.take_varint("author")?),
            4 => Self::Presence {
                user: cursor.take_varint("user")?,
                online: cursor.take_bool("online")?,
            },
            5 => Self::PresenceAnew,
            6 => Self::Changed(Post::load(cursor, &mut Run::new(Direction::Rising))?),
            _ => Self::Gap,
        })
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Entry(post) => {
                out.put_u8(0);
                post.borrow().encode(out, &mut Run::new(Direction::Rising))?;
            }
            Self::Removed(post) => {
                out.put_u8(1);
                put_varint(out, *post);
            }
            Self::FeedChanged(author) => {
                out.put_u8(2);
                put_varint(out, *author);
            }
            Self::Gap => out.put_u8(3),
            Self::Presence { user, online } => {
                out.put_u8(4);
                put_varint(out, *user);
                put_bool(out, *online);
            }
            Self::PresenceAnew => out.put_u8(5),
            Self::Changed(post) => {
                out.put_u8(6);
                post.borrow().encode(out, &mut Run::new(Direction::Rising))?;
            }
        }
        Ok(())
    }
}

impl Events {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let more = cursor.take_bool("more")?;
        let count = cursor.take_count("count", EVENT_BYTES_MIN)?;
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(Event::load(cursor)?);
        }
        Ok(Self { position, more, events })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        put_bool(out, self.more);
        put_count(out, "count", self.events.len())?;
        self.events.iter().try_for_each(|event| event.encode(out))
    }
}
