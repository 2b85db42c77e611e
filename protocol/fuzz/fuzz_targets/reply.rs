//! Any body of any kind as a reply: decoding never panics, and what decodes encodes to the very same
//! frame (a value has exactly one encoding).
//!
//! The input is a frame as it stands on the wire; its length, flags and checksums are not looked at
//! but made anew, so that mutations get past them.

#![no_main]

use bytes::{Bytes, BytesMut};
use fanfold_protocol::limits::BODY_BYTES_MAX;
use fanfold_protocol::{Frame, FrameCodec, FrameHeader, HEADER_BYTES, Reply, encode_reply};
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::Decoder;

fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    *header[at..].first_chunk().expect("every field lies within the header")
}

fuzz_target!(|input: &[u8]| {
    let Some((header, body)) = input.split_first_chunk::<HEADER_BYTES>() else { return };
    let frame = Frame {
        kind: header[FrameHeader::KIND_AT],
        flags: 0,
        generation: u16::from_le_bytes(field(header, FrameHeader::GENERATION_AT)),
        request_id: u32::from_le_bytes(field(header, FrameHeader::REQUEST_ID_AT)),
        body: Bytes::copy_from_slice(body),
    };
    let Ok(reply) = Reply::load(&frame) else { return };
    let mut wire = BytesMut::new();
    encode_reply(frame.request_id, &reply, &mut wire).expect("what was decoded can be encoded");
    let again = FrameCodec::new(BODY_BYTES_MAX).decode(&mut wire).expect("a sound frame");
    let again = again.expect("a whole frame");
    assert!(wire.is_empty(), "one frame and nothing behind it");
    assert_eq!(Reply::load(&again).as_ref(), Ok(&reply), "the same reply");
    assert_eq!(again, frame, "the same bytes: {reply:?}");
});
