//! Broadcasts between the two vocabularies: requests inward, answers outward, by hand. A part of
//! [`translate`](crate::translate) and [`reply`](crate::reply).

use bytes::{Bytes, BytesMut};
use fanfold_engine as engine;
use fanfold_engine::{
    Action, BroadcastAction, BroadcastId, BroadcastsPage, BroadcastsQuery, NewPost, PostId,
    ReplayContent, SessionId, Timestamp, UserId,
};
use fanfold_protocol as wire;
use fanfold_protocol::{Reply, What};

use crate::reply::{Refusal, end, position, refuse};
use crate::translate::{limit, viewer};

/// The action of a write about a broadcast, with its options.
pub(crate) fn scheduled(schedule: wire::BroadcastSchedule) -> (Action, wire::WriteOptions) {
    let at = Timestamp(schedule.at);
    let action = BroadcastAction::Schedule { at, content: content(schedule.content) };
    (Action::Broadcast(action), schedule.options)
}

pub(crate) fn rescheduled(reschedule: wire::BroadcastReschedule) -> (Action, wire::WriteOptions) {
    let broadcast = BroadcastId(reschedule.broadcast);
    let action = BroadcastAction::Reschedule { broadcast, at: Timestamp(reschedule.at) };
    (Action::Broadcast(action), reschedule.options)
}

pub(crate) fn started(start: wire::BroadcastStart) -> (Action, wire::WriteOptions) {
    let action = match start.what {
        wire::Started::Scheduled(broadcast) => {
            BroadcastAction::Start { broadcast: BroadcastId(broadcast) }
        }
        wire::Started::New(new) => BroadcastAction::StartNew { content: content(new) },
    };
    (Action::Broadcast(action), start.options)
}

pub(crate) fn ended(end: wire::BroadcastEnd) -> (Action, wire::WriteOptions) {
    let replay = ReplayContent { kind: end.kind, text: end.text, meta: end.meta };
    let action = BroadcastAction::End { broadcast: BroadcastId(end.broadcast), replay };
    (Action::Broadcast(action), end.options)
}

pub(crate) fn cancelled(cancel: wire::BroadcastCancel) -> (Action, wire::WriteOptions) {
    let action = BroadcastAction::Cancel { broadcast: BroadcastId(cancel.broadcast) };
    (Action::Broadcast(action), cancel.options)
}

fn content(content: wire::BroadcastContent) -> NewPost {
    NewPost {
        author: UserId(content.author),
        kind: content.kind,
        text: content.text,
        meta: content.meta,
        repost: None,
        ..NewPost::default()
    }
}

/// What a page of a feed asks for.
pub(crate) fn query(feed: &wire::BroadcastFeed) -> BroadcastsQuery {
    let page = match feed.page {
        wire::FeedPage::First { device } => BroadcastsPage::First { device },
        wire::FeedPage::Next { session, after } => {
            BroadcastsPage::Next { session: SessionId(session), after }
        }
    };
    let (user, viewer) = (UserId(feed.user), viewer(feed.options));
    BroadcastsQuery { user, viewer, page, limit: limit(feed.limit) }
}

/// Appends a page, whose texts may be borrowed from the log; or why it cannot be.
pub(crate) fn write_feed(
    page: engine::BroadcastFeedRef<'_>,
    request_id: u32,
    out: &mut BytesMut,
) -> Refusal {
    let head = wire::BroadcastsHead {
        position: position(page.position),
        frozen: page.frozen.sequence.0,
        session: page.session.0,
        end: end(page.end),
    };
    let written = head.write(page.broadcasts.iter().map(broadcast_ref), request_id, out);
    let error = written.err()?;
    refuse(request_id, wire::ErrorReply::new(wire::Code::Internal, error.to_string()), out)
}

/// A page, outward.
pub(crate) fn feed(found: engine::BroadcastFeed) -> Reply {
    Reply::Broadcasts(wire::Broadcasts {
        position: position(found.position),
        frozen: found.frozen.sequence.0,
        session: found.session.0,
        end: end(found.end),
        broadcasts: found.broadcasts.into_iter().map(broadcast).collect(),
    })
}

