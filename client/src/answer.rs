//! What the server answers, in the client's own words. Plain data; `translate.rs` fills it.
//!
//! No behaviour and no wire format here. Every answer of a read carries the position for which it
//! holds.

use crate::audience::Audience;
use crate::collapse::Collapsed;
use crate::ids::{DatabaseId, Epoch, Position, PostId, Sequence, Timestamp, UserId};
use crate::repost::{Original, Repost};
use crate::response::Counts;

/// The answer to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where the write stands in the log; a read that starts now sees at least this.
    pub position: Position,
    /// Whether anything changed. Repeating a follow, a delete and so on succeeds with `false`.
    pub changed: bool,
    /// A follow was not made but asked for: who is to be followed is private, and has not answered yet.
    pub requested: bool,
    /// The new post's id, for a publish or a repost; the new comment's, for a comment; the replay's, for
    /// a broadcast that ends (one that begins has the sequence of `position` as its id). Of a bare repost that
    /// stands already, that one's.
    pub post: Option<PostId>,
}

/// A post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its id; larger is newer.
    pub id: PostId,
    /// Who wrote it.
    pub author: UserId,
    /// The time to show: the creation time given at the publish, else the commit time.
    pub at: Timestamp,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// The application's own number.
    pub kind: u16,
    /// The text; may be empty.
    pub text: String,
    /// The application's own bytes.
    pub meta: Vec<u8>,
    /// What it refers to, if it is a repost.
    pub repost: Option<Repost>,
    /// Whom it mentions.
    pub mentions: Vec<UserId>,
    /// How often the text was revised; 0 if never.
    pub revision: u32,
    /// When the newest revision was committed.
    pub edited_at: Option<Timestamp>,
    /// Moderators have hidden it. Told of a single post, to the trusted application alone.
    pub hidden: bool,
    /// Its author is suspended; told as `hidden` is.
    pub suspended: bool,
    /// Who sees it.
    pub audience: Audience,
}

/// Why a page ends where it ends.
/// Complete for version 1 of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEnd {
    /// It is full, and there is more.
    More,
    /// There is nothing more in this direction.
    End,
    /// It reached the bound in bytes, and there is more.
    Bytes,
}

/// A page of posts, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The point in history for which the page holds.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// The posts, strictly descending by id.
    pub posts: Vec<Post>,
    /// What each of the posts was responded with; empty unless that was asked for.
    pub counts: Vec<Counts>,
    /// What the reposts refer to, each once; empty unless that was asked for.
    pub originals: Vec<Original>,
    /// What each of the originals was responded with; empty unless counts were asked for.
    pub original_counts: Vec<Counts>,
    /// Of each of the posts the names of the reader's groups that have its author, oldest group first; empty
    /// unless that was asked for.
    pub groups: Vec<Vec<String>>,
    /// For whom each of the posts stands, and how to go on; absent unless the page is collapsed.
    pub collapsed: Option<Collapsed>,
}

/// A user in a list of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The other user.
    pub user: UserId,
    /// When, in the log, this edge was made; the cursor of the list.
    pub sequence: Sequence,
}

/// A page of a list of users, newest edge first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgePage {
    /// The point in history for which the page holds.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// The edges, strictly descending by sequence.
    pub edges: Vec<Edge>,
}

/// The counts of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserCard {
    /// The point in history for which the card holds.
    pub position: Position,
    /// Whose card.
    pub user: UserId,
    /// How many posts, deleted ones not counted.
    pub posts: u64,
    /// How many follow this user.
    pub followers: u64,
    /// How many this user follows.
    pub followees: u64,
    /// The newest post, if there is one and the viewer sees it.
    pub newest_post: Option<PostId>,
    /// When the user was last active, as far as the server keeps it.
    pub active_at: Option<Timestamp>,
    /// Moderators have suspended them; only they and the trusted application are told.
    pub suspended: bool,
    /// Whether they are private: who follows them has to ask, and only followers see what they have for everybody.
    pub private: bool,
}

/// One of a user's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCard {
    /// When, in the log, it began: a group of the same name that begins later is another one.
    pub id: Sequence,
    /// What its owner calls it.
    pub name: String,
    /// Its members are left out of the owner's home.
    pub exclusive: bool,
    /// How many members it has, muted and blocked ones included.
    pub members: u64,
}

/// All groups of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupList {
    /// The point in history for which the list holds.
    pub position: Position,
    /// Oldest first.
    pub groups: Vec<GroupCard>,
}

/// How user `a` stands to user `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The point in history for which this holds.
    pub position: Position,
    /// `a` follows `b`.
    pub follows: bool,
    /// `b` follows `a`.
    pub followed_by: bool,
    /// `a` muted `b`.
    pub muted: bool,
    /// `a` blocked `b`.
    pub blocked: bool,
    /// `b` blocked `a`.
    pub blocked_by: bool,
    /// `b` is in an exclusive group of `a`: left out of their home, as if muted.
    pub apart: bool,
    /// `a` asks to follow `b`.
    pub requested: bool,
    /// `b` asks to follow `a`.
    pub requested_by: bool,
}

