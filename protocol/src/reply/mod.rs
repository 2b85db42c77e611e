//! What a server can answer: one file per shape of reply, each with its table, its `load` and its
//! `encode`.
//!
//! Invariants:
//! * a reply is decoded whole or not at all: bytes left over are an error,
//! * the flags and the generation of a reply are 0,
//! * a count is bounded by the bytes that are left before memory is taken for it.

mod broadcasts;
mod came_by;
mod changed;
mod changed_kinds;
mod collapsed;
mod counts;
mod edges;
mod error;
mod events;
mod explained;
mod forgotten;
mod groups;
mod marks;
mod moderated;
mod notices;
mod online;
mod original;
mod page;
mod position;
mod post;
mod relation;
mod reposts;
mod responses;
mod scanned;
mod status;
mod user;
mod watching;
mod welcome;
mod written;

use bytes::BytesMut;

pub use broadcasts::{
    Broadcast, BroadcastRef, BroadcastState, Broadcasts, BroadcastsHead, OneBroadcast,
};
pub use came_by::CameBy;
pub use changed::{
    BroadcastChange, Change, Changed, EdgeChange, GroupChange, ModerationChange, ResponseChange,
    What,
};
pub use collapsed::{BroughtBy, Collapsed};
pub use counts::Counts;
pub use edges::{Edge, EdgePage};
pub use error::ErrorReply;
pub use events::{Event, Events};
pub use explained::{Explained, Why};
pub use forgotten::{BeingForgotten, ForgottenList};
pub use groups::{Group, Groups};
pub use marks::{DeviceMark, Marks, Unread};
pub use moderated::{Moderated, ModeratedPage, PostModeration};
pub use notices::{NoticeGroup, NoticeKind, NoticePage};
pub use online::Online;
pub use original::Original;
pub use page::{Page, PageEnd, PageRest, PageWriter};
pub use position::Position;
pub use post::{Edit, OnePost, Post, PostRef};
pub use relation::Relation;
pub use reposts::{Repost, Reposter, ReposterPage};
pub use responses::{Comment, CommentPage, Reactor, ReactorPage};
pub use scanned::{Follow, Scanned, ScannedItems};
pub use status::{Status, StatusValue};
pub use user::UserCard;
pub use watching::Watching;
pub use welcome::Welcome;
pub use written::Written;

use crate::error::{DecodeError, EncodeError, Problem};
use crate::frame::{Frame, FrameHeader};
use crate::kind::ReplyKind;
use crate::wire::Cursor;
use crate::writer::FrameWriter;

/// Everything a server can answer. Complete for version 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a reply is made, encoded and dropped")]
pub enum Reply {
    /// Accepts a hello.
    Welcome(Welcome),
    /// Answers a ping.
    Pong,
    /// The server's state in numbers.
    Status(Status),
    /// A write was accepted.
    Written(Written),
    /// A page of posts.
    Page(Page),
    /// One post.
    Post(OnePost),
    /// A page of users at the other end of an edge.
    Edges(EdgePage),
    /// A user's counts.
    User(UserCard),
    /// How two users stand to each other.
    Relation(Relation),
    /// One step of a scan.
    Scanned(Scanned),
    /// Who is online around a user.
    Online(Online),
    /// Why a post is in a home, or why it is not.
    Explained(Explained),
    /// All groups of a user.
    Groups(Groups),
    /// A part of the change stream.
    Changed(Changed),
    /// A page of comments.
    Comments(CommentPage),
    /// A page of who reacted.
    Reactors(ReactorPage),
    /// A page of who reposted.
    Reposters(ReposterPage),
    /// A page of notices.
    Notices(NoticePage),
    /// How far each device has seen a feed.
    Marks(Marks),
    /// How many entries of a feed are unread.
    Unread(Unread),
    /// A page of broadcasts.
    Broadcasts(Broadcasts),
    /// One broadcast.
    Broadcast(OneBroadcast),
    /// A page of who is suspended and what is hidden.
    Moderated(ModeratedPage),
    /// Who is being forgotten.
    Forgotten(ForgottenList),
    /// A watch has begun.
    Watching(Watching),
    /// A watch has ended.
    Unwatched,
    /// A request or the session was refused.
    Error(ErrorReply),
    /// What happened to a watched home. Answers nothing: it is pushed, under the id of the watch.
    Events(Events),
}

