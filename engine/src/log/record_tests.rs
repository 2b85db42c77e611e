//! Records to bytes and back: identity, every cut and every flip refused, unknown tags skipped,
//! unknown kinds named.

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;
use crate::audience::{Audience, AudienceRef, Circle};
use crate::group_name::GroupName;
use crate::ids::{BroadcastId, GroupId};
use crate::log::befriend_effect::{Half, Said as Came};
use crate::log::broadcast_effect::Said;
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::mark_effect::MarkedFeed;
use crate::log::request_effect::RequestAct;
use crate::log::response_effect::{ResponseAct, ResponseEffect};

const CONTEXT: Context = Context { salt: 0x1234_5678_9abc_def0, base_time: Timestamp(1_000_000) };

fn bytes(max: usize) -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..max).prop_map(Bytes::from)
}

fn effect() -> impl Strategy<Value = Effect> {
    let at = (any::<Option<u64>>(), proptest::option::of(link()));
    let content = (bytes(300), bytes(50), mentions(), audience());
    let publish = (any::<u64>(), any::<u16>(), at, content);
    let publish = publish.prop_map(
        |(author, kind, (created_at, repost), (text, meta, mentions, audience))| {
            let (author, created_at) = (UserId(author), created_at.map(Timestamp));
            let post = NewPost { author, kind, created_at, ..NewPost::default() };
            Effect::Publish(NewPost { text, meta, repost, mentions, audience, ..post })
        },
    );
    let kinds = prop_oneof![
        Just(record_kind::DELETE),
        Just(record_kind::FOLLOW),
        Just(record_kind::UNFOLLOW),
        Just(record_kind::MUTE),
        Just(record_kind::UNMUTE),
        Just(record_kind::BLOCK),
        Just(record_kind::UNBLOCK),
        Just(record_kind::WEIGH),
        Just(record_kind::UNREPOST),
    ];
    let pair = (kinds, any::<u64>(), any::<u64>()).prop_map(|(kind, first, second)| {
        let mut ends = Vec::new();
        match kind {
            record_kind::WEIGH => put_varint(&mut ends, first % 16),
            _ => put_pair(&mut ends, first >> 1, second >> 1),
        }
        // The requests that a block ends.
        put_pair(&mut ends, second >> 2, first >> 2);
        pair_effect(kind, first, second, &mut Cursor::new(&ends)).unwrap()
    });
    let follow = (any::<u64>(), any::<u64>(), any::<Option<u8>>());
    let follow = follow.prop_map(|(user, author, weight)| {
        let weight = weight.map(|weight| weight % 16);
        Effect::Follow { user: UserId(user), author: UserId(author), weight }
    });
    let kinds = record_kind::GROUP_CREATE..=record_kind::GROUP_REMOVE;
    let numbers = (any::<u64>(), any::<u64>(), 0..u64::MAX / 2, any::<u64>());
    let group = (kinds, numbers, any::<bool>(), "[^\\p{Cc}]{1,16}").prop_map(group_effect);
    let kinds = record_kind::REACT..=record_kind::COMMENT_DELETE;
    let numbers = (any::<u64>(), 0..u64::MAX / 2, any::<u64>(), 1..u64::MAX / 2, any::<u64>());
    let content = (bytes(300), mentions());
    let response = (kinds, numbers, 0..16u8, content).prop_map(response_effect);
    let read = (any::<u64>(), any::<u64>(), any::<bool>()).prop_map(|(user, up_to, is_said)| {
        let (user, up_to) = (UserId(user), Sequence(up_to));
        Effect::NoticesRead(NoticesReadEffect { user, up_to, is_said })
    });
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>(), 1..u64::MAX);
    let mark = (numbers, proptest::option::of("[^\\p{Cc}]{1,16}")).prop_map(mark_effect);
    let numbers = ((any::<u64>(), any::<u64>(), any::<u64>()), (1..u32::MAX, any::<u16>()));
    let contents = (bytes(300), bytes(50), any::<bool>(), (mentions(), audience()));
    let rest = (any::<u64>(), any::<u64>(), proptest::option::of(link()));
    let revise = (numbers, rest, contents).prop_map(revise_effect);
    let kinds = record_kind::BROADCAST_SCHEDULE..=record_kind::BROADCAST_CANCEL;
    let broadcast = (kinds, publish_of(), 1..u64::MAX / 2, 0..u64::MAX / 2, 0u8..8);
    let broadcast = broadcast.prop_map(broadcast_effect);
    let kinds = record_kind::SUSPEND..=record_kind::UNHIDE;
    let moderation = (kinds, any::<u64>(), 1..u64::MAX, any::<u64>()).prop_map(moderation_effect);
    let tied = prop_oneof![follow, tie()];
    prop_oneof![publish, pair, tied, group, response, read, mark, revise, broadcast, moderation]
}

