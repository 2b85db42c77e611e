//! What holds for every message and for every byte: decoding undoes encoding, encoding undoes
//! decoding, and no bytes make the decoder panic. Together: a value has exactly one encoding.
//!
//! `PROPTEST_RNG_SEED` repeats a run.

mod samples;
mod strategies;

use bytes::Bytes;
use fanfold_protocol::{Frame, Reply, ReplyKind, Request, RequestKind};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use samples::{Message, decode, samples};

/// A body that is accepted is the only encoding of what it means.
fn check_canonical(direction: &Message, frame: &Frame) {
    if let Ok(message) = direction.load(frame) {
        let again = decode(&message.encode(frame.request_id, frame.generation));
        assert_eq!(again, *frame, "{message:?}");
    }
}

fn is_within(text: &Bytes, body: &Bytes) -> bool {
    text.is_empty() || body.as_ptr_range().contains(&text.as_ptr())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_survives_the_wire(
        request in strategies::request(),
        request_id in 1_u32..,
        generation in any::<u16>(),
    ) {
        let frame = decode(&Message::Request(request.clone()).encode(request_id, generation));
        prop_assert_eq!(frame.request_id, request_id);
        prop_assert_eq!(frame.generation, if request.kind().is_write() { generation } else { 0 });
        prop_assert_eq!(RequestKind::from(frame.kind), request.kind());
        prop_assert_eq!(Request::load(&frame), Ok(request));
    }

    #[test]
    fn a_reply_survives_the_wire(reply in strategies::reply(), request_id in any::<u32>()) {
        let frame = decode(&Message::Reply(reply.clone()).encode(request_id, 0));
        prop_assert_eq!(frame.request_id, request_id);
        prop_assert_eq!(ReplyKind::from(frame.kind), reply.kind());
        prop_assert_eq!(Reply::load(&frame), Ok(reply));
    }

    #[test]
    fn every_truncation_of_a_reply_is_an_error(reply in strategies::reply()) {
        let whole = decode(&Message::Reply(reply).encode(1, 0));
        for bytes in 0..whole.body.len() {
            let cut = Frame { body: whole.body.slice(..bytes), ..whole.clone() };
            prop_assert!(Reply::load(&cut).is_err(), "{} of {}", bytes, whole.body.len());
        }
    }

    #[test]
    fn texts_share_the_memory_of_the_frame(reply in strategies::reply()) {
        let frame = decode(&Message::Reply(reply).encode(1, 0));
        if let Ok(Reply::Page(page)) = Reply::load(&frame) {
            for post in &page.posts {
                prop_assert!(is_within(&post.text, &frame.body));
                prop_assert!(is_within(&post.meta, &frame.body));
            }
        }
    }

    #[test]
    fn random_bodies_never_panic(kind in any::<u8>(), body in vec(any::<u8>(), 0..200)) {
        let frame = Frame { kind, flags: 0, generation: 0, request_id: 1, body: body.into() };
        for direction in [Message::Request(Request::Ping), Message::Reply(Reply::Pong)] {
            check_canonical(&direction, &frame);
        }
    }
}

#[test]
fn every_change_of_a_byte_is_refused_or_means_something_else() {
    for sample in samples() {
        let frame = decode(&sample.encode());
        for at in 0..frame.body.len() {
            for byte in [0x00, 0x01, 0x02, 0x03, 0x7f, 0x80, 0x81, 0xff] {
                let mut body = frame.body.to_vec();
                body[at] = byte;
                let changed = Frame { body: body.into(), ..frame.clone() };
                check_canonical(&sample.message, &changed);
                let loaded = sample.message.load(&changed);
                let is_same = loaded == Ok(sample.message.clone());
                assert_eq!(is_same, changed == frame, "{} at {at}", sample.name);
            }
        }
    }
}