/// Who is online around a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Online {
    /// The newest position when it was looked up.
    pub position: Position,
    /// Whether the user is online: watched, waited for, or touched within the last minute.
    pub online: bool,
    /// How many of their followers are.
    pub followers: u64,
    /// Which of their followees are, ascending.
    pub followees: Vec<UserId>,
}

/// Why a post is in a home, or why not.
/// Complete for version 1 of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is there, in the reader's inbox.
    Pushed,
    /// It is there, read out of its author's outbox.
    Pulled,
    /// It is there, on its way into the inbox.
    InFlight,
    /// The user does not follow its author.
    NotFollowing,
    /// The user has muted its author.
    Muted,
    /// One of the two has blocked the other.
    Blocked,
    /// It was deleted.
    Deleted,
    /// There is and was no such post.
    NoSuchPost,
    /// The author is in an exclusive group of the user.
    Apart,
    /// The author is suspended.
    Suspended,
    /// Moderators have hidden the post.
    Hidden,
    /// It is not for the user, or what it reposts is not.
    Audience,
}

/// Why a post is in a home, or why it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The point in history for which this holds.
    pub position: Position,
    /// The reason.
    pub why: Why,
    /// Who published the post, as far as is known.
    pub author: Option<UserId>,
    /// The record behind the reason: the follow of a post that is there; the unfollow, mute, block or
    /// delete of one that is not. `None` if it is not known any more.
    pub since: Option<Sequence>,
    /// When that was committed, while the log has it.
    pub time: Option<Timestamp>,
    /// Who blocks.
    pub by: Option<UserId>,
    /// The exclusive group that has the author, if that is why.
    pub group: Option<String>,
}

impl Explained {
    /// Whether the post is in the home.
    #[must_use]
    pub fn is_present(&self) -> bool {
        matches!(self.why, Why::Pushed | Why::Pulled | Why::InFlight)
    }
}

/// Something that happened to a home.
/// Complete for version 1 of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// A post entered.
    Entry(Post),
    /// A post that is there says something else: the post as it is from then on. It may be one that was
    /// never told.
    Changed(Post),
    /// A post is deleted; it may be one that was never told.
    Removed(PostId),
    /// A follow, unfollow, mute, unmute or block brought the posts of this author in, or took them
    /// out. The history is never told: read the home to show it.
    FeedChanged(UserId),
    /// Too much happened since the position before. Read the home; what comes behind the position
    /// of this batch is told again.
    Gap,
    /// A followee came online or went offline; only for a watch that asked for
    /// [`presence`](method@crate::WatchQuery::presence). Told some seconds late, and once however often they come
    /// and go meanwhile.
    Presence {
        /// The followee.
        user: UserId,
        /// Whether they are online.
        online: bool,
    },
    /// Whatever was told of presence before counts no longer: whoever is online is told behind this. At the
    /// beginning, and after each reconnect.
    PresenceAnew,
}

/// What happened to a home, up to a position, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchBatch {
    /// Everything up to here was told: where to go on.
    pub position: Position,
    /// Whether a catch-up goes on. Until it has ended, what a later batch takes back may be left out
    /// already.
    pub more: bool,
    /// Empty if only the position went on.
    pub events: Vec<WatchEvent>,
}

/// A value of a status field.
/// Complete for version 1 of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusValue {
    /// A count or a size; the unit is the last word of the field's name.
    Number(u64),
    /// Text.
    Text(String),
}

/// A named value of the server's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusField {
    /// Its name, section first.
    pub name: String,
    /// Its value.
    pub value: StatusValue,
}

/// The server's status: for people and dashboards, not for decisions in code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The newest position.
    pub position: Position,
    /// All fields, in the server's order.
    pub fields: Vec<StatusField>,
}

/// A follow found by a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// The follower.
    pub user: UserId,
    /// The followed.
    pub author: UserId,
    /// When, in the log, it was made.
    pub sequence: Sequence,
}

/// What a page of a scan holds.
/// Complete for version 1 of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanItems {
    /// Posts, ascending by id.
    Posts(Vec<Post>),
    /// Follows, ascending by sequence.
    Follows(Vec<Follow>),
}

/// A page of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The point in history for which the page holds.
    pub position: Position,
    /// Where to go on: the `after` of the next page.
    pub next: Sequence,
    /// Why it ends.
    pub end: PageEnd,
    /// The items.
    pub items: ScanItems,
}

/// Who answered the hello of the current connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// The protocol version both sides speak.
    pub protocol_version: u16,
    /// Which database it is.
    pub database: DatabaseId,
    /// Its epoch when the connection was made.
    pub epoch: Epoch,
    /// Its newest sequence when the connection was made.
    pub sequence: Sequence,
    /// The program and its version.
    pub server: String,
    /// How many requests it takes at once from this connection.
    pub max_in_flight: u32,
}
