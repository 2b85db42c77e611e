//! `user` is a user's counts.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | user | varint |
//! | posts, followers, followees | varint each |
//! | newest_post | option, varint |
//! | active_at | option, varint, ms |
//! | suspended | u8 |
//! | flags | u8: 1 private |

use bytes::{BufMut, BytesMut};

use crate::error::DecodeError;
use crate::reply::Position;
use crate::wire::{Cursor, put_bool, put_option, put_varint};

/// A user in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserCard {
    /// The position of the answer.
    pub position: Position,
    /// Who.
    pub user: u64,
    /// How many posts of theirs are there: not deleted, nor gone with what they repost.
    pub posts: u64,
    /// How many follow them.
    pub followers: u64,
    /// How many they follow.
    pub followees: u64,
    /// The id of their newest post, if it is for the viewer.
    pub newest_post: Option<u64>,
    /// When they were last active, in ms since 1970.
    pub active_at: Option<u64>,
    /// Moderators have suspended them; only they and the trusted application are told.
    pub suspended: bool,
    /// Whether they are private.
    pub private: bool,
}

impl UserCard {
    /// Flag: the user is private.
    pub const PRIVATE: u8 = 1;

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            position: Position::load(cursor)?,
            user: cursor.take_varint("user")?,
            posts: cursor.take_varint("posts")?,
            followers: cursor.take_varint("followers")?,
            followees: cursor.take_varint("followees")?,
            newest_post: cursor.take_option("newest_post", Cursor::take_varint)?,
            active_at: cursor.take_option("active_at", Cursor::take_varint)?,
            suspended: cursor.take_bool("suspended")?,
            private: cursor.take_flags("flags", Self::PRIVATE)? & Self::PRIVATE != 0,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.position.encode(out);
        for number in [self.user, self.posts, self.followers, self.followees] {
            put_varint(out, number);
        }
        put_option(out, self.newest_post, put_varint);
        put_option(out, self.active_at, put_varint);
        put_bool(out, self.suspended);
        out.put_u8(if self.private { Self::PRIVATE } else { 0 });
    }
}