impl Reply {
    /// The reply in a frame. Texts share the frame's memory, so a kept text keeps the frame.
    ///
    /// # Errors
    /// Names the field that is wrong. Treat the connection as broken then.
    pub fn load(frame: &Frame) -> Result<Self, DecodeError> {
        if frame.generation != 0 {
            let problem = Problem::Unknown { value: u64::from(frame.generation) };
            return Err(DecodeError::new("generation", FrameHeader::GENERATION_AT, problem));
        }
        let mut cursor = Cursor::new(&frame.body);
        let reply = Self::load_body(ReplyKind::from(frame.kind), &mut cursor)?;
        cursor.finish()?;
        Ok(reply)
    }

    fn load_body(kind: ReplyKind, cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(match kind {
            ReplyKind::Welcome => Self::Welcome(Welcome::load(cursor)?),
            ReplyKind::Pong => Self::Pong,
            ReplyKind::Status => Self::Status(Status::load(cursor)?),
            ReplyKind::Written => Self::Written(Written::load(cursor)?),
            ReplyKind::Page => Self::Page(Page::load(cursor)?),
            ReplyKind::Post => Self::Post(OnePost::load(cursor)?),
            ReplyKind::Edges => Self::Edges(EdgePage::load(cursor)?),
            ReplyKind::User => Self::User(UserCard::load(cursor)?),
            ReplyKind::Relation => Self::Relation(Relation::load(cursor)?),
            ReplyKind::Scanned => Self::Scanned(Scanned::load(cursor)?),
            ReplyKind::Online => Self::Online(Online::load(cursor)?),
            ReplyKind::Explained => Self::Explained(Explained::load(cursor)?),
            ReplyKind::Groups => Self::Groups(Groups::load(cursor)?),
            ReplyKind::Changed => Self::Changed(Changed::load(cursor)?),
            ReplyKind::Comments => Self::Comments(CommentPage::load(cursor)?),
            ReplyKind::Reactors => Self::Reactors(ReactorPage::load(cursor)?),
            ReplyKind::Reposters => Self::Reposters(ReposterPage::load(cursor)?),
            ReplyKind::Notices => Self::Notices(NoticePage::load(cursor)?),
            ReplyKind::Marks => Self::Marks(Marks::load(cursor)?),
            ReplyKind::Unread => Self::Unread(Unread::load(cursor)?),
            ReplyKind::Broadcasts => Self::Broadcasts(Broadcasts::load(cursor)?),
            ReplyKind::Broadcast => Self::Broadcast(OneBroadcast::load(cursor)?),
            ReplyKind::Moderated => Self::Moderated(ModeratedPage::load(cursor)?),
            ReplyKind::Forgotten => Self::Forgotten(ForgottenList::load(cursor)?),
            ReplyKind::Watching => Self::Watching(Watching::load(cursor)?),
            ReplyKind::Unwatched => Self::Unwatched,
            ReplyKind::Events => Self::Events(Events::load(cursor)?),
            ReplyKind::Error => Self::Error(ErrorReply::load(cursor)?),
            ReplyKind::Other(kind) => {
                let problem = Problem::UnknownKind { kind };
                return Err(DecodeError::new("kind", FrameHeader::KIND_AT, problem));
            }
        })
    }

