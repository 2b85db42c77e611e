//! What a client can ask for: one file per shape of request, each with its table, its `load` and
//! its `encode`.
//!
//! Invariants:
//! * a request is decoded whole or not at all: bytes left over are an error,
//! * a request never has the id 0, and only writes have a generation.

mod backup;
mod broadcast;
mod changes;
mod delete;
mod edges;
mod explain;
mod follow;
mod forget;
mod group;
mod hello;
mod mark;
mod moderation;
mod notices;
mod pair;
mod post;
mod private;
mod publish;
mod relation;
mod repost;
mod response;
mod revise;
mod scan;
mod tag;
mod timeline;
mod touch;
mod unwatch;
mod user;
mod watch;

use bytes::BytesMut;

pub use backup::Backup;
pub use broadcast::{
    BroadcastById, BroadcastCancel, BroadcastContent, BroadcastEnd, BroadcastFeed,
    BroadcastReschedule, BroadcastSchedule, BroadcastStart, FeedPage, Started,
};
pub use changes::Changes;
pub use delete::Delete;
pub use edges::Edges;
pub use explain::Explain;
pub use follow::NewFollow;
pub use forget::{Forget, ForgottenOf};
pub use group::{GroupCreate, GroupDelete, GroupFeed, GroupMember, Members};
pub use hello::Hello;
pub use mark::{Mark, MarksOf, UnreadOf};
pub use moderation::{Hiding, ModeratedOf, ModeratedWhat, Suspension};
pub use notices::{Notices, NoticesRead};
pub use pair::Pair;
pub use post::PostById;
pub use private::Private;
pub use publish::Publish;
pub use relation::RelationOf;
pub use repost::{NewRepost, Reposters, Unrepost};
pub use response::{CommentDelete, Comments, NewComment, Reaction, Reactors};
pub use revise::Revise;
pub use scan::{Scan, ScanWhat};
pub use tag::Tag;
pub use timeline::{Span, Timeline};
pub use touch::Touch;
pub use unwatch::Unwatch;
pub use user::UserById;
pub use watch::Watch;

use crate::error::{DecodeError, EncodeError, Problem};
use crate::frame::{Frame, FrameHeader};
use crate::kind::RequestKind;
use crate::wire::Cursor;
use crate::writer::FrameWriter;

