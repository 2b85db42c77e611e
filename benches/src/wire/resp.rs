//! Replies of Redis (RESP, version 2) in a stream of bytes, told apart and, where that is wanted, with the
//! strings that they hold. See <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use crate::exit::{Failure, Outcome};

/// What has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A reply is complete.
    Reply,
    /// A reply is complete and is an error.
    Refused,
}

/// Where a stream of replies is.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// A line that has begun, without its end.
    line: Vec<u8>,
    /// Bytes of a string that are still to come, its end of line included.
    string: usize,
    /// Elements of the reply that are still to come; 0 between replies.
    open: u64,
    /// The strings of the reply, if they are wanted.
    wanted: bool,
    pub(super) strings: Vec<Vec<u8>>,
}

impl Replies {
    /// Whether the strings of what comes next are kept.
    pub(super) fn want_strings(&mut self, wanted: bool) {
        self.wanted = wanted;
        self.strings.clear();
    }

    /// Takes bytes up to the end of a reply; what has come, and what is left of the bytes.
    pub(super) fn hear<'a>(&mut self, mut bytes: &'a [u8]) -> Outcome<(Option<Event>, &'a [u8])> {
        while !bytes.is_empty() {
            let event;
            (event, bytes) = if 0 < self.string { self.skip(bytes) } else { self.header(bytes)? };
            if event.is_some() {
                return Ok((event, bytes));
            }
        }
        Ok((None, bytes))
    }

    /// Bytes of a string.
    fn skip<'a>(&mut self, bytes: &'a [u8]) -> (Option<Event>, &'a [u8]) {
        let (string, rest) = bytes.split_at(self.string.min(bytes.len()));
        if let (true, Some(last)) = (self.wanted, self.strings.last_mut()) {
            last.extend_from_slice(string);
        }
        self.string -= string.len();
        if self.string != 0 {
            return (None, rest);
        }
        if let (true, Some(last)) = (self.wanted, self.strings.last_mut()) {
            last.truncate(last.len().saturating_sub(2));
        }
        (self.element(), rest)
    }

    /// A line: an element by itself, or the length of what follows.
    fn header<'a>(&mut self, bytes: &'a [u8]) -> Outcome<(Option<Event>, &'a [u8])> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.line.extend_from_slice(bytes);
            return Ok((None, &[]));
        };
        let (line, rest) = bytes.split_at(end + 1);
        self.line.extend_from_slice(line);
        let line = std::mem::take(&mut self.line);
        let (kind, text) = line.split_first().unwrap_or((&b'?', &[]));
        let number =
            || std::str::from_utf8(text).ok().and_then(|t| t.trim_end().parse::<i64>().ok());
        let event = match kind {
            b':' | b'+' => self.element(),
            b'-' => {
                self.open = 0;
                Some(Event::Refused)
            }
            b'$' => match number().and_then(|bytes| usize::try_from(bytes).ok()) {
                Some(bytes) => {
                    self.string = bytes + 2;
                    if self.wanted {
                        self.strings.push(Vec::with_capacity(self.string));
                    }
                    None
                }
                // Nothing there.
                None => self.element(),
            },
            b'*' => match number().and_then(|count| u64::try_from(count).ok()) {
                Some(count @ 1..) => {
                    // The list itself was one of the elements of what it is in.
                    self.open = self.open.saturating_sub(1) + count;
                    None
                }
                _ => self.element(),
            },
            _ => return Err(Failure::failed("a reply of Redis is none")),
        };
        Ok((event, rest))
    }

    /// One element less to come.
    fn element(&mut self) -> Option<Event> {
        self.open = self.open.saturating_sub(1);
        (self.open == 0).then_some(Event::Reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_apart_however_they_are_cut() {
        let bytes = b"*2\r\n$2\r\n12\r\n$0\r\n\r\n:7\r\n-ERR no\r\n*0\r\n+OK\r\n$-1\r\n*2\r\n*1\r\n:1\r\n:2\r\n";
        for piece in 1..bytes.len() {
            let mut replies = Replies::default();
            replies.want_strings(true);
            let mut events = Vec::new();
            for mut bytes in bytes.chunks(piece) {
                while !bytes.is_empty() {
                    let event;
                    (event, bytes) = replies.hear(bytes).unwrap();
                    events.extend(event);
                }
            }
            let ok = Event::Reply;
            assert_eq!(events, [ok, ok, Event::Refused, ok, ok, ok, ok], "in pieces of {piece}");
            assert_eq!(replies.strings, [b"12".to_vec(), Vec::new()], "in pieces of {piece}");
        }
    }
}
