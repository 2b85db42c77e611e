//! Lines of an input, numbered from 1, without their ends, each bounded in memory.
//!
//! A byte order mark in front of the first line is not part of it.
//!
//! A line that is too long is skipped and reported as such, not read into memory. Line ends may be
//! those of any system.

use std::io::{self, BufRead};

/// A longer line is refused instead of being kept: a text is at most 64 KiB, and JSON may escape
/// each of its bytes with six.
const LINE_BYTES_MAX: usize = 1 << 20;

/// UTF-8's byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A line, or what is left of one that is too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    TooLong { bytes: usize },
}

/// Reads an input line by line into one buffer.
pub(crate) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), number: 0 }
    }

    /// The next line and its number, `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.buffer.clear();
        let mut bytes = 0;
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let end = find_end(chunk);
            let taken = end.map_or(chunk.len(), |end| end + 1);
            let content = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            bytes += content.len();
            if bytes <= LINE_BYTES_MAX {
                self.buffer.extend_from_slice(content);
            }
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some(self.line(bytes)));
            }
        }
        Ok((bytes != 0).then(|| self.line(bytes)))
    }

    fn line(&mut self, bytes: usize) -> (u64, Line<'_>) {
        self.number += 1;
        if LINE_BYTES_MAX < bytes {
            return (self.number, Line::TooLong { bytes });
        }
        let line = self.buffer.strip_suffix(b"\r").unwrap_or(&self.buffer);
        // Some editors put the mark of their encoding in front of a file.
        let line = line.strip_prefix(MARK).filter(|_| self.number == 1).unwrap_or(line);
        (self.number, Line::Whole(line))
    }
}

fn find_end(chunk: &[u8]) -> Option<usize> {
    chunk.iter().position(|&byte| byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn all(input: &[u8]) -> Vec<(u64, Vec<u8>)> {
        // A buffer of three bytes makes lines cross its end.
        let mut lines = Lines::new(BufReader::with_capacity(3, input));
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            let Line::Whole(line) = line else { unreachable!("all lines here are short") };
            found.push((number, line.to_vec()));
        }
        found
    }

    #[test]
    fn lines_are_numbered_and_lose_their_ends() {
        let expected: Vec<(u64, Vec<u8>)> =
            vec![(1, b"first".to_vec()), (2, Vec::new()), (3, b"third".to_vec())];
        assert_eq!(all(b"first\n\nthird"), expected);
        assert_eq!(all(b"first\r\n\r\nthird\r\n"), expected);
        assert_eq!(all(b""), []);
        let marked: Vec<(u64, Vec<u8>)> =
            vec![(1, b"1\t2".to_vec()), (2, b"\xef\xbb\xbf3".to_vec())];
        assert_eq!(all(b"\xef\xbb\xbf1\t2\n\xef\xbb\xbf3"), marked);
    }

    #[test]
    fn a_line_without_end_is_not_kept_in_memory() {
        let mut input = vec![b'x'; LINE_BYTES_MAX + 1];
        input.extend(b"\nnext\n");
        let mut lines = Lines::new(&input[..]);
        let expected = Line::TooLong { bytes: LINE_BYTES_MAX + 1 };
        assert_eq!(lines.next().unwrap(), Some((1, expected)));
        assert_eq!(lines.next().unwrap(), Some((2, Line::Whole(b"next"))));
        assert_eq!(lines.next().unwrap(), None);
    }
}
