//! Results of the engine to replies of the protocol: outward, by hand.
//!
//! With its counterpart `translate.rs` (inward) the only file that sees both vocabularies. Pages are
//! encoded post by post straight into the connection's buffer: the texts are copied once, from the
//! log's memory into the bytes that go out.
//!
//! Invariant: every error of the engine has exactly one code; see [`code`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use fanfold_engine as engine;
use fanfold_engine::{Engine, Error, ErrorKind, Receipt, WatchBatch, WatchEvent};
use fanfold_protocol::{
    Code, Edge, EdgePage, EncodeError, ErrorReply, Event, Events, Explained, Follow, Group, Groups,
    OnePost, Online, PageEnd, PageWriter, Position, Post, PostModeration, PostRef, Relation, Reply,
    Scanned, ScannedItems, UserCard, Why, Written, encode_reply,
};

use crate::audiences;
use crate::backups;
use crate::broadcasts;
use crate::changes;
use crate::forgets;
use crate::marks;
use crate::moderation;
use crate::notices;
use crate::reposts;
use crate::responses;
use crate::translate::Question;

/// The code of the refusal that was sent, if the request was refused.
pub(crate) type Refusal = Option<Code>;

/// Asks the engine and appends the answer to `out`; backups go below `place`. `Ping` and `Status` are
/// the server's own to answer and come in as their replies.
pub(crate) fn answer(
    engine: &Engine,
    place: Option<&Path>,
    question: &Question,
    request_id: u32,
    out: &mut BytesMut,
) -> Refusal {
    let reply = match question {
        Question::Home(query) => return page(engine.home(query), request_id, out),
        Question::Outbox(query) => return page(engine.outbox(query), request_id, out),
        Question::Group(query) => return page(engine.group(query), request_id, out),
        Question::Counted(query) => {
            return responses::counted_page(engine.counted(query), request_id, out);
        }
        Question::Full(query) => {
            let page = engine.full_page(query);
            return responses::full_page(query, page, request_id, out);
        }
        Question::CountedPost(id, viewer) => {
            let found = engine.counted_post(*id, *viewer).map(responses::counted_post);
            moderation::told(engine, *viewer, found)
        }
        Question::Forgotten(viewer) => engine.forgotten(*viewer).map(forgets::list),
        Question::Moderated(query) => engine.moderated(query).map(moderation::page),
        Question::Comments(query) => {
            engine.comments(query).map(|page| responses::comments(query, page))
        }
        Question::Reactors(query) => engine.reactors(query).map(responses::reactors),
        Question::Reposters(query) => engine.reposters(query).map(reposts::reposters),
        Question::Notices(query) => engine.notices(query).map(notices::page),
        Question::Groups(user, viewer) => engine.groups(*user, *viewer).map(groups),
        Question::Members(query) => engine.members(query).map(edges),
        Question::Broadcasts(query) => engine.broadcasts(query).map(broadcasts::feed),
        Question::Broadcast(id, viewer) => engine.broadcast(*id, *viewer).map(broadcasts::one),
        Question::Changes(query, viewer) => engine.changes(query, *viewer).map(changes::changed),
        Question::Marks(query) => engine.marks(query).map(marks::marks),
        Question::Unread(query) => engine.unread(query).map(marks::unread),
        Question::Revision(id, revision, viewer) => {
            engine.revision(*id, *revision, *viewer).map(one_post)
        }
        Question::Ping | Question::Status => Ok(Reply::Pong),
        Question::Backup(name) => backups::backup(engine, place, name).map(backed_up),
        Question::Advise => engine.advise().map(advised),
        Question::Post(id, viewer) => {
            moderation::told(engine, *viewer, engine.post(*id, *viewer).map(one_post))
        }
        Question::Following(query) => engine.following(query).map(edges),
        Question::Followers(query) => engine.followers(query).map(edges),
        Question::Mutes(query) => engine.mutes(query).map(edges),
        Question::Blocks(query) => engine.blocks(query).map(edges),
        Question::Requests(query) => engine.requests(query).map(edges),
        Question::User(user, viewer) => engine.user(*user, *viewer).map(user_card),
        Question::Relation { a, b, viewer } => engine.relation(*a, *b, *viewer).map(relation),
        Question::Scan(query) => engine.scan(query).map(scanned),
        Question::Online(user, viewer) => engine.online(*user, *viewer).map(online),
        Question::Explain { user, post, viewer } => {
            engine.explain(*user, *post, *viewer).map(explained)
        }
    };
    result(reply, request_id, out)
}

