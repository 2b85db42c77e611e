//! Numbers of any width, packed without gaps, least significant bit first.
//!
//! Reading behind the end answers zeros: what stands there was checked by its checksum before, and
//! the lengths come from the same checked bytes.

/// The widest number that one call writes or reads.
pub(crate) const WIDTH_MAX: u32 = 56;

/// Packs numbers.
#[derive(Debug, Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    pending_bits: u32,
}

impl BitWriter {
    /// Appends the low `width` bits of `value`; the others must be 0.
    #[expect(clippy::cast_possible_truncation, reason = "the low byte is what is moved out")]
    pub(crate) fn push(&mut self, value: u64, width: u32) {
        debug_assert!(width <= WIDTH_MAX && value >> width == 0, "{value} has {width} bits");
        self.pending |= value << self.pending_bits;
        self.pending_bits += width;
        while 8 <= self.pending_bits {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.pending_bits -= 8;
        }
    }

    /// Fills up to a whole byte.
    pub(crate) fn align(&mut self) {
        self.push(0, (8 - self.pending_bits % 8) % 8);
    }

    /// The packed bytes, the last one filled with zeros.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

/// The `width` bits that start at bit `at`.
pub(crate) fn read_bits(bytes: &[u8], at: usize, width: u32) -> u64 {
    debug_assert!(width <= WIDTH_MAX, "{width} bits asked for");
    let shifted = word(bytes, at / 8) >> (at % 8);
    shifted & ((1 << width) - 1)
}

/// The eight bytes at `at`.
pub(crate) fn word(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk::<8>() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => {
            let mut part = [0; 8];
            part.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            u64::from_le_bytes(part)
        }
    }
}

/// How many bits it takes to write `value`.
pub(crate) fn width_of(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_widths_round_trip() {
        let numbers: Vec<(u64, u32)> =
            (0..=WIDTH_MAX).map(|width| ((1u64 << width).wrapping_sub(1), width)).collect();
        let mut writer = BitWriter::default();
        numbers.iter().for_each(|(value, width)| writer.push(*value, *width));
        let bytes = writer.finish();
        let mut at = 0;
        for (value, width) in numbers {
            assert_eq!(read_bits(&bytes, at, width), value, "width {width}");
            at += width as usize;
        }
        assert_eq!(bytes.len(), at.div_ceil(8));
        assert_eq!(read_bits(&bytes, 8 * bytes.len(), 8), 0, "behind the end");
    }

    #[test]
    fn widths() {
        assert_eq!([0, 1, 2, 255, 256].map(width_of), [0, 1, 2, 8, 9]);
    }
}
