//! Bytes to lines: LF or CRLF, bounded; sans-I/O.
//!
//! What follows the last line end is no line, also when nothing follows any more: whoever was cut
//! off in the middle of a command did not mean its first half.

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

    /// Whether something that is not blank stands behind the last line end.
    pub(super) fn has_half(&self) -> bool {
        !self.buffer.trim_ascii().is_empty()
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
        assert!(lines.has_half());
        lines.buffer.extend_from_slice(b"P\r");
        assert_eq!(lines.next(), Ok(None));
        lines.buffer.extend_from_slice(b"\n \r");
        assert_eq!(lines.next(), Ok(Some(Bytes::from_static(b"HELP"))));
        assert_eq!(lines.next(), Ok(None));
        assert!(!lines.has_half());
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