/// One broadcast, outward.
pub(crate) fn one(found: engine::BroadcastCard) -> Reply {
    let position = position(found.position);
    Reply::Broadcast(wire::OneBroadcast { position, broadcast: broadcast(found.broadcast) })
}

fn broadcast(found: engine::Broadcast) -> wire::Broadcast {
    let wire::BroadcastRef { state, id, author, start, kind, .. } = broadcast_ref(&found.borrow());
    wire::Broadcast { state, id, author, start, kind, text: found.text, meta: found.meta }
}

fn broadcast_ref<'a>(found: &engine::BroadcastRef<'a>) -> wire::BroadcastRef<'a> {
    let state = match found.state {
        engine::BroadcastState::Scheduled => wire::BroadcastState::Scheduled,
        engine::BroadcastState::Live => wire::BroadcastState::Live,
        engine::BroadcastState::Replay => wire::BroadcastState::Replay {
            post: found.replay.map_or(0, |PostId(post)| post),
            ended: found.ended.map_or(0, |Timestamp(ended)| ended),
        },
    };
    wire::BroadcastRef {
        state,
        id: found.id.0,
        author: found.author.0,
        start: found.start.0,
        kind: found.kind,
        text: found.text,
        meta: found.meta,
    }
}

/// A change about a broadcast; none for what this protocol has no word for.
pub(crate) fn change(
    kind: engine::BroadcastChange,
    broadcast: BroadcastId,
    post_kind: u16,
    content: Option<(Bytes, Bytes)>,
) -> Option<What> {
    let (kind, at) = match kind {
        engine::BroadcastChange::Schedule(at) => (wire::BroadcastChange::Schedule, at.0),
        engine::BroadcastChange::Reschedule(at) => (wire::BroadcastChange::Reschedule, at.0),
        engine::BroadcastChange::Start => (wire::BroadcastChange::Start, 0),
        engine::BroadcastChange::End => (wire::BroadcastChange::End, 0),
        engine::BroadcastChange::Cancel => (wire::BroadcastChange::Cancel, 0),
        _ => return None,
    };
    Some(What::Broadcast { kind, broadcast: broadcast.0, at, post_kind, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_keep_every_field() {
        let options = wire::WriteOptions { key: Some([9; 16]), actor: Some(4) };
        let said = wire::BroadcastContent {
            author: 4,
            kind: 7,
            text: Bytes::from_static(b"text"),
            meta: Bytes::from_static(b"meta"),
        };
        let expected = NewPost {
            author: UserId(4),
            kind: 7,
            text: Bytes::from_static(b"text"),
            meta: Bytes::from_static(b"meta"),
            repost: None,
            ..NewPost::default()
        };
        let schedule = wire::BroadcastSchedule { options, at: 5, content: said.clone() };
        let action = BroadcastAction::Schedule { at: Timestamp(5), content: expected.clone() };
        assert_eq!(scheduled(schedule), (Action::Broadcast(action), options));
        let new = wire::BroadcastStart { options, what: wire::Started::New(said) };
        let action = BroadcastAction::StartNew { content: expected };
        assert_eq!(started(new), (Action::Broadcast(action), options));
        let text = Some(Bytes::from_static(b"over"));
        let end = wire::BroadcastEnd { options, broadcast: 3, kind: Some(1), text, meta: None };
        let text = Some(Bytes::from_static(b"over"));
        let replay = ReplayContent { kind: Some(1), text, meta: None };
        let action = BroadcastAction::End { broadcast: BroadcastId(3), replay };
        assert_eq!(ended(end), (Action::Broadcast(action), options));
    }

    #[test]
    fn a_next_page_keeps_session_and_cursor() {
        let feed = wire::BroadcastFeed {
            options: wire::ReadOptions { viewer: Some(3), ..wire::ReadOptions::default() },
            user: 5,
            page: wire::FeedPage::Next { session: 77, after: Some(8) },
            limit: 4,
        };
        let expected = BroadcastsQuery {
            user: UserId(5),
            viewer: Some(UserId(3)),
            page: BroadcastsPage::Next { session: SessionId(77), after: Some(8) },
            limit: 4,
        };
        assert_eq!(query(&feed), expected);
    }
}
