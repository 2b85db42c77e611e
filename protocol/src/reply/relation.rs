//! `relation` is how two users stand to each other, seen from the first.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | flags | u8: 1 follows, 2 followed_by, 4 muted, 8 blocked, 16 blocked_by, 32 apart, 64 requested, 128 requested_by |

use bytes::{BufMut, BytesMut};

use crate::error::DecodeError;
use crate::reply::Position;
use crate::wire::Cursor;

/// How `a` and `b` stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The position of the answer.
    pub position: Position,
    /// `a` follows `b`.
    pub follows: bool,
    /// `b` follows `a`.
    pub followed_by: bool,
    /// `a` muted `b`.
    pub muted: bool,
    /// `a` blocked `b`.
    pub blocked: bool,
    /// `b` blocked `a`.
    pub blocked_by: bool,
    /// `b` is in an exclusive group of `a`.
    pub apart: bool,
    /// `a` asks to follow `b`.
    pub requested: bool,
    /// `b` asks to follow `a`.
    pub requested_by: bool,
}

impl Relation {
    /// Flag: `a` follows `b`.
    pub const FOLLOWS: u8 = 1;
    /// Flag: `b` follows `a`.
    pub const FOLLOWED_BY: u8 = 2;
    /// Flag: `a` muted `b`.
    pub const MUTED: u8 = 4;
    /// Flag: `a` blocked `b`.
    pub const BLOCKED: u8 = 8;
    /// Flag: `b` blocked `a`.
    pub const BLOCKED_BY: u8 = 16;
    /// Flag: `b` is in an exclusive group of `a`.
    pub const APART: u8 = 32;

    /// Flag: `a` asks to follow `b`.
    pub const REQUESTED: u8 = 64;
    /// Flag: `b` asks to follow `a`.
    pub const REQUESTED_BY: u8 = 128;

    const KNOWN: u8 = u8::MAX;

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let flags = cursor.take_flags("flags", Self::KNOWN)?;
        let has = |flag| flags & flag != 0;
        Ok(Self {
            position,
            follows: has(Self::FOLLOWS),
            followed_by: has(Self::FOLLOWED_BY),
            muted: has(Self::MUTED),
            blocked: has(Self::BLOCKED),
            blocked_by: has(Self::BLOCKED_BY),
            apart: has(Self::APART),
            requested: has(Self::REQUESTED),
            requested_by: has(Self::REQUESTED_BY),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.position.encode(out);
        let flags = [
            (self.follows, Self::FOLLOWS),
            (self.followed_by, Self::FOLLOWED_BY),
            (self.muted, Self::MUTED),
            (self.blocked, Self::BLOCKED),
            (self.blocked_by, Self::BLOCKED_BY),
            (self.apart, Self::APART),
            (self.requested, Self::REQUESTED),
            (self.requested_by, Self::REQUESTED_BY),
        ];
        out.put_u8(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum());
    }
}
