//! Any body of any kind as a request: decoding never panics, and what decodes encodes to the very same
//! frame (a value has exactly one encoding).
//!
//! The input is a frame as it stands on the wire; its length, flags and checksums are not looked at
//! but made anew, so that mutations get past them.

#![no_main]

use bytes::{Bytes, BytesMut};
use fanfold_protocol::limits::BODY_BYTES_MAX;
use fanfold_protocol::{Frame, FrameCodec, FrameHeader, HEADER_BYTES, Request, encode_request};
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
    let Ok(request) = Request::load(&frame) else { return };
    let mut wire = BytesMut::new();
    encode_request(frame.request_id, frame.generation, &request, &mut wire)
        .expect("what was decoded can be encoded");
    let again = FrameCodec::new(BODY_BYTES_MAX).decode(&mut wire).expect("a sound frame");
    let again = again.expect("a whole frame");
    assert!(wire.is_empty(), "one frame and nothing behind it");
    assert_eq!(Request::load(&again).as_ref(), Ok(&request), "the same request");
    assert_eq!(again, frame, "the same bytes: {request:?}");
});
