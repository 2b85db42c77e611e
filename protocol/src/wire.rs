//! The bounded cursor over a body and the writing counterpart: varints, options, bytes, text.
//!
//! Invariants:
//! * nothing is read behind the end of the body, and nothing panics on any bytes,
//! * a length or a count is compared with its limit and with the bytes that are left before it is
//!   used, so no memory is taken by a number nobody verified,
//! * text and bytes are slices of the body, never copies,
//! * a value has exactly one encoding: over-long varints are refused.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::limits::VARINT_BYTES_MAX;

/// Reads a body from front to back. Each `take_` names the field for the error.
#[derive(Debug)]
pub(crate) struct Cursor {
    rest: Bytes,
    total: usize,
}

impl Cursor {
    pub(crate) fn new(body: &Bytes) -> Self {
        Self { rest: body.clone(), total: body.len() }
    }

    /// The byte of the body that is read next.
    pub(crate) fn at(&self) -> usize {
        self.total - self.rest.len()
    }

    /// An error about `field`, which begins at `at`.
    #[cold]
    pub(crate) fn refuse(field: &'static str, at: usize, problem: Problem) -> DecodeError {
        DecodeError::new(field, at, problem)
    }

    #[cold]
    fn truncated(&self, field: &'static str, needed: u64) -> DecodeError {
        let left = self.rest.len() as u64;
        Self::refuse(field, self.at(), Problem::Truncated { needed, left })
    }

