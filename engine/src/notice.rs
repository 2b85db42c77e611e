//! What is asked about notices, and what is answered.

use crate::ids::{Position, PostId, Sequence, UserId};
use crate::query::PageEnd;

/// A page of a user's notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticesQuery {
    /// Whose notices.
    pub user: UserId,
    /// Who looks: the user, or absent: the trusted application.
    pub viewer: Option<UserId>,
    /// Only groups whose newest notice is below this sequence; absent starts at the newest.
    pub before: Option<Sequence>,
    /// How many groups: 0..=200; 0 asks for nothing but the counts.
    pub limit: usize,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The post: that mentions the user, or that is commented on, reacted to, reposted, or has the
    /// comment that is. Absent for follows.
    pub post: Option<PostId>,
    /// The user's comment that was answered or reacted to; absent if it is about the post itself.
    pub comment: Option<PostId>,
    /// Who did it, newest first, each once: at most three.
    pub actors: Vec<UserId>,
    /// How many different users did it.
    pub count: u32,
    /// The newest of the notices: the sequence of its record (of a mention or a comment its id), and the
    /// cursor of the next page.
    pub newest: Sequence,
    /// Whether the newest is above the read mark.
    pub is_unread: bool,
}

/// A page of notices, newest group first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticesPage {
    /// The position of the answer.
    pub position: Position,
    /// Newest first.
    pub groups: Vec<NoticeGroup>,
    /// All groups that are unread, on this page or not.
    pub unread: u32,
    /// Everything up to here is read.
    pub read_up_to: Sequence,
    /// Why it ends where it ends; never by its bytes.
    pub end: PageEnd,
}
