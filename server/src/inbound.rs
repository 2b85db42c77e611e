//! What came in on a connection and is not yet understood: bytes to frames, bounded.
//!
//! Invariants:
//! * Before the hello at most 4 KiB are held, whatever the peer sends.
//! * A read asks for little at first and for more only while reads come back full.
//! * [`Inbound::half_since`] says since when a frame is incomplete, and nothing else.

use std::io;
use std::time::Instant;

use bytes::{BufMut, BytesMut};
use fanfold_protocol::{Frame, FrameCodec, FrameError, limits as wire, looks_like_http};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::codec::Decoder;

use crate::limits::{BUFFER_KEEP_BYTES, READ_BYTES_MAX, READ_BYTES_MIN};

/// See the module.
#[derive(Debug)]
pub(crate) struct Inbound {
    buffer: BytesMut,
    codec: FrameCodec,
    read_bytes: usize,
    is_greeting: bool,
    half_since: Option<Instant>,
}

impl Inbound {
    pub(crate) fn new() -> Self {
        Self {
            buffer: BytesMut::new(),
            codec: FrameCodec::before_hello(),
            read_bytes: READ_BYTES_MIN,
            is_greeting: true,
            half_since: None,
        }
    }

    /// The hello was accepted: frames of full size may come.
    pub(crate) fn widen(&mut self) {
        self.is_greeting = false;
        self.codec.set_max_body_bytes(wire::BODY_BYTES_MAX);
    }

    /// Whether the first bytes are an HTTP request.
    pub(crate) fn is_http(&self) -> bool {
        self.is_greeting && looks_like_http(&self.buffer)
    }

    /// The next complete frame.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let frame = self.codec.decode(&mut self.buffer)?;
        match frame {
            Some(_) => self.half_since = None,
            None if self.buffer.is_empty() => self.half_since = None,
            None => self.half_since = self.half_since.or_else(|| Some(Instant::now())),
        }
        Ok(frame)
    }

    /// Since when the frame at the front is incomplete.
    pub(crate) fn half_since(&self) -> Option<Instant> {
        self.half_since
    }

    /// The peer could not send, because we did not read: its clock starts again.
    pub(crate) fn forgive(&mut self) {
        if self.half_since.is_some() {
            self.half_since = Some(Instant::now());
        }
    }

    /// Reads once. 0 is the end of the stream.
    pub(crate) async fn read(
        &mut self,
        socket: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<usize> {
        let room = self.room();
        self.buffer.reserve(room);
        let read = socket.read_buf(&mut (&mut self.buffer).limit(room)).await?;
        if read == room {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        }
        Ok(read)
    }

    /// Forgets what was read: nothing of it will be answered.
    pub(crate) fn discard(&mut self) {
        self.buffer.clear();
        self.half_since = None;
    }

    /// Gives memory back that a large frame needed once.
    pub(crate) fn shrink(&mut self) {
        if self.buffer.is_empty() && BUFFER_KEEP_BYTES < self.buffer.capacity() {
            self.buffer = BytesMut::new();
            self.read_bytes = READ_BYTES_MIN;
        }
    }

    fn room(&self) -> usize {
        if !self.is_greeting {
            return self.read_bytes;
        }
        // At least a byte: a full buffer holds a complete frame, which is taken out first.
        (wire::BEFORE_HELLO_BYTES_MAX as usize).saturating_sub(self.buffer.len()).max(1)
    }
}

#[cfg(test)]
mod tests {
    use fanfold_protocol::{Request, encode_request};

    use super::*;

    fn ping() -> BytesMut {
        let mut wire = BytesMut::new();
        encode_request(1, 0, &Request::Ping, &mut wire).unwrap();
        wire
    }

    #[tokio::test]
    async fn before_the_hello_little_is_held() {
        let mut inbound = Inbound::new();
        let flood = vec![b'x'; 1 << 20];
        let mut socket = flood.as_slice();
        while inbound.buffer.len() < wire::BEFORE_HELLO_BYTES_MAX as usize {
            inbound.read(&mut socket).await.unwrap();
        }
        assert_eq!(inbound.buffer.len(), wire::BEFORE_HELLO_BYTES_MAX as usize);
        assert!(inbound.next_frame().is_err());
    }

    #[tokio::test]
    async fn reads_grow_while_they_come_back_full() {
        let mut inbound = Inbound::new();
        inbound.widen();
        let flood = vec![b'x'; 1 << 20];
        let mut socket = flood.as_slice();
        let mut sizes = Vec::new();
        for _ in 0..6 {
            sizes.push(inbound.read(&mut socket).await.unwrap());
            inbound.discard();
        }
        assert_eq!(sizes, [4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 64 << 10]);
        assert_eq!(inbound.read(&mut [1, 2, 3].as_slice()).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn the_clock_of_half_a_frame_starts_and_stops() {
        let mut inbound = Inbound::new();
        let frame = ping();
        let (head, tail) = frame.split_at(7);
        inbound.read(&mut { head }).await.unwrap();
        assert!(inbound.next_frame().unwrap().is_none());
        let since = inbound.half_since();
        assert!(since.is_some());
        assert!(inbound.next_frame().unwrap().is_none());
        assert_eq!(inbound.half_since(), since);
        inbound.read(&mut { tail }).await.unwrap();
        assert!(inbound.next_frame().unwrap().is_some());
        assert_eq!(inbound.half_since(), None);
    }

    #[tokio::test]
    async fn http_is_recognised_only_at_the_start() {
        let mut inbound = Inbound::new();
        inbound.read(&mut b"GET / HTTP/1.1\r\n".as_slice()).await.unwrap();
        assert!(inbound.is_http());
        inbound.widen();
        assert!(!inbound.is_http());
    }
}
