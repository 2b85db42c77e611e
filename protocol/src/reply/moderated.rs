//! `moderated`: a page of who is suspended and what is hidden; and how a single post is moderated.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | end | u8: 0 more, 1 end, 2 bytes |
//! | count | u16 |
//! | each: since | varint; after the first the distance from the one before, strictly falling |
//! | each: user | varint |
//! | each: post | option, varint |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::{PageEnd, Position};
use crate::wire::{Cursor, put_count, put_option, put_varint};

/// The fewest bytes of an item: three fields of one byte.
const MODERATED_BYTES_MIN: usize = 3;

const HIDDEN: u8 = 1;
const SUSPENDED: u8 = 2;

/// A user who is suspended, or a post that is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moderated {
    /// Since when: the sequence of the record, and the cursor of the next page.
    pub since: u64,
    /// The user, or the author of the post.
    pub user: u64,
    /// The post; absent: the user is suspended.
    pub post: Option<u64>,
}

/// A page of what is moderated, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeratedPage {
    /// The position of the answer.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// `since` strictly falling.
    pub moderated: Vec<Moderated>,
}

/// How a single post is moderated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostModeration {
    /// It is hidden.
    pub hidden: bool,
    /// Its author is suspended.
    pub suspended: bool,
}

impl ModeratedPage {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let (position, end) = (Position::load(cursor)?, PageEnd::load(cursor)?);
        let count = cursor.take_count("count", MODERATED_BYTES_MIN)?;
        let mut sequences = Run::new(Direction::Falling);
        let mut moderated = Vec::with_capacity(count);
        for _ in 0..count {
            moderated.push(Moderated {
                since: sequences.take(cursor, "since")?,
                user: cursor.take_varint("user")?,
                post: cursor.take_option("post", Cursor::take_varint)?,
            });
        }
        Ok(Self { position, end, moderated })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        out.put_u8(self.end.byte());
        put_count(out, "count", self.moderated.len())?;
        let mut sequences = Run::new(Direction::Falling);
        for item in &self.moderated {
            put_varint(out, sequences.put("since", item.since)?);
            put_varint(out, item.user);
            put_option(out, item.post, put_varint);
        }
        Ok(())
    }
}

impl PostModeration {
    pub(super) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let bits = cursor.take_tag("moderation", HIDDEN | SUSPENDED)?;
        Ok(Self { hidden: bits & HIDDEN != 0, suspended: bits & SUSPENDED != 0 })
    }

    pub(super) fn encode(self, out: &mut BytesMut) {
        let bit = |is_so, bit| if is_so { bit } else { 0 };
        out.put_u8(bit(self.hidden, HIDDEN) | bit(self.suspended, SUSPENDED));
    }
}

/// What moderators did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ModerationChange {
    Suspend = 29,
    Unsuspend = 30,
    Hide = 31,
    Unhide = 32,
}

impl ModerationChange {
    /// All of them, in the order of their tags.
    pub const ALL: [Self; 4] = [Self::Suspend, Self::Unsuspend, Self::Hide, Self::Unhide];

    /// Whether it is about a post.
    #[must_use]
    pub fn has_post(self) -> bool {
        matches!(self, Self::Hide | Self::Unhide)
    }
}
