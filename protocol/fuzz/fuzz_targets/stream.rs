//! A stream of frames, some of them damaged, through the codec: in one piece and in pieces of any
//! size it must give the same frames and the same error, and every frame must encode to its bytes.
//!
//! The checksums are made after the damage (unless they are what is damaged), so that lengths and
//! flags that make no sense reach the code behind the checks.

#![no_main]

use arbitrary::Arbitrary;
use bytes::{Bytes, BytesMut};
use fanfold_protocol::{Frame, FrameCodec, FrameHeader, HEADER_BYTES};
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::{Decoder, Encoder};

#[derive(Arbitrary, Debug)]
struct Stream<'a> {
    max_body_bytes: u32,
    parts: Vec<Part<'a>>,
    /// Sizes of the pieces that come in, used round and round.
    pieces: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Part<'a> {
    Sound {
        kind: u8,
        generation: u16,
        request_id: u32,
        body: &'a [u8],
    },
    /// A header of which only the checksum is right.
    Header {
        body_bytes: u32,
        kind: u8,
        flags: u8,
        generation: u16,
        request_id: u32,
        body_crc: u32,
    },
    Noise(&'a [u8]),
}

fn header(part: &Part<'_>) -> Option<[u8; HEADER_BYTES]> {
    match *part {
        Part::Sound { kind, generation, request_id, body } => Some(
            FrameHeader {
                body_bytes: u32::try_from(body.len()).expect("inputs are small"),
                kind,
                flags: 0,
                generation,
                request_id,
                body_crc: crc32fast::hash(body),
            }
            .encode(),
        ),
        Part::Header { body_bytes, kind, flags, generation, request_id, body_crc } => {
            Some(FrameHeader { body_bytes, kind, flags, generation, request_id, body_crc }.encode())
        }
        Part::Noise(_) => None,
    }
}

fn wire(parts: &[Part<'_>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for part in parts {
        wire.extend(header(part).into_iter().flatten());
        if let Part::Sound { body: bytes, .. } | Part::Noise(bytes) = *part {
            wire.extend_from_slice(bytes);
        }
    }
    wire
}

/// The frames in `wire` as it comes in `pieces`, and how the stream ends.
fn read(wire: &[u8], pieces: impl Iterator<Item = usize>, max: u32) -> (Vec<Frame>, String) {
    let (mut codec, mut buffer) = (FrameCodec::new(max), BytesMut::new());
    let (mut rest, mut frames) = (wire, Vec::new());
    for piece in pieces {
        let (now, later) = rest.split_at(piece.min(rest.len()));
        buffer.extend_from_slice(now);
        rest = later;
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, error.to_string()),
            }
        }
        assert!(buffer.capacity() <= 2 * (wire.len() + 65_536) + 128, "room follows what came in");
        if rest.is_empty() {
            break;
        }
    }
    let end = match codec.decode_eof(&mut buffer) {
        Ok(None) => "the end".to_owned(),
        Ok(Some(frame)) => panic!("{frame:?} was whole before the end"),
        Err(error) => error.to_string(),
    };
    (frames, end)
}

fuzz_target!(|stream: Stream<'_>| {
    let wire = wire(&stream.parts);
    let max = stream.max_body_bytes;
    let whole = read(&wire, std::iter::once(wire.len()), max);
    let sizes = stream.pieces.iter().map(|size| usize::from(*size).max(1));
    let sizes: Vec<usize> = sizes.chain([1]).collect();
    let pieces = read(&wire, sizes.into_iter().cycle(), max);
    assert_eq!(whole, pieces, "pieces make a difference");
    let mut again = BytesMut::new();
    for frame in whole.0 {
        let body = Bytes::clone(&frame.body);
        FrameCodec::new(max).encode(frame, &mut again).expect("what came in may go out");
        assert!(again.ends_with(&body));
    }
    assert!(wire.starts_with(&again), "frames encode to the bytes they came from");
});