/// Everything a client can ask for. Complete for version 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Opens a session.
    Hello(Hello),
    /// Asks for a sign of life.
    Ping,
    /// Asks for the server's state in numbers.
    Status,
    /// Makes a backup of the running database.
    Backup(Backup),
    /// Asks what each delivery policy costs.
    Advise,
    /// Publishes a post.
    Publish(Publish),
    /// Deletes a post.
    Delete(Delete),
    /// `user` follows the author `other`.
    Follow(NewFollow),
    /// Ends a follow.
    Unfollow(Pair),
    /// `user` hides the author `other`, and keeps the follow.
    Mute(Pair),
    /// Ends a mute.
    Unmute(Pair),
    /// `user` parts from `other`: ends the follows both ways and refuses new ones.
    Block(Pair),
    /// Ends a block; restores no follow.
    Unblock(Pair),
    /// Says that a user was active.
    Touch(Touch),
    /// Gives a user a tag, or takes it away.
    Tag(Tag),
    /// Begins a group of authors.
    GroupCreate(GroupCreate),
    /// Ends a group, and all memberships with it.
    GroupDelete(GroupDelete),
    /// Puts an author into a group.
    GroupAdd(GroupMember),
    /// Takes an author out of a group.
    GroupRemove(GroupMember),
    /// Reacts to a post or a comment.
    React(Reaction),
    /// Ends a reaction.
    Unreact(Reaction),
    /// Comments on a post.
    Comment(NewComment),
    /// Deletes a comment.
    CommentDelete(CommentDelete),
    /// Says how far a device has seen a feed.
    Mark(Mark),
    /// Gives a post another text.
    Revise(Revise),
    /// Puts a broadcast on its author's board.
    BroadcastSchedule(BroadcastSchedule),
    /// Moves the start of a scheduled broadcast.
    BroadcastReschedule(BroadcastReschedule),
    /// Goes live: with a scheduled broadcast, or with a new one.
    BroadcastStart(BroadcastStart),
    /// Ends a live broadcast; its replay is a post.
    BroadcastEnd(BroadcastEnd),
    /// Takes a scheduled broadcast off.
    BroadcastCancel(BroadcastCancel),
    /// Hides everything of a user from others.
    Suspend(Suspension),
    /// Ends a suspension.
    Unsuspend(Suspension),
    /// Hides a post from all but its author.
    Hide(Hiding),
    /// Shows a hidden post again.
    Unhide(Hiding),
    /// Lists who is suspended and what is hidden.
    Moderated(ModeratedOf),
    /// Has a user forgotten.
    Forget(Forget),
    /// Lists who is being forgotten.
    Forgotten(ForgottenOf),
    /// Lets two users follow each other.
    Befriend(Pair),
    /// Makes a user private, or ends that.
    Private(Private),
    /// Lets somebody follow who asked.
    Approve(Pair),
    /// Ends a request to follow.
    Deny(Pair),
    /// Reads a home feed.
    Home(Timeline),
    /// Reads what a user published.
    Outbox(Timeline),
    /// Reads one post.
    Post(PostById),
    /// Lists whom a user follows.
    Following(Edges),
    /// Lists who follows a user.
    Followers(Edges),
    /// Lists whom a user muted.
    Mutes(Edges),
    /// Lists whom a user blocked.
    Blocks(Edges),
    /// Lists who asks to follow a user.
    Requests(Edges),
    /// Reads a user's counts.
    User(UserById),
    /// Reads how two users stand to each other.
    Relation(RelationOf),
    /// Walks through everything that holds, in log order.
    Scan(Scan),
    /// Asks who is online around a user.
    Online(UserById),
    /// Asks why a post is in a home, or why it is not.
    Explain(Explain),
    /// Reads a group's feed.
    Group(GroupFeed),
    /// Lists a user's groups.
    Groups(UserById),
    /// Lists who is in a group.
    Members(Members),
    /// Reads the log's changes from a position on.
    Changes(Changes),
    /// Reads comments on a post.
    Comments(Comments),
    /// Lists who reacted.
    Reactors(Reactors),
    /// Lists who reposted a post.
    Reposters(Reposters),
    /// Publishes a post that refers to another.
    Repost(NewRepost),
    /// Ends a bare repost.
    Unrepost(Unrepost),
    /// Reads what concerns a user.
    Notices(Notices),
    /// Marks a user's notices as read.
    NoticesRead(NoticesRead),
    /// Lists how far each device has seen a feed.
    Marks(MarksOf),
    /// Counts the unread entries of a feed.
    Unread(UnreadOf),
    /// Reads the broadcasts of whom a user follows.
    Broadcasts(BroadcastFeed),
    /// Reads one broadcast.
    Broadcast(BroadcastById),
    /// Asks to be told what happens to a home.
    Watch(Watch),
    /// Ends a watch.
    Unwatch(Unwatch),
}

impl Request {
    /// The request in a frame. Texts share the frame's memory.
    ///
    /// # Errors
    /// Names the field that is wrong; [`DecodeError::code`] says how to answer.
    pub fn load(frame: &Frame) -> Result<Self, DecodeError> {
        let kind = RequestKind::from(frame.kind);
        check_header(frame, kind)?;
        let mut cursor = Cursor::new(&frame.body);
        let request = Self::load_body(kind, &mut cursor)?;
        cursor.finish()?;
        Ok(request)
    }

