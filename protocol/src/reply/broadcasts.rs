//! `broadcasts` is a page of broadcasts in the order of their feed, `broadcast` is one.
//!
//! | field | bytes |
//! |---|---|
//! | broadcasts | position, frozen varint, session varint, end u8, count u16, each an entry |
//! | broadcast | position, an entry |
//! | entry: state | u8: 0 scheduled, 1 live, 2 replay |
//! | entry: id | varint |
//! | entry: author | varint |
//! | entry: start | varint, ms |
//! | entry: post, ended | varints; of a replay alone |
//! | entry: post_kind | varint, at most 65,535 |
//! | entry: text | bytes, at most 64 KiB, UTF-8 |
//! | entry: meta | bytes, at most 4 KiB |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::kind::ReplyKind;
use crate::limits::{META_BYTES_MAX, TEXT_BYTES_MAX};
use crate::reply::{PageEnd, Position};
use crate::wire::{Cursor, put_bytes, put_count, put_text, put_varint, put_varints, text_of};
use crate::writer::FrameWriter;

/// The fewest bytes of an entry: seven fields of one byte.
const BROADCAST_BYTES_MIN: usize = 7;

/// How far a broadcast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadcastState {
    /// It is to start.
    Scheduled,
    /// It started and did not end.
    Live,
    /// It ended.
    Replay {
        /// The post that it is.
        post: u64,
        /// When it ended, in ms since 1970.
        ended: u64,
    },
}

/// A broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// How far it is.
    pub state: BroadcastState,
    /// Its id.
    pub id: u64,
    /// Whose it is.
    pub author: u64,
    /// When it is to start, or started, in ms since 1970.
    pub start: u64,
    /// The application's own kind.
    pub kind: u16,
    /// What it is called.
    pub text: Bytes,
    /// The application's own data.
    pub meta: Bytes,
}

/// A broadcast, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastRef<'a> {
    /// How far it is.
    pub state: BroadcastState,
    /// Its id.
    pub id: u64,
    /// Whose it is.
    pub author: u64,
    /// When it is to start, or started, in ms since 1970.
    pub start: u64,
    /// The application's own kind.
    pub kind: u16,
    /// What it is called: UTF-8.
    pub text: &'a [u8],
    /// The application's own data.
    pub meta: &'a [u8],
}

/// What a page of broadcasts has beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastsHead {
    /// The position of the answer.
    pub position: Position,
    /// The sequence that states and order are as of.
    pub frozen: u64,
    /// The session, for the next page.
    pub session: u64,
    /// Why it ends.
    pub end: PageEnd,
}

/// A page of broadcasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcasts {
    /// The position of the answer.
    pub position: Position,
    /// The sequence that states and order are as of.
    pub frozen: u64,
    /// The session, for the next page.
    pub session: u64,
    /// Why it ends.
    pub end: PageEnd,
    /// In the order of the feed.
    pub broadcasts: Vec<Broadcast>,
}

/// One broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneBroadcast {
    /// The position of the answer.
    pub position: Position,
    /// The broadcast.
    pub broadcast: Broadcast,
}

impl Broadcast {
    /// The text as text.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.text)
    }

    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let state = cursor.take_tag("state", 2)?;
        let id = cursor.take_varint("id")?;
        let author = cursor.take_varint("author")?;
        let start = cursor.take_varint("start")?;
        let state = match state {
            0 => BroadcastState::Scheduled,
            1 => BroadcastState::Live,
            _ => BroadcastState::Replay {
                post: cursor.take_varint("post")?,
                ended: cursor.take_varint("ended")?,
            },
        };
        Ok(Self {
            state,
            id,
            author,
            start,
            kind: cursor.take_varint_u16("post_kind")?,
            text: cursor.take_text("text", TEXT_BYTES_MAX)?,
            meta: cursor.take_bytes("meta", META_BYTES_MAX)?,
        })
    }

    fn borrow(&self) -> BroadcastRef<'_> {
        BroadcastRef {
            state: self.state,
            id: self.id,
            author: self.author,
            start: self.start,
            kind: self.kind,
            text: &self.text,
            meta: &self.meta,
        }
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.borrow().encode(out)
    }
}

impl BroadcastRef<'_> {
    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u8(match self.state {
            BroadcastState::Scheduled => 0,
            BroadcastState::Live => 1,
            BroadcastState::Replay { .. } => 2,
        });
        put_varints(out, [self.id, self.author, self.start]);
        if let BroadcastState::Replay { post, ended } = self.state {
            put_varints(out, [post, ended]);
        }
        put_varint(out, u64::from(self.kind));
        put_text(out, "text", self.text, TEXT_BYTES_MAX)?;
        put_bytes(out, "meta", self.meta, META_BYTES_MAX)
    }
}

impl BroadcastsHead {
    /// Appends a frame in answer to `request_id`, with these broadcasts in the order of the feed: without a
    /// [`Broadcasts`] in between.
    ///
    /// # Errors
    /// More broadcasts than a page may have, a text or meta above its limit, or a body that would exceed
    /// [`BODY_BYTES_MAX`](crate::limits::BODY_BYTES_MAX): nothing is appended then.
    pub fn write<'a>(
        self,
        broadcasts: impl ExactSizeIterator<Item = BroadcastRef<'a>>,
        request_id: u32,
        out: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        let mut frame = FrameWriter::start(out);
        self.encode(broadcasts, frame.out())?;
        frame.finish(ReplyKind::Broadcasts.byte(), 0, request_id)
    }

    fn encode<'a>(
        self,
        mut broadcasts: impl ExactSizeIterator<Item = BroadcastRef<'a>>,
        out: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        self.position.encode(out);
        put_varint(out, self.frozen);
        put_varint(out, self.session);
        out.put_u8(self.end.byte());
        put_count(out, "count", broadcasts.len())?;
        broadcasts.try_for_each(|broadcast| broadcast.encode(out))
    }
}

impl Broadcasts {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let frozen = cursor.take_varint("frozen")?;
        let session = cursor.take_varint("session")?;
        let end = PageEnd::load(cursor)?;
        let count = cursor.take_count("count", BROADCAST_BYTES_MIN)?;
        let mut broadcasts = Vec::with_capacity(count);
        for _ in 0..count {
            broadcasts.push(Broadcast::load(cursor)?);
        }
        Ok(Self { position, frozen, session, end, broadcasts })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let Self { position, frozen, session, end, .. } = *self;
        let head = BroadcastsHead { position, frozen, session, end };
        head.encode(self.broadcasts.iter().map(Broadcast::borrow), out)
    }
}

impl OneBroadcast {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        Ok(Self { position, broadcast: Broadcast::load(cursor)? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        self.broadcast.encode(out)
    }
}
