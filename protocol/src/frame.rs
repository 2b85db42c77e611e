//! The fixed header in front of every body, and a frame as a value. No I/O: see `codec.rs`.
//!
//! ```text
//!      0       1       2       3       4       5       6       7
//!   +-------+-------+-------+-------+-------+-------+-------+-------+
//! 0 |          body_bytes           | kind  | flags |  generation   |
//!   +-------+-------+-------+-------+-------+-------+-------+-------+
//! 8 |          request_id           |           body_crc            |
//!   +-------+-------+-------+-------+-------+-------+-------+-------+
//! 16|          header_crc           |  body ...
//!   +-------+-------+-------+-------+-------
//! ```
//!
//! Invariants:
//! * all numbers are little-endian; both checksums are CRC-32 (IEEE),
//! * `header_crc` covers bytes 0..16 and is verified before any other field is believed,
//! * `flags` is reserved and 0,
//! * the header is the same in every version of the protocol.

use bytes::Bytes;

use crate::error::{DecodeError, Problem};

/// The size of a header.
pub const HEADER_BYTES: usize = 20;

/// What stands in front of a body. The header's own checksum is made and checked by
/// [`encode`](Self::encode) and [`load`](Self::load).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The size of the body.
    pub body_bytes: u32,
    /// What the body is: a [`RequestKind`](crate::RequestKind) or a
    /// [`ReplyKind`](crate::ReplyKind).
    pub kind: u8,
    /// Reserved, 0.
    pub flags: u8,
    /// Which run of writes this one belongs to; 0 on everything but writes.
    pub generation: u16,
    /// Ties a reply to its request; 0 on replies that answer none.
    pub request_id: u32,
    /// The checksum of the body.
    pub body_crc: u32,
}

impl FrameHeader {
    /// Offset of `body_bytes`, u32.
    pub const BODY_BYTES_AT: usize = 0;
    /// Offset of `kind`, u8.
    pub const KIND_AT: usize = 4;
    /// Offset of `flags`, u8.
    pub const FLAGS_AT: usize = 5;
    /// Offset of `generation`, u16.
    pub const GENERATION_AT: usize = 6;
    /// Offset of `request_id`, u32.
    pub const REQUEST_ID_AT: usize = 8;
    /// Offset of `body_crc`, u32.
    pub const BODY_CRC_AT: usize = 12;
    /// Offset of `header_crc`, u32; it covers everything in front of it.
    pub const HEADER_CRC_AT: usize = 16;

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[Self::BODY_BYTES_AT..Self::KIND_AT].copy_from_slice(&self.body_bytes.to_le_bytes());
        out[Self::KIND_AT] = self.kind;
        out[Self::FLAGS_AT] = self.flags;
        out[Self::GENERATION_AT..Self::REQUEST_ID_AT]
            .copy_from_slice(&self.generation.to_le_bytes());
        out[Self::REQUEST_ID_AT..Self::BODY_CRC_AT].copy_from_slice(&self.request_id.to_le_bytes());
        out[Self::BODY_CRC_AT..Self::HEADER_CRC_AT].copy_from_slice(&self.body_crc.to_le_bytes());
        let crc = crc32fast::hash(&out[..Self::HEADER_CRC_AT]);
        out[Self::HEADER_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// The header in these bytes, if the body it announces is at most `max_body_bytes` long.
    ///
    /// # Errors
    /// A differing checksum, a flag that is set, a body above the limit: in this order.
    pub fn load(bytes: &[u8; HEADER_BYTES], max_body_bytes: u32) -> Result<Self, DecodeError> {
        let computed = crc32fast::hash(&bytes[..Self::HEADER_CRC_AT]);
        let stored = u32::from_le_bytes(chunk(bytes, Self::HEADER_CRC_AT));
        if stored != computed {
            let problem = Problem::Checksum { stored, computed };
            return Err(DecodeError::new("header_crc", Self::HEADER_CRC_AT, problem));
        }
        let header = Self {
            body_bytes: u32::from_le_bytes(chunk(bytes, Self::BODY_BYTES_AT)),
            kind: bytes[Self::KIND_AT],
            flags: bytes[Self::FLAGS_AT],
            generation: u16::from_le_bytes(chunk(bytes, Self::GENERATION_AT)),
            request_id: u32::from_le_bytes(chunk(bytes, Self::REQUEST_ID_AT)),
            body_crc: u32::from_le_bytes(chunk(bytes, Self::BODY_CRC_AT)),
        };
        header.check(max_body_bytes)
    }

    fn check(self, max_body_bytes: u32) -> Result<Self, DecodeError> {
        if self.flags != 0 {
            let problem = Problem::Unknown { value: u64::from(self.flags) };
            return Err(DecodeError::new("flags", Self::FLAGS_AT, problem));
        }
        if max_body_bytes < self.body_bytes {
            let (bytes, limit) = (u64::from(self.body_bytes), u64::from(max_body_bytes));
            let problem = Problem::BodyTooLarge { bytes, limit };
            return Err(DecodeError::new("body_bytes", Self::BODY_BYTES_AT, problem));
        }
        Ok(self)
    }

    /// Compares the body with its checksum.
    pub(crate) fn check_body(&self, body: &[u8]) -> Result<(), DecodeError> {
        let (stored, computed) = (self.body_crc, crc32fast::hash(body));
        if stored == computed {
            return Ok(());
        }
        let problem = Problem::Checksum { stored, computed };
        Err(DecodeError::new("body_crc", Self::BODY_CRC_AT, problem))
    }
}

fn chunk<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    *bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<N>())
        .expect("every field lies within the header")
}

/// A frame as it came in, checksums verified, body not yet understood: see
/// [`Request::load`](crate::Request::load) and [`Reply::load`](crate::Reply::load).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the body is.
    pub kind: u8,
    /// Reserved, 0.
    pub flags: u8,
    /// Which run of writes this one belongs to; 0 on everything but writes.
    pub generation: u16,
    /// Ties a reply to its request; 0 on replies that answer none.
    pub request_id: u32,
    /// The body. Texts that are decoded from it share its memory.
    pub body: Bytes,
}

/// Whether the first bytes of a connection are an HTTP request, so that a server can answer a
/// misdirected browser in its own language. Needs four bytes to say yes.
#[must_use]
pub fn looks_like_http(first: &[u8]) -> bool {
    const METHODS: [&[u8; 4]; 7] = [b"GET ", b"POST", b"HEAD", b"PUT ", b"OPTI", b"DELE", b"PATC"];
    first.first_chunk::<4>().is_some_and(|start| METHODS.contains(&start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_http_from_a_frame() {
        for request in
            ["GET / HTTP/1.1", "POST /x", "HEAD /", "PUT /x", "OPTIONS *", "DELETE /", "PATCH /"]
        {
            assert!(looks_like_http(request.as_bytes()), "{request}");
        }
        assert!(!looks_like_http(b"GET"));
        assert!(!looks_like_http(b"GETS"));
        assert!(!looks_like_http(b""));
        assert!(!looks_like_http(&[0; HEADER_BYTES]));
    }
}