    fn load_body(kind: RequestKind, cursor: &mut Cursor) -> Result<Self, DecodeError> {
        if let Some(write) = Self::load_write(kind, cursor)? {
            return Ok(write);
        }
        Ok(match kind {
            RequestKind::Hello => Self::Hello(Hello::load(cursor)?),
            RequestKind::Ping => Self::Ping,
            RequestKind::Status => Self::Status,
            RequestKind::Backup => Self::Backup(Backup::load(cursor)?),
            RequestKind::Advise => Self::Advise,
            RequestKind::Moderated => Self::Moderated(ModeratedOf::load(cursor)?),
            RequestKind::Forgotten => Self::Forgotten(ForgottenOf::load(cursor)?),
            RequestKind::Home => Self::Home(Timeline::load(cursor)?),
            RequestKind::Outbox => Self::Outbox(Timeline::load(cursor)?),
            RequestKind::Post => Self::Post(PostById::load(cursor)?),
            RequestKind::Following => Self::Following(Edges::load(cursor)?),
            RequestKind::Followers => Self::Followers(Edges::load(cursor)?),
            RequestKind::Mutes => Self::Mutes(Edges::load(cursor)?),
            RequestKind::Blocks => Self::Blocks(Edges::load(cursor)?),
            RequestKind::Requests => Self::Requests(Edges::load(cursor)?),
            RequestKind::User => Self::User(UserById::load(cursor)?),
            RequestKind::Relation => Self::Relation(RelationOf::load(cursor)?),
            RequestKind::Scan => Self::Scan(Scan::load(cursor)?),
            RequestKind::Online => Self::Online(UserById::load(cursor)?),
            RequestKind::Explain => Self::Explain(Explain::load(cursor)?),
            RequestKind::Group => Self::Group(GroupFeed::load(cursor)?),
            RequestKind::Groups => Self::Groups(UserById::load(cursor)?),
            RequestKind::Members => Self::Members(Members::load(cursor)?),
            RequestKind::Changes => Self::Changes(Changes::load(cursor)?),
            RequestKind::Comments => Self::Comments(Comments::load(cursor)?),
            RequestKind::Reactors => Self::Reactors(Reactors::load(cursor)?),
            RequestKind::Reposters => Self::Reposters(Reposters::load(cursor)?),
            RequestKind::Notices => Self::Notices(Notices::load(cursor)?),
            RequestKind::Marks => Self::Marks(MarksOf::load(cursor)?),
            RequestKind::Unread => Self::Unread(UnreadOf::load(cursor)?),
            RequestKind::Broadcasts => Self::Broadcasts(BroadcastFeed::load(cursor)?),
            RequestKind::Broadcast => Self::Broadcast(BroadcastById::load(cursor)?),
            RequestKind::Watch => Self::Watch(Watch::load(cursor)?),
            RequestKind::Unwatch => Self::Unwatch(Unwatch::load(cursor)?),
            _ => return Err(unknown_kind(kind.byte())),
        })
    }

