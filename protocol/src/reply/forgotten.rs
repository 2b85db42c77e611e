//! `forgotten`: everybody who is being forgotten, the longest first.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | count | u16 |
//! | each: since | varint; after the first the distance from the one before, strictly rising |
//! | each: user | varint |
//! | each: removed | varint |

use bytes::BytesMut;

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::Position;
use crate::wire::{Cursor, put_count, put_varint};

/// The fewest bytes of an item: three fields of one byte.
const FORGOTTEN_BYTES_MIN: usize = 3;

/// Somebody of whom something may be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeingForgotten {
    /// The sequence of the record that it began with.
    pub since: u64,
    /// Who.
    pub user: u64,
    /// How many things of theirs are gone already.
    pub removed: u64,
}

/// Everybody who is being forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenList {
    /// The position of the answer.
    pub position: Position,
    /// `since` strictly rising.
    pub users: Vec<BeingForgotten>,
}

impl ForgottenList {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let count = cursor.take_count("count", FORGOTTEN_BYTES_MIN)?;
        let mut sequences = Run::new(Direction::Rising);
        let mut users = Vec::with_capacity(count);
        for _ in 0..count {
            users.push(BeingForgotten {
                since: sequences.take(cursor, "since")?,
                user: cursor.take_varint("user")?,
                removed: cursor.take_varint("removed")?,
            });
        }
        Ok(Self { position, users })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        put_count(out, "count", self.users.len())?;
        let mut sequences = Run::new(Direction::Rising);
        for user in &self.users {
            put_varint(out, sequences.put("since", user.since)?);
            put_varint(out, user.user);
            put_varint(out, user.removed);
        }
        Ok(())
    }
}