/// Asks what the engine has in memory and appends the answer to `out`. `None` if files are needed.
pub(crate) fn answer_resident(
    engine: &Engine,
    question: &Question,
    request_id: u32,
    out: &mut BytesMut,
) -> Option<Refusal> {
    if let Question::Groups(..)
    | Question::Members(_)
    | Question::Marks(_)
    | Question::Forgotten(_)
    | Question::Moderated(_) = question
    {
        // Wholly in memory.
        return Some(answer(engine, None, question, request_id, out));
    }
    if is_page(question) {
        return resident_page(&engine.resident(), question, request_id, out);
    }
    let (all, engine) = (engine, engine.resident());
    let reply = match question {
        Question::CountedPost(id, viewer) => {
            let found = engine.counted_post(*id, *viewer).transpose()?;
            moderation::told(all, *viewer, found.map(responses::counted_post))
        }
        Question::Comments(query) => {
            engine.comments(query).transpose()?.map(|page| responses::comments(query, page))
        }
        Question::Reactors(query) => engine.reactors(query).transpose()?.map(responses::reactors),
        Question::Reposters(query) => engine.reposters(query).transpose()?.map(reposts::reposters),
        Question::Notices(query) => engine.notices(query).transpose()?.map(notices::page),
        Question::Ping | Question::Status => Ok(Reply::Pong),
        Question::Post(id, viewer) => {
            let found = engine.post(*id, *viewer).transpose()?;
            moderation::told(all, *viewer, found.map(one_post))
        }
        Question::Unread(query) => engine.unread(query).transpose()?.map(marks::unread),
        Question::Broadcast(id, viewer) => {
            engine.broadcast(*id, *viewer).transpose()?.map(broadcasts::one)
        }
        Question::Following(query) => engine.following(query).transpose()?.map(edges),
        Question::Followers(query) => engine.followers(query).transpose()?.map(edges),
        Question::Mutes(query) => engine.mutes(query).transpose()?.map(edges),
        Question::Blocks(query) => engine.blocks(query).transpose()?.map(edges),
        Question::Requests(query) => engine.requests(query).transpose()?.map(edges),
        Question::User(user, viewer) => engine.user(*user, *viewer).transpose()?.map(user_card),
        Question::Relation { a, b, viewer } => {
            engine.relation(*a, *b, *viewer).transpose()?.map(relation)
        }
        // A walk through everything is for the lane, whatever is in memory.
        Question::Scan(_)
        | Question::Home(_)
        | Question::Outbox(_)
        | Question::Group(_)
        | Question::Broadcasts(_)
        | Question::Counted(_)
        | Question::Full(_)
        | Question::Groups(..)
        | Question::Members(_)
        | Question::Marks(_)
        | Question::Moderated(_)
        | Question::Forgotten(_)
        | Question::Revision(..)
        | Question::Changes(..)
        | Question::Backup(_)
        | Question::Advise
        | Question::Online(..)
        | Question::Explain { .. } => return None,
    };
    Some(result(reply, request_id, out))
}

/// Whether it asks for a page of posts, which is written straight into the buffer.
fn is_page(question: &Question) -> bool {
    matches!(
        question,
        Question::Home(_)
            | Question::Outbox(_)
            | Question::Group(_)
            | Question::Broadcasts(_)
            | Question::Counted(_)
            | Question::Full(_)
    )
}

