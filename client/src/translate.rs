//! Wire replies to the client's words. The only file, with `write.rs` and `query.rs`, that knows
//! both vocabularies.
//!
//! A reply of another kind than the request's is the server's mistake and becomes a `Protocol`
//! error, never a panic.

use bytes::Bytes;
use fanfold_protocol as wire;
use fanfold_protocol::Reply;

use crate::answer::{
    Edge, EdgePage, Explained, Follow, GroupCard, GroupList, Online, Page, PageEnd, Post, Relation,
    Scan, ScanItems, ServerInfo, Status, StatusField, StatusValue, UserCard, WatchBatch,
    WatchEvent, Why, Written,
};
use crate::audience::Audience;
use crate::broadcast::{Broadcast, BroadcastFeed, BroadcastState};
use crate::changes::Changes;
use crate::collapse::Collapsed;
use crate::error::{Error, Result};
use crate::forget::{BeingForgotten, ForgottenList};
use crate::ids::{DatabaseId, Epoch, Position, PostId, Sequence, Timestamp, UserId};
use crate::marks::{DeviceMark, Marks, Unread};
use crate::moderation::{ModeratedPage, moderated};
use crate::notice::{NoticeGroup, NoticeKind, NoticePage};
use crate::repost::{Original, Repost, Reposter, ReposterPage};
use crate::response::{Comment, CommentPage, CountedPost, Counts, Reactor, ReactorPage};
use crate::translate_changes::changes;

/// An answer that can be made from a reply.
pub(crate) trait FromReply: Sized {
    fn from_reply(reply: Reply) -> Result<Self>;
}

/// Implements [`FromReply`] for a type that one reply variant stands for.
macro_rules! from_reply {
    ($($variant:ident => $answer:ty, $convert:expr;)*) => {
        $(impl FromReply for $answer {
            fn from_reply(reply: Reply) -> Result<Self> {
                match reply {
                    Reply::$variant(body) => Ok($convert(body)),
                    other => Err(unexpected(&other)),
                }
            }
        })*
    };
}

from_reply! {
    Written => Written, written;
    Page => Page, page;
    Post => Post, one_post;
    Edges => EdgePage, edges;
    User => UserCard, user_card;
    Relation => Relation, relation;
    Status => Status, status;
    Scanned => Scan, scan;
    Online => Online, online;
    Explained => Explained, explained;
    Groups => GroupList, groups;
    Forgotten => ForgottenList, forgotten;
    Changed => Changes, changes;
    Comments => CommentPage, comments;
    Reactors => ReactorPage, reactors;
    Reposters => ReposterPage, reposters;
    Moderated => ModeratedPage, moderated;
    Notices => NoticePage, notices;
    Marks => Marks, marks;
    Unread => Unread, unread;
    Broadcasts => BroadcastFeed, broadcasts;
    Broadcast => Broadcast, |one: wire::OneBroadcast| broadcast(one.broadcast);
}

impl FromReply for () {
    fn from_reply(reply: Reply) -> Result<Self> {
        match reply {
            Reply::Pong => Ok(()),
            other => Err(unexpected(&other)),
        }
    }
}

fn unexpected(reply: &Reply) -> Error {
    Error::protocol(format!("the server answered with a {:?} where it does not fit", reply.kind()))
}

pub(crate) fn server_info(welcome: &wire::Welcome) -> ServerInfo {
    ServerInfo {
        protocol_version: welcome.version,
        database: DatabaseId(welcome.database),
        epoch: Epoch(welcome.epoch),
        sequence: Sequence(welcome.sequence),
        server: text(&welcome.server),
        max_in_flight: welcome.max_in_flight,
    }
}

fn written(body: wire::Written) -> Written {
    let post = body.post.map(PostId);
    let (changed, requested) = (body.changed, body.requested);
    Written { position: position(body.position), changed, requested, post }
}

fn page(body: wire::Page) -> Page {
    Page {
        position: position(body.position),
        end: end(body.end),
        posts: body.posts.into_iter().map(post).collect(),
        counts: body.counts.into_iter().flatten().map(counts).collect(),
        originals: body.originals.into_iter().map(original).collect(),
        original_counts: body.original_counts.into_iter().map(counts).collect(),
        groups: body.came_by.map(groups_of).unwrap_or_default(),
        collapsed: body.collapsed.map(Collapsed::of_wire),
    }
}

