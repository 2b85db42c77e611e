//! Notices: what concerns a user, and up to where they have read it.

use fanfold_protocol::{self as wire, Request};

use crate::answer::{PageEnd, Written};
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Position, PostId, Sequence, UserId};
use crate::query::read_options;
use crate::write::Write;

/// What notices are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeKind {
    /// A post or a comment mentions the user.
    Mention,
    /// Somebody commented on the user's post, or answered their comment.
    Comment,
    /// Somebody reacted to the user's post or comment.
    Reaction,
    /// Somebody follows the user.
    Follow,
    /// Somebody reposted the user's post, or their repost.
    Repost,
    /// Somebody asks to follow the user, who is private.
    Request,
}

/// Notices of one kind about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeGroup {
    /// What they are about.
    pub kind: NoticeKind,
    /// The post, or the one that the comment is about; absent for follows.
    pub post: Option<PostId>,
    /// The user's comment that was answered or reacted to; absent if it is about the post itself.
    pub comment: Option<PostId>,
    /// Who did it, newest first, each once: at most three.
    pub actors: Vec<UserId>,
    /// How many different users did it.
    pub count: u64,
    /// The newest of them, in the log (of a mention or a comment its id); the cursor of the list.
    pub newest: Sequence,
}

/// A page of notices, newest group first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticePage {
    /// The point in history for which the page holds.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// How many groups are unread, on this page or not.
    pub unread: u64,
    /// The read mark.
    pub read_up_to: Sequence,
    /// The groups, strictly descending by their newest.
    pub groups: Vec<NoticeGroup>,
}

/// A page of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticesQuery {
    /// Whose notices.
    pub user: UserId,
    /// Only groups whose newest notice is before this; absent means from the newest.
    pub before: Option<Sequence>,
    /// How many groups; 0 means the server's default.
    pub limit: u32,
    /// Only how many are unread: the page has no groups.
    pub only_count: bool,
    /// Who looks: the user; absent means the trusted application.
    pub viewer: Option<UserId>,
}

impl NoticePage {
    /// Whether the group has a notice above the read mark.
    #[must_use]
    pub fn is_unread(&self, group: &NoticeGroup) -> bool {
        self.read_up_to < group.newest
    }
}

impl NoticesQuery {
    /// The newest notices of `user`.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self { user, before: None, limit: 0, only_count: false, viewer: None }
    }

    /// The groups before `sequence`: the next page.
    #[must_use]
    pub fn before(mut self, sequence: Sequence) -> Self {
        self.before = Some(sequence);
        self
    }

    /// At most `limit` groups.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Only how many are unread.
    #[must_use]
    pub fn only_count(mut self) -> Self {
        self.only_count = true;
        self
    }

    /// As `viewer` sees it.
    #[must_use]
    pub fn viewer(mut self, viewer: UserId) -> Self {
        self.viewer = Some(viewer);
        self
    }
}

impl Write {
    /// The user has read their notices: all of them, or up to a sequence.
    #[must_use]
    pub fn notices_read(user: UserId, up_to: Option<Sequence>) -> Self {
        let (options, up_to) = (wire::WriteOptions::default(), up_to.map(|up_to| up_to.0));
        let read = wire::NoticesRead { options, user: user.0, up_to };
        Self { request: Request::NoticesRead(read) }
    }

    /// The post or comment mentions these users, at most 50: each gets a notice. Other writes stay as they are.
    #[must_use]
    pub fn mentions(mut self, users: impl IntoIterator<Item = UserId>) -> Self {
        let users = users.into_iter().map(|user| user.0).collect();
        match &mut self.request {
            Request::Publish(publish) => publish.mentions = users,
            Request::Comment(comment) => comment.mentions = users,
            Request::Repost(repost) => repost.mentions = users,
            _ => {}
        }
        self
    }
}

impl Client {
    /// A page of what concerns a user: mentions, comments, reactions and follows, grouped by what they are
    /// about, newest first.
    ///
    /// # Errors
    ///
    /// `Denied` to a viewer who is somebody else.
    pub async fn notices(&self, query: NoticesQuery) -> Result<NoticePage> {
        self.call(Request::Notices(wire::Notices {
            options: read_options(query.viewer),
            user: query.user.0,
            before: query.before.map(|before| before.0),
            limit: query.limit,
            only_count: query.only_count,
        }))
        .await
    }

    /// Marks a user's notices as read: all of them, or up to a sequence. The mark never goes down.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `Invalid` for a sequence above the newest.
    pub async fn read_notices(&self, user: UserId, up_to: Option<Sequence>) -> Result<Written> {
        self.write(Write::notices_read(user, up_to)).await
    }
}