/// The same of pages of posts.
fn resident_page(
    engine: &engine::Resident<'_>,
    question: &Question,
    request_id: u32,
    out: &mut BytesMut,
) -> Option<Refusal> {
    let seen = match question {
        Question::Group(query) => engine.see_group(query, |page| write_page(page, request_id, out)),
        Question::Home(query) => engine.see_home(query, |page| write_page(page, request_id, out)),
        Question::Outbox(query) => {
            engine.see_outbox(query, |page| write_page(page, request_id, out))
        }
        Question::Broadcasts(query) => {
            engine.see_broadcasts(query, |page| broadcasts::write_feed(page, request_id, out))
        }
        Question::Counted(query) => {
            let page = engine.counted(query).transpose()?;
            return Some(responses::counted_page(page, request_id, out));
        }
        Question::Full(query) => {
            let page = engine.full_page(query).transpose()?;
            return Some(responses::full_page(query, page, request_id, out));
        }
        _ => return None,
    };
    Some(refused(seen.transpose()?, request_id, out))
}

/// Appends a reply, or the error instead of it.
pub(crate) fn result(reply: Result<Reply, Error>, request_id: u32, out: &mut BytesMut) -> Refusal {
    match reply {
        Ok(reply) => send(request_id, &reply, out),
        Err(error) => refuse(request_id, refusal(&error), out),
    }
}

/// Appends the answer to a write.
pub(crate) fn written(
    result: Result<Receipt, ErrorReply>,
    request_id: u32,
    out: &mut BytesMut,
) -> Refusal {
    match result {
        Ok(receipt) => {
            let Receipt { position: at, changed, post, requested } = receipt;
            let post = post.map(|post| post.0);
            let written = Written { position: position(at), changed, requested, post };
            send(request_id, &Reply::Written(written), out)
        }
        Err(error) => refuse(request_id, error, out),
    }
}

/// Appends `reply`.
pub(crate) fn send(request_id: u32, reply: &Reply, out: &mut BytesMut) -> Refusal {
    match encode_reply(request_id, reply, out) {
        Ok(()) => None,
        Err(error) => refuse(request_id, ErrorReply::new(Code::Internal, error.to_string()), out),
    }
}

/// Appends `error`.
pub(crate) fn refuse(request_id: u32, error: ErrorReply, out: &mut BytesMut) -> Refusal {
    let code = error.code;
    encode_reply(request_id, &Reply::Error(error), out)
        .expect("an error reply cuts its message to what fits");
    Some(code)
}

/// What a peer is told about an error of the engine.
pub(crate) fn refusal(error: &Error) -> ErrorReply {
    let reply = ErrorReply::new(code(error.kind()), error.to_string());
    ErrorReply { oldest: error.oldest().map_or(0, |oldest| oldest.0), ..reply }
}

/// The code of each kind of error; its radius, fault and retry hint follow from it.
pub(crate) fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Invalid => Code::Invalid,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Conflict => Code::Conflict,
        ErrorKind::Denied => Code::Denied,
        ErrorKind::Limit => Code::Limit,
        ErrorKind::Trimmed => Code::Trimmed,
        ErrorKind::Busy => Code::Busy,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::StorageFull => Code::StorageFull,
        ErrorKind::Corrupt => Code::Corrupt,
        ErrorKind::Closed => Code::Closed,
        // `Unusable` is an answer of opening; a kind that is new is a fault until it has a code.
        ErrorKind::Unusable | ErrorKind::Internal | _ => Code::Internal,
    }
}

pub(crate) fn position(at: engine::Position) -> Position {
    Position { epoch: at.epoch, sequence: at.sequence.0 }
}

fn page(result: Result<engine::Page, Error>, request_id: u32, out: &mut BytesMut) -> Refusal {
    let written = result.map(|page| {
        let posts: Vec<_> = page.posts.iter().map(engine::Post::borrow).collect();
        let page = engine::PageRef { position: page.position, posts: &posts, end: page.end };
        write_page(page, request_id, out)
    });
    refused(written, request_id, out)
}

