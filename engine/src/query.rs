//! Questions and answers of the read side, as the caller sees them.
//!
//! Every answer carries the [`Position`] at which it equals the contract. Cursors are plain post
//! ids or edge sequences: compared by order, never looked up, so they outlive what they name.

use bytes::Bytes;

use crate::audience::{Audience, AudienceRef};
use crate::group_name::GroupName;
use crate::ids::{GroupId, Position, PostId, Sequence, Timestamp, UserId};
use crate::limits::REACTION_KINDS;
use crate::mentions::{Mentions, MentionsRef};
use crate::repost::Repost;

/// Which part of a timeline a page is cut from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// The newest entries.
    #[default]
    Newest,
    /// The entries below the cursor, newest first.
    Before(PostId),
    /// The entries nearest above the cursor, listed newest first.
    After(PostId),
}

/// A page of a timeline: somebody's home or outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineQuery {
    /// Whose timeline.
    pub user: UserId,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
    /// Which part.
    pub span: Span,
    /// How many entries: 1..=200.
    pub limit: usize,
}

/// A page of a group's feed: the posts of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupQuery {
    /// Which group of the user's.
    pub name: GroupName,
    /// Which page. Its `user` is the owner; its `viewer` the owner too, or absent.
    pub page: TimelineQuery,
}

/// A page of a group's members, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersQuery {
    /// Which group of the user's.
    pub name: GroupName,
    /// Which page. Its `user` is the owner; its `viewer` the owner too, or absent.
    pub page: EdgeQuery,
}

/// A page of edges, newest edge first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeQuery {
    /// Whose edges.
    pub user: UserId,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
    /// Only edges below this sequence; absent starts at the newest.
    pub before: Option<Sequence>,
    /// How many edges: 1..=200.
    pub limit: usize,
}

impl EdgeQuery {
    /// The cursor, or above everything.
    pub(crate) fn below(&self) -> Sequence {
        self.before.unwrap_or(Sequence(u64::MAX))
    }
}

/// What a [`ScanQuery`] walks through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanOf {
    /// Posts that are not deleted.
    Posts,
    /// Follows that hold.
    Follows,
}

/// A step through everything that holds, in log order; the base of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanQuery {
    /// What to walk through.
    pub of: ScanOf,
    /// Start above this sequence; 0 starts at the beginning.
    pub after: Sequence,
    /// Stop at this sequence; absent stops at the newest.
    pub until: Option<Sequence>,
    /// How many items: 1..=200.
    pub limit: usize,
}

/// A page of posts whose responses are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are the reads that answer with a page of posts")]
pub enum CountedQuery {
    /// Of a home; `mine` is about its reader if no viewer is given.
    Home(TimelineQuery),
    /// Of an outbox.
    Outbox(TimelineQuery),
    /// Of a group's feed; `mine` is about its owner if no viewer is given.
    Group(GroupQuery),
}

/// A page of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentsQuery {
    /// Whose comments.
    pub post: PostId,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
    /// In which order.
    pub order: CommentOrder,
    /// Begin behind this comment, in that order; it need not exist. Absent begins at the first.
    pub cursor: Option<PostId>,
    /// How many comments: 1..=200.
    pub limit: usize,
}

/// In which order comments are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum CommentOrder {
    /// As they were written.
    #[default]
    OldestFirst,
    /// The other way.
    NewestFirst,
}

/// A page of who reacted, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReactorsQuery {
    /// To what: a post or a comment.
    pub target: PostId,
    /// Only reactions of this kind, 0 to 15; absent: of any.
    pub kind: Option<u8>,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
    /// Only reactions below this sequence; absent starts at the newest.
    pub before: Option<Sequence>,
    /// How many reactions: 1..=200.
    pub limit: usize,
}

/// Why a page ends where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEnd {
    /// The page is full and more exists beyond it.
    More,
    /// Nothing exists beyond it.
    End,
    /// The page reached 1 MiB; more exists beyond it.
    Bytes,
}

/// A post as a reader sees it. Text and meta borrow the log's memory by reference count; a page
/// kept for long keeps a whole segment in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Post {
    /// Its id and place in every feed.
    pub id: PostId,
    /// Who published it.
    pub author: UserId,
    /// The time to show: `created_at` if it was given, else the commit time.
    pub at: Timestamp,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// The application's kind.
    pub kind: u16,
    /// UTF-8 text, checked when it was written.
    pub text: Bytes,
    /// Opaque bytes.
    pub meta: Bytes,
    /// What it refers to, if it is a repost.
    pub repost: Option<Repost>,
    /// Whom it mentions.
    pub mentions: Mentions,
    /// How often its text was revised; 0 if never.
    pub revision: u32,
    /// When the newest revision was committed.
    pub edited_at: Option<Timestamp>,
    /// Who sees it.
    pub audience: Audience,
}

