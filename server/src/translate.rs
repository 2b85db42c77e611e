//! Requests of the protocol to commands and questions of the engine: inward, by hand.
//!
//! With its counterpart `reply.rs` (outward) the only file that sees both vocabularies. It decides
//! nothing: no limit, no default of its own but the one for a `limit` of 0, which the protocol
//! leaves to the server.

use std::time::Duration;

use fanfold_engine::{
    Action, BroadcastId, BroadcastsQuery, CHANGES_DEFAULT, ChangesQuery, Command, CommentOrder,
    CommentsQuery, ContentWanted, CountedQuery, EdgeQuery, FullQuery, GroupName, GroupQuery, Key,
    LIMIT_DEFAULT, MarksQuery, MembersQuery, ModeratedQuery, NewPost, NoticesQuery, Position,
    PostId, ReactorsQuery, RepostersQuery, ScanOf, ScanQuery, Sequence, Span, TimelineQuery,
    Timestamp, UnreadQuery, UserId, WatchQuery, WriteOptions,
};
use fanfold_protocol as wire;
use fanfold_protocol::Request;

use crate::audiences;
use crate::broadcasts;
use crate::collapse;
use crate::forgets;
use crate::marks;
use crate::moderation;
use crate::notices;
use crate::reposts;

/// Everything that is answered from the current state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Ping,
    Status,
    Backup(String),
    Advise,
    Home(TimelineQuery),
    Group(GroupQuery),
    Groups(UserId, Option<UserId>),
    Members(MembersQuery),
    Counted(CountedQuery),
    Full(FullQuery),
    CountedPost(PostId, Option<UserId>),
    Comments(CommentsQuery),
    Reactors(ReactorsQuery),
    Reposters(RepostersQuery),
    Moderated(ModeratedQuery),
    Forgotten(Option<UserId>),
    Notices(NoticesQuery),
    Broadcasts(BroadcastsQuery),
    Broadcast(BroadcastId, Option<UserId>),
    Changes(ChangesQuery, Option<UserId>),
    Marks(MarksQuery),
    Unread(UnreadQuery),
    Revision(PostId, u32, Option<UserId>),
    Outbox(TimelineQuery),
    Post(PostId, Option<UserId>),
    Following(EdgeQuery),
    Followers(EdgeQuery),
    Mutes(EdgeQuery),
    Blocks(EdgeQuery),
    Requests(EdgeQuery),
    User(UserId, Option<UserId>),
    Relation { a: UserId, b: UserId, viewer: Option<UserId> },
    Scan(ScanQuery),
    Online(UserId, Option<UserId>),
    Explain { user: UserId, post: PostId, viewer: Option<UserId> },
}