/// Appends a page, whose posts may be borrowed from the log; or why it cannot be.
fn write_page(page: engine::PageRef<'_>, request_id: u32, out: &mut BytesMut) -> Refusal {
    let mut writer = PageWriter::start(request_id, position(page.position), out);
    let mut mentions = Vec::new();
    let pushed = page.posts.iter().try_for_each(|post| push(&mut writer, post, &mut mentions));
    match pushed.and_then(|()| writer.finish(end(page.end))) {
        Ok(()) => None,
        Err(error) => refuse(request_id, ErrorReply::new(Code::Internal, error.to_string()), out),
    }
}

/// What was written, or the error instead of it.
fn refused(written: Result<Refusal, Error>, request_id: u32, out: &mut BytesMut) -> Refusal {
    written.unwrap_or_else(|error| refuse(request_id, refusal(&error), out))
}

/// Adds a post to a page; `mentions` is room that posts share.
pub(crate) fn push(
    writer: &mut PageWriter<'_>,
    post: &engine::PostRef<'_>,
    mentions: &mut Vec<u64>,
) -> Result<(), EncodeError> {
    mentions.clear();
    mentions.extend(post.mentions.iter().map(|user| user.0));
    writer.push(post_ref(post, mentions))
}

fn post_ref<'a>(post: &engine::PostRef<'a>, mentions: &'a [u64]) -> PostRef<'a> {
    PostRef {
        id: post.id.0,
        author: post.author.0,
        at: post.at.0,
        committed_at: post.committed_at.0,
        kind: post.kind,
        text: post.text,
        meta: post.meta,
        repost: post.repost.map(reposts::link),
        mentions,
        edit: marks::edit(post.revision, post.edited_at),
        audience: audiences::audience_ref(post.audience),
    }
}

fn backed_up((directory, made): (PathBuf, engine::Backup)) -> Reply {
    let text = engine::StatusValue::Text(directory.display().to_string());
    let numbers = backups::fields(&made).into_iter();
    let numbers =
        numbers.map(|(name, value)| (name.to_owned(), engine::StatusValue::Number(value)));
    let fields = std::iter::once(("directory".to_owned(), text)).chain(numbers).collect();
    status(made.position, fields)
}

fn advised(advice: engine::Advice) -> Reply {
    let (number, text) = (engine::StatusValue::Number, engine::StatusValue::Text);
    let millis = u64::try_from(advice.window.as_millis()).unwrap_or(u64::MAX);
    let mut fields = vec![
        ("window_millis".to_owned(), number(millis)),
        ("posts".to_owned(), number(advice.posts)),
        ("pages".to_owned(), number(advice.pages)),
        ("readers".to_owned(), number(advice.readers)),
        ("sampled".to_owned(), number(advice.sampled)),
        ("running".to_owned(), text(advice.running.to_string())),
    ];
    let cheapest = advice.cheapest.map(|policy| text(policy.to_string()));
    fields.extend(cheapest.map(|policy| ("cheapest".to_owned(), policy)));
    for cost in &advice.policies {
        let field = |name, value| (format!("{}.{name}", cost.policy), number(value));
        fields.push(field("deliveries", cost.deliveries));
        fields.push(field("inbox_bytes", cost.inbox_bytes));
        fields.push(field("pulled_authors", cost.pulled_authors));
        fields.push(field("cpu_micros", cost.cpu_micros));
    }
    status(advice.position, fields)
}

fn one_post((at, found): (engine::Position, engine::Post)) -> Reply {
    let (position, moderation) = (position(at), PostModeration::default());
    Reply::Post(OnePost { position, post: post(found), counts: None, moderation })
}

pub(crate) fn post(found: engine::Post) -> Post {
    Post {
        edit: marks::edit(found.revision, found.edited_at),
        id: found.id.0,
        author: found.author.0,
        at: found.at.0,
        committed_at: found.committed_at.0,
        kind: found.kind,
        mentions: notices::users(found.mentions.borrow()),
        audience: audiences::audience(&found.audience),
        text: found.text,
        meta: found.meta,
        repost: found.repost.map(reposts::link),
    }
}

