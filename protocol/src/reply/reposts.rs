//! What a post refers to, a part of a post; and `reposters`, a page of who reposted.
//!
//! | field | bytes |
//! |---|---|
//! | repost: parent | varint |
//! | repost: root | varint |
//! | repost: root_author | varint |
//! | reposters: position | epoch varint, sequence varint |
//! | reposters: end | u8: 0 more, 1 end, 2 bytes |
//! | reposters: root, total | varint, varint |
//! | reposters: count | u16 |
//! | each reposter | user varint, repost varint as a falling run, quote u8 |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::{PageEnd, Position};
use crate::wire::{Cursor, put_bool, put_count, put_varint, put_varints};

/// The fewest bytes of a reposter: three fields of one byte.
const REPOSTER_BYTES_MIN: usize = 3;

/// What a repost refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repost {
    /// What was reposted: the root, or a repost of it.
    pub parent: u64,
    /// The first post of the chain.
    pub root: u64,
    /// Whose the root is.
    pub root_author: u64,
}

/// One repost, as a list of them has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reposter {
    /// Who.
    pub user: u64,
    /// The repost, and the cursor of the next page.
    pub repost: u64,
    /// Whether it says something of its own.
    pub quote: bool,
}

/// A page of who reposted a post, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReposterPage {
    /// The position of the answer.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// The first post of the chain, which all of these lead to.
    pub root: u64,
    /// All reposts of it that stand, hidden ones included.
    pub total: u64,
    /// The reposts, ids strictly falling.
    pub reposters: Vec<Reposter>,
}

impl Repost {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            parent: cursor.take_varint("parent")?,
            root: cursor.take_varint("root")?,
            root_author: cursor.take_varint("root_author")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        put_varints(out, [self.parent, self.root, self.root_author]);
    }
}

impl ReposterPage {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let (position, end) = (Position::load(cursor)?, PageEnd::load(cursor)?);
        let (root, total) = (cursor.take_varint("root")?, cursor.take_varint("total")?);
        let count = cursor.take_count("count", REPOSTER_BYTES_MIN)?;
        let mut ids = Run::new(Direction::Falling);
        let mut reposters = Vec::with_capacity(count);
        for _ in 0..count {
            reposters.push(Reposter {
                user: cursor.take_varint("user")?,
                repost: ids.take(cursor, "repost")?,
                quote: cursor.take_bool("quote")?,
            });
        }
        Ok(Self { position, end, root, total, reposters })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        out.put_u8(self.end.byte());
        put_varint(out, self.root);
        put_varint(out, self.total);
        put_count(out, "count", self.reposters.len())?;
        let mut ids = Run::new(Direction::Falling);
        for reposter in &self.reposters {
            put_varint(out, reposter.user);
            put_varint(out, ids.put("repost", reposter.repost)?);
            put_bool(out, reposter.quote);
        }
        Ok(())
    }
}