/// A post, borrowed from wherever the engine keeps it: read without a copy and without counting references.
/// The fields are those of [`Post`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostRef<'a> {
    /// Its id and place in every feed.
    pub id: PostId,
    /// Who published it.
    pub author: UserId,
    /// The time to show: `created_at` if it was given, else the commit time.
    pub at: Timestamp,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// The application's kind.
    pub kind: u16,
    /// UTF-8 text, checked when it was written.
    pub text: &'a [u8],
    /// Opaque bytes.
    pub meta: &'a [u8],
    /// What it refers to, if it is a repost.
    pub repost: Option<Repost>,
    /// Whom it mentions.
    pub mentions: MentionsRef<'a>,
    /// How often its text was revised; 0 if never.
    pub revision: u32,
    /// When the newest revision was committed.
    pub edited_at: Option<Timestamp>,
    /// Who sees it.
    pub audience: AudienceRef<'a>,
}

impl Post {
    /// The same post, borrowed.
    #[must_use]
    pub fn borrow(&self) -> PostRef<'_> {
        PostRef {
            id: self.id,
            author: self.author,
            at: self.at,
            committed_at: self.committed_at,
            kind: self.kind,
            text: &self.text,
            meta: &self.meta,
            repost: self.repost,
            mentions: self.mentions.borrow(),
            revision: self.revision,
            edited_at: self.edited_at,
            audience: self.audience.borrow(),
        }
    }
}

impl PostRef<'_> {
    /// The bytes that count towards those of a page.
    pub(crate) fn bytes_len(&self) -> usize {
        self.text.len() + self.meta.len() + self.mentions.bytes().len()
    }
}

/// A page of borrowed posts; the fields are those of [`Page`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRef<'a> {
    /// The position at which this page equals the contract.
    pub position: Position,
    /// Newest first.
    pub posts: &'a [PostRef<'a>],
    /// Why it ends where it ends.
    pub end: PageEnd,
}

/// A page of posts, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The position at which this page equals the contract.
    pub position: Position,
    /// Newest first.
    pub posts: Vec<Post>,
    /// Why it ends where it ends.
    pub end: PageEnd,
}

/// What a post or a comment was responded with, counted: whoever looks, the numbers are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Comments that stand; of a post, at whatever level. A comment has none of its own.
    pub comments: u32,
    /// Reposts that stand and have it as their root. A repost has none of its own.
    pub reposts: u32,
    /// The kinds of reactions that are the viewer's own: bit 0 is kind 0.
    pub mine: u16,
    /// Reactions that stand, by kind.
    pub reactions: [u32; REACTION_KINDS],
}

/// A page of posts, and of each post what it was responded with, as of the page's position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedPage {
    /// The page.
    pub page: Page,
    /// Of each post of the page, in the same order.
    pub counts: Vec<Counts>,
}

/// A comment as a reader sees it. Its text borrows the log's memory, as that of a post does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its id and place in every page of comments.
    pub id: PostId,
    /// Who wrote it.
    pub author: UserId,
    /// When it was committed.
    pub at: Timestamp,
    /// The comment of the same post that it answers; that one may be deleted.
    pub answers: Option<PostId>,
    /// UTF-8 text, checked when it was written.
    pub text: Bytes,
    /// Whom it mentions.
    pub mentions: Mentions,
    /// Reactions to it.
    pub counts: Counts,
}

/// A page of comments, in the order that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentsPage {
    /// The position of the answer.
    pub position: Position,
    /// All comments of the post that stand, hidden ones too.
    pub total: u64,
    /// The comments.
    pub comments: Vec<Comment>,
    /// Why it ends where it ends.
    pub end: PageEnd,
}

/// One reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reactor {
    /// Who.
    pub user: UserId,
    /// How: 0 to 15.
    pub kind: u8,
    /// When: its record's sequence, and the cursor of the next page.
    pub sequence: Sequence,
}