/// The names of each post's groups.
fn groups_of(body: wire::CameBy) -> Vec<Vec<String>> {
    let names: Vec<String> = body.groups.iter().map(text).collect();
    let named = |place: u16| names.get(usize::from(place)).cloned();
    body.posts.into_iter().map(|places| places.into_iter().filter_map(named).collect()).collect()
}

fn counts(body: wire::Counts) -> Counts {
    let wire::Counts { comments, reposts, mine, reactions } = body;
    Counts { comments, reposts, mine, reactions }
}

impl FromReply for CountedPost {
    fn from_reply(reply: Reply) -> Result<Self> {
        match reply {
            Reply::Post(wire::OnePost { post: found, counts: Some(each), moderation, .. }) => {
                Ok(Self { post: moderated_post(found, moderation), counts: counts(each) })
            }
            other => Err(unexpected(&other)),
        }
    }
}

fn comments(body: wire::CommentPage) -> CommentPage {
    let comment = |comment: wire::Comment| Comment {
        id: PostId(comment.id),
        author: UserId(comment.author),
        at: Timestamp(comment.at),
        answers: comment.answers.map(PostId),
        text: text(&comment.text),
        counts: counts(comment.counts),
        mentions: users(comment.mentions),
    };
    CommentPage {
        position: position(body.position),
        end: end(body.end),
        total: body.total,
        comments: body.comments.into_iter().map(comment).collect(),
    }
}

pub(crate) fn users(ids: Vec<u64>) -> Vec<UserId> {
    ids.into_iter().map(UserId).collect()
}

fn forgotten(body: wire::ForgottenList) -> ForgottenList {
    let user = |it: wire::BeingForgotten| BeingForgotten {
        user: UserId(it.user),
        since: Sequence(it.since),
        removed: it.removed,
    };
    let users = body.users.into_iter().map(user).collect();
    ForgottenList { position: position(body.position), users }
}

fn notices(body: wire::NoticePage) -> NoticePage {
    let group = |group: wire::NoticeGroup| NoticeGroup {
        kind: match group.kind {
            wire::NoticeKind::Mention => NoticeKind::Mention,
            wire::NoticeKind::Comment => NoticeKind::Comment,
            wire::NoticeKind::Reaction => NoticeKind::Reaction,
            wire::NoticeKind::Follow => NoticeKind::Follow,
            wire::NoticeKind::Repost => NoticeKind::Repost,
            wire::NoticeKind::Request => NoticeKind::Request,
        },
        post: group.post.map(PostId),
        comment: group.comment.map(PostId),
        actors: users(group.actors),
        count: group.actor_count,
        newest: Sequence(group.newest),
    };
    NoticePage {
        position: position(body.position),
        end: end(body.end),
        unread: body.unread,
        read_up_to: Sequence(body.read_up_to),
        groups: body.groups.into_iter().map(group).collect(),
    }
}

fn reactors(body: wire::ReactorPage) -> ReactorPage {
    let reactor = |reactor: wire::Reactor| Reactor {
        user: UserId(reactor.user),
        kind: reactor.kind,
        sequence: Sequence(reactor.sequence),
    };
    ReactorPage {
        position: position(body.position),
        end: end(body.end),
        reactors: body.reactors.into_iter().map(reactor).collect(),
    }
}

fn original(body: wire::Original) -> Original {
    match body {
        wire::Original::Post(found) => Original::Post(post(found)),
        wire::Original::Deleted { id, author } => {
            Original::Deleted { id: PostId(id), author: UserId(author) }
        }
    }
}

pub(crate) fn repost(body: wire::Repost) -> Repost {
    let wire::Repost { parent, root, root_author } = body;
    Repost { parent: PostId(parent), root: PostId(root), root_author: UserId(root_author) }
}

fn reposters(body: wire::ReposterPage) -> ReposterPage {
    let reposter = |reposter: wire::Reposter| Reposter {
        user: UserId(reposter.user),
        repost: PostId(reposter.repost),
        is_quote: reposter.quote,
    };
    ReposterPage {
        position: position(body.position),
        end: end(body.end),
        root: PostId(body.root),
        total: body.total,
        reposters: body.reposters.into_iter().map(reposter).collect(),
    }
}

fn one_post(body: wire::OnePost) -> Post {
    moderated_post(body.post, body.moderation)
}

