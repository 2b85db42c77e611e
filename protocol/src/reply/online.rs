//! `online` says who is there around a user.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | online | u8: 0 no, 1 yes |
//! | followers | varint |
//! | count | u16 |
//! | each | varint (distance), strictly rising |

use bytes::BytesMut;

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::Position;
use crate::wire::{Cursor, put_bool, put_count, put_varint};

/// Who is online around a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Online {
    /// The newest position when it was looked up.
    pub position: Position,
    /// Whether the user is.
    pub online: bool,
    /// How many of their followers are.
    pub followers: u64,
    /// Which of their followees are, strictly rising.
    pub followees: Vec<u64>,
}

impl Online {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let online = cursor.take_bool("online")?;
        let followers = cursor.take_varint("followers")?;
        let count = cursor.take_count("count", 1)?;
        let mut ids = Run::new(Direction::Rising);
        let mut followees = Vec::with_capacity(count);
        for _ in 0..count {
            followees.push(ids.take(cursor, "followees")?);
        }
        Ok(Self { position, online, followers, followees })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        put_bool(out, self.online);
        put_varint(out, self.followers);
        put_count(out, "count", self.followees.len())?;
        let mut ids = Run::new(Direction::Rising);
        for user in &self.followees {
            put_varint(out, ids.put("followees", *user)?);
        }
        Ok(())
    }
}
