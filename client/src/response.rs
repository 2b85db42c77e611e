//! What posts are responded with: reactions, comments, and how many of each.
//!
//! A post and a comment have ids out of one row, so wherever something is reacted to its id is enough.

use bytes::Bytes;
use fanfold_protocol::{self as wire, PostById, Request};

use crate::answer::{PageEnd, Post, Written};
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Position, PostId, Sequence, Timestamp, UserId};
use crate::query::read_options;
use crate::write::Write;

/// How many kinds of reactions there are: 0 to 15. Which is which is the application's business.
pub const REACTION_KINDS: usize = wire::limits::REACTION_KINDS;

/// What a post or a comment was responded with, counted: whoever looks, the numbers are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Comments that stand, at whatever level. A comment has none of its own.
    pub comments: u64,
    /// Reposts that stand and have it as their root.
    pub reposts: u64,
    /// The viewer's own reactions: bit 0 is kind 0.
    pub mine: u16,
    /// Reactions that stand, by kind.
    pub reactions: [u64; REACTION_KINDS],
}

/// A post with its counts, at one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedPost {
    /// The post.
    pub post: Post,
    /// What it was responded with.
    pub counts: Counts,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its id; larger is newer.
    pub id: PostId,
    /// Who wrote it.
    pub author: UserId,
    /// When it was committed.
    pub at: Timestamp,
    /// The comment of the same post that it answers; that one may be deleted.
    pub answers: Option<PostId>,
    /// The text.
    pub text: String,
    /// Reactions to it.
    pub counts: Counts,
    /// Whom it mentions.
    pub mentions: Vec<UserId>,
}

/// A page of comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentPage {
    /// The point in history for which the page holds.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// All comments of the post that stand, hidden ones included.
    pub total: u64,
    /// The comments, in the order that was asked for.
    pub comments: Vec<Comment>,
}

/// One reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reactor {
    /// Who.
    pub user: UserId,
    /// How: 0 to 15.
    pub kind: u8,
    /// When, in the log; the cursor of the list.
    pub sequence: Sequence,
}

/// A page of who reacted, newest first. Who reacts in two ways is listed twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactorPage {
    /// The point in history for which the page holds.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// The reactions, strictly descending by sequence.
    pub reactors: Vec<Reactor>,
}

/// A page of comments on a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentsQuery {
    /// Of which post.
    pub post: PostId,
    /// Newest first, else oldest first.
    pub newest_first: bool,
    /// Only what stands behind this comment in that order; absent begins at the first.
    pub cursor: Option<PostId>,
    /// How many comments; 0 means the server's default.
    pub limit: u32,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
}

/// A page of who reacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReactorsQuery {
    /// To what: a post or a comment.
    pub target: PostId,
    /// Only reactions of this kind.
    pub kind: Option<u8>,
    /// Only reactions before this one; absent means from the newest.
    pub before: Option<Sequence>,
    /// How many reactions; 0 means the server's default.
    pub limit: u32,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
}

impl CommentsQuery {
    /// The oldest comments on `post`.
    #[must_use]
    pub fn of(post: PostId) -> Self {
        Self { post, newest_first: false, cursor: None, limit: 0, viewer: None }
    }

    /// Newest first.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// What stands behind `comment`, in the order that is asked for: the next page.
    #[must_use]
    pub fn behind(mut self, comment: PostId) -> Self {
        self.cursor = Some(comment);
        self
    }

    /// At most `limit` comments.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// As `viewer` sees it.
    #[must_use]
    pub fn viewer(mut self, viewer: UserId) -> Self {
        self.viewer = Some(viewer);
        self
    }
}

impl ReactorsQuery {
    /// Who reacted to `target` lately, in whatever way.
    #[must_use]
    pub fn of(target: PostId) -> Self {
        Self { target, kind: None, before: None, limit: 0, viewer: None }
    }

    /// Only in this way.
    #[must_use]
    pub fn kind(mut self, kind: u8) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The reactions before `sequence`: the next page.
    #[must_use]
    pub fn before(mut self, sequence: Sequence) -> Self {
        self.before = Some(sequence);
        self
    }

    /// At most `limit` reactions.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
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
    /// Reacts to a post or a comment: one of each kind, 0 to 15, however often it is said.
    #[must_use]
    pub fn react(user: UserId, target: PostId, kind: u8) -> Self {
        Self { request: Request::React(reaction(user, target, kind)) }
    }

