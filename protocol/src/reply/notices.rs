//! `notices`: a page of what concerns a user, newest group first.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | end | u8: 0 more, 1 end |
//! | unread | varint |
//! | read_up_to | varint |
//! | count | u16 |
//! | each: kind | u8: 0 mention, 1 comment, 2 reaction, 3 follow, 4 repost, 5 request |
//! | each: newest | varint as a falling run |
//! | each: post | option varint |
//! | each: comment | option varint |
//! | each: actors | u8, then a varint for each |
//! | each: actor_count | varint |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::mentions;
use crate::order::{Direction, Run};
use crate::reply::{PageEnd, Position};
use crate::wire::{Cursor, put_count, put_option, put_varint};

/// The fewest bytes of a group: six fields of one byte.
const GROUP_BYTES_MIN: usize = 6;

/// What notices are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum NoticeKind {
    /// A post or a comment mentions the user.
    Mention = 0,
    /// Somebody commented on the user's post, or answered their comment.
    Comment = 1,
    /// Somebody reacted to the user's post or comment.
    Reaction = 2,
    /// Somebody follows the user.
    Follow = 3,
    /// Somebody reposted the user's post, or their repost.
    Repost = 4,
    /// Somebody asks to follow the user, who is private.
    Request = 5,
}

/// Notices of one kind about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeGroup {
    /// What they are about.
    pub kind: NoticeKind,
    /// The newest of them: its sequence, and the cursor of the next page.
    pub newest: u64,
    /// The post, or the one that the comment is about; absent for follows.
    pub post: Option<u64>,
    /// The user's comment that was answered or reacted to.
    pub comment: Option<u64>,
    /// The newest of who did it, newest first.
    pub actors: Vec<u64>,
    /// How many users did it.
    pub actor_count: u64,
}

/// A page of notices. A group is unread if its newest is above `read_up_to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticePage {
    /// The position of the answer.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// How many groups are unread, on this page or not.
    pub unread: u64,
    /// Everything up to here is read.
    pub read_up_to: u64,
    /// The groups, newest strictly falling.
    pub groups: Vec<NoticeGroup>,
}

impl NoticeKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Mention, Self::Comment, Self::Reaction, Self::Follow, Self::Repost, Self::Request];

    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let number = cursor.take_tag("kind", 5)?;
        let found = Self::ALL.into_iter().find(|kind| *kind as u8 == number);
        Ok(found.unwrap_or(Self::Follow))
    }
}

impl NoticeGroup {
    fn load(cursor: &mut Cursor, sequences: &mut Run) -> Result<Self, DecodeError> {
        Ok(Self {
            kind: NoticeKind::load(cursor)?,
            newest: sequences.take(cursor, "newest")?,
            post: cursor.take_option("post", Cursor::take_varint)?,
            comment: cursor.take_option("comment", Cursor::take_varint)?,
            actors: mentions::load(cursor)?,
            actor_count: cursor.take_varint("actor_count")?,
        })
    }

    fn encode(&self, out: &mut BytesMut, sequences: &mut Run) -> Result<(), EncodeError> {
        out.put_u8(self.kind as u8);
        put_varint(out, sequences.put("newest", self.newest)?);
        put_option(out, self.post, put_varint);
        put_option(out, self.comment, put_varint);
        mentions::encode(&self.actors, out)?;
        put_varint(out, self.actor_count);
        Ok(())
    }
}

impl NoticePage {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let end = PageEnd::load(cursor)?;
        let unread = cursor.take_varint("unread")?;
        let read_up_to = cursor.take_varint("read_up_to")?;
        let count = cursor.take_count("count", GROUP_BYTES_MIN)?;
        let mut sequences = Run::new(Direction::Falling);
        let mut groups = Vec::with_capacity(count);
        for _ in 0..count {
            groups.push(NoticeGroup::load(cursor, &mut sequences)?);
        }
        Ok(Self { position, end, unread, read_up_to, groups })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        out.put_u8(self.end.byte());
        put_varint(out, self.unread);
        put_varint(out, self.read_up_to);
        put_count(out, "count", self.groups.len())?;
        let mut sequences = Run::new(Direction::Falling);
        self.groups.iter().try_for_each(|group| group.encode(out, &mut sequences))
    }
}