/// A page of who reacted, newest first. Who reacts in two ways is listed twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactorsPage {
    /// The position of the answer.
    pub position: Position,
    /// Newest first.
    pub reactors: Vec<Reactor>,
    /// Why it ends where it ends.
    pub end: PageEnd,
}

/// What one read of a home did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HomeSteps {
    /// The position of the page.
    pub position: Position,
    /// Entries of the page.
    pub entries: usize,
    /// The page came out of the reader's inbox, and what was missing there; else it was merged from
    /// outboxes.
    pub from_inbox: bool,
    /// The inbox was made for this read.
    pub inbox_built: bool,
    /// Entries that the inbox had for the page.
    pub inbox_entries: usize,
    /// Authors whose outboxes were merged.
    pub authors_pulled: usize,
    /// Authors who are pulled, and whose newest post told that they have nothing for the page.
    pub authors_skipped: usize,
    /// Posts in flight that were looked at.
    pub in_flight: usize,
    /// Microseconds until it was known which posts.
    pub select_micros: u64,
    /// Microseconds to fetch them.
    pub content_micros: u64,
}

/// One edge of a page of edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The user at the other end.
    pub user: UserId,
    /// When it was made: its record's sequence, and the cursor of the next page.
    pub sequence: Sequence,
}

/// A page of edges, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgePage {
    /// The position of the answer.
    pub position: Position,
    /// Newest first.
    pub edges: Vec<Edge>,
    /// Why it ends where it ends.
    pub end: PageEnd,
}

/// One of a user's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCard {
    /// The sequence of the record that created it: another group of that name is another group.
    pub id: GroupId,
    /// What its owner calls it.
    pub name: GroupName,
    /// Its members are left out of the owner's home.
    pub exclusive: bool,
    /// How many members it has, muted and blocked ones too.
    pub members: u64,
}

/// All groups of a user, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupList {
    /// The position of the answer.
    pub position: Position,
    /// Oldest first.
    pub groups: Vec<GroupCard>,
}

/// Counts of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserCard {
    /// The position of the answer.
    pub position: Position,
    /// The user.
    pub user: UserId,
    /// Posts that are there: not deleted, nor gone with what they repost.
    pub posts: u64,
    /// Who follows them.
    pub followers: u64,
    /// Whom they follow.
    pub followees: u64,
    /// Their newest post; absent if it is not for the viewer.
    pub newest_post: Option<PostId>,
    /// When they were last active, to the second; a hint that a restart forgets.
    pub active_at: Option<Timestamp>,
    /// Moderators have suspended them. Only they and the trusted application are told.
    pub suspended: bool,
    /// Whether they are private.
    pub is_private: bool,
}

/// What stands between two users, seen from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The position of the answer.
    pub position: Position,
    /// The first follows the second.
    pub follows: bool,
    /// The second follows the first.
    pub followed_by: bool,
    /// The first has muted the second.
    pub muted: bool,
    /// The second is in an exclusive group of the first: left out of their home, as if muted.
    pub apart: bool,
    /// The first has blocked the second.
    pub blocked: bool,
    /// The second has blocked the first.
    pub blocked_by: bool,
    /// The first asks to follow the second, who is private or was.
    pub requested: bool,
    /// The second asks to follow the first.
    pub requested_by: bool,
}

/// A follow that holds, as a scan lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowItem {
    /// The follower.
    pub user: UserId,
    /// The followed.
    pub author: UserId,
    /// The sequence of the follow's record.
    pub sequence: Sequence,
}

/// What a step of a scan found, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanItems {
    /// Posts that are not deleted.
    Posts(Vec<Post>),
    /// Follows that hold.
    Follows(Vec<FollowItem>),
}

/// One step of a scan. May be empty and still not the end: a step looks at a bounded number of
/// records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The position of the answer.
    pub position: Position,
    /// Continue after this sequence.
    pub next: Sequence,
    /// `End` if nothing is left up to `until`.
    pub end: PageEnd,
    /// Oldest first.
    pub items: ScanItems,
}

/// The engine's state in numbers, for operators.
#[derive(Clone, Debug)]
pub struct Status {
    /// The position of the answer.
    pub position: Position,
    /// Section, name, value; stable names, described in `server/OPERATIONS.md`.
    pub fields: Vec<(&'static str, &'static str, StatusValue)>,
}

/// A value in a [`Status`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusValue {
    /// A count, a size in bytes, a time in the unit its name ends with.
    Number(u64),
    /// Anything else.
    Text(String),
}