/// The command a write asks for; none if the request is not a write.
#[expect(
    clippy::too_many_lines,
    reason = "flat: an arm for each write, a line for each other request"
)]
pub(crate) fn command(request: Request) -> Option<Command> {
    let (action, options) = match request {
        Request::Publish(publish) => publication(publish),
        Request::Delete(delete) => (Action::Delete { post: PostId(delete.post) }, delete.options),
        Request::Touch(touch) => (Action::Touch { user: UserId(touch.user) }, touch.options),
        Request::Tag(tag) => {
            let name = tag.name().to_owned();
            (Action::Tag { user: UserId(tag.user), tag: name, is_set: tag.set }, tag.options)
        }
        Request::Follow(follow) => {
            let (user, author) = (UserId(follow.user), UserId(follow.other));
            (Action::Follow { user, author, weight: follow.weight }, follow.options)
        }
        Request::Unfollow(pair) => on_pair(pair, |user, author| Action::Unfollow { user, author }),
        Request::Mute(pair) => on_pair(pair, |user, author| Action::Mute { user, author }),
        Request::Unmute(pair) => on_pair(pair, |user, author| Action::Unmute { user, author }),
        Request::Block(pair) => on_pair(pair, |user, other| Action::Block { user, other }),
        Request::Unblock(pair) => on_pair(pair, |user, other| Action::Unblock { user, other }),
        Request::Befriend(pair) => on_pair(pair, |user, other| Action::Befriend { user, other }),
        Request::Private(private) => {
            (Action::Private { user: UserId(private.user), is_on: private.on }, private.options)
        }
        Request::Approve(pair) => {
            on_pair(pair, |user, follower| Action::Approve { user, follower })
        }
        Request::Deny(pair) => on_pair(pair, |user, follower| Action::Deny { user, follower }),
        Request::GroupCreate(group) => {
            let (user, name) = (UserId(group.user), GroupName::new(group.name()));
            (Action::GroupCreate { user, name, exclusive: group.exclusive }, group.options)
        }
        Request::GroupDelete(group) => {
            let (user, name) = (UserId(group.user), GroupName::new(group.name()));
            (Action::GroupDelete { user, name }, group.options)
        }
        Request::GroupAdd(member) => {
            on_member(&member, |user, name, author| Action::GroupAdd { user, name, author })
        }
        Request::GroupRemove(member) => {
            on_member(&member, |user, name, author| Action::GroupRemove { user, name, author })
        }
        Request::React(reaction) => {
            on_target(reaction, |user, target, kind| Action::React { user, target, kind })
        }
        Request::Unreact(reaction) => {
            on_target(reaction, |user, target, kind| Action::Unreact { user, target, kind })
        }
        Request::Comment(comment) => new_comment(comment),
        Request::NoticesRead(read) => notices::read(read),
        Request::CommentDelete(delete) => {
            (Action::CommentDelete { comment: PostId(delete.comment) }, delete.options)
        }
        Request::Repost(repost) => reposts::repost(repost),
        Request::Unrepost(unrepost) => {
            let (user, post) = (UserId(unrepost.user), PostId(unrepost.post));
            (Action::Unrepost { user, post }, unrepost.options)
        }
        Request::Mark(mark) => marks::mark(&mark),
        Request::Revise(revise) => marks::revise(revise),
        Request::BroadcastSchedule(schedule) => broadcasts::scheduled(schedule),
        Request::BroadcastReschedule(reschedule) => broadcasts::rescheduled(reschedule),
        Request::BroadcastStart(start) => broadcasts::started(start),
        Request::BroadcastEnd(end) => broadcasts::ended(end),
        Request::BroadcastCancel(cancel) => broadcasts::cancelled(cancel),
        Request::Forget(forget) => forgets::forget(forget),
        Request::Suspend(of) => moderation::on_user(of, |user| Action::Suspend { user }),
        Request::Unsuspend(of) => moderation::on_user(of, |user| Action::Unsuspend { user }),
        Request::Hide(of) => moderation::on_post(of, |post| Action::Hide { post }),
        Request::Unhide(of) => moderation::on_post(of, |post| Action::Unhide { post }),
        Request::Hello(_)
        | Request::Broadcasts(_)
        | Request::Broadcast(_)
        | Request::Changes(_)
        | Request::Comments(_)
        | Request::Reactors(_)
        | Request::Reposters(_)
        | Request::Moderated(_)
        | Request::Forgotten(_)
        | Request::Notices(_)
        | Request::Marks(_)
        | Request::Unread(_)
        | Request::Group(_)
        | Request::Groups(_)
        | Request::Members(_)
        | Request::Ping
        | Request::Status
        | Request::Backup(_)
        | Request::Advise
        | Request::Home(_)
        | Request::Outbox(_)
        | Request::Post(_)
        | Request::Following(_)
        | Request::Followers(_)
        | Request::Mutes(_)
        | Request::Blocks(_)
        | Request::Requests(_)
        | Request::User(_)
        | Request::Relation(_)
        | Request::Scan(_)
        | Request::Online(_)
        | Request::Explain(_)
        | Request::Watch(_)
        | Request::Unwatch(_) => return None,
    };
    Some(Command { action, options: write_options(options) })
}

