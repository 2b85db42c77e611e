//! Frames that come: told apart by their headers, their bodies skipped.

use fanfold_protocol::{FrameHeader, HEADER_BYTES, ReplyKind, limits};

use super::talk::Heard;
use crate::exit::{Explain, Outcome};

/// Where a stream of frames is.
#[derive(Debug)]
pub(super) struct Frames {
    header: [u8; HEADER_BYTES],
    header_filled: usize,
    /// The request that the frame answers.
    number: u32,
    /// Bytes of its body that are still to come.
    skip: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { header: [0; HEADER_BYTES], header_filled: 0, number: 0, skip: 0 }
    }
}

impl Frames {
    pub(super) fn hear(&mut self, mut bytes: &[u8], heard: &mut Heard) -> Outcome<()> {
        while !bytes.is_empty() {
            if self.skip == 0 {
                bytes = self.fill_header(bytes, heard)?;
            }
            let taken = self.skip.min(bytes.len());
            bytes = bytes.get(taken..).unwrap_or_default();
            if 0 < taken {
                self.skip -= taken;
                self.end(heard);
            }
        }
        Ok(())
    }

    /// The question is answered once its frame has been skipped.
    fn end(&self, heard: &mut Heard) {
        if self.skip == 0 {
            heard.answered.push(self.number);
        }
    }

    /// Takes what belongs to the header; the rest of the bytes.
    fn fill_header<'a>(&mut self, bytes: &'a [u8], heard: &mut Heard) -> Outcome<&'a [u8]> {
        let taken = bytes.len().min(HEADER_BYTES - self.header_filled);
        let (head, rest) = bytes.split_at(taken);
        let place = self.header.iter_mut().skip(self.header_filled);
        place.zip(head).for_each(|(place, byte)| *place = *byte);
        self.header_filled += taken;
        if self.header_filled == HEADER_BYTES {
            self.header_filled = 0;
            let header = FrameHeader::load(&self.header, limits::BODY_BYTES_MAX);
            let header = header.explain(|| "a reply is no frame".to_owned())?;
            heard.refused += u64::from(header.kind == ReplyKind::Error.byte());
            self.number = header.request_id;
            self.skip = header.body_bytes as usize;
            self.end(heard);
        }
        Ok(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{Bytes, BytesMut};
    use fanfold_protocol::{Code, ErrorReply, Page, PageEnd, Position, Reply, encode_reply};

    fn replies(count: u32) -> BytesMut {
        let position = Position { epoch: 1, sequence: 300 };
        let page = Reply::Page(Page {
            position,
            end: PageEnd::End,
            posts: Vec::new(),
            counts: None,
            originals: Vec::new(),
            original_counts: Vec::new(),
            came_by: None,
            collapsed: None,
        });
        let mut out = BytesMut::new();
        (1..=count).for_each(|id| encode_reply(id, &page, &mut out).unwrap());
        out
    }

    #[test]
    fn replies_are_told_apart_however_they_are_cut() {
        let bytes = replies(5);
        for piece in 1..bytes.len() {
            let (mut frames, mut heard) = (Frames::default(), Heard::default());
            bytes.chunks(piece).for_each(|bytes| frames.hear(bytes, &mut heard).unwrap());
            assert_eq!(heard.answered, [1, 2, 3, 4, 5], "in pieces of {piece}");
        }
    }

    #[test]
    fn damage_is_told_and_errors_are_counted() {
        let mut bytes = replies(1);
        bytes[2] ^= 1;
        assert!(Frames::default().hear(&bytes, &mut Heard::default()).is_err());
        let refused = Reply::Error(ErrorReply {
            code: Code::Busy,
            radius: Code::Busy.radius(),
            fault: Code::Busy.fault(),
            retry: Code::Busy.retry(),
            message: Bytes::new(),
            oldest: 0,
        });
        bytes.clear();
        encode_reply(7, &refused, &mut bytes).unwrap();
        let mut heard = Heard::default();
        Frames::default().hear(&bytes, &mut heard).unwrap();
        assert_eq!((heard.refused, heard.answered), (1, vec![7]));
    }
}
