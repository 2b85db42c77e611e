//! Bytes to lines: LF or CRLF, bounded; sans-I/O.
//!
//! What follows the last line end is a line too once the peer has said it is done, so that
//! `printf PING | nc` gets its answer.

use bytes::{Bytes, BytesMut};

use crate::limits::LINE_BYTES_MAX;

/// A line went over its bound.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Collects bytes until a line is complete.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) buffer: BytesMut,
    searched: usize,
}

impl Lines {
    /// The next complete line, without its end.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, TooLong> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(at) = fresh.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            return if LINE_BYTES_MAX < self.searched { Err(TooLong) } else { Ok(None) };
        };
        let line = self.buffer.split_to(self.searched + at + 1);
        self.searched = 0;
        if LINE_BYTES_MAX < line.len() {
            return Err(TooLong);
        }
        Ok(Some(without_end(line.freeze())))
    }

    /// What is left when nothing follows any more.
    pub(super) fn rest(&mut self) -> Option<Bytes> {
        let rest = without_end(self.buffer.split().freeze());
        self.searched = 0;
        (!rest.is_empty()).then_some(rest)
    }
}

fn without_end(mut line: Bytes) -> Bytes {
    for end in [b"\n", b"\r"] {
        if line.ends_with(end) {
            line.truncate(line.len() - 1);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_lf_or_crlf() {
        let mut lines = Lines::default();
        lines.buffer.extend_from_slice(b"PING\r\nINFO\n\nHEL");
        assert_eq!(lines.next(), Ok(Some(Bytes::from_static(b"PING"))));
        assert_eq!(lines.next(), Ok(Some(Bytes::from_static(b"INFO"))));
        assert_eq!(lines.next(), Ok(Some(Bytes::new())));
        assert_eq!(lines.next(), Ok(None));
        lines.buffer.extend_from_slice(b"P\r");
        assert_eq!(lines.next(), Ok(None));
        assert_eq!(lines.rest(), Some(Bytes::from_static(b"HELP")));
        assert_eq!(lines.rest(), None);
    }

    #[test]
    fn a_line_is_bounded_with_and_without_its_end() {
        let mut lines = Lines::default();
        lines.buffer.extend_from_slice(&vec![b'x'; LINE_BYTES_MAX]);
        assert_eq!(lines.next(), Ok(None));
        lines.buffer.extend_from_slice(b"x");
        assert_eq!(lines.next(), Err(TooLong));
        lines.buffer.extend_from_slice(b"\n");
        assert_eq!(lines.next(), Err(TooLong));
    }
}