fn edges(page: engine::EdgePage) -> Reply {
    let edge = |edge: &engine::Edge| Edge { user: edge.user.0, sequence: edge.sequence.0 };
    Reply::Edges(EdgePage {
        position: position(page.position),
        end: end(page.end),
        edges: page.edges.iter().map(edge).collect(),
    })
}

fn user_card(card: engine::UserCard) -> Reply {
    Reply::User(UserCard {
        position: position(card.position),
        user: card.user.0,
        posts: card.posts,
        followers: card.followers,
        followees: card.followees,
        newest_post: card.newest_post.map(|post| post.0),
        active_at: card.active_at.map(|at| at.0),
        suspended: card.suspended,
        private: card.is_private,
    })
}

fn relation(relation: engine::Relation) -> Reply {
    Reply::Relation(Relation {
        position: position(relation.position),
        follows: relation.follows,
        followed_by: relation.followed_by,
        muted: relation.muted,
        blocked: relation.blocked,
        blocked_by: relation.blocked_by,
        apart: relation.apart,
        requested: relation.requested,
        requested_by: relation.requested_by,
    })
}

fn scanned(scan: engine::Scan) -> Reply {
    let items = match scan.items {
        engine::ScanItems::Posts(posts) => {
            ScannedItems::Posts(posts.into_iter().map(post).collect())
        }
        engine::ScanItems::Follows(follows) => {
            ScannedItems::Follows(follows.iter().map(follow).collect())
        }
    };
    Reply::Scanned(Scanned {
        position: position(scan.position),
        next: scan.next.0,
        end: end(scan.end),
        items,
    })
}

fn online(found: engine::Online) -> Reply {
    let cut = found.followees.iter().take(usize::from(u16::MAX));
    Reply::Online(Online {
        position: position(found.position),
        online: found.user,
        followers: found.followers,
        followees: cut.map(|user| user.0).collect(),
    })
}

fn explained(found: engine::Explained) -> Reply {
    let group = match &found.why {
        engine::Why::Apart { group, .. } => copy(group),
        _ => Bytes::new(),
    };
    let (why, since, by) = match found.why {
        engine::Why::Present { since, way } => (present(way), Some(since), None),
        engine::Why::NotFollowing { ended } => (Why::NotFollowing, ended, None),
        engine::Why::Muted { since } => (Why::Muted, Some(since), None),
        engine::Why::Apart { since, .. } => (Why::Apart, Some(since), None),
        engine::Why::Blocked { by, since } => (Why::Blocked, Some(since), Some(by)),
        engine::Why::Deleted { at } => (Why::Deleted, at, None),
        engine::Why::Suspended { since } => (Why::Suspended, Some(since), None),
        engine::Why::Hidden { since } => (Why::Hidden, Some(since), None),
        engine::Why::Audience { .. } => (Why::Audience, None, None),
        // There are no other reasons.
        _ => (Why::NoSuchPost, None, None),
    };
    Reply::Explained(Explained {
        position: position(found.position),
        why,
        author: found.author.map(|author| author.0),
        since: since.map(|since| since.sequence.0),
        time: since.and_then(|since| since.time).map(|time| time.0),
        by: by.map(|by| by.0),
        group,
    })
}

fn groups(list: engine::GroupList) -> Reply {
    let group = |card: &engine::GroupCard| Group {
        id: card.id.0,
        name: copy(&card.name),
        exclusive: card.exclusive,
        members: card.members,
    };
    let groups = list.groups.iter().map(group).collect();
    Reply::Groups(Groups { position: position(list.position), groups })
}

pub(crate) fn copy(name: &engine::GroupName) -> Bytes {
    Bytes::copy_from_slice(name.as_str().as_bytes())
}