/// The question a read asks; none if the request is not a read.
#[expect(
    clippy::too_many_lines,
    reason = "flat: an arm for each read, a line for each other request"
)]
pub(crate) fn question(request: &Request) -> Option<Question> {
    Some(match request {
        Request::Ping => Question::Ping,
        Request::Status => Question::Status,
        Request::Backup(backup) => Question::Backup(backup.name().to_owned()),
        Request::Advise => Question::Advise,
        Request::Home(timeline) if has_more(timeline.options) => {
            full(CountedQuery::Home(timeline_query(timeline)), timeline.options)
        }
        Request::Outbox(timeline) if has_more(timeline.options) => {
            full(CountedQuery::Outbox(timeline_query(timeline)), timeline.options)
        }
        Request::Group(feed) if has_more(feed.page.options) => {
            full(CountedQuery::Group(group_query(feed)), feed.page.options)
        }
        Request::Home(timeline) if timeline.options.counts => counted_home(timeline),
        Request::Outbox(timeline) if timeline.options.counts => counted_outbox(timeline),
        Request::Group(feed) if feed.page.options.counts => {
            Question::Counted(CountedQuery::Group(group_query(feed)))
        }
        Request::Post(post) if post.options.counts && post.revision.is_none() => {
            Question::CountedPost(PostId(post.post), viewer(post.options))
        }
        Request::Comments(comments) => Question::Comments(comments_query(comments)),
        Request::Reactors(reactors) => Question::Reactors(reactors_query(reactors)),
        Request::Reposters(query) => Question::Reposters(RepostersQuery {
            post: PostId(query.post),
            viewer: viewer(query.options),
            before: query.before.map(PostId),
            limit: limit(query.limit),
        }),
        Request::Forgotten(of) => Question::Forgotten(viewer(of.options)),
        Request::Moderated(of) => Question::Moderated(moderation::query(of)),
        Request::Notices(notices) => Question::Notices(notices::query(notices)),
        Request::Home(timeline) => Question::Home(timeline_query(timeline)),
        Request::Outbox(timeline) => Question::Outbox(timeline_query(timeline)),
        Request::Group(feed) => Question::Group(group_query(feed)),
        Request::Groups(user) => Question::Groups(UserId(user.user), viewer(user.options)),
        Request::Changes(changes) => {
            Question::Changes(changes_query(changes), viewer(changes.options))
        }
        Request::Members(members) => Question::Members(MembersQuery {
            name: GroupName::new(members.name()),
            page: edge_query(&members.page),
        }),
        Request::Post(post) => match post.revision {
            Some(revision) => Question::Revision(PostId(post.post), revision, viewer(post.options)),
            None => Question::Post(PostId(post.post), viewer(post.options)),
        },
        Request::Marks(marks) => Question::Marks(marks::marks_query(marks)),
        Request::Unread(unread) => Question::Unread(marks::unread_query(unread)),
        Request::Broadcasts(feed) => Question::Broadcasts(broadcasts::query(feed)),
        Request::Broadcast(one) => {
            Question::Broadcast(BroadcastId(one.broadcast), viewer(one.options))
        }
        Request::Following(edges) => Question::Following(edge_query(edges)),
        Request::Followers(edges) => Question::Followers(edge_query(edges)),
        Request::Mutes(edges) => Question::Mutes(edge_query(edges)),
        Request::Blocks(edges) => Question::Blocks(edge_query(edges)),
        Request::Requests(edges) => Question::Requests(edge_query(edges)),
        Request::User(user) => Question::User(UserId(user.user), viewer(user.options)),
        Request::Relation(relation) => Question::Relation {
            a: UserId(relation.a),
            b: UserId(relation.b),
            viewer: viewer(relation.options),
        },
        Request::Scan(scan) => Question::Scan(scan_query(scan)),
        Request::Online(user) => Question::Online(UserId(user.user), viewer(user.options)),
        Request::Explain(explain) => Question::Explain {
            user: UserId(explain.user),
            post: PostId(explain.post),
            viewer: viewer(explain.options),
        },
        Request::Hello(_)
        | Request::Watch(_)
        | Request::Unwatch(_)
        | Request::Publish(_)
        | Request::Delete(_)
        | Request::Follow(_)
        | Request::Unfollow(_)
        | Request::Mute(_)
        | Request::Unmute(_)
        | Request::Block(_)
        | Request::Unblock(_)
        | Request::Befriend(_)
        | Request::Private(_)
        | Request::Approve(_)
        | Request::Deny(_)
        | Request::BroadcastSchedule(_)
        | Request::BroadcastReschedule(_)
        | Request::BroadcastStart(_)
        | Request::BroadcastEnd(_)
        | Request::BroadcastCancel(_)
        | Request::GroupCreate(_)
        | Request::GroupDelete(_)
        | Request::GroupAdd(_)
        | Request::GroupRemove(_)
        | Request::React(_)
        | Request::Unreact(_)
        | Request::Comment(_)
        | Request::CommentDelete(_)
        | Request::Repost(_)
        | Request::Unrepost(_)
        | Request::Forget(_)
        | Request::Suspend(_)
        | Request::Unsuspend(_)
        | Request::Hide(_)
        | Request::Unhide(_)
        | Request::NoticesRead(_)
        | Request::Mark(_)
        | Request::Revise(_)
        | Request::Touch(_)
        | Request::Tag(_) => return None,
    })
}

