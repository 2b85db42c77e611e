//! Read marks: how far the devices of a user have seen a feed, how much of it is unread, and reading on
//! from there.

use bytes::Bytes;
use fanfold_protocol::{self as wire, Request};

use crate::client::Client;
use crate::error::Result;
use crate::feed::PageStream;
use crate::ids::{Position, PostId, UserId};
use crate::query::{TimelineQuery, read_options};

/// One of a user's feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a user has a home and groups")]
pub enum Feed {
    /// The home.
    Home,
    /// The group of that name.
    Group(String),
}

/// How far one device has seen a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceMark {
    /// The device, a number of the application's choice.
    pub device: u64,
    /// Up to where.
    pub post: PostId,
}

/// How far a user has seen a feed, on each device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The point in history for which this holds.
    pub position: Position,
    /// The mark of the feed: the greatest of its devices; 0 if there is none.
    pub mark: PostId,
    /// The devices with a mark, ascending.
    pub devices: Vec<DeviceMark>,
}

/// How many entries of a feed are unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadQuery {
    /// Whose feed.
    pub user: UserId,
    /// Which one.
    pub feed: Feed,
    /// What is above this is counted, instead of what is above the mark.
    pub since: Option<PostId>,
    /// Up to how many are counted; 0 means the server's default (999), 9,999 is the most.
    pub limit: u32,
    /// Who looks: the user, or absent for the trusted application.
    pub viewer: Option<UserId>,
}

/// How many entries of a feed are unread: those above the mark that the user sees there, but for their
/// own posts, and of each author only posts since the user follows them (in a group: since they are a
/// member).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The point in history for which this holds.
    pub position: Position,
    /// The mark of the feed; 0 if there is none.
    pub mark: PostId,
    /// How many; the limit if there are more.
    pub count: u64,
    /// Whether there are more than the limit: `999+`.
    pub more: bool,
    /// The oldest of them; absent if there are none, or more than the limit.
    pub oldest: Option<PostId>,
}

impl Feed {
    /// The name of the group, as it is sent.
    pub(crate) fn to_wire(&self) -> Option<Bytes> {
        match self {
            Self::Home => None,
            Self::Group(name) => Some(Bytes::copy_from_slice(name.as_bytes())),
        }
    }
}

impl UnreadQuery {
    /// What is above the mark of a feed of `user`.
    #[must_use]
    pub fn of(user: UserId, feed: Feed) -> Self {
        Self { user, feed, since: None, limit: 0, viewer: None }
    }

    /// What is above this post, instead of above the mark.
    #[must_use]
    pub fn since(mut self, post: PostId) -> Self {
        self.since = Some(post);
        self
    }

    /// Counts up to `limit`.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// As `viewer`, who must be the user.
    #[must_use]
    pub fn viewer(mut self, viewer: UserId) -> Self {
        self.viewer = Some(viewer);
        self
    }
}

impl Client {
    /// How far each device of a user has seen a feed.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such group, `Denied` for another viewer than the user.
    pub async fn marks(&self, user: UserId, feed: &Feed, viewer: Option<UserId>) -> Result<Marks> {
        let options = read_options(viewer);
        let request = wire::MarksOf { options, user: user.0, feed: feed.to_wire() };
        self.call(Request::Marks(request)).await
    }

    /// How many entries of a feed are unread, exact up to the limit.
    ///
    /// # Errors
    ///
    /// As [`marks`](Self::marks); `Invalid` for a limit above 9,999.
    pub async fn unread(&self, query: UnreadQuery) -> Result<Unread> {
        let UnreadQuery { user, feed, since, limit, viewer } = query;
        let request = wire::UnreadOf {
            options: read_options(viewer),
            user: user.0,
            feed: feed.to_wire(),
            since: since.map(|post| post.0),
            limit,
        };
        self.call(Request::Unread(request)).await
    }

    /// The pages of a feed from the mark on, upwards: the oldest that nobody has seen come first, and
    /// none is left out. Span and user of the query are those of the mark, whatever they name.
    ///
    /// # Errors
    ///
    /// As [`marks`](Self::marks).
    pub async fn stream_unread(
        &self,
        user: UserId,
        feed: &Feed,
        query: TimelineQuery,
    ) -> Result<PageStream> {
        let mark = self.marks(user, feed, query.viewer).await?.mark;
        let query = TimelineQuery { user, ..query }.after(mark);
        Ok(match feed {
            Feed::Home => self.stream_home(query),
            Feed::Group(name) => self.group(user, name).stream_feed(query),
        })
    }
}
