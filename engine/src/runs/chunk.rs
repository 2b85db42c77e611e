//! A chunk: at most [`CHUNK_ENTRIES`] ascending sequences, each with a payload of a fixed width, in
//! few bits and with access by index.
//!
//! The sequences are written as distances from the first, in the quasi-succinct form of Elias and
//! Fano: of each distance the low bits stand in an array, the high bits as a unary-coded bitmap, some
//! 2 + log2(span / count) bits together. Sequences without a gap between them (a bulk import writes
//! many such) need no bits at all.
//! See Vigna, "Quasi-Succinct Indices" (WSDM 2013), and for cutting lists into chunks of their own,
//! Ottaviano and Venturini, "Partitioned Elias-Fano Indexes" (SIGIR 2014).
//!
//! ```text
//! | high bitmap, filled to a byte | low bits, count x L | payloads, count x W | filled to a byte |
//! ```
//!
//! Neither count, nor span, nor widths stand in the chunk: whoever points at it knows them.

use super::bits::{BitWriter, read_bits, word};

/// Entries in a chunk at most: its bitmap is then read in a dozen words.
pub(crate) const CHUNK_ENTRIES: usize = 256;

/// What must be known to read a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) count: usize,
    /// A distance that none of the entries exceeds.
    pub(crate) span: u64,
    /// Bits of a payload.
    pub(crate) payload_bits: u32,
}

/// A chunk in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    bytes: &'a [u8],
    shape: Shape,
}

impl Shape {
    /// Whether the sequences follow each other without a gap.
    fn is_dense(self) -> bool {
        self.span + 1 == self.count as u64
    }

    /// Bits of a distance that stand in the array.
    fn low_bits(self) -> u32 {
        (self.span / self.count as u64).checked_ilog2().unwrap_or(0)
    }

    fn high_bytes(self) -> usize {
        if self.is_dense() {
            return 0;
        }
        let buckets = usize::try_from(self.span >> self.low_bits()).unwrap_or(usize::MAX);
        // Below 2 x count buckets, because of how `low_bits` is chosen.
        (self.count + buckets + 1).div_ceil(8)
    }

    /// Bits before the payloads.
    fn payload_at(self) -> usize {
        let low = if self.is_dense() { 0 } else { self.low_bits() as usize };
        8 * self.high_bytes() + self.count * low
    }

    /// Bytes of the chunk.
    pub(crate) fn bytes(self) -> usize {
        (self.payload_at() + self.count * self.payload_bits as usize).div_ceil(8)
    }
}

/// Packs `entries`: distances, ascending and each once, with their payloads.
pub(crate) fn encode(entries: &[(u64, u32)], shape: Shape) -> Vec<u8> {
    let mut writer = BitWriter::default();
    if !shape.is_dense() {
        let low_bits = shape.low_bits();
        put_high(entries, shape, &mut writer);
        let mask = (1 << low_bits) - 1;
        entries.iter().for_each(|(distance, _)| writer.push(distance & mask, low_bits));
    }
    for (_, payload) in entries {
        writer.push(u64::from(*payload), shape.payload_bits);
    }
    writer.finish()
}

fn put_high(entries: &[(u64, u32)], shape: Shape, writer: &mut BitWriter) {
    let mut bucket = 0;
    for (distance, _) in entries {
        let high = distance >> shape.low_bits();
        while bucket < high {
            writer.push(0, 1);
            bucket += 1;
        }
        writer.push(1, 1);
    }
    while bucket <= shape.span >> shape.low_bits() {
        writer.push(0, 1);
        bucket += 1;
    }
    writer.align();
}

impl<'a> Chunk<'a> {
    /// The chunk of that shape at the start of `bytes`.
    pub(crate) fn new(bytes: &'a [u8], shape: Shape) -> Self {
        Self { bytes, shape }
    }

    /// The distance of the entry at `index`.
    pub(crate) fn distance(&self, index: usize) -> u64 {
        if self.shape.is_dense() {
            return index as u64;
        }
        let high = (self.select(index) - index) as u64;
        let low_bits = self.shape.low_bits();
        let at = 8 * self.shape.high_bytes() + index * low_bits as usize;
        (high << low_bits) | read_bits(self.bytes, at, low_bits)
    }

