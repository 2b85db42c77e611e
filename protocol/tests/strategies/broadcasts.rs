//! Random requests and replies about broadcasts.

use fanfold_protocol::limits::{META_BYTES_MAX, TEXT_BYTES_MAX};
use fanfold_protocol::{
    Broadcast, BroadcastById, BroadcastCancel, BroadcastChange, BroadcastContent, BroadcastEnd,
    BroadcastFeed, BroadcastReschedule, BroadcastSchedule, BroadcastStart, BroadcastState,
    Broadcasts, FeedPage, OneBroadcast, PageEnd, Position, ReadOptions, Reply, Request, Started,
    What, WriteOptions,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::{bytes, number, text};

fn content() -> impl Strategy<Value = BroadcastContent> {
    (number(), any::<u16>(), text(TEXT_BYTES_MAX), bytes(META_BYTES_MAX))
        .prop_map(|(author, kind, text, meta)| BroadcastContent { author, kind, text, meta })
}

pub(super) fn writes(
    options: impl Strategy<Value = WriteOptions>,
) -> impl Strategy<Value = Request> {
    let said = (option::of(any::<u16>()), option::of(text(TEXT_BYTES_MAX)));
    let said = (said, option::of(bytes(META_BYTES_MAX)));
    (0..6, options, (number(), number()), content(), said).prop_map(
        |(which, options, (broadcast, at), content, ((kind, text), meta))| match which {
            0 => Request::BroadcastSchedule(BroadcastSchedule { options, at, content }),
            1 => Request::BroadcastReschedule(BroadcastReschedule { options, broadcast, at }),
            2 => {
                let what = Started::Scheduled(broadcast);
                Request::BroadcastStart(BroadcastStart { options, what })
            }
            3 => {
                let what = Started::New(content);
                Request::BroadcastStart(BroadcastStart { options, what })
            }
            4 => Request::BroadcastEnd(BroadcastEnd { options, broadcast, kind, text, meta }),
            _ => Request::BroadcastCancel(BroadcastCancel { options, broadcast }),
        },
    )
}

pub(super) fn reads(options: impl Strategy<Value = ReadOptions>) -> impl Strategy<Value = Request> {
    let page = prop_oneof![
        option::of(number()).prop_map(|device| FeedPage::First { device }),
        (number(), option::of(number()))
            .prop_map(|(session, after)| FeedPage::Next { session, after }),
    ];
    (any::<bool>(), options, number(), page, any::<u32>()).prop_map(
        |(is_feed, options, user, page, limit)| match is_feed {
            true => Request::Broadcasts(BroadcastFeed { options, user, page, limit }),
            false => Request::Broadcast(BroadcastById { options, broadcast: user }),
        },
    )
}

fn broadcast() -> impl Strategy<Value = Broadcast> {
    let state = prop_oneof![
        Just(BroadcastState::Scheduled),
        Just(BroadcastState::Live),
        (number(), number()).prop_map(|(post, ended)| BroadcastState::Replay { post, ended }),
    ];
    (state, number(), number(), content()).prop_map(|(state, id, start, content)| {
        let BroadcastContent { author, kind, text, meta } = content;
        Broadcast { state, id, author, start, kind, text, meta }
    })
}

pub(super) fn replies(
    position: impl Strategy<Value = Position> + Clone,
    end: impl Strategy<Value = PageEnd>,
) -> impl Strategy<Value = Reply> {
    let page = (position.clone(), number(), number(), end, vec(broadcast(), 0..4)).prop_map(
        |(position, frozen, session, end, broadcasts)| {
            Reply::Broadcasts(Broadcasts { position, frozen, session, end, broadcasts })
        },
    );
    let one = (position, broadcast())
        .prop_map(|(position, broadcast)| Reply::Broadcast(OneBroadcast { position, broadcast }));
    prop_oneof![page, one]
}

pub(super) fn what() -> impl Strategy<Value = What> {
    let kinds = proptest::sample::select(BroadcastChange::ALL.to_vec());
    let content = option::of((text(TEXT_BYTES_MAX), bytes(META_BYTES_MAX)));
    (kinds, number(), number(), any::<u16>(), content).prop_map(
        |(kind, broadcast, at, post_kind, content)| What::Broadcast {
            kind,
            broadcast,
            at,
            post_kind,
            content,
        },
    )
}