    pub(crate) fn take_array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let Some(array) = self.rest.first_chunk::<N>().copied() else {
            return Err(self.truncated(field, N as u64));
        };
        self.rest.advance(N);
        Ok(array)
    }

    pub(crate) fn take_u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.take_array::<1>(field).map(|[byte]| byte)
    }

    pub(crate) fn take_u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        self.take_array(field).map(u16::from_le_bytes)
    }

    pub(crate) fn take_u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.take_array(field).map(u32::from_le_bytes)
    }

    pub(crate) fn take_u64(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        self.take_array(field).map(u64::from_le_bytes)
    }

    /// A byte that selects one of `0..=last`.
    pub(crate) fn take_tag(&mut self, field: &'static str, last: u8) -> Result<u8, DecodeError> {
        let at = self.at();
        let tag = self.take_u8(field)?;
        if last < tag {
            return Err(Self::refuse(field, at, Problem::Unknown { value: u64::from(tag) }));
        }
        Ok(tag)
    }

    pub(crate) fn take_bool(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        self.take_tag(field, 1).map(|tag| tag == 1)
    }

    /// A byte of flags of which only those in `known` may be set.
    pub(crate) fn take_flags(&mut self, field: &'static str, known: u8) -> Result<u8, DecodeError> {
        let at = self.at();
        let flags = self.take_u8(field)?;
        if flags & !known != 0 {
            return Err(Self::refuse(field, at, Problem::Unknown { value: u64::from(flags) }));
        }
        Ok(flags)
    }

    pub(crate) fn take_varint(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for (index, byte) in self.rest.iter().copied().take(VARINT_BYTES_MAX).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 != 0 {
                continue;
            }
            let is_overlong = byte == 0 && index != 0;
            let is_too_wide = index == VARINT_BYTES_MAX - 1 && 1 < byte;
            if is_overlong || is_too_wide {
                return Err(Self::refuse(field, self.at(), Problem::Varint));
            }
            self.rest.advance(index + 1);
            return Ok(value);
        }
        if VARINT_BYTES_MAX <= self.rest.len() {
            return Err(Self::refuse(field, self.at(), Problem::Varint));
        }
        Err(self.truncated(field, self.rest.len() as u64 + 1))
    }

    pub(crate) fn take_varint_max(
        &mut self,
        field: &'static str,
        limit: u64,
    ) -> Result<u64, DecodeError> {
        let at = self.at();
        let value = self.take_varint(field)?;
        if limit < value {
            return Err(Self::refuse(field, at, Problem::TooLarge { value, limit }));
        }
        Ok(value)
    }

    pub(crate) fn take_varint_u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        let value = self.take_varint_max(field, u64::from(u32::MAX))?;
        Ok(u32::try_from(value).expect("the limit is u32::MAX"))
    }

    pub(crate) fn take_varint_u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        let value = self.take_varint_max(field, u64::from(u16::MAX))?;
        Ok(u16::try_from(value).expect("the limit is u16::MAX"))
    }

    pub(crate) fn take_option<T>(
        &mut self,
        field: &'static str,
        take: impl FnOnce(&mut Self, &'static str) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.take_bool(field)? { take(self, field).map(Some) } else { Ok(None) }
    }

    pub(crate) fn take_bytes(
        &mut self,
        field: &'static str,
        limit: usize,
    ) -> Result<Bytes, DecodeError> {
        let at = self.at();
        let bytes = self.take_varint(field)?;
        if (limit as u64) < bytes {
            return Err(Self::refuse(field, at, Problem::TooLong { bytes, limit: limit as u64 }));
        }
        let len = usize::try_from(bytes).expect("at most the limit, which is a usize");
        if self.rest.len() < len {
            return Err(self.truncated(field, bytes));
        }
        Ok(self.rest.split_to(len))
    }

    pub(crate) fn take_text(
        &mut self,
        field: &'static str,
        limit: usize,
    ) -> Result<Bytes, DecodeError> {
        let at = self.at();
        let bytes = self.take_bytes(field, limit)?;
        if str::from_utf8(&bytes).is_err() {
            return Err(Self::refuse(field, at, Problem::NotUtf8));
        }
        Ok(bytes)
    }

    /// A fixed two-byte count of items of at least `item_bytes` each; more than the body can still
    /// hold is refused, so that the count can be used as a capacity.
    pub(crate) fn take_count(
        &mut self,
        field: &'static str,
        item_bytes: usize,
    ) -> Result<usize, DecodeError> {
        let count = usize::from(self.take_u16(field)?);
        self.check_count(field, count, item_bytes)
    }

    /// Refuses a count of items that the rest of the body cannot hold.
    pub(crate) fn check_count(
        &self,
        field: &'static str,
        count: usize,
        item_bytes: usize,
    ) -> Result<usize, DecodeError> {
        let needed = count.saturating_mul(item_bytes);
        if self.rest.len() < needed {
            return Err(self.truncated(field, needed as u64));
        }
        Ok(count)
    }

    /// Nothing may be left over.
    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        let bytes = self.rest.len() as u64;
        if bytes == 0 {
            return Ok(());
        }
        Err(Self::refuse("body", self.at(), Problem::Trailing { bytes }))
    }
}

pub(crate) fn put_varint(out: &mut BytesMut, value: u64) {
    put_varints(out, [value]);
}

/// Several varints, made on the stack and appended in one step: the buffer checks its room once.
pub(crate) fn put_varints<const N: usize>(out: &mut BytesMut, values: [u64; N]) {
    let mut bytes = [[0; VARINT_BYTES_MAX]; N];
    let bytes = bytes.as_flattened_mut();
    let mut len = 0;
    for value in values {
        let room = bytes.get_mut(len..).and_then(|room| room.first_chunk_mut());
        len += write_varint(room.expect("a varint has at most ten bytes"), value);
    }
    out.put_slice(bytes.get(..len).expect("a varint has at most ten bytes"));
}

/// Writes a varint and answers how many bytes it has; the room behind it may be written to.
#[inline]
fn write_varint(room: &mut [u8; VARINT_BYTES_MAX], mut value: u64) -> usize {
    // Half of them: kinds, distances, lengths.
    if value < 0x80 {
        room[0] = value.to_le_bytes()[0];
        return 1;
    }
    if value < 1 << (7 * WORD_BYTES)
        && let Some(word) = room.first_chunk_mut()
    {
        let len = (value | 1).ilog2() as usize / 7 + 1;
        let but_the_last = (1 << (8 * (len - 1))) - 1;
        *word = (sevens(value) | MORE & but_the_last).to_le_bytes();
        return len;
    }
    let mut len = 1;
    for byte in room {
        *byte = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            break;
        }
        *byte |= 0x80;
        len += 1;
    }
    len
}

