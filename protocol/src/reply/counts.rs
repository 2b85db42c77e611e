//! What a post or a comment was responded with, counted: a part of a page, of a post and of a comment.
//!
//! | field | bytes |
//! |---|---|
//! | comments | varint |
//! | reposts | varint |
//! | mine | u16: bit 0 is reaction 0 |
//! | count | u8: reactions that stand |
//! | each: reaction | u8, strictly rising |
//! | each: number | varint, not 0 |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::limits::REACTION_KINDS;
use crate::wire::{Cursor, put_varint};

/// The fewest bytes of counts: nothing stands.
pub(crate) const COUNTS_BYTES_MIN: usize = 5;

/// The last kind of reaction.
#[expect(clippy::cast_possible_truncation, reason = "a constant of 16")]
pub(crate) const REACTION_LAST: u8 = REACTION_KINDS as u8 - 1;

/// Counts of one post or comment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Comments that stand.
    pub comments: u64,
    /// Reposts that stand; of a comment none.
    pub reposts: u64,
    /// The viewer's own reactions: bit 0 is reaction 0.
    pub mine: u16,
    /// Reactions that stand, by kind.
    pub reactions: [u64; REACTION_KINDS],
}

impl Counts {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let comments = cursor.take_varint("comments")?;
        let (reposts, mine) = (cursor.take_varint("reposts")?, cursor.take_u16("mine")?);
        let mut counts = Self { comments, reposts, mine, ..Self::default() };
        let mut next = 0;
        for _ in 0..cursor.take_tag("count", REACTION_LAST + 1)? {
            let at = cursor.at();
            let kind = cursor.take_tag("reaction", REACTION_LAST)?;
            if kind < next {
                return Err(Cursor::refuse("reaction", at, Problem::Order));
            }
            next = kind + 1;
            let at = cursor.at();
            let number = cursor.take_varint("number")?;
            if number == 0 {
                return Err(Cursor::refuse("number", at, Problem::Unknown { value: 0 }));
            }
            if let Some(count) = counts.reactions.get_mut(usize::from(kind)) {
                *count = number;
            }
        }
        Ok(counts)
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        put_varint(out, self.comments);
        put_varint(out, self.reposts);
        out.put_u16_le(self.mine);
        let standing = self.reactions.iter().filter(|number| **number != 0).count();
        out.put_u8(u8::try_from(standing).unwrap_or(u8::MAX));
        for (kind, number) in (0_u8..).zip(self.reactions) {
            if number != 0 {
                out.put_u8(kind);
                put_varint(out, number);
            }
        }
    }
}

/// As many counts as `items`, or none.
pub(crate) fn check_as_many(counts: usize, items: usize) -> Result<(), EncodeError> {
    if counts == items {
        return Ok(());
    }
    let (value, limit) = (counts as u64, items as u64);
    Err(EncodeError::new("counts", Problem::TooLarge { value, limit }))
}