/// A single post, of which the trusted application is told how it is moderated.
fn moderated_post(body: wire::Post, moderation: wire::PostModeration) -> Post {
    Post { hidden: moderation.hidden, suspended: moderation.suspended, ..post(body) }
}

fn post(body: wire::Post) -> Post {
    Post {
        id: PostId(body.id),
        author: UserId(body.author),
        at: Timestamp(body.at),
        committed_at: Timestamp(body.committed_at),
        kind: body.kind,
        text: text(&body.text),
        meta: body.meta.to_vec(),
        repost: body.repost.map(repost),
        mentions: users(body.mentions),
        revision: body.edit.map_or(0, |edit| edit.revision),
        edited_at: body.edit.map(|edit| Timestamp(edit.at)),
        hidden: false,
        suspended: false,
        audience: Audience::of(&body.audience),
    }
}

fn edges(body: wire::EdgePage) -> EdgePage {
    let edge =
        |edge: wire::Edge| Edge { user: UserId(edge.user), sequence: Sequence(edge.sequence) };
    EdgePage {
        position: position(body.position),
        end: end(body.end),
        edges: body.edges.into_iter().map(edge).collect(),
    }
}

fn user_card(body: wire::UserCard) -> UserCard {
    UserCard {
        position: position(body.position),
        user: UserId(body.user),
        posts: body.posts,
        followers: body.followers,
        followees: body.followees,
        newest_post: body.newest_post.map(PostId),
        active_at: body.active_at.map(Timestamp),
        suspended: body.suspended,
        private: body.private,
    }
}

fn relation(body: wire::Relation) -> Relation {
    Relation {
        position: position(body.position),
        follows: body.follows,
        followed_by: body.followed_by,
        muted: body.muted,
        blocked: body.blocked,
        blocked_by: body.blocked_by,
        apart: body.apart,
        requested: body.requested,
        requested_by: body.requested_by,
    }
}

fn status(body: wire::Status) -> Status {
    let field = |(name, value): (Bytes, wire::StatusValue)| StatusField {
        name: text(&name),
        value: match value {
            wire::StatusValue::Number(number) => StatusValue::Number(number),
            wire::StatusValue::Text(bytes) => StatusValue::Text(text(&bytes)),
        },
    };
    Status {
        position: position(body.position),
        fields: body.fields.into_iter().map(field).collect(),
    }
}

fn scan(body: wire::Scanned) -> Scan {
    let follow = |found: wire::Follow| Follow {
        user: UserId(found.user),
        author: UserId(found.author),
        sequence: Sequence(found.sequence),
    };
    let items = match body.items {
        wire::ScannedItems::Posts(posts) => ScanItems::Posts(posts.into_iter().map(post).collect()),
        wire::ScannedItems::Follows(follows) => {
            ScanItems::Follows(follows.into_iter().map(follow).collect())
        }
    };
    Scan { position: position(body.position), next: Sequence(body.next), end: end(body.end), items }
}

fn online(body: wire::Online) -> Online {
    Online {
        position: position(body.position),
        online: body.online,
        followers: body.followers,
        followees: body.followees.into_iter().map(UserId).collect(),
    }
}

fn explained(body: wire::Explained) -> Explained {
    let why = match body.why {
        wire::Why::Pushed => Why::Pushed,
        wire::Why::Pulled => Why::Pulled,
        wire::Why::InFlight => Why::InFlight,
        wire::Why::NotFollowing => Why::NotFollowing,
        wire::Why::Muted => Why::Muted,
        wire::Why::Blocked => Why::Blocked,
        wire::Why::Deleted => Why::Deleted,
        wire::Why::NoSuchPost => Why::NoSuchPost,
        wire::Why::Apart => Why::Apart,
        wire::Why::Suspended => Why::Suspended,
        wire::Why::Hidden => Why::Hidden,
        wire::Why::Audience => Why::Audience,
    };
    Explained {
        position: position(body.position),
        why,
        author: body.author.map(UserId),
        since: body.since.map(Sequence),
        time: body.time.map(Timestamp),
        by: body.by.map(UserId),
        group: (body.why == wire::Why::Apart).then(|| text(&body.group)),
    }
}

fn groups(body: wire::Groups) -> GroupList {
    let card = |group: wire::Group| GroupCard {
        id: Sequence(group.id),
        name: text(&group.name),
        exclusive: group.exclusive,
        members: group.members,
    };
    let groups = body.groups.into_iter().map(card).collect();
    GroupList { position: position(body.position), groups }
}

