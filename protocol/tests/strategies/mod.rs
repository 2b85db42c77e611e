//! Random requests and replies that are within the limits.
//!
//! Numbers come in every length of a varint, and at the edges between them; runs are in order.

mod broadcasts;
mod replies;
mod requests;

pub(crate) use replies::reply;
pub(crate) use requests::request;

use bytes::Bytes;
use fanfold_protocol::Audience;
use fanfold_protocol::limits::GROUP_NAME_BYTES_MAX;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// Numbers of every length.
pub(crate) fn number() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![
        (any::<u64>(), 0_u32..64).prop_map(|(number, shift)| number >> shift),
        Just(u64::MAX),
        (0_u32..10).prop_map(|groups| (1 << (7 * groups)) - 1),
        (0_u32..10).prop_map(|groups| 1 << (7 * groups)),
    ]
}

pub(crate) fn bytes(limit: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..=limit.min(300)).prop_map(Bytes::from)
}

pub(crate) fn text(limit: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<char>(), 0..=(limit / 4).min(100))
        .prop_map(|characters| Bytes::from(characters.into_iter().collect::<String>()))
}

/// Strictly rising numbers; reverse them for falling ones.
pub(crate) fn run(count: usize) -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::btree_set(number(), 0..count).prop_map(|set| set.into_iter().collect())
}

/// Mostly nobody.
pub(crate) fn mentions() -> impl Strategy<Value = Vec<u64>> {
    prop_oneof![3 => Just(Vec::new()), 1 => vec(number(), 0..60)]
}

/// As a request says it: without the group's id.
pub(crate) fn said_audience() -> impl Strategy<Value = Audience> {
    audience().prop_map(|audience| match audience {
        Audience::Group { name, .. } => Audience::Group { group: 0, name },
        other => other,
    })
}

pub(crate) fn audience() -> impl Strategy<Value = Audience> {
    let group = (number(), text(GROUP_NAME_BYTES_MAX));
    prop_oneof![
        Just(Audience::Everybody),
        Just(Audience::Followers),
        Just(Audience::Mutual),
        Just(Audience::Author),
        group.prop_map(|(group, name)| Audience::Group { group, name }),
    ]
}