fn tie() -> impl Strategy<Value = Effect> {
    let began = || any::<Option<u64>>().prop_map(|at| at.map(|at| Sequence(at.max(1))));
    let half = || (any::<bool>(), began()).prop_map(|(is_new, request)| Half { is_new, request });
    let users = (0..u64::MAX, any::<u64>());
    let users = users.prop_map(|(user, other)| {
        (UserId(user), UserId(if user == other { u64::MAX } else { other }))
    });
    let weight = any::<Option<u8>>();
    (0..7, users, (half(), half()), (weight, began())).prop_map(
        |(what, (user, other), (forth, back), (weight, began))| match what {
            0..=2 => {
                let all = [Came::Befriend, Came::Approve, Came::Follow(weight)];
                let said = all[usize::try_from(what).unwrap()];
                Effect::Befriend(BefriendEffect { user, other, said, forth, back })
            }
            3 => Effect::Private { user, is_on: forth.is_new, began },
            4 => request(user, other, RequestAct::Ask { weight }),
            5 => request(user, other, RequestAct::Withdraw { began }),
            _ => request(user, other, RequestAct::Deny { began }),
        },
    )
}

fn request(user: UserId, other: UserId, act: RequestAct) -> Effect {
    Effect::Request(RequestEffect { user, other, act })
}

fn link() -> impl Strategy<Value = Repost> {
    let numbers = (1..u64::MAX / 2, 0..u64::MAX / 2, any::<u64>(), any::<u64>());
    (numbers, any::<u64>()).prop_map(|((root, distance, author, at), other)| Repost {
        parent: PostId(root + distance),
        parent_author: UserId(if distance == 0 { author } else { other }),
        root: PostId(root),
        root_author: UserId(author),
        root_at: Timestamp(at),
        root_circle: Circle::of_code(at % 9),
    })
}

fn audience() -> impl Strategy<Value = Audience> {
    let group = (1..u64::MAX / 2, "[^\\p{Cc}]{1,16}");
    let group = group.prop_map(|(id, name)| AudienceRef::Group(GroupId(id), &name).own());
    prop_oneof![
        Just(Audience::Everybody),
        Just(Audience::Followers),
        Just(Audience::Mutual),
        Just(Audience::Author),
        group
    ]
}

fn mentions() -> impl Strategy<Value = Mentions> {
    let users = proptest::collection::btree_set(any::<u64>(), 0..5);
    users.prop_map(|users| users.into_iter().map(UserId).collect())
}

/// Kind of the record, numbers, kind of the reaction, content.
type ResponseParts = (u8, (u64, u64, u64, u64, u64), u8, (Bytes, Mentions));

fn response_effect(
    (record, (user, post, owner, distance, author), kind, (text, mentions)): ResponseParts,
) -> Effect {
    let is_delete = record == record_kind::COMMENT_DELETE;
    // Half of the others are about the post itself.
    let distance = if is_delete || distance.is_multiple_of(2) { distance } else { 0 };
    let (user, owner) = (UserId(user), UserId(owner));
    let author = if distance == 0 { owner } else { UserId(author) };
    let (post, target) = (PostId(post), PostId(post + distance));
    let act = match record {
        record_kind::REACT => ResponseAct::React { kind },
        record_kind::UNREACT => ResponseAct::Unreact { kind, began: Some(Sequence(post.0 + 1)) },
        record_kind::COMMENT => ResponseAct::Comment { text, mentions },
        _ => ResponseAct::Delete,
    };
    Effect::Response(ResponseEffect { user, post, owner, target, author, act })
}

fn publish_of() -> impl Strategy<Value = NewPost> {
    (any::<u64>(), any::<u16>(), bytes(300), bytes(50)).prop_map(|(author, kind, text, meta)| {
        NewPost { author: UserId(author), kind, text, meta, ..NewPost::default() }
    })
}

