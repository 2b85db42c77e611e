//! Broadcasts (live sessions): what can be done with one, and the feed of those that a user follows.
//!
//! A broadcast is scheduled, or live, or a replay; a replay is a post. The writes are made by
//! [`Write`].

use bytes::Bytes;
use fanfold_protocol::{self as wire, Request};

use crate::answer::PageEnd;
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Position, PostId, Sequence, Timestamp, UserId};
use crate::query::read_options;
use crate::write::Write;

/// A broadcast's id: the sequence of the write that scheduled it, or that started it unscheduled.
pub type BroadcastId = Sequence;

/// How far a broadcast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a broadcast goes through these three")]
pub enum BroadcastState {
    /// It is to start.
    Scheduled,
    /// It started and did not end.
    Live,
    /// It ended.
    Replay {
        /// The post that it is.
        post: PostId,
        /// When it ended.
        ended: Timestamp,
    },
}

/// A broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// Its id.
    pub id: BroadcastId,
    /// How far it is; in a page of a session, how far it was when the session began.
    pub state: BroadcastState,
    /// Whose it is.
    pub author: UserId,
    /// When it is to start, or started.
    pub start: Timestamp,
    /// The application's own number.
    pub kind: u16,
    /// What it is called.
    pub text: String,
    /// The application's own bytes.
    pub meta: Vec<u8>,
}

/// A page of a feed of broadcasts: live by latest start, scheduled by soonest start, replays by latest
/// end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastFeed {
    /// The position of the answer.
    pub position: Position,
    /// The sequence that states and order are as of: where the session began.
    pub frozen: Sequence,
    /// The session, for the next page.
    pub session: u64,
    /// Why the page ends where it ends.
    pub end: PageEnd,
    /// In the order of the feed.
    pub broadcasts: Vec<Broadcast>,
}

/// Which page of a feed of broadcasts.
///
/// ```
/// use fanfold_client::{BroadcastsQuery, UserId};
/// let first = BroadcastsQuery::of(UserId(7)).device(1).limit(20);
/// # drop(first);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastsQuery {
    user: UserId,
    viewer: Option<UserId>,
    page: wire::FeedPage,
    limit: u32,
}

impl Broadcast {
    /// What the next page goes on after.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        match self.state {
            BroadcastState::Replay { post, .. } => post.0,
            BroadcastState::Scheduled | BroadcastState::Live => self.id.0,
        }
    }
}

impl BroadcastsQuery {
    /// The first page of the user's feed: it begins a session.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self { user, viewer: None, page: wire::FeedPage::First { device: None }, limit: 0 }
    }

    /// The reader's device, a number of the application's own: it has one session at a time. For the
    /// first page.
    #[must_use]
    pub fn device(mut self, device: u64) -> Self {
        self.page = wire::FeedPage::First { device: Some(device) };
        self
    }

    /// A following page, behind the entry with this [`cursor`](Broadcast::cursor); from the session's
    /// beginning without one.
    #[must_use]
    pub fn next(mut self, session: u64, after: Option<u64>) -> Self {
        self.page = wire::FeedPage::Next { session, after };
        self
    }

    /// As this user may see it.
    #[must_use]
    pub fn viewer(mut self, viewer: Option<UserId>) -> Self {
        self.viewer = viewer;
        self
    }

    /// At most `limit` entries; 0 is the server's default.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// The page behind this one; `None` behind the last.
    #[must_use]
    pub fn behind(self, page: &BroadcastFeed) -> Option<Self> {
        let last = page.broadcasts.last().filter(|_| page.end != PageEnd::End)?;
        Some(self.next(page.session, Some(last.cursor())))
    }
}

impl Client {
    /// A page of the broadcasts of whom a user follows.
    ///
    /// # Errors
    ///
    /// `NotFound` if the session is over: ask for the first page again.
    pub async fn broadcasts(&self, query: BroadcastsQuery) -> Result<BroadcastFeed> {
        let BroadcastsQuery { user, viewer, page, limit } = query;
        let options = read_options(viewer);
        let feed = wire::BroadcastFeed { options, user: user.0, page, limit };
        self.call(Request::Broadcasts(feed)).await
    }

    /// One broadcast.
    ///
    /// # Errors
    ///
    /// `NotFound` if it was cancelled, its replay is deleted, or it is hidden from the viewer.
    pub async fn broadcast(&self, id: BroadcastId, viewer: Option<UserId>) -> Result<Broadcast> {
        let options = read_options(viewer);
        self.call(Request::Broadcast(wire::BroadcastById { options, broadcast: id.0 })).await
    }
}