fn marks(body: wire::Marks) -> Marks {
    let device = |mark: wire::DeviceMark| {
        let (device, post) = (mark.device, PostId(mark.post));
        DeviceMark { device, post }
    };
    let devices = body.devices.into_iter().map(device).collect();
    Marks { position: position(body.position), mark: PostId(body.mark), devices }
}

fn unread(body: wire::Unread) -> Unread {
    let wire::Unread { position: at, mark, count, more, oldest } = body;
    let (position, mark, oldest) = (position(at), PostId(mark), oldest.map(PostId));
    Unread { position, mark, count, more, oldest }
}

fn broadcasts(body: wire::Broadcasts) -> BroadcastFeed {
    BroadcastFeed {
        position: position(body.position),
        frozen: Sequence(body.frozen),
        session: body.session,
        end: end(body.end),
        broadcasts: body.broadcasts.into_iter().map(broadcast).collect(),
    }
}

fn broadcast(body: wire::Broadcast) -> Broadcast {
    let state = match body.state {
        wire::BroadcastState::Scheduled => BroadcastState::Scheduled,
        wire::BroadcastState::Live => BroadcastState::Live,
        wire::BroadcastState::Replay { post, ended } => {
            BroadcastState::Replay { post: PostId(post), ended: Timestamp(ended) }
        }
    };
    Broadcast {
        id: Sequence(body.id),
        state,
        author: UserId(body.author),
        start: Timestamp(body.start),
        kind: body.kind,
        text: text(&body.text),
        meta: body.meta.to_vec(),
    }
}

/// The beginning of a watch, as a batch in which nothing happened.
pub(crate) fn watching(body: wire::Watching) -> WatchBatch {
    WatchBatch { position: position(body.position), more: false, events: Vec::new() }
}

pub(crate) fn watch_batch(body: wire::Events) -> WatchBatch {
    let event = |event: wire::Event| match event {
        wire::Event::Entry(entry) => WatchEvent::Entry(post(entry)),
        wire::Event::Changed(changed) => WatchEvent::Changed(post(changed)),
        wire::Event::Removed(post) => WatchEvent::Removed(PostId(post)),
        wire::Event::FeedChanged(author) => WatchEvent::FeedChanged(UserId(author)),
        wire::Event::Gap => WatchEvent::Gap,
        wire::Event::Presence { user, online } => {
            WatchEvent::Presence { user: UserId(user), online }
        }
        wire::Event::PresenceAnew => WatchEvent::PresenceAnew,
    };
    let events = body.events.into_iter().map(event).collect();
    WatchBatch { position: position(body.position), more: body.more, events }
}

pub(crate) fn position(position: wire::Position) -> Position {
    Position { epoch: Epoch(position.epoch), sequence: Sequence(position.sequence) }
}

pub(crate) fn end(end: wire::PageEnd) -> PageEnd {
    match end {
        wire::PageEnd::More => PageEnd::More,
        wire::PageEnd::End => PageEnd::End,
        wire::PageEnd::Bytes => PageEnd::Bytes,
    }
}

/// The decoder has checked the text already; a lossy copy spares a second error path.
pub(crate) fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_reply_of_another_kind_is_an_error() {
        let error = Written::from_reply(Reply::Pong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains("Pong"), "{error}");
    }

    #[test]
    fn a_write_answer_keeps_every_field() {
        let position = wire::Position { epoch: 3, sequence: 9 };
        let (changed, requested, post) = (true, true, Some(9));
        let reply = Reply::Written(wire::Written { position, changed, requested, post });
        let answer = Written::from_reply(reply).unwrap();
        let position = Position { epoch: Epoch(3), sequence: Sequence(9) };
        assert_eq!(answer, Written { position, changed, requested, post: Some(PostId(9)) });
    }

    #[test]
    fn the_relation_keeps_its_sides_apart() {
        let body = wire::Relation {
            position: wire::Position { epoch: 1, sequence: 1 },
            follows: true,
            followed_by: false,
            muted: true,
            blocked: false,
            blocked_by: true,
            apart: false,
            requested: true,
            requested_by: false,
        };
        let answer = relation(body);
        assert!(answer.follows && answer.muted && answer.blocked_by);
        assert!(!answer.followed_by && !answer.blocked);
        assert!(answer.requested && !answer.requested_by);
    }
}