fn counted_home(timeline: &wire::Timeline) -> Question {
    Question::Counted(CountedQuery::Home(timeline_query(timeline)))
}

fn counted_outbox(timeline: &wire::Timeline) -> Question {
    Question::Counted(CountedQuery::Outbox(timeline_query(timeline)))
}

/// What a watch asks for.
pub(crate) fn watch_query(watch: &wire::Watch) -> WatchQuery {
    let after = watch
        .after
        .map(|after| Position { epoch: after.epoch, sequence: Sequence(after.sequence) });
    let presence = watch.presence;
    WatchQuery { user: UserId(watch.user), viewer: viewer(watch.options), after, presence }
}

fn publication(publish: wire::Publish) -> (Action, wire::WriteOptions) {
    let post = NewPost {
        author: UserId(publish.author),
        kind: publish.kind,
        created_at: publish.created_at.map(Timestamp),
        text: publish.text,
        meta: publish.meta,
        repost: None,
        mentions: notices::mentions(publish.mentions),
        audience: audiences::said(&publish.audience),
    };
    (Action::Publish(post), publish.options)
}

/// Whether a page comes with more than counts.
fn has_more(options: wire::ReadOptions) -> bool {
    options.originals || options.groups || options.collapse.is_some()
}

fn full(of: CountedQuery, options: wire::ReadOptions) -> Question {
    let wire::ReadOptions { counts, originals, groups, collapse, .. } = options;
    let collapse = collapse.map(collapse::collapse);
    Question::Full(FullQuery { of, counts, originals, groups, collapse })
}

fn on_pair(
    pair: wire::Pair,
    action: impl FnOnce(UserId, UserId) -> Action,
) -> (Action, wire::WriteOptions) {
    (action(UserId(pair.user), UserId(pair.other)), pair.options)
}

fn on_member(
    member: &wire::GroupMember,
    action: impl FnOnce(UserId, GroupName, UserId) -> Action,
) -> (Action, wire::WriteOptions) {
    let name = GroupName::new(member.name());
    (action(UserId(member.user), name, UserId(member.author)), member.options)
}