fn broadcast_effect((kind, content, id, number, said): (u8, NewPost, u64, u64, u8)) -> Effect {
    let (broadcast, began) = (BroadcastId(id), Some(Sequence(number + 1)));
    let at = Timestamp(number);
    let act = match kind {
        record_kind::BROADCAST_SCHEDULE => BroadcastAct::Schedule { at },
        record_kind::BROADCAST_RESCHEDULE => BroadcastAct::Reschedule { broadcast, began, at },
        record_kind::BROADCAST_START => {
            BroadcastAct::Start { broadcast: (said < 4).then_some(broadcast), began }
        }
        record_kind::BROADCAST_END => {
            let said = Said { text: said & 1 != 0, kind: said & 2 != 0, meta: said & 4 != 0 };
            BroadcastAct::End { broadcast, began, started: at, said }
        }
        _ => BroadcastAct::Cancel { broadcast, began },
    };
    Effect::Broadcast(BroadcastEffect::new(content, act))
}

fn moderation_effect((kind, user, post, began): (u8, u64, u64, u64)) -> Effect {
    let post = if kind < record_kind::HIDE { 0 } else { post };
    let mut ends = Vec::new();
    if matches!(kind, record_kind::UNSUSPEND | record_kind::UNHIDE) {
        put_varint(&mut ends, began);
    }
    pair_effect(kind, user, post, &mut Cursor::new(&ends)).unwrap()
}

fn group_effect(
    (kind, (user, author, began, group), exclusive, name): (u8, (u64, u64, u64, u64), bool, String),
) -> Effect {
    let (user, author, group) = (UserId(user), UserId(author), GroupId(group));
    let act = match kind {
        record_kind::GROUP_CREATE => GroupAct::Create,
        record_kind::GROUP_DELETE => GroupAct::Delete { group },
        record_kind::GROUP_ADD => GroupAct::Add { group, author },
        _ => GroupAct::Remove { group, author, began: Some(Sequence(began + 1)) },
    };
    Effect::Group(GroupEffect { user, name: GroupName::new(&name), exclusive, act })
}

fn mark_effect(
    ((user, device, post, group), name): ((u64, u64, u64, u64), Option<String>),
) -> Effect {
    let named = |name: String| MarkedFeed::Group(GroupId(group), GroupName::new(&name));
    let feed = name.map_or(MarkedFeed::Home, named);
    Effect::Mark(MarkEffect { user: UserId(user), feed, device, post: PostId(post) })
}

type Numbers = ((u64, u64, u64), (u32, u16));
type ReviseParts =
    (Numbers, (u64, u64, Option<Repost>), (Bytes, Bytes, bool, (Mentions, Audience)));

fn revise_effect(
    (numbers, (at, committed_at, repost), (text, meta, meta_given, (mentions, audience))): ReviseParts,
) -> Effect {
    let ((post, author, before), (revision, kind)) = numbers;
    let (post, author, before) = (PostId(post), UserId(author), Sequence(before));
    let (at, committed_at) = (Timestamp(at), Timestamp(committed_at));
    let meta_of = revision - 1;
    Effect::Revise(ReviseEffect {
        post,
        author,
        revision,
        before,
        kind,
        at,
        committed_at,
        repost,
        text,
        meta,
        meta_given,
        meta_of,
        mentions,
        audience,
    })
}

fn record() -> impl Strategy<Value = Record> {
    (effect(), any::<Option<[u8; 16]>>(), 1_000_000..u64::MAX / 2)
        .prop_map(|(effect, key, time)| Record { time: Timestamp(time), key: key.map(Key), effect })
}

fn encode(record: &Record, sequence: Sequence) -> Bytes {
    let mut out = Vec::new();
    record.encode(sequence, CONTEXT, &mut out);
    Bytes::from(out)
}

fn decode(bytes: &Bytes, sequence: Sequence) -> Result<Record, RecordFault> {
    let header = RecordHeader::load(bytes, sequence, CONTEXT)?;
    Record::decode(header, bytes, sequence, CONTEXT)
}