    /// Ends a reaction.
    #[must_use]
    pub fn unreact(user: UserId, target: PostId, kind: u8) -> Self {
        Self { request: Request::Unreact(reaction(user, target, kind)) }
    }

    /// Comments on a post.
    pub fn comment(user: UserId, post: PostId, text: impl Into<String>) -> Self {
        let (options, text) = (wire::WriteOptions::default(), Bytes::from(text.into()));
        let (user, post, answers, mentions) = (user.0, post.0, None, Vec::new());
        let comment = wire::NewComment { options, user, post, answers, text, mentions };
        Self { request: Request::Comment(comment) }
    }

    /// The comment answers another one on the same post. Other writes stay as they are.
    #[must_use]
    pub fn answers(mut self, comment: PostId) -> Self {
        if let Request::Comment(new) = &mut self.request {
            new.answers = Some(comment.0);
        }
        self
    }

    /// Whether it makes a comment.
    #[must_use]
    pub fn is_comment(&self) -> bool {
        matches!(self.request, Request::Comment(_))
    }

    /// Deletes a comment. With an actor who neither wrote it nor the post: `Denied`.
    #[must_use]
    pub fn comment_delete(comment: PostId) -> Self {
        let options = wire::WriteOptions::default();
        let delete = wire::CommentDelete { options, comment: comment.0 };
        Self { request: Request::CommentDelete(delete) }
    }
}

fn reaction(user: UserId, target: PostId, kind: u8) -> wire::Reaction {
    let options = wire::WriteOptions::default();
    wire::Reaction { options, user: user.0, target: target.0, kind }
}

impl Client {
    /// Reacts to a post or a comment; a reaction that stands succeeds without change.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `NotFound` if the target is not there, `Conflict` after a block,
    /// `Invalid` for a kind above 15.
    pub async fn react(&self, user: UserId, target: PostId, kind: u8) -> Result<Written> {
        self.write(Write::react(user, target, kind)).await
    }

    /// Ends a reaction; one that does not stand succeeds without change.
    ///
    /// # Errors
    ///
    /// As [`react`](Self::react).
    pub async fn unreact(&self, user: UserId, target: PostId, kind: u8) -> Result<Written> {
        self.write(Write::unreact(user, target, kind)).await
    }

    /// Comments on a post. To answer a comment see [`Write::answers`].
    ///
    /// # Errors
    ///
    /// As [`react`](Self::react); `Invalid` for an empty text, `Limit` for one that is too long.
    pub async fn comment(
        &self,
        user: UserId,
        post: PostId,
        text: impl Into<String>,
    ) -> Result<Written> {
        self.write(Write::comment(user, post, text)).await
    }

    /// Deletes a comment; a deleted one again succeeds without change.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `NotFound` if there is no such comment, or with its post.
    pub async fn delete_comment(&self, comment: PostId) -> Result<Written> {
        self.write(Write::comment_delete(comment)).await
    }

    /// A page of comments on a post.
    ///
    /// # Errors
    ///
    /// `NotFound` if the post is not there, or not for this viewer.
    pub async fn comments(&self, query: CommentsQuery) -> Result<CommentPage> {
        self.call(Request::Comments(wire::Comments {
            options: read_options(query.viewer),
            post: query.post.0,
            newest_first: query.newest_first,
            cursor: query.cursor.map(|cursor| cursor.0),
            limit: query.limit,
        }))
        .await
    }

    /// A page of who reacted to a post or a comment, newest first.
    ///
    /// # Errors
    ///
    /// `NotFound` if the target is not there, or not for this viewer; `Invalid` for a kind above 15.
    pub async fn reactors(&self, query: ReactorsQuery) -> Result<ReactorPage> {
        self.call(Request::Reactors(wire::Reactors {
            options: read_options(query.viewer),
            target: query.target.0,
            kind: query.kind,
            before: query.before.map(|before| before.0),
            limit: query.limit,
        }))
        .await
    }

    /// One post with its counts, as [`post`](Self::post).
    ///
    /// # Errors
    ///
    /// `NotFound` if it is deleted, never existed, or is hidden from the viewer.
    pub async fn counted_post(&self, post: PostId, viewer: Option<UserId>) -> Result<CountedPost> {
        let options = wire::ReadOptions { counts: true, ..read_options(viewer) };
        self.call(Request::Post(PostById { options, post: post.0, revision: None })).await
    }
}
