//! A run: the sealed entries of one user in one file, oldest first, in one contiguous piece.
//!
//! An entry is a sequence with a payload: for a follow the ordinal of the other side, for a post
//! nothing. A run of more than one chunk begins with a table of its chunks.
//!
//! ```text
//! one chunk:    | chunk |
//! more chunks:  | first u64, end u32 | first u64, end u32 | .. | chunk | chunk | .. |
//! ```
//!
//! `first` is the chunk's first sequence, `end` where the chunk ends, counted from the end of the
//! table. All chunks but the last are full.

use super::chunk::{self, CHUNK_ENTRIES, Chunk, Shape};
use super::layout::CHUNK_TABLE_ENTRY_BYTES;
use crate::ids::Sequence;
use crate::log::bytes::{Fields, put_u32, put_u64};

/// One sealed entry: when it began, and its payload.
pub(crate) type Entry = (Sequence, u32);

/// What the directory says about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunHead {
    pub(crate) count: u32,
    pub(crate) first: Sequence,
    pub(crate) last: Sequence,
}

/// A run in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    bytes: &'a [u8],
    head: RunHead,
    payload_bits: u32,
}

impl RunHead {
    /// The head of `entries`; `None` if there are none.
    pub(crate) fn of(entries: &[Entry]) -> Option<Self> {
        let (first, _) = *entries.first()?;
        let (last, _) = *entries.last()?;
        let count = u32::try_from(entries.len()).expect("a user has less than 2^32 entries");
        Some(Self { count, first, last })
    }

    fn span(&self) -> u64 {
        self.last.0 - self.first.0
    }

    /// The bytes of the run if it is a single chunk; otherwise they must be told.
    pub(crate) fn chunk_bytes(&self, payload_bits: u32) -> Option<usize> {
        let count = self.count as usize;
        let shape = Shape { count, span: self.span(), payload_bits };
        (count <= CHUNK_ENTRIES).then(|| shape.bytes())
    }
}

/// Packs `entries`, which must not be empty.
pub(crate) fn encode(entries: &[Entry], payload_bits: u32) -> Vec<u8> {
    let (mut table, mut chunks) = (Vec::new(), Vec::new());
    let mut parts = entries.chunks(CHUNK_ENTRIES).peekable();
    while let Some(part) = parts.next() {
        let first = part.first().map_or(Sequence(0), |(first, _)| *first);
        let last = part.last().map_or(first, |(last, _)| *last);
        let end = match parts.peek().and_then(|next| next.first()) {
            Some((next, _)) => Sequence(next.0 - 1),
            None => last,
        };
        let distances: Vec<(u64, u32)> =
            part.iter().map(|(at, payload)| (at.0 - first.0, *payload)).collect();
        let shape = Shape { count: part.len(), span: end.0 - first.0, payload_bits };
        chunks.extend_from_slice(&chunk::encode(&distances, shape));
        put_u64(&mut table, first.0);
        put_u32(&mut table, u32::try_from(chunks.len()).expect("a run is below 4 GiB"));
    }
    if entries.len() <= CHUNK_ENTRIES {
        return chunks;
    }
    table.append(&mut chunks);
    table
}

impl<'a> Run<'a> {
    /// The run with this head, in its bytes.
    pub(crate) fn new(bytes: &'a [u8], head: RunHead, payload_bits: u32) -> Self {
        Self { bytes, head, payload_bits }
    }

    pub(crate) fn len(&self) -> usize {
        self.head.count as usize
    }

    /// The entry at `index`, oldest first.
    pub(crate) fn entry(&self, index: usize) -> Entry {
        let (first, chunk) = self.chunk(index / CHUNK_ENTRIES);
        let within = index % CHUNK_ENTRIES;
        (Sequence(first.0 + chunk.distance(within)), chunk.payload(within))
    }

    /// The payload at `index`.
    pub(crate) fn payload(&self, index: usize) -> u32 {
        self.chunk(index / CHUNK_ENTRIES).1.payload(index % CHUNK_ENTRIES)
    }

