//! Writes one frame straight into a connection's buffer: room for the header first, then the body,
//! then the header is filled in behind it.
//!
//! Invariant: a writer that is not finished leaves the buffer as long as it found it, so half a
//! frame never goes out.

use bytes::{BufMut, BytesMut};

use crate::error::{EncodeError, Problem};
use crate::frame::{FrameHeader, HEADER_BYTES};
use crate::limits::BODY_BYTES_MAX;

/// One frame in the making.
#[derive(Debug)]
pub(crate) struct FrameWriter<'a> {
    out: &'a mut BytesMut,
    start: usize,
    is_finished: bool,
}

impl<'a> FrameWriter<'a> {
    pub(crate) fn start(out: &'a mut BytesMut) -> Self {
        let start = out.len();
        out.put_bytes(0, HEADER_BYTES);
        Self { out, start, is_finished: false }
    }

    /// Where the body is appended.
    pub(crate) fn out(&mut self) -> &mut BytesMut {
        self.out
    }

    /// How long the body is so far.
    pub(crate) fn body_bytes(&self) -> usize {
        self.out.len() - self.start - HEADER_BYTES
    }

    /// Cuts the body back to `bytes`.
    pub(crate) fn cut(&mut self, bytes: usize) {
        self.out.truncate(self.start + HEADER_BYTES + bytes);
    }

    /// Overwrites the body from `at` on; the bytes must be there already.
    pub(crate) fn patch(&mut self, at: usize, bytes: &[u8]) {
        let from = self.start + HEADER_BYTES + at;
        self.out
            .get_mut(from..from + bytes.len())
            .expect("only what was written is patched")
            .copy_from_slice(bytes);
    }

    /// Refuses a body above the limit of every frame.
    pub(crate) fn check(&self) -> Result<u32, EncodeError> {
        self.check_with(0)
    }

    /// The same of a body that gets so many bytes more.
    pub(crate) fn check_with(&self, more: usize) -> Result<u32, EncodeError> {
        let limit = BODY_BYTES_MAX;
        let bytes = self.body_bytes() + more;
        match u32::try_from(bytes) {
            Ok(short) if short <= limit => Ok(short),
            _ => {
                let (bytes, limit) = (bytes as u64, u64::from(limit));
                Err(EncodeError::new("body", Problem::BodyTooLarge { bytes, limit }))
            }
        }
    }

    /// Fills the header in.
    pub(crate) fn finish(
        mut self,
        kind: u8,
        generation: u16,
        request_id: u32,
    ) -> Result<(), EncodeError> {
        let body_bytes = self.check()?;
        let (_, frame) = self.out.split_at_mut(self.start);
        let (header, body) =
            frame.split_first_chunk_mut::<HEADER_BYTES>().expect("start made room for the header");
        let body_crc = crc32fast::hash(body);
        *header =
            FrameHeader { body_bytes, kind, flags: 0, generation, request_id, body_crc }.encode();
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for FrameWriter<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            self.out.truncate(self.start);
        }
    }
}
