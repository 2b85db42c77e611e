//! Answers on their way out: one buffer, written with as few calls as the socket allows.
//!
//! Answers of one turn are appended to the buffer and go out together. Bounded by its owner, who
//! takes no more requests while [`Outbound::is_full`].
//!
//! Invariant: [`Outbound::stalled_since`] is set exactly while bytes wait that the socket does not
//! take.

use std::io;
use std::time::Instant;

use bytes::BytesMut;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::limits::{BUFFER_KEEP_BYTES, FLUSH_BYTES, OUTBOUND_BYTES_MAX};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    /// Frames are appended here.
    pub(crate) buffer: BytesMut,
    sent: usize,
    stalled_since: Option<Instant>,
}

impl Outbound {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting() == 0
    }

    /// Whether it is time to send before more is answered.
    pub(crate) fn is_worth_sending(&self) -> bool {
        FLUSH_BYTES <= self.waiting()
    }

    /// Whether the peer has to take something before it may ask for more.
    pub(crate) fn is_full(&self) -> bool {
        OUTBOUND_BYTES_MAX <= self.waiting()
    }

    /// Since when the peer has taken nothing although something waits.
    pub(crate) fn stalled_since(&self) -> Option<Instant> {
        self.stalled_since
    }

    /// Sends what the socket takes at once.
    pub(crate) fn flush(&mut self, socket: &TcpStream) -> io::Result<()> {
        while !self.is_empty() {
            match socket.try_write(self.unsent()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stalled_since = self.stalled_since.or_else(|| Some(Instant::now()));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits until the socket takes something.
    pub(crate) async fn write(&mut self, socket: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        match socket.write(self.unsent()).await? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            written => {
                self.advance(written);
                Ok(())
            }
        }
    }

    /// Bytes that are not sent yet.
    pub(crate) fn waiting(&self) -> usize {
        self.buffer.len() - self.sent
    }

    fn unsent(&self) -> &[u8] {
        self.buffer.get(self.sent..).unwrap_or_default()
    }

    fn advance(&mut self, written: usize) {
        self.sent += written;
        self.stalled_since = None;
        if !self.is_empty() {
            return;
        }
        self.sent = 0;
        self.buffer.clear();
        if BUFFER_KEEP_BYTES < self.buffer.capacity() {
            self.buffer = BytesMut::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_sent_is_forgotten() {
        let mut outbound = Outbound::default();
        outbound.buffer.extend_from_slice(b"first second");
        let (mut near, mut far) = tokio::io::duplex(6);
        outbound.write(&mut near).await.unwrap();
        assert_eq!(outbound.unsent(), b"second");
        let mut taken = [0; 6];
        tokio::io::AsyncReadExt::read_exact(&mut far, &mut taken).await.unwrap();
        outbound.write(&mut near).await.unwrap();
        assert!(outbound.is_empty());
        assert!(outbound.buffer.is_empty());
    }

    #[test]
    fn a_large_buffer_is_given_back() {
        let mut outbound = Outbound::default();
        outbound.buffer.extend_from_slice(&vec![0; OUTBOUND_BYTES_MAX]);
        assert!(outbound.is_full());
        outbound.advance(OUTBOUND_BYTES_MAX);
        assert_eq!(outbound.buffer.capacity(), 0);
    }
}