    /// How many entries stand below `sequence`.
    pub(crate) fn count_below(&self, sequence: Sequence) -> usize {
        if sequence <= self.head.first {
            return 0;
        }
        if self.head.last < sequence {
            return self.len();
        }
        let number = self.chunks_below(sequence).saturating_sub(1);
        let (first, chunk) = self.chunk(number);
        number * CHUNK_ENTRIES + chunk.count_below(sequence.0.saturating_sub(first.0))
    }

    /// How many chunks begin below `sequence`.
    fn chunks_below(&self, sequence: Sequence) -> usize {
        let (mut low, mut high) = (0, self.chunks());
        while low < high {
            let middle = low.midpoint(high);
            if self.first_of(middle) < sequence {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn chunks(&self) -> usize {
        self.len().div_ceil(CHUNK_ENTRIES)
    }

    fn first_of(&self, number: usize) -> Sequence {
        if self.chunks() == 1 {
            return self.head.first;
        }
        let first = self.table_entry(number).map(|entry| Sequence(Fields(entry).u64(0)));
        // Whatever the table says, a chunk lies in its run.
        first.unwrap_or(self.head.last).clamp(self.head.first, self.head.last)
    }

    fn table_entry(&self, number: usize) -> Option<&'a [u8]> {
        let start = number * CHUNK_TABLE_ENTRY_BYTES;
        self.bytes.get(start..start + CHUNK_TABLE_ENTRY_BYTES)
    }

    /// The first sequence of a chunk, and the chunk.
    fn chunk(&self, number: usize) -> (Sequence, Chunk<'a>) {
        let count = (self.len() - number * CHUNK_ENTRIES).min(CHUNK_ENTRIES);
        let first = self.first_of(number);
        let is_last = number + 1 == self.chunks();
        let end =
            if is_last { self.head.last.0 } else { self.first_of(number + 1).0.saturating_sub(1) };
        let span = end.saturating_sub(first.0).max(count as u64 - 1);
        let shape = Shape { count, span, payload_bits: self.payload_bits };
        (first, Chunk::new(self.chunk_at(number), shape))
    }

    /// The bytes from the start of a chunk on.
    fn chunk_at(&self, number: usize) -> &'a [u8] {
        if self.chunks() == 1 {
            return self.bytes;
        }
        let before = number.checked_sub(1).and_then(|before| self.table_entry(before));
        let start = before.map_or(0, |entry| Fields(entry).u32(8) as usize);
        let table = self.chunks() * CHUNK_TABLE_ENTRY_BYTES;
        self.bytes.get(table + start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[Entry], payload_bits: u32) {
        let head = RunHead::of(entries).unwrap();
        let bytes = encode(entries, payload_bits);
        if let Some(expected) = head.chunk_bytes(payload_bits) {
            assert_eq!(bytes.len(), expected);
        }
        let run = Run::new(&bytes, head, payload_bits);
        assert_eq!(run.len(), entries.len());
        for (index, entry) in entries.iter().enumerate() {
            assert_eq!(run.entry(index), *entry);
            assert_eq!(run.payload(index), entry.1);
            assert_eq!(run.count_below(entry.0), index);
            assert_eq!(run.count_below(entry.0.next()), index + 1);
        }
        assert_eq!(run.count_below(Sequence(0)), 0);
        assert_eq!(run.count_below(Sequence(u64::MAX)), entries.len());
    }

    #[test]
    fn runs_of_every_size_around_a_chunk_round_trip() {
        for count in [1, 2, 255, 256, 257, 511, 512, 513, 3_000] {
            for gap in [1, 7, 100_000] {
                let entries: Vec<Entry> =
                    (0..count).map(|n| (Sequence(50 + n * gap), (n % 9) as u32)).collect();
                check(&entries, 4);
            }
        }
    }

    #[test]
    fn gaps_between_chunks_belong_to_none() {
        let entries: Vec<Entry> =
            (0..600).map(|n| (Sequence(n + (n / 256) * (1 << 33)), 0)).collect();
        check(&entries, 0);
    }

    #[test]
    fn a_long_run_costs_what_its_chunks_cost() {
        let entries: Vec<Entry> = (0..100_000).map(|n| (Sequence(n * 1_000), 0)).collect();
        let bytes = encode(&entries, 0).len() as f64 / 100_000.0;
        assert!(bytes < 1.6, "{bytes} bytes an entry");
    }
}
