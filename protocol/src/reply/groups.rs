//! `groups` is all groups of a user, oldest first.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | count | u16 |
//! | each: id | varint; after the first the distance from the group before, strictly rising |
//! | each: name | text |
//! | each: exclusive | u8 |
//! | each: members | varint |

use bytes::{Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::GROUP_NAME_BYTES_MAX;
use crate::order::{Direction, Run};
use crate::reply::Position;
use crate::wire::{Cursor, put_bool, put_count, put_text, put_varint, text_of};

/// The fewest bytes of a group: four fields of one byte.
const GROUP_BYTES_MIN: usize = 4;

/// One of a user's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// When in the log it began.
    pub id: u64,
    /// What it is called.
    pub name: Bytes,
    /// Whether its members are left out of the owner's home.
    pub exclusive: bool,
    /// How many members it has.
    pub members: u64,
}

/// All groups of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// The position of the answer.
    pub position: Position,
    /// The groups, ids strictly rising.
    pub groups: Vec<Group>,
}

impl Group {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.name)
    }
}

impl Groups {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let count = cursor.take_count("count", GROUP_BYTES_MIN)?;
        let mut ids = Run::new(Direction::Rising);
        let mut groups = Vec::with_capacity(count);
        for _ in 0..count {
            groups.push(Group {
                id: ids.take(cursor, "id")?,
                name: cursor.take_text("name", GROUP_NAME_BYTES_MAX)?,
                exclusive: cursor.take_bool("exclusive")?,
                members: cursor.take_varint("members")?,
            });
        }
        Ok(Self { position, groups })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        put_count(out, "count", self.groups.len())?;
        let mut ids = Run::new(Direction::Rising);
        for group in &self.groups {
            put_varint(out, ids.put("id", group.id)?);
            put_text(out, "name", &group.name, GROUP_NAME_BYTES_MAX)?;
            put_bool(out, group.exclusive);
            put_varint(out, group.members);
        }
        Ok(())
    }
}