proptest! {
    #[test]
    fn decode_undoes_encode(record in record(), sequence in any::<u64>()) {
        let encoded = encode(&record, Sequence(sequence));
        let decoded = decode(&encoded, Sequence(sequence)).unwrap();
        prop_assert_eq!(decoded.effect.fingerprint(), record.effect.fingerprint());
        prop_assert_eq!(decoded, record);
    }

    #[test]
    fn every_cut_and_every_flip_is_refused(record in record(), bit in 0u32..8) {
        let sequence = Sequence(77);
        let encoded = encode(&record, sequence);
        for at in 0..encoded.len() {
            prop_assert!(decode(&encoded.slice(..at), sequence).is_err(), "cut at {}", at);
            let mut flipped = encoded.to_vec();
            flipped[at] ^= 1u8 << bit;
            prop_assert!(decode(&flipped.into(), sequence).is_err(), "flipped {}", at);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in bytes(200)) {
        let _ = decode(&bytes, Sequence(1));
    }
}

#[test]
fn a_record_at_the_wrong_place_does_not_match() {
    let follow = Effect::Follow { user: UserId(1), author: UserId(2), weight: None };
    let record = Record { time: CONTEXT.base_time, key: None, effect: follow };
    let encoded = encode(&record, Sequence(7));
    assert_eq!(decode(&encoded, Sequence(8)), Err(RecordFault::Header));
    let other = Context { salt: CONTEXT.salt ^ 1, ..CONTEXT };
    assert!(RecordHeader::load(&encoded, Sequence(7), other).is_err());
}

/// Builds a record around a body that this program would not write.
fn forge(kind: u8, flags: u8, body: &[u8], sequence: Sequence) -> Bytes {
    let mut out = vec![0; RECORD_HEADER_BYTES];
    out.extend_from_slice(body);
    put_header(&mut out, body.len(), kind, flags, seed(sequence, CONTEXT));
    Bytes::from(out)
}

#[test]
fn unknown_tags_are_skipped_and_unknown_kinds_are_named() {
    // time 0, author 5, kind 0, tags: 9 bytes: (99, "new"), then (2, "m") hold 8, text "hi".
    let body = [0, 5, 0, 8, 99, 3, b'n', b'e', b'w', 2, 1, b'm', b'h', b'i'];
    let forged = forge(record_kind::PUBLISH, RECORD_FLAG_TAGS, &body, Sequence(3));
    let Effect::Publish(post) = decode(&forged, Sequence(3)).unwrap().effect else {
        panic!("a publish");
    };
    assert_eq!((post.author, &post.text[..], &post.meta[..]), (UserId(5), &b"hi"[..], &b"m"[..]));
    let forged = forge(200, 0, &[0, 1, 2], Sequence(3));
    assert_eq!(decode(&forged, Sequence(3)), Err(RecordFault::UnknownKind(200)));
}

#[test]
fn fields_behind_the_end_are_refused() {
    let forged = forge(record_kind::FOLLOW, 0, &[0, 1, 2, 3], Sequence(3));
    assert_eq!(decode(&forged, Sequence(3)), Err(RecordFault::Malformed));
}

/// The same key may come as a follow that begins, or as one that stands by then: it is one command.
#[test]
fn a_weight_is_part_of_the_content_and_the_way_it_came_is_not() {
    let (user, author) = (UserId(1), UserId(2));
    let follow = |weight| Effect::Follow { user, author, weight }.fingerprint();
    assert_eq!(Effect::Weigh { user, author, weight: 5 }.fingerprint(), follow(Some(5)));
    let all = [follow(None), follow(Some(0)), follow(Some(5))];
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
}

/// What a follow of somebody private becomes, and what ends the user's own request, came as the same commands.
#[test]
fn requests_are_known_by_what_was_said() {
    let (user, other) = (UserId(1), UserId(2));
    let began = Some(Sequence(9));
    let follow = |weight| Effect::Follow { user, author: other, weight }.fingerprint();
    let befriend = |said| {
        let forth = Half { is_new: true, request: began };
        Effect::Befriend(BefriendEffect { forth, ..BefriendEffect::new(user, other, said) })
    };
    for weight in [None, Some(0), Some(5)] {
        let ask = request(user, other, RequestAct::Ask { weight });
        assert_eq!(ask.fingerprint(), follow(weight));
        assert_eq!(befriend(Came::Follow(weight)).fingerprint(), follow(weight));
    }
    let unfollow = Effect::Unfollow { user, author: other, began: None }.fingerprint();
    let withdraw = request(user, other, RequestAct::Withdraw { began });
    assert_eq!(withdraw.fingerprint(), unfollow);
    let deny = request(user, other, RequestAct::Deny { began }).fingerprint();
    let (both, approve) = (befriend(Came::Befriend), befriend(Came::Approve).fingerprint());
    let undecided = Effect::Befriend(BefriendEffect::new(user, other, Came::Befriend));
    assert_eq!(both.fingerprint(), undecided.fingerprint());
    let all = [follow(None), unfollow, deny, both.fingerprint(), approve];
    let different: std::collections::HashSet<u64> = all.into_iter().collect();
    assert_eq!(different.len(), all.len());
}