fn present(way: engine::Way) -> Why {
    match way {
        engine::Way::Pushed => Why::Pushed,
        engine::Way::Pulled => Why::Pulled,
        engine::Way::InFlight => Why::InFlight,
    }
}

/// What a watch tells, as a push.
pub(crate) fn events(batch: WatchBatch) -> Reply {
    let event = |event| match event {
        WatchEvent::Entry(found) => Event::Entry(post(Arc::unwrap_or_clone(found))),
        WatchEvent::Changed(found) => Event::Changed(post(Arc::unwrap_or_clone(found))),
        WatchEvent::Removed(post) => Event::Removed(post.0),
        WatchEvent::FeedChanged(author) => Event::FeedChanged(author.0),
        WatchEvent::Gap => Event::Gap,
        WatchEvent::Presence { user, online } => Event::Presence { user: user.0, online },
        WatchEvent::PresenceAnew => Event::PresenceAnew,
    };
    Reply::Events(Events {
        position: position(batch.position),
        more: batch.more,
        events: batch.events.into_iter().map(event).collect(),
    })
}

fn follow(item: &engine::FollowItem) -> Follow {
    Follow { user: item.user.0, author: item.author.0, sequence: item.sequence.0 }
}

pub(crate) fn end(end: engine::PageEnd) -> PageEnd {
    match end {
        engine::PageEnd::More => PageEnd::More,
        engine::PageEnd::End => PageEnd::End,
        engine::PageEnd::Bytes => PageEnd::Bytes,
    }
}

/// The state in numbers, as a reply.
pub(crate) fn status(at: engine::Position, fields: Vec<(String, engine::StatusValue)>) -> Reply {
    let field = |(name, value): (String, engine::StatusValue)| {
        let value = match value {
            engine::StatusValue::Number(number) => fanfold_protocol::StatusValue::Number(number),
            engine::StatusValue::Text(text) => {
                fanfold_protocol::StatusValue::Text(Bytes::from(text))
            }
        };
        (Bytes::from(name), value)
    };
    Reply::Status(fanfold_protocol::Status {
        position: position(at),
        fields: fields.into_iter().map(field).collect(),
    })
}

#[cfg(test)]
mod tests {
    use fanfold_protocol::{Fault, FrameCodec, Radius, Retry, limits};
    use tokio_util::codec::Decoder;

    use super::*;

    const KINDS: [ErrorKind; 13] = [
        ErrorKind::Trimmed,
        ErrorKind::Invalid,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Denied,
        ErrorKind::Limit,
        ErrorKind::Busy,
        ErrorKind::Unavailable,
        ErrorKind::StorageFull,
        ErrorKind::Corrupt,
        ErrorKind::Unusable,
        ErrorKind::Closed,
        ErrorKind::Internal,
    ];

    #[test]
    fn every_kind_but_unusable_has_its_own_code() {
        let mut numbers: Vec<u16> = KINDS.iter().map(|kind| code(*kind).number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), KINDS.len() - 1);
    }

    #[test]
    fn no_error_of_the_engine_ends_a_session() {
        assert!(KINDS.iter().all(|kind| code(*kind).radius() == Radius::Request));
    }

    #[test]
    fn busy_says_when_to_come_back_and_keeps_its_message() {
        let error = Error::new(ErrorKind::Busy, "the queue holds 3 commands; the limit is 3");
        let mut out = BytesMut::new();
        assert_eq!(written(Err(refusal(&error)), 5, &mut out), Some(Code::Busy));
        let frame = FrameCodec::new(limits::BODY_BYTES_MAX).decode(&mut out).unwrap().unwrap();
        let Ok(Reply::Error(reply)) = Reply::load(&frame) else { panic!("not an error") };
        assert_eq!((frame.request_id, reply.fault), (5, Fault::Resource));
        assert!(matches!(reply.retry, Retry::After(_)));
        assert_eq!(reply.message(), "the queue holds 3 commands; the limit is 3");
    }
}