    /// The payload of the entry at `index`.
    pub(crate) fn payload(&self, index: usize) -> u32 {
        let width = self.shape.payload_bits;
        let value = read_bits(self.bytes, self.shape.payload_at() + index * width as usize, width);
        u32::try_from(value).expect("payloads have at most 32 bits")
    }

    /// How many entries have a distance below `distance`.
    pub(crate) fn count_below(&self, distance: u64) -> usize {
        let (mut low, mut high) = (0, self.shape.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.distance(middle) < distance {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The place of the set bit number `index` in the bitmap.
    fn select(&self, index: usize) -> usize {
        let mut left = index;
        for at in (0..self.shape.high_bytes()).step_by(8) {
            let word = word(self.bytes, at);
            let ones = word.count_ones() as usize;
            if left < ones {
                return 8 * at + select_in_word(word, left);
            }
            left -= ones;
        }
        // Too few bits set: damage that a checksum did not see. The caller's bounds hold anyway.
        index
    }
}

/// The place of the set bit number `index` of `word`.
fn select_in_word(mut word: u64, index: usize) -> usize {
    for _ in 0..index {
        word &= word - 1;
    }
    word.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(distances: &[u64], payload_bits: u32, slack: u64) {
        let payload = |distance: u64| u32::try_from(distance % (1 << payload_bits)).unwrap();
        let entries: Vec<(u64, u32)> = distances.iter().map(|d| (*d, payload(*d))).collect();
        let span = distances.last().unwrap() + slack;
        let shape = Shape { count: entries.len(), span, payload_bits };
        let bytes = encode(&entries, shape);
        assert_eq!(bytes.len(), shape.bytes(), "{shape:?}");
        // What stands behind a chunk is another's.
        let padded: Vec<u8> = bytes.iter().copied().chain([0xff; 16]).collect();
        let chunk = Chunk::new(&padded, shape);
        for (index, (distance, payload)) in entries.iter().enumerate() {
            assert_eq!(chunk.distance(index), *distance, "{index} of {shape:?}");
            assert_eq!(chunk.payload(index), *payload);
            assert_eq!(chunk.count_below(*distance), index);
            assert_eq!(chunk.count_below(*distance + 1), index + 1);
        }
    }

    #[test]
    fn dense_entries_take_no_bits() {
        let shape = Shape { count: 100, span: 99, payload_bits: 0 };
        let entries: Vec<(u64, u32)> = (0..100).map(|n| (n, 0)).collect();
        assert!(encode(&entries, shape).is_empty());
        assert_eq!(Chunk::new(&[], shape).distance(77), 77);
        assert_eq!(Chunk::new(&[], shape).count_below(50), 50);
    }

    #[test]
    fn extremes() {
        check(&[0], 17, 0);
        check(&[0], 0, 1 << 40);
        check(&[0, 1 << 47], 20, 0);
        check(&(0..256).map(|n| n * n).collect::<Vec<_>>(), 32, 0);
        check(&(0..256).map(|n| n << 32).collect::<Vec<_>>(), 1, 5);
    }

    #[test]
    fn close_to_the_bound_of_its_source() {
        let distances: Vec<(u64, u32)> = (0..256).map(|n| (n * 1_000 + n % 7, 0)).collect();
        let shape = Shape { count: 256, span: 255_999, payload_bits: 0 };
        let bits = 8.0 * encode(&distances, shape).len() as f64 / 256.0;
        assert!(bits <= 2.0 + (255_999.0f64 / 256.0).log2() + 0.1, "{bits} bits an entry");
    }

    proptest! {
        #[test]
        fn any_ascending_list_round_trips(
            steps in prop::collection::vec(1u64..100_000, 0..255),
            payload_bits in 0u32..=32,
            slack in 0u64..5_000,
        ) {
            let mut distances = vec![0];
            for step in steps {
                distances.push(distances.last().unwrap() + step);
            }
            check(&distances, payload_bits.min(31), slack);
        }
    }
}