    /// What changes something; `None` if it is of another kind.
    fn load_write(kind: RequestKind, cursor: &mut Cursor) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match kind {
            RequestKind::Publish => Self::Publish(Publish::load(cursor)?),
            RequestKind::Delete => Self::Delete(Delete::load(cursor)?),
            RequestKind::Follow => Self::Follow(NewFollow::load(cursor)?),
            RequestKind::Unfollow => Self::Unfollow(Pair::load(cursor)?),
            RequestKind::Mute => Self::Mute(Pair::load(cursor)?),
            RequestKind::Unmute => Self::Unmute(Pair::load(cursor)?),
            RequestKind::Block => Self::Block(Pair::load(cursor)?),
            RequestKind::Unblock => Self::Unblock(Pair::load(cursor)?),
            RequestKind::Touch => Self::Touch(Touch::load(cursor)?),
            RequestKind::Tag => Self::Tag(Tag::load(cursor)?),
            RequestKind::GroupCreate => Self::GroupCreate(GroupCreate::load(cursor)?),
            RequestKind::GroupDelete => Self::GroupDelete(GroupDelete::load(cursor)?),
            RequestKind::GroupAdd => Self::GroupAdd(GroupMember::load(cursor)?),
            RequestKind::GroupRemove => Self::GroupRemove(GroupMember::load(cursor)?),
            RequestKind::React => Self::React(Reaction::load(cursor)?),
            RequestKind::Unreact => Self::Unreact(Reaction::load(cursor)?),
            RequestKind::Comment => Self::Comment(NewComment::load(cursor)?),
            RequestKind::CommentDelete => Self::CommentDelete(CommentDelete::load(cursor)?),
            RequestKind::Mark => Self::Mark(Mark::load(cursor)?),
            RequestKind::Revise => Self::Revise(Revise::load(cursor)?),
            RequestKind::BroadcastSchedule => {
                Self::BroadcastSchedule(BroadcastSchedule::load(cursor)?)
            }
            RequestKind::BroadcastReschedule => {
                Self::BroadcastReschedule(BroadcastReschedule::load(cursor)?)
            }
            RequestKind::BroadcastStart => Self::BroadcastStart(BroadcastStart::load(cursor)?),
            RequestKind::BroadcastEnd => Self::BroadcastEnd(BroadcastEnd::load(cursor)?),
            RequestKind::BroadcastCancel => Self::BroadcastCancel(BroadcastCancel::load(cursor)?),
            RequestKind::Suspend => Self::Suspend(Suspension::load(cursor)?),
            RequestKind::Unsuspend => Self::Unsuspend(Suspension::load(cursor)?),
            RequestKind::Hide => Self::Hide(Hiding::load(cursor)?),
            RequestKind::Unhide => Self::Unhide(Hiding::load(cursor)?),
            RequestKind::Forget => Self::Forget(Forget::load(cursor)?),
            RequestKind::Befriend => Self::Befriend(Pair::load(cursor)?),
            RequestKind::Private => Self::Private(Private::load(cursor)?),
            RequestKind::Approve => Self::Approve(Pair::load(cursor)?),
            RequestKind::Deny => Self::Deny(Pair::load(cursor)?),
            RequestKind::Repost => Self::Repost(NewRepost::load(cursor)?),
            RequestKind::Unrepost => Self::Unrepost(Unrepost::load(cursor)?),
            RequestKind::NoticesRead => Self::NoticesRead(NoticesRead::load(cursor)?),
            _ => return Ok(None),
        }))
    }

    /// The kind it is sent as.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "flat: a line for each kind")]
    pub const fn kind(&self) -> RequestKind {
        match self {
            Self::Hello(_) => RequestKind::Hello,
            Self::Ping => RequestKind::Ping,
            Self::Status => RequestKind::Status,
            Self::Backup(_) => RequestKind::Backup,
            Self::Advise => RequestKind::Advise,
            Self::Publish(_) => RequestKind::Publish,
            Self::Delete(_) => RequestKind::Delete,
            Self::Follow(_) => RequestKind::Follow,
            Self::Unfollow(_) => RequestKind::Unfollow,
            Self::Mute(_) => RequestKind::Mute,
            Self::Unmute(_) => RequestKind::Unmute,
            Self::Block(_) => RequestKind::Block,
            Self::Unblock(_) => RequestKind::Unblock,
            Self::Touch(_) => RequestKind::Touch,
            Self::Tag(_) => RequestKind::Tag,
            Self::GroupCreate(_) => RequestKind::GroupCreate,
            Self::GroupDelete(_) => RequestKind::GroupDelete,
            Self::GroupAdd(_) => RequestKind::GroupAdd,
            Self::GroupRemove(_) => RequestKind::GroupRemove,
            Self::React(_) => RequestKind::React,
            Self::Unreact(_) => RequestKind::Unreact,
            Self::Comment(_) => RequestKind::Comment,
            Self::CommentDelete(_) => RequestKind::CommentDelete,
            Self::Mark(_) => RequestKind::Mark,
            Self::Revise(_) => RequestKind::Revise,
            Self::BroadcastSchedule(_) => RequestKind::BroadcastSchedule,
            Self::BroadcastReschedule(_) => RequestKind::BroadcastReschedule,
            Self::BroadcastStart(_) => RequestKind::BroadcastStart,
            Self::BroadcastEnd(_) => RequestKind::BroadcastEnd,
            Self::BroadcastCancel(_) => RequestKind::BroadcastCancel,
            Self::Suspend(_) => RequestKind::Suspend,
            Self::Unsuspend(_) => RequestKind::Unsuspend,
            Self::Hide(_) => RequestKind::Hide,
            Self::Unhide(_) => RequestKind::Unhide,
            Self::Moderated(_) => RequestKind::Moderated,
            Self::Forget(_) => RequestKind::Forget,
            Self::Forgotten(_) => RequestKind::Forgotten,
            Self::Befriend(_) => RequestKind::Befriend,
            Self::Private(_) => RequestKind::Private,
            Self::Approve(_) => RequestKind::Approve,
            Self::Deny(_) => RequestKind::Deny,
            Self::Home(_) => RequestKind::Home,
            Self::Outbox(_) => RequestKind::Outbox,
            Self::Post(_) => RequestKind::Post,
            Self::Following(_) => RequestKind::Following,
            Self::Followers(_) => RequestKind::Followers,
            Self::Mutes(_) => RequestKind::Mutes,
            Self::Blocks(_) => RequestKind::Blocks,
            Self::Requests(_) => RequestKind::Requests,
            Self::User(_) => RequestKind::User,
            Self::Relation(_) => RequestKind::Relation,
            Self::Scan(_) => RequestKind::Scan,
            Self::Online(_) => RequestKind::Online,
            Self::Explain(_) => RequestKind::Explain,
            Self::Group(_) => RequestKind::Group,
            Self::Groups(_) => RequestKind::Groups,
            Self::Members(_) => RequestKind::Members,
            Self::Changes(_) => RequestKind::Changes,
            Self::Comments(_) => RequestKind::Comments,
            Self::Reactors(_) => RequestKind::Reactors,
            Self::Reposters(_) => RequestKind::Reposters,
            Self::Repost(_) => RequestKind::Repost,
            Self::Unrepost(_) => RequestKind::Unrepost,
            Self::Notices(_) => RequestKind::Notices,
            Self::NoticesRead(_) => RequestKind::NoticesRead,
            Self::Marks(_) => RequestKind::Marks,
            Self::Unread(_) => RequestKind::Unread,
            Self::Broadcasts(_) => RequestKind::Broadcasts,
            Self::Broadcast(_) => RequestKind::Broadcast,
            Self::Watch(_) => RequestKind::Watch,
            Self::Unwatch(_) => RequestKind::Unwatch,
        }
    }

    fn encode_body(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Hello(hello) => return hello.encode(out),
            Self::Publish(publish) => return publish.encode(out),
            Self::Backup(backup) => return backup.encode(out),
            Self::GroupCreate(group) => return group.encode(out),
            Self::GroupDelete(group) => return group.encode(out),
            Self::GroupAdd(member) | Self::GroupRemove(member) => return member.encode(out),
            Self::Group(feed) => return feed.encode(out),
            Self::Mark(mark) => return mark.encode(out),
            Self::Revise(revise) => return revise.encode(out),
            Self::Marks(marks) => return marks.encode(out),
            Self::Unread(unread) => return unread.encode(out),
            Self::BroadcastSchedule(schedule) => return schedule.encode(out),
            Self::BroadcastStart(start) => return start.encode(out),
            Self::BroadcastEnd(end) => return end.encode(out),
            Self::BroadcastReschedule(reschedule) => reschedule.encode(out),
            Self::BroadcastCancel(cancel) => cancel.encode(out),
            Self::Suspend(suspension) | Self::Unsuspend(suspension) => suspension.encode(out),
            Self::Hide(hiding) | Self::Unhide(hiding) => hiding.encode(out),
            Self::Moderated(moderated) => moderated.encode(out),
            Self::Forget(forget) => forget.encode(out),
            Self::Forgotten(forgotten) => forgotten.encode(out),
            Self::Broadcasts(feed) => feed.encode(out),
            Self::Broadcast(one) => one.encode(out),
            Self::Members(members) => return members.encode(out),
            Self::Comment(comment) => return comment.encode(out),
            Self::React(reaction) | Self::Unreact(reaction) => reaction.encode(out),
            Self::CommentDelete(delete) => delete.encode(out),
            Self::Comments(comments) => comments.encode(out),
            Self::Reactors(reactors) => reactors.encode(out),
            Self::Reposters(reposters) => reposters.encode(out),
            Self::Unrepost(unrepost) => unrepost.encode(out),
            Self::Repost(repost) => return repost.encode(out),
            Self::Notices(notices) => notices.encode(out),
            Self::NoticesRead(read) => read.encode(out),
            Self::Ping | Self::Status | Self::Advise => {}
            Self::Delete(delete) => delete.encode(out),
            Self::Follow(follow) => follow.encode(out),
            Self::Tag(tag) => return tag.encode(out),
            Self::Unfollow(pair)
            | Self::Mute(pair)
            | Self::Unmute(pair)
            | Self::Block(pair)
            | Self::Unblock(pair)
            | Self::Befriend(pair)
            | Self::Approve(pair)
            | Self::Deny(pair) => pair.encode(out),
            Self::Private(private) => private.encode(out),
            Self::Touch(touch) => touch.encode(out),
            Self::Home(timeline) | Self::Outbox(timeline) => timeline.encode(out),
            Self::Post(post) => post.encode(out),
            Self::Following(edges)
            | Self::Followers(edges)
            | Self::Mutes(edges)
            | Self::Blocks(edges)
            | Self::Requests(edges) => edges.encode(out),
            Self::User(user) | Self::Online(user) | Self::Groups(user) => user.encode(out),
            Self::Explain(explain) => explain.encode(out),
            Self::Relation(relation) => relation.encode(out),
            Self::Scan(scan) => scan.encode(out),
            Self::Changes(changes) => changes.encode(out),
            Self::Watch(watch) => watch.encode(out),
            Self::Unwatch(unwatch) => unwatch.encode(out),
        }
        Ok(())
    }
}

