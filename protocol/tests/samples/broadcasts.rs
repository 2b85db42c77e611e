//! Broadcasts: last of all, so that the numbers of the samples before stay as they are.

use bytes::Bytes;
use fanfold_protocol::{
    Broadcast, BroadcastById, BroadcastCancel, BroadcastChange, BroadcastContent, BroadcastEnd,
    BroadcastFeed, BroadcastReschedule, BroadcastSchedule, BroadcastStart, BroadcastState,
    Broadcasts, Change, Changed, FeedPage, OneBroadcast, PageEnd, Position, ReadOptions, Reply,
    Request, Started, What, WriteOptions,
};

const POSITION: Position = Position { epoch: 1, sequence: 70_000 };
const KEYED: WriteOptions = WriteOptions { key: Some(*b"sixteen byte key"), actor: Some(9) };

fn content() -> BroadcastContent {
    BroadcastContent {
        author: 9,
        kind: 513,
        text: Bytes::from_static("caf\u{e9}".as_bytes()),
        meta: Bytes::from_static(&[0, 255]),
    }
}

pub(crate) fn requests() -> Vec<(&'static str, Request)> {
    let (plain, at, broadcast) = (WriteOptions::default(), 1_700_000_000_000, 70_000);
    let schedule = BroadcastSchedule { options: KEYED, at, content: content() };
    let reschedule = BroadcastReschedule { options: plain, broadcast, at };
    let start = BroadcastStart { options: plain, what: Started::Scheduled(broadcast) };
    let new = BroadcastStart { options: KEYED, what: Started::New(content()) };
    let end = BroadcastEnd { options: plain, broadcast, kind: None, text: None, meta: None };
    let text = Some(Bytes::from_static(b"over"));
    let meta = Some(Bytes::from_static(&[7]));
    let said = BroadcastEnd { options: KEYED, broadcast, kind: Some(300), text, meta };
    let viewed = ReadOptions { viewer: Some(4242), ..ReadOptions::default() };
    let page = FeedPage::First { device: Some(300) };
    let first = BroadcastFeed { options: viewed, user: 4242, page, limit: 20 };
    let page = FeedPage::First { device: None };
    let anywhere = BroadcastFeed { options: ReadOptions::default(), page, limit: 0, ..first };
    let page = FeedPage::Next { session: u64::MAX, after: Some(70_000) };
    let next = BroadcastFeed { page, ..first };
    vec![
        ("broadcast_schedule", Request::BroadcastSchedule(schedule)),
        ("broadcast_reschedule", Request::BroadcastReschedule(reschedule)),
        ("broadcast_start", Request::BroadcastStart(start)),
        ("broadcast_start_new", Request::BroadcastStart(new)),
        ("broadcast_end", Request::BroadcastEnd(end)),
        ("broadcast_end_said", Request::BroadcastEnd(said)),
        (
            "broadcast_cancel",
            Request::BroadcastCancel(BroadcastCancel { options: KEYED, broadcast }),
        ),
        ("broadcasts_first", Request::Broadcasts(first)),
        ("broadcasts_anywhere", Request::Broadcasts(anywhere)),
        ("broadcasts_next", Request::Broadcasts(next)),
        ("broadcast", Request::Broadcast(BroadcastById { options: viewed, broadcast })),
    ]
}

fn broadcast(id: u64, state: BroadcastState) -> Broadcast {
    let BroadcastContent { author, kind, text, meta } = content();
    Broadcast { state, id, author, start: 1_700_000_000_000, kind, text, meta }
}

/// One change of every kind, the new ones with their content.
fn changed() -> Changed {
    let what = |kind: BroadcastChange| {
        let says = matches!(kind, BroadcastChange::Schedule | BroadcastChange::End);
        What::Broadcast {
            kind,
            broadcast: 69_000,
            at: if kind == BroadcastChange::Reschedule { 300 } else { 0 },
            post_kind: if says { 513 } else { 0 },
            content: says.then(|| (content().text, content().meta)),
        }
    };
    let change = |(sequence, kind)| Change { sequence, time: 300, user: 7, what: what(kind) };
    let changes = (69_000..).zip(BroadcastChange::ALL).map(change).collect();
    Changed { position: POSITION, next: 69_500, oldest: 300, changes }
}

pub(crate) fn replies() -> Vec<(&'static str, Reply)> {
    let replay = BroadcastState::Replay { post: 70_000, ended: 1_700_000_000_001 };
    let broadcasts = vec![
        broadcast(300, BroadcastState::Live),
        broadcast(70_000, BroadcastState::Scheduled),
        broadcast(5, replay),
    ];
    let (frozen, session) = (69_999, u64::MAX);
    let page = Broadcasts { position: POSITION, frozen, session, end: PageEnd::More, broadcasts };
    let none = Broadcasts { end: PageEnd::End, broadcasts: Vec::new(), ..page };
    let one = OneBroadcast { position: POSITION, broadcast: broadcast(5, replay) };
    vec![
        ("broadcasts_reply", Reply::Broadcasts(page)),
        ("broadcasts_none", Reply::Broadcasts(none)),
        ("broadcast_reply", Reply::Broadcast(one)),
        ("changed_broadcasts", Reply::Changed(changed())),
    ]
}
