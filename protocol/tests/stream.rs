//! The codec on a stream: damage, pieces of every size, limits, the end in the middle of a frame.
//!
//! Bodies are arbitrary bytes here; what they mean is tested elsewhere.

use bytes::{BufMut, Bytes, BytesMut};
use fanfold_protocol::limits::{BEFORE_HELLO_BYTES_MAX, BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX};
use fanfold_protocol::{
    DecodeError, Frame, FrameCodec, FrameError, FrameHeader, HEADER_BYTES, Problem,
};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use tokio_util::codec::{Decoder, Encoder};

fn frame(body: &'static [u8]) -> Frame {
    Frame { kind: 0x30, flags: 0, generation: 0, request_id: 5, body: Bytes::from_static(body) }
}

fn codec() -> FrameCodec {
    FrameCodec::new(BODY_BYTES_MAX)
}

fn encode(frame: &Frame) -> BytesMut {
    let mut out = BytesMut::new();
    codec().encode(frame.clone(), &mut out).expect("a body within the limit");
    out
}

fn refused(codec: &mut FrameCodec, source: &mut BytesMut) -> DecodeError {
    match codec.decode(source) {
        Err(FrameError::Decode(error)) => error,
        other => panic!("refused, not {other:?}"),
    }
}

fn announced(body_bytes: u32) -> BytesMut {
    let header =
        FrameHeader { body_bytes, kind: 1, flags: 0, generation: 0, request_id: 1, body_crc: 0 };
    BytesMut::from(&header.encode()[..])
}

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let body = vec(any::<u8>(), 0..100);
    let frame = (any::<u8>(), any::<u16>(), any::<u32>(), body).prop_map(
        |(kind, generation, request_id, body)| Frame {
            kind,
            flags: 0,
            generation,
            request_id,
            body: body.into(),
        },
    );
    vec(frame, 1..6)
}

#[test]
fn every_flipped_bit_of_a_header_is_refused() {
    let good = encode(&frame(b"some body"));
    for bit in 0..HEADER_BYTES * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let error = refused(&mut codec(), &mut bad);
        assert_eq!(error.field(), "header_crc", "bit {bit}");
    }
}

#[test]
fn every_flipped_bit_of_a_body_is_refused() {
    let good = encode(&frame(b"some body"));
    for bit in HEADER_BYTES * 8..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(refused(&mut codec(), &mut bad).field(), "body_crc", "bit {bit}");
    }
}

#[test]
fn reserved_flags_are_refused() {
    let header = FrameHeader {
        body_bytes: 0,
        kind: 2,
        flags: 0x10,
        generation: 0,
        request_id: 1,
        body_crc: 0,
    };
    let error = refused(&mut codec(), &mut BytesMut::from(&header.encode()[..]));
    assert_eq!((error.field(), error.problem()), ("flags", Problem::Unknown { value: 16 }));
}

#[test]
fn a_length_above_the_limit_is_refused_from_the_header_alone() {
    for (mut codec, limit) in
        [(codec(), BODY_BYTES_MAX), (FrameCodec::before_hello(), HELLO_BODY_BYTES_MAX)]
    {
        for body_bytes in [limit + 1, u32::MAX] {
            let error = refused(&mut codec, &mut announced(body_bytes));
            let (bytes, limit) = (u64::from(body_bytes), u64::from(limit));
            assert_eq!(error.problem(), Problem::BodyTooLarge { bytes, limit });
            assert_eq!(error.reply().code.number(), 40);
        }
        let waiting = codec.decode(&mut announced(limit)).expect("a body at the limit");
        assert_eq!(waiting, None);
    }
}

#[test]
fn the_limit_can_be_raised_after_the_hello() {
    let mut codec = FrameCodec::before_hello();
    codec.set_max_body_bytes(HELLO_BODY_BYTES_MAX + 1);
    assert_eq!(codec.max_body_bytes(), HELLO_BODY_BYTES_MAX + 1);
    assert!(matches!(codec.decode(&mut announced(HELLO_BODY_BYTES_MAX + 1)), Ok(None)));
}