fn on_target(
    reaction: wire::Reaction,
    action: impl FnOnce(UserId, PostId, u8) -> Action,
) -> (Action, wire::WriteOptions) {
    let wire::Reaction { options, user, target, kind } = reaction;
    (action(UserId(user), PostId(target), kind), options)
}

fn new_comment(comment: wire::NewComment) -> (Action, wire::WriteOptions) {
    let wire::NewComment { options, user, post, answers, text, mentions } = comment;
    let (user, post, answers) = (UserId(user), PostId(post), answers.map(PostId));
    let mentions = notices::mentions(mentions);
    (Action::Comment { user, post, answers, text, mentions }, options)
}

fn group_query(feed: &wire::GroupFeed) -> GroupQuery {
    GroupQuery { name: GroupName::new(feed.name()), page: timeline_query(&feed.page) }
}

fn comments_query(comments: &wire::Comments) -> CommentsQuery {
    let order = match comments.newest_first {
        true => CommentOrder::NewestFirst,
        false => CommentOrder::OldestFirst,
    };
    CommentsQuery {
        post: PostId(comments.post),
        viewer: viewer(comments.options),
        order,
        cursor: comments.cursor.map(PostId),
        limit: limit(comments.limit),
    }
}

fn reactors_query(reactors: &wire::Reactors) -> ReactorsQuery {
    ReactorsQuery {
        target: PostId(reactors.target),
        kind: reactors.kind,
        viewer: viewer(reactors.options),
        before: reactors.before.map(Sequence),
        limit: limit(reactors.limit),
    }
}

fn write_options(options: wire::WriteOptions) -> WriteOptions {
    WriteOptions { key: options.key.map(Key), actor: options.actor.map(UserId) }
}

pub(crate) fn viewer(options: wire::ReadOptions) -> Option<UserId> {
    options.viewer.map(UserId)
}

/// How long the answer to a request may wait for something to tell.
pub(crate) fn patience(request: &Request) -> Duration {
    match request {
        Request::Changes(changes) => Duration::from_millis(u64::from(changes.wait_ms)),
        _ => Duration::ZERO,
    }
}

fn changes_query(changes: &wire::Changes) -> ChangesQuery {
    let after = changes
        .after
        .map(|after| Position { epoch: after.epoch, sequence: Sequence(after.sequence) });
    let limit = match changes.limit {
        0 => CHANGES_DEFAULT,
        limit => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let content = if changes.content { ContentWanted::Yes } else { ContentWanted::No };
    ChangesQuery { after, begun: changes.begun.map(Sequence), limit, content }
}

fn timeline_query(timeline: &wire::Timeline) -> TimelineQuery {
    let span = match timeline.span {
        wire::Span::Newest => Span::Newest,
        wire::Span::Before(post) => Span::Before(PostId(post)),
        wire::Span::After(post) => Span::After(PostId(post)),
    };
    TimelineQuery {
        user: UserId(timeline.user),
        viewer: viewer(timeline.options),
        span,
        limit: limit(timeline.limit),
    }
}

fn edge_query(edges: &wire::Edges) -> EdgeQuery {
    EdgeQuery {
        user: UserId(edges.user),
        viewer: viewer(edges.options),
        before: edges.before.map(Sequence),
        limit: limit(edges.limit),
    }
}

fn scan_query(scan: &wire::Scan) -> ScanQuery {
    let of = match scan.what {
        wire::ScanWhat::Posts => ScanOf::Posts,
        wire::ScanWhat::Follows => ScanOf::Follows,
    };
    ScanQuery {
        of,
        after: Sequence(scan.after),
        until: scan.until.map(Sequence),
        limit: limit(scan.limit),
    }
}

/// 0 leaves the number to us; what is too much is the engine's to refuse.
pub(crate) fn limit(limit: u32) -> usize {
    if limit == 0 { LIMIT_DEFAULT } else { usize::try_from(limit).unwrap_or(usize::MAX) }
}

#[cfg(test)]
mod tests;
