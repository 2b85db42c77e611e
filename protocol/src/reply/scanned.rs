//! `scanned` is one step of a scan, oldest first.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | next | varint: continue after this sequence |
//! | end | u8: 0 more, 1 end, 2 bytes |
//! | what | u8: 0 posts, 1 follows |
//! | count | u16 |
//! | each, posts | a post, ids strictly rising |
//! | each, follows | user varint, author varint, sequence varint (distance), rising: two may be of one sequence |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::page::load_posts;
use crate::reply::{PageEnd, Position, Post};
use crate::request::ScanWhat;
use crate::wire::{Cursor, put_count, put_varint};

/// The fewest bytes of a follow: three fields of one byte.
const FOLLOW_BYTES_MIN: usize = 3;

/// A follow that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Who follows.
    pub user: u64,
    /// Who is followed.
    pub author: u64,
    /// When in the log it began.
    pub sequence: u64,
}

/// What a step found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScannedItems {
    /// Posts that are not deleted, ids strictly rising.
    Posts(Vec<Post>),
    /// Follows that hold, sequences rising: the two of a befriending have the same.
    Follows(Vec<Follow>),
}

/// One step of a scan. May be empty and still not the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The position of the answer.
    pub position: Position,
    /// Continue after this sequence.
    pub next: u64,
    /// `End` if nothing is left up to where the scan stops.
    pub end: PageEnd,
    /// Oldest first.
    pub items: ScannedItems,
}

impl Scanned {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let next = cursor.take_varint("next")?;
        let end = PageEnd::load(cursor)?;
        let items = match ScanWhat::load(cursor)? {
            ScanWhat::Posts => ScannedItems::Posts(load_posts(cursor, Direction::Rising)?),
            ScanWhat::Follows => ScannedItems::Follows(load_follows(cursor)?),
        };
        Ok(Self { position, next, end, items })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        put_varint(out, self.next);
        out.put_u8(self.end.byte());
        match &self.items {
            ScannedItems::Posts(posts) => encode_posts(posts, out),
            ScannedItems::Follows(follows) => encode_follows(follows, out),
        }
    }
}

fn load_follows(cursor: &mut Cursor) -> Result<Vec<Follow>, DecodeError> {
    let count = cursor.take_count("count", FOLLOW_BYTES_MIN)?;
    let mut sequences = Run::new(Direction::RisingOrSame);
    let mut follows = Vec::with_capacity(count);
    for _ in 0..count {
        let user = cursor.take_varint("user")?;
        let author = cursor.take_varint("author")?;
        follows.push(Follow { user, author, sequence: sequences.take(cursor, "sequence")? });
    }
    Ok(follows)
}

fn encode_posts(posts: &[Post], out: &mut BytesMut) -> Result<(), EncodeError> {
    ScanWhat::Posts.encode(out);
    put_count(out, "count", posts.len())?;
    let mut ids = Run::new(Direction::Rising);
    posts.iter().try_for_each(|post| post.borrow().encode(out, &mut ids))
}

fn encode_follows(follows: &[Follow], out: &mut BytesMut) -> Result<(), EncodeError> {
    ScanWhat::Follows.encode(out);
    put_count(out, "count", follows.len())?;
    let mut sequences = Run::new(Direction::RisingOrSame);
    for follow in follows {
        put_varint(out, follow.user);
        put_varint(out, follow.author);
        put_varint(out, sequences.put("sequence", follow.sequence)?);
    }
    Ok(())
}