impl Write {
    /// A new broadcast, to start at a time. Its id is the sequence of the answer's position.
    pub fn broadcast_schedule(author: UserId, at: Timestamp, text: impl Into<String>) -> Self {
        let options = wire::WriteOptions::default();
        let content = content(author, text.into());
        let schedule = wire::BroadcastSchedule { options, at: at.0, content };
        Self { request: Request::BroadcastSchedule(schedule) }
    }

    /// A scheduled broadcast is to start at another time.
    #[must_use]
    pub fn broadcast_reschedule(broadcast: BroadcastId, at: Timestamp) -> Self {
        let (options, broadcast) = (wire::WriteOptions::default(), broadcast.0);
        let reschedule = wire::BroadcastReschedule { options, broadcast, at: at.0 };
        Self { request: Request::BroadcastReschedule(reschedule) }
    }

    /// A scheduled broadcast is live from now on.
    #[must_use]
    pub fn broadcast_start(broadcast: BroadcastId) -> Self {
        let what = wire::Started::Scheduled(broadcast.0);
        let options = wire::WriteOptions::default();
        Self { request: Request::BroadcastStart(wire::BroadcastStart { options, what }) }
    }

    /// A new broadcast, live from now on. Its id is the sequence of the answer's position.
    pub fn broadcast_start_new(author: UserId, text: impl Into<String>) -> Self {
        let what = wire::Started::New(content(author, text.into()));
        let options = wire::WriteOptions::default();
        Self { request: Request::BroadcastStart(wire::BroadcastStart { options, what }) }
    }

    /// A live broadcast ends; its replay is a post, which the answer names. It says what the broadcast
    /// said; see [`replay_text`](Self::replay_text), [`replay_kind`](Self::replay_kind),
    /// [`replay_meta`](Self::replay_meta).
    #[must_use]
    pub fn broadcast_end(broadcast: BroadcastId) -> Self {
        let (options, broadcast) = (wire::WriteOptions::default(), broadcast.0);
        let end = wire::BroadcastEnd { options, broadcast, kind: None, text: None, meta: None };
        Self { request: Request::BroadcastEnd(end) }
    }

    /// A scheduled broadcast will not be.
    #[must_use]
    pub fn broadcast_cancel(broadcast: BroadcastId) -> Self {
        let (options, broadcast) = (wire::WriteOptions::default(), broadcast.0);
        let cancel = wire::BroadcastCancel { options, broadcast };
        Self { request: Request::BroadcastCancel(cancel) }
    }

    /// Another text for the replay. Other writes stay as they are.
    #[must_use]
    pub fn replay_text(mut self, text: impl Into<String>) -> Self {
        if let Request::BroadcastEnd(end) = &mut self.request {
            end.text = Some(Bytes::from(text.into()));
        }
        self
    }

    /// Another number of the application's own for the replay.
    #[must_use]
    pub fn replay_kind(mut self, kind: u16) -> Self {
        if let Request::BroadcastEnd(end) = &mut self.request {
            end.kind = Some(kind);
        }
        self
    }

    /// Other bytes of the application's own for the replay, such as where it is to be had.
    #[must_use]
    pub fn replay_meta(mut self, meta: impl Into<Vec<u8>>) -> Self {
        if let Request::BroadcastEnd(end) = &mut self.request {
            end.meta = Some(Bytes::from(meta.into()));
        }
        self
    }

    /// The application's own number and bytes of a new broadcast.
    #[must_use]
    pub fn broadcast_extras(mut self, kind: u16, meta: impl Into<Vec<u8>>) -> Self {
        let content = match &mut self.request {
            Request::BroadcastSchedule(schedule) => Some(&mut schedule.content),
            Request::BroadcastStart(start) => match &mut start.what {
                wire::Started::New(content) => Some(content),
                wire::Started::Scheduled(_) => None,
            },
            _ => None,
        };
        if let Some(content) = content {
            (content.kind, content.meta) = (kind, Bytes::from(meta.into()));
        }
        self
    }
}

fn content(author: UserId, text: String) -> wire::BroadcastContent {
    let (text, meta) = (Bytes::from(text), Bytes::new());
    wire::BroadcastContent { author: author.0, kind: 0, text, meta }
}
