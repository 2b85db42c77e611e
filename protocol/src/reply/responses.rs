//! `comments` and `reactors`: a page of comments on a post, and of who reacted.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | end | u8: 0 more, 1 end, 2 bytes |
//! | comments: order | u8: 0 oldest first, 1 newest first |
//! | comments: total | varint |
//! | count | u16 |
//! | each comment | id varint as a run, author varint, at varint, answers option varint, text, counts, mentions: u8, then a varint for each |
//! | each reactor | user varint, reaction u8, sequence varint as a falling run |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::TEXT_BYTES_MAX;
use crate::mentions;
use crate::order::{Direction, Run};
use crate::reply::counts::{COUNTS_BYTES_MIN, Counts, REACTION_LAST};
use crate::reply::{PageEnd, Position};
use crate::wire::{Cursor, put_bool, put_count, put_option, put_text, put_varint, text_of};

/// The fewest bytes of a comment: six fields of one byte, and counts.
const COMMENT_BYTES_MIN: usize = 6 + COUNTS_BYTES_MIN;

/// The fewest bytes of a reactor: three fields of one byte.
const REACTOR_BYTES_MIN: usize = 3;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its id; larger is newer.
    pub id: u64,
    /// Who wrote it.
    pub author: u64,
    /// When it was committed, in ms since 1970.
    pub at: u64,
    /// The comment of the same post that it answers.
    pub answers: Option<u64>,
    /// The text, UTF-8.
    pub text: Bytes,
    /// Reactions to it.
    pub counts: Counts,
    /// Whom it mentions.
    pub mentions: Vec<u64>,
}

/// A page of comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentPage {
    /// The position of the answer.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// Newest first, else oldest first.
    pub newest_first: bool,
    /// All comments of the post that stand, hidden ones included.
    pub total: u64,
    /// The comments, ids strictly falling or rising.
    pub comments: Vec<Comment>,
}

/// One reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reactor {
    /// Who.
    pub user: u64,
    /// How: 0 to 15.
    pub kind: u8,
    /// When in the log; the cursor of the next page.
    pub sequence: u64,
}

/// A page of who reacted, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactorPage {
    /// The position of the answer.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// The reactions, sequences strictly falling.
    pub reactors: Vec<Reactor>,
}

impl Comment {
    /// The text as text.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.text)
    }

    fn load(cursor: &mut Cursor, ids: &mut Run) -> Result<Self, DecodeError> {
        Ok(Self {
            id: ids.take(cursor, "id")?,
            author: cursor.take_varint("author")?,
            at: cursor.take_varint("at")?,
            answers: cursor.take_option("answers", Cursor::take_varint)?,
            text: cursor.take_text("text", TEXT_BYTES_MAX)?,
            counts: Counts::load(cursor)?,
            mentions: mentions::load(cursor)?,
        })
    }

    fn encode(&self, out: &mut BytesMut, ids: &mut Run) -> Result<(), EncodeError> {
        put_varint(out, ids.put("id", self.id)?);
        put_varint(out, self.author);
        put_varint(out, self.at);
        put_option(out, self.answers, put_varint);
        put_text(out, "text", &self.text, TEXT_BYTES_MAX)?;
        self.counts.encode(out);
        mentions::encode(&self.mentions, out)
    }
}

impl CommentPage {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let end = PageEnd::load(cursor)?;
        let newest_first = cursor.take_bool("order")?;
        let total = cursor.take_varint("total")?;
        let count = cursor.take_count("count", COMMENT_BYTES_MIN)?;
        let mut ids = Run::new(direction(newest_first));
        let mut comments = Vec::with_capacity(count);
        for _ in 0..count {
            comments.push(Comment::load(cursor, &mut ids)?);
        }
        Ok(Self { position, end, newest_first, total, comments })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        out.put_u8(self.end.byte());
        put_bool(out, self.newest_first);
        put_varint(out, self.total);
        put_count(out, "count", self.comments.len())?;
        let mut ids = Run::new(direction(self.newest_first));
        self.comments.iter().try_for_each(|comment| comment.encode(out, &mut ids))
    }
}

fn direction(newest_first: bool) -> Direction {
    if newest_first { Direction::Falling } else { Direction::Rising }
}

impl ReactorPage {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let end = PageEnd::load(cursor)?;
        let count = cursor.take_count("count", REACTOR_BYTES_MIN)?;
        let mut sequences = Run::new(Direction::Falling);
        let mut reactors = Vec::with_capacity(count);
        for _ in 0..count {
            let user = cursor.take_varint("user")?;
            let kind = cursor.take_tag("reaction", REACTION_LAST)?;
            let sequence = sequences.take(cursor, "sequence")?;
            reactors.push(Reactor { user, kind, sequence });
        }
        Ok(Self { position, end, reactors })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        out.put_u8(self.end.byte());
        put_count(out, "count", self.reactors.len())?;
        let mut sequences = Run::new(Direction::Falling);
        for reactor in &self.reactors {
            put_varint(out, reactor.user);
            out.put_u8(reactor.kind);
            put_varint(out, sequences.put("sequence", reactor.sequence)?);
        }
        Ok(())
    }
}