/// Bytes that are written at once.
const WORD_BYTES: u32 = u64::BITS / 8;

/// The bit of each byte that says that another one follows.
const MORE: u64 = 0x8080_8080_8080_8080;

/// Eight times seven bits, the lowest first, each in a byte of its own.
fn sevens(value: u64) -> u64 {
    let fours = value & 0x0fff_ffff | (value & 0x00ff_ffff_f000_0000) << 4;
    let pairs = fours & 0x0000_3fff_0000_3fff | (fours & 0x0fff_c000_0fff_c000) << 2;
    pairs & 0x007f_007f_007f_007f | (pairs & 0x3f80_3f80_3f80_3f80) << 1
}

pub(crate) fn put_bool(out: &mut BytesMut, value: bool) {
    out.put_u8(u8::from(value));
}

pub(crate) fn put_option<T>(
    out: &mut BytesMut,
    value: Option<T>,
    put: impl FnOnce(&mut BytesMut, T),
) {
    put_bool(out, value.is_some());
    if let Some(value) = value {
        put(out, value);
    }
}

pub(crate) fn put_bytes(
    out: &mut BytesMut,
    field: &'static str,
    value: &[u8],
    limit: usize,
) -> Result<(), EncodeError> {
    put_varint(out, check_len(field, value, limit)?);
    out.put_slice(value);
    Ok(())
}

/// The length to write in front of bytes, unless it is above its limit.
pub(crate) fn check_len(
    field: &'static str,
    value: &[u8],
    limit: usize,
) -> Result<u64, EncodeError> {
    let bytes = value.len() as u64;
    if limit < value.len() {
        return Err(EncodeError::new(field, Problem::TooLong { bytes, limit: limit as u64 }));
    }
    Ok(bytes)
}

pub(crate) fn put_text(
    out: &mut BytesMut,
    field: &'static str,
    value: &[u8],
    limit: usize,
) -> Result<(), EncodeError> {
    if str::from_utf8(value).is_err() {
        return Err(EncodeError::new(field, Problem::NotUtf8));
    }
    put_bytes(out, field, value, limit)
}

pub(crate) fn put_count(
    out: &mut BytesMut,
    field: &'static str,
    count: usize,
) -> Result<(), EncodeError> {
    let Ok(short) = u16::try_from(count) else {
        let limit = u64::from(u16::MAX);
        return Err(EncodeError::new(field, Problem::TooLarge { value: count as u64, limit }));
    };
    out.put_u16_le(short);
    Ok(())
}

/// Text of a field whose UTF-8 was checked when it was decoded. Of bytes that were put there by
/// hand and are not UTF-8 it is the valid beginning.
pub(crate) fn text_of(bytes: &[u8]) -> &str {
    str::from_utf8(bytes)
        .unwrap_or_else(|_| bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the specification has it: seven bits a byte, the lowest first, all but the last with the top bit set.
    fn byte_by_byte(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while 0x7f < value {
            bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
            value >>= 7;
        }
        bytes.push(u8::try_from(value).unwrap());
        bytes
    }

    #[test]
    fn a_varint_of_any_length_is_written_as_byte_by_byte_and_read_again() {
        let edges = (0..64).flat_map(|bit| [1 << bit, (1 << bit) - 1, u64::MAX >> bit]);
        for value in edges {
            let wanted = byte_by_byte(value);
            for behind in [0, 20] {
                let mut out = BytesMut::new();
                put_varint(&mut out, value);
                assert_eq!(out, wanted, "{value:#x}");
                out.put_bytes(0xff, behind);
                let mut cursor = Cursor::new(&out.freeze());
                assert_eq!(cursor.take_varint("value").unwrap(), value);
                assert_eq!(cursor.rest.len(), behind, "{value:#x}");
            }
        }
    }
}