    /// The kind it is sent as.
    #[must_use]
    pub const fn kind(&self) -> ReplyKind {
        match self {
            Self::Welcome(_) => ReplyKind::Welcome,
            Self::Pong => ReplyKind::Pong,
            Self::Status(_) => ReplyKind::Status,
            Self::Written(_) => ReplyKind::Written,
            Self::Page(_) => ReplyKind::Page,
            Self::Post(_) => ReplyKind::Post,
            Self::Edges(_) => ReplyKind::Edges,
            Self::User(_) => ReplyKind::User,
            Self::Relation(_) => ReplyKind::Relation,
            Self::Scanned(_) => ReplyKind::Scanned,
            Self::Online(_) => ReplyKind::Online,
            Self::Explained(_) => ReplyKind::Explained,
            Self::Groups(_) => ReplyKind::Groups,
            Self::Changed(_) => ReplyKind::Changed,
            Self::Comments(_) => ReplyKind::Comments,
            Self::Reactors(_) => ReplyKind::Reactors,
            Self::Reposters(_) => ReplyKind::Reposters,
            Self::Notices(_) => ReplyKind::Notices,
            Self::Marks(_) => ReplyKind::Marks,
            Self::Unread(_) => ReplyKind::Unread,
            Self::Broadcasts(_) => ReplyKind::Broadcasts,
            Self::Broadcast(_) => ReplyKind::Broadcast,
            Self::Moderated(_) => ReplyKind::Moderated,
            Self::Forgotten(_) => ReplyKind::Forgotten,
            Self::Watching(_) => ReplyKind::Watching,
            Self::Unwatched => ReplyKind::Unwatched,
            Self::Events(_) => ReplyKind::Events,
            Self::Error(_) => ReplyKind::Error,
        }
    }
}

/// Appends `reply` to `out` as one frame. `request_id` is the request's, or 0 for an error that
/// answers none.
///
/// # Errors
/// A text above its limit or not UTF-8, items out of order, a body above
/// [`BODY_BYTES_MAX`](crate::limits::BODY_BYTES_MAX). Nothing is appended then.
pub fn encode_reply(request_id: u32, reply: &Reply, out: &mut BytesMut) -> Result<(), EncodeError> {
    let mut writer = FrameWriter::start(out);
    match reply {
        Reply::Page(page) => return page.write(request_id, writer),
        Reply::Pong | Reply::Unwatched => {}
        Reply::Welcome(welcome) => welcome.encode(writer.out())?,
        Reply::Status(status) => status.encode(writer.out())?,
        Reply::Written(written) => written.encode(writer.out()),
        Reply::Post(post) => post.encode(writer.out())?,
        Reply::Edges(edges) => edges.encode(writer.out())?,
        Reply::User(user) => user.encode(writer.out()),
        Reply::Relation(relation) => relation.encode(writer.out()),
        Reply::Scanned(scanned) => scanned.encode(writer.out())?,
        Reply::Online(online) => online.encode(writer.out())?,
        Reply::Explained(explained) => explained.encode(writer.out())?,
        Reply::Groups(groups) => groups.encode(writer.out())?,
        Reply::Changed(changed) => changed.encode(writer.out())?,
        Reply::Comments(comments) => comments.encode(writer.out())?,
        Reply::Reactors(reactors) => reactors.encode(writer.out())?,
        Reply::Reposters(reposters) => reposters.encode(writer.out())?,
        Reply::Notices(notices) => notices.encode(writer.out())?,
        Reply::Marks(marks) => marks.encode(writer.out())?,
        Reply::Unread(unread) => unread.encode(writer.out()),
        Reply::Broadcasts(broadcasts) => broadcasts.encode(writer.out())?,
        Reply::Broadcast(one) => one.encode(writer.out())?,
        Reply::Moderated(moderated) => moderated.encode(writer.out())?,
        Reply::Forgotten(forgotten) => forgotten.encode(writer.out())?,
        Reply::Watching(watching) => watching.encode(writer.out()),
        Reply::Events(events) => events.encode(writer.out())?,
        Reply::Error(error) => error.encode(writer.out())?,
    }
    writer.finish(reply.kind().byte(), 0, request_id)
}
