//! Frames out of a byte stream and into one, for `tokio_util::codec`. Knows nothing of what is in a
//! body.
//!
//! Invariants:
//! * a length is believed only after the header's checksum was verified, and refused from the
//!   header alone if it is above the limit, so nobody can make this side wait for or hold more,
//! * until the limit is raised after the hello, at most 4 KiB are asked for,
//! * a body is split off the stream's buffer, not copied,
//! * after an error the stream is out of step: it must be closed.

use bytes::{Buf, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::error::{DecodeError, FrameError, Problem};
use crate::frame::{Frame, FrameHeader, HEADER_BYTES};
use crate::limits::{BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX};
use crate::writer::FrameWriter;

/// How far ahead room is made for a body: memory follows what came in, not what was announced.
const STEP_BYTES: usize = 65_536;

/// Frames to bytes and back.
///
/// The limit holds for what comes in; what goes out is bounded by [`BODY_BYTES_MAX`].
#[derive(Clone, Debug)]
pub struct FrameCodec {
    max_body_bytes: u32,
    /// The header at the front of the buffer, once it was verified: it is not hashed again for
    /// every piece of its body.
    header: Option<FrameHeader>,
}

impl FrameCodec {
    /// A codec for a connection of which nothing is known yet: header and body together are at
    /// most 4 KiB. Give the reader a buffer of the same size
    /// (`FramedRead::with_capacity(.., 4096)`).
    #[must_use]
    pub const fn before_hello() -> Self {
        Self::new(HELLO_BODY_BYTES_MAX)
    }

    /// A codec that refuses bodies above `max_body_bytes`.
    #[must_use]
    pub const fn new(max_body_bytes: u32) -> Self {
        Self { max_body_bytes, header: None }
    }

    /// Changes the limit from the next header on; after the hello to what was agreed.
    pub const fn set_max_body_bytes(&mut self, max_body_bytes: u32) {
        self.max_body_bytes = max_body_bytes;
    }

    /// The largest body accepted.
    #[must_use]
    pub const fn max_body_bytes(&self) -> u32 {
        self.max_body_bytes
    }

    fn header(&mut self, source: &[u8]) -> Result<Option<FrameHeader>, DecodeError> {
        if self.header.is_none() {
            let Some(bytes) = source.first_chunk() else { return Ok(None) };
            self.header = Some(FrameHeader::load(bytes, self.max_body_bytes)?);
        }
        Ok(self.header)
    }
}

impl Decoder for FrameCodec {
    type Item = Frame;
    type Error = FrameError;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let Some(header) = self.header(source)? else {
            source.reserve(HEADER_BYTES - source.len());
            return Ok(None);
        };
        let frame_bytes = HEADER_BYTES + header.body_bytes as usize;
        if source.len() < frame_bytes {
            source.reserve(STEP_BYTES.min(frame_bytes - source.len()));
            return Ok(None);
        }
        self.header = None;
        let mut body = source.split_to(frame_bytes).freeze();
        body.advance(HEADER_BYTES);
        header.check_body(&body)?;
        let FrameHeader { kind, flags, generation, request_id, .. } = header;
        Ok(Some(Frame { kind, flags, generation, request_id, body }))
    }

    fn decode_eof(&mut self, source: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let frame = self.decode(source)?;
        if frame.is_some() || source.is_empty() {
            return Ok(frame);
        }
        let body_bytes = self.header.map_or(0, |header| u64::from(header.body_bytes));
        let (needed, left) = (HEADER_BYTES as u64 + body_bytes, source.len() as u64);
        Err(DecodeError::new("frame", 0, Problem::Truncated { needed, left }).into())
    }
}

impl Encoder<Frame> for FrameCodec {
    type Error = FrameError;

    fn encode(&mut self, frame: Frame, out: &mut BytesMut) -> Result<(), FrameError> {
        let mut writer = FrameWriter::start(out);
        // A body that cannot be sent is not copied first.
        let room = BODY_BYTES_MAX as usize + 1;
        writer.out().extend_from_slice(frame.body.get(..room).unwrap_or(&frame.body));
        writer.finish(frame.kind, frame.generation, frame.request_id)?;
        Ok(())
    }
}
