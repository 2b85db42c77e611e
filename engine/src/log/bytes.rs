//! Little-endian numbers and varints in byte slices; the only file of the log that does arithmetic
//! on raw bytes.
//!
//! [`Fields`] reads structures of a fixed size whose length the caller has checked. [`Cursor`]
//! reads what may end anywhere, and answers `None` when it does.

/// A structure of fixed size. Reading outside of it is a bug, not bad data: the caller checked the
/// length before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn slice(self, from: usize, to: usize) -> &'a [u8] {
        self.0.get(from..to).expect("the caller checked the length of the structure")
    }

    pub(crate) fn array<const N: usize>(self, at: usize) -> [u8; N] {
        self.slice(at, at + N).try_into().expect("the slice has N bytes")
    }

    pub(crate) fn u8(self, at: usize) -> u8 {
        u8::from_le_bytes(self.array(at))
    }

    pub(crate) fn u16(self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub(crate) fn u24(self, at: usize) -> u32 {
        let [a, b, c] = self.array(at);
        u32::from_le_bytes([a, b, c, 0])
    }

    pub(crate) fn u32(self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub(crate) fn u64(self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }
}

pub(crate) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// The low 24 bits of `value`.
pub(crate) fn put_u24(out: &mut Vec<u8>, value: u32) {
    let [a, b, c, _] = value.to_le_bytes();
    out.extend_from_slice(&[a, b, c]);
}

pub(crate) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// LEB128, at most 10 bytes.
#[expect(clippy::cast_possible_truncation, reason = "masked to seven bits")]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while 0x80 <= value {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The bits of eight bytes of a varint that say whether more follow.
const ENDS: u64 = 0x8080_8080_8080_8080;

/// Closes the gaps that these bits leave: pairs of bytes, then of pairs, then of fours.
#[inline]
fn packed(word: u64) -> u64 {
    let pairs = word & 0x007f_007f_007f_007f | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4
}

/// Reads front to back; `None` means the bytes ended or made no sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A varint in its shortest form; a longer form is refused, so that equal records have equal
    /// bytes.
    #[inline]
    pub(crate) fn varint(&mut self) -> Option<u64> {
        // Lengths, kinds and deltas mostly have one byte or a few: where eight are there, no loop is needed.
        let Some(bytes) = self.rest.first_chunk() else { return self.varint_of_few() };
        let word = u64::from_le_bytes(*bytes);
        let ends = !word & ENDS;
        if ends == 0 {
            return self.varint_of_few();
        }
        let used = (ends.trailing_zeros() / 8 + 1) as usize;
        let bits = word & (ends ^ (ends - 1));
        let is_overlong = 1 < used && bits >> (8 * (used - 1)) == 0;
        self.rest = self.rest.get(used..)?;
        (!is_overlong).then_some(packed(bits))
    }

    /// The same byte by byte.
    fn varint_of_few(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && 1 < bits {
                return None;
            }
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                let overlong = *byte == 0 && 0 < index;
                self.take(index + 1)?;
                return (!overlong).then_some(value);
            }
        }
        None
    }

    /// A varint that must fit in `T`.
    pub(crate) fn varint_as<T: TryFrom<u64>>(&mut self) -> Option<T> {
        self.varint()?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_round_trip() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            let mut cursor = Cursor::new(&bytes);
            assert_eq!(cursor.varint(), Some(value));
            assert!(cursor.is_empty());
            for cut in 0..bytes.len() {
                assert_eq!(Cursor::new(&bytes[..cut]).varint(), None, "{value} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_varint_reads_the_same_whatever_stands_behind_it() {
        for shift in 0..64 {
            for value in
                [1 << shift, (1 << shift) - 1, u64::MAX >> shift, 0x5555_5555_5555_5555 >> shift]
            {
                let mut bytes = Vec::new();
                put_varint(&mut bytes, value);
                let len = bytes.len();
                for behind in [0x00, 0x7f, 0x80, 0xff] {
                    bytes.truncate(len);
                    bytes.extend_from_slice(&[behind; 9]);
                    let mut cursor = Cursor::new(&bytes);
                    assert_eq!(cursor.varint(), Some(value), "{value} before {behind}");
                    assert_eq!(cursor.rest().len(), 9, "{value} before {behind}");
                }
            }
        }
    }

    #[test]
    fn overlong_and_overflowing_varints_are_refused() {
        for behind in 0..10 {
            for zeros in 1..9 {
                let mut bytes = vec![0x80; zeros];
                bytes.extend(vec![0x00; behind + 1]);
                assert_eq!(Cursor::new(&bytes).varint(), None, "{zeros} and {behind}");
            }
        }
        assert_eq!(Cursor::new(&[0xff; 11]).varint(), None);
        let two_to_64 = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02];
        assert_eq!(Cursor::new(&two_to_64).varint(), None);
    }
}