#[test]
fn at_most_4_kib_are_buffered_before_the_hello() {
    let body = vec![7; HELLO_BODY_BYTES_MAX as usize];
    let whole = encode(&Frame { body: body.into(), ..frame(b"") });
    assert_eq!(whole.len(), BEFORE_HELLO_BYTES_MAX as usize);
    let (mut codec, mut source) = (FrameCodec::before_hello(), BytesMut::new());
    for (index, byte) in whole.iter().enumerate() {
        assert!(matches!(codec.decode(&mut source), Ok(None)), "after {index} bytes");
        assert!(source.len() < source.capacity(), "there is room for what is missing");
        assert!(source.capacity() <= BEFORE_HELLO_BYTES_MAX as usize, "{}", source.capacity());
        source.put_u8(*byte);
    }
    assert!(matches!(codec.decode(&mut source), Ok(Some(_))));
}

#[test]
fn memory_follows_what_came_in_and_not_what_was_announced() {
    let mut source = announced(BODY_BYTES_MAX);
    let mut codec = codec();
    assert!(matches!(codec.decode(&mut source), Ok(None)));
    assert!(source.capacity() <= 1 << 17, "{} bytes for a header", source.capacity());
}

#[test]
fn a_stream_that_ends_within_a_frame_is_an_error() {
    let mut whole = encode(&frame(b"some body"));
    for bytes in 1..whole.len() {
        let mut source = BytesMut::from(&whole[..bytes]);
        let mut codec = codec();
        assert!(matches!(codec.decode(&mut source), Ok(None)));
        let Err(FrameError::Decode(error)) = codec.decode_eof(&mut source) else {
            panic!("{bytes} bytes are no frame")
        };
        assert!(matches!(error.problem(), Problem::Truncated { .. }), "{error}");
    }
    assert!(matches!(codec().decode_eof(&mut BytesMut::new()), Ok(None)));
    assert!(matches!(codec().decode_eof(&mut whole), Ok(Some(_))));
}

#[test]
fn a_body_that_cannot_be_sent_leaves_the_buffer_alone() {
    let body = vec![0; BODY_BYTES_MAX as usize + 1];
    let mut out = BytesMut::from(&b"before"[..]);
    let sent = codec().encode(Frame { body: body.into(), ..frame(b"") }, &mut out);
    assert!(matches!(sent, Err(FrameError::Encode(_))), "{sent:?}");
    assert_eq!(&out[..], b"before");
}

#[test]
fn the_checksum_is_the_one_of_the_specification() {
    let whole = encode(&frame(b"123456789"));
    assert_eq!(whole[12..16], 0xcbf4_3926_u32.to_le_bytes());
    assert_eq!(encode(&frame(b""))[12..16], [0; 4]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_any_size_give_the_same_frames(frames in frames(), step in 1_usize..50) {
        let mut wire = BytesMut::new();
        for frame in &frames {
            codec().encode(frame.clone(), &mut wire).expect("a body within the limit");
        }
        let (mut codec, mut source, mut found) = (codec(), BytesMut::new(), Vec::new());
        for piece in wire.chunks(step) {
            source.extend_from_slice(piece);
            while let Some(frame) = codec.decode(&mut source).expect("good frames") {
                found.push(frame);
            }
        }
        prop_assert_eq!(found, frames);
        prop_assert_eq!(source.len(), 0);
    }

    #[test]
    fn random_streams_never_panic(
        body_bytes in 0_u32..400,
        bytes in vec(any::<u8>(), 0..300),
        end in 0_usize..320,
    ) {
        let mut source = announced(body_bytes);
        source.extend_from_slice(&bytes);
        source.truncate(end);
        let (mut codec, len) = (codec(), source.len());
        if len < HEADER_BYTES + body_bytes as usize {
            prop_assert!(matches!(codec.decode(&mut source), Ok(None)));
            prop_assert_eq!(source.len(), len);
        }
        while let Ok(Some(_)) = codec.decode_eof(&mut source) {}
    }
}

#[test]
fn single_bytes_give_the_same_frames() {
    let frames = [frame(b"first"), frame(b""), frame(b"third")];
    let (mut codec, mut source, mut found) = (codec(), BytesMut::new(), Vec::new());
    for byte in frames.iter().flat_map(encode) {
        source.put_u8(byte);
        found.extend(codec.decode(&mut source).expect("good frames"));
    }
    assert_eq!(found, frames);
}
