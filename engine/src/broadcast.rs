//! Broadcasts as the caller sees them: what can be done with one, and what a feed of them tells.
//!
//! A broadcast is scheduled, or live, or a replay; it goes that way only. A replay is a post.

use bytes::Bytes;

use crate::command::{NewPost, validate_content};
use crate::error::{Error, Result};
use crate::ids::{BroadcastId, Position, PostId, Timestamp, UserId};
use crate::query::PageEnd;

/// What is to happen to a broadcast. Whatever does not fit its state is a
/// [`Conflict`](crate::ErrorKind::Conflict); a broadcast that is not there, was cancelled, or whose
/// replay was deleted, is [`NotFound`](crate::ErrorKind::NotFound).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BroadcastAction {
    /// A new broadcast, to start at a time. Its id is the sequence of the receipt's position.
    Schedule {
        /// When it is to start; from 1 on. Nothing happens by itself then.
        at: Timestamp,
        /// By whom, and what it is called. `created_at`, `mentions` and `repost` are not used.
        content: NewPost,
    },
    /// A scheduled broadcast is to start at another time.
    Reschedule {
        /// The broadcast.
        broadcast: BroadcastId,
        /// When it is to start.
        at: Timestamp,
    },
    /// A scheduled broadcast is live from now on.
    Start {
        /// The broadcast.
        broadcast: BroadcastId,
    },
    /// A new broadcast, live from now on. Its id is the sequence of the receipt's position.
    StartNew {
        /// By whom, and what it is called. `created_at`, `mentions` and `repost` are not used.
        content: NewPost,
    },
    /// A live broadcast ends, and its replay is a post from now on: the receipt names it.
    End {
        /// The broadcast.
        broadcast: BroadcastId,
        /// What the replay says, as far as that is not what the broadcast said.
        replay: ReplayContent,
    },
    /// A scheduled broadcast will not be.
    Cancel {
        /// The broadcast.
        broadcast: BroadcastId,
    },
}

/// What a replay says that the broadcast did not. What is absent it has from the broadcast.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayContent {
    /// The application's own kind of post.
    pub kind: Option<u16>,
    /// UTF-8, at most 64 KiB.
    pub text: Option<Bytes>,
    /// Opaque bytes of the application, at most 4 KiB.
    pub meta: Option<Bytes>,
}

/// How far a broadcast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a broadcast goes through these three")]
pub enum BroadcastState {
    /// It is to start.
    Scheduled,
    /// It started and did not end.
    Live,
    /// It ended.
    Replay,
}

/// A broadcast as a reader sees it. Text and meta borrow the log's memory by reference count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// The broadcast.
    pub id: BroadcastId,
    /// How far it is; in a page of a session, how far it was when the session began.
    pub state: BroadcastState,
    /// Whose it is.
    pub author: UserId,
    /// When it is to start, or started.
    pub start: Timestamp,
    /// The post that a replay is. Its own id from then on in outbox and home.
    pub replay: Option<PostId>,
    /// When a replay ended.
    pub ended: Option<Timestamp>,
    /// The application's kind.
    pub kind: u16,
    /// UTF-8 text: what it is called.
    pub text: Bytes,
    /// Opaque bytes.
    pub meta: Bytes,
}

/// The same, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastRef<'a> {
    /// The broadcast.
    pub id: BroadcastId,
    /// How far it is.
    pub state: BroadcastState,
    /// Whose it is.
    pub author: UserId,
    /// When it is to start, or started.
    pub start: Timestamp,
    /// The post that a replay is.
    pub replay: Option<PostId>,
    /// When a replay ended.
    pub ended: Option<Timestamp>,
    /// The application's kind.
    pub kind: u16,
    /// UTF-8 text.
    pub text: &'a [u8],
    /// Opaque bytes.
    pub meta: &'a [u8],
}

/// One broadcast at one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastCard {
    /// The position of the answer.
    pub position: Position,
    /// The broadcast.
    pub broadcast: Broadcast,
}

/// A page of the broadcasts of whom a user follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastsQuery {
    /// Whose feed.
    pub user: UserId,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
    /// The first page, or one that follows.
    pub page: BroadcastsPage,
    /// How many entries: 1..=200.
    pub limit: usize,
}

/// Which page of a feed of broadcasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is a first page, and there are others")]
pub enum BroadcastsPage {
    /// The first: it begins a session, which freezes order and states.
    First {
        /// The application's number of the reader's device: the session before it of the same user and
        /// device is over. Absent: a session beside all others.
        device: Option<u64>,
    },
    /// A following one.
    Next {
        /// The session of the first page.
        session: SessionId,
        /// The last entry of the page before: [`Broadcast::cursor`]. Absent: from the session's
        /// beginning.
        after: Option<u64>,
    },
}

/// A session of a feed of broadcasts: random, in memory only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub u64);

/// A page of broadcasts: live by latest start, scheduled by soonest start, replays by latest end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastFeed {
    /// The position of the answer. Who is followed, muted and blocked, and what is deleted or cancelled,
    /// is as of here.
    pub position: Position,
    /// The position of the session: states and order are as of there.
    pub frozen: Position,
    /// The session, for the next page.
    pub session: SessionId,
    /// In the order of the feed.
    pub broadcasts: Vec<Broadcast>,
    /// Why the page ends where it ends.
    pub end: PageEnd,
}

/// The same page, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct BroadcastFeedRef<'a> {
    /// The position of the answer.
    pub position: Position,
    /// The position of the session.
    pub frozen: Position,
    /// The session, for the next page.
    pub session: SessionId,
    /// In the order of the feed.
    pub broadcasts: &'a [BroadcastRef<'a>],
    /// Why the page ends where it ends.
    pub end: PageEnd,
}

impl Broadcast {
    /// The same broadcast, borrowed.
    #[must_use]
    pub fn borrow(&self) -> BroadcastRef<'_> {
        BroadcastRef {
            id: self.id,
            state: self.state,
            author: self.author,
            start: self.start,
            replay: self.replay,
            ended: self.ended,
            kind: self.kind,
            text: &self.text,
            meta: &self.meta,
        }
    }

    /// What the next page goes on after: the post of a replay, else the broadcast.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.replay.map_or(self.id.0, |post| post.0)
    }
}

impl BroadcastAction {
    /// The user in whose name this acts; unknown until the broadcast is looked up.
    pub(crate) fn subject(&self) -> Option<UserId> {
        match self {
            Self::Schedule { content, .. } | Self::StartNew { content } => Some(content.author),
            _ => None,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        match self {
            Self::Schedule { at, content } => {
                validate_time(*at)?;
                validate_content(&content.text, &content.meta)
            }
            Self::Reschedule { at, .. } => validate_time(*at),
            Self::StartNew { content } => validate_content(&content.text, &content.meta),
            Self::End { replay, .. } => {
                let of = |part: &Option<Bytes>| part.clone().unwrap_or_default();
                validate_content(&of(&replay.text), &of(&replay.meta))
            }
            Self::Start { .. } | Self::Cancel { .. } => Ok(()),
        }
    }
}

/// Times of a start are positive and have 63 bits.
fn validate_time(at: Timestamp) -> Result<()> {
    if (1..=i64::MAX.cast_unsigned()).contains(&at.0) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "time {at} is out of range; give milliseconds since 1970, 1 to {}",
        i64::MAX
    )))
}