/// Appends `request` to `out` as one frame.
///
/// `generation` is the connection's; it is sent with writes and left out of everything else.
///
/// # Errors
/// A request id of 0, a text above its limit or not UTF-8. Nothing is appended then.
pub fn encode_request(
    request_id: u32,
    generation: u16,
    request: &Request,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    if request_id == 0 {
        return Err(EncodeError::new("request_id", Problem::Unknown { value: 0 }));
    }
    let kind = request.kind();
    let mut writer = FrameWriter::start(out);
    request.encode_body(writer.out())?;
    let generation = if kind.is_write() { generation } else { 0 };
    writer.finish(kind.byte(), generation, request_id)
}

fn check_header(frame: &Frame, kind: RequestKind) -> Result<(), DecodeError> {
    if frame.request_id == 0 {
        let problem = Problem::Unknown { value: 0 };
        return Err(DecodeError::new("request_id", FrameHeader::REQUEST_ID_AT, problem));
    }
    let is_known = !matches!(kind, RequestKind::Other(_));
    if is_known && !kind.is_write() && frame.generation != 0 {
        let problem = Problem::Unknown { value: u64::from(frame.generation) };
        return Err(DecodeError::new("generation", FrameHeader::GENERATION_AT, problem));
    }
    Ok(())
}

fn unknown_kind(kind: u8) -> DecodeError {
    DecodeError::new("kind", FrameHeader::KIND_AT, Problem::UnknownKind { kind })
}
