//! A list of sequences in ascending order, `WIDTH` bytes each: six bytes of distance from a base,
//! and in edge lists four bytes of ordinal. One structure under outboxes and edge lists alike.
//!
//! Appending is amortised constant (the log only goes up), finding is a binary search, removing
//! moves the bytes behind. Five bytes would do for one epoch; an epoch skips 2^32 sequences, and 255
//! restarts in a weak durability mode must not fill a list up. Six bytes last for 65,535.

use std::ops::Range;

use crate::ids::Sequence;
use crate::runs::run::Entry;

/// Bytes of a distance.
const DISTANCE_BYTES: usize = 6;

/// Ascending sequences in `WIDTH`-byte slots.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotList<const WIDTH: usize> {
    base: u64,
    slots: Vec<u8>,
}

impl<const WIDTH: usize> SlotList<WIDTH> {
    /// A list of nothing.
    pub(crate) const EMPTY: Self = Self { base: 0, slots: Vec::new() };

    pub(crate) fn len(&self) -> usize {
        self.slots.len() / WIDTH
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The entry at `index`, oldest first.
    pub(crate) fn sequence(&self, index: usize) -> Sequence {
        let [a, b, c, d, e, f] = self.part(index, 0);
        Sequence(self.base + u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    /// The entry at `index` with its payload; 0 where entries have none.
    pub(crate) fn entry(&self, index: usize) -> Entry {
        let has_payload = DISTANCE_BYTES + 4 <= WIDTH;
        let payload = if has_payload { self.part(index, DISTANCE_BYTES) } else { [0; 4] };
        (self.sequence(index), u32::from_le_bytes(payload))
    }

    pub(crate) fn first(&self) -> Option<Sequence> {
        (!self.is_empty()).then(|| self.sequence(0))
    }

    /// Puts `older` in front; all of it is below the first entry. Ascending.
    pub(crate) fn prepend(&mut self, older: impl Iterator<Item = Entry>) {
        let newer = std::mem::take(self);
        older.for_each(|entry| self.push(entry));
        (0..newer.len()).for_each(|index| self.push(newer.entry(index)));
    }

    /// A copy of the entries at these indexes.
    pub(crate) fn window(&self, indexes: Range<usize>) -> Self {
        let bytes = indexes.start * WIDTH..indexes.end * WIDTH;
        Self { base: self.base, slots: self.slots.get(bytes).unwrap_or_default().to_vec() }
    }

    /// Drops all entries below `sequence` and gives their room back.
    pub(crate) fn drop_below(&mut self, sequence: Sequence) {
        let count = self.count_below(sequence);
        if 0 < count {
            self.slots.drain(..count * WIDTH);
            self.slots.shrink_to_fit();
        }
    }

    pub(crate) fn last(&self) -> Option<Sequence> {
        self.len().checked_sub(1).map(|index| self.sequence(index))
    }

    /// How many entries stand below `sequence`: the index of the first at or above it.
    pub(crate) fn count_below(&self, sequence: Sequence) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.sequence(middle) < sequence {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub(crate) fn find(&self, sequence: Sequence) -> Option<usize> {
        let index = self.count_below(sequence);
        (index < self.len() && self.sequence(index) == sequence).then_some(index)
    }

    /// Removes `sequence`; false if it is not there.
    pub(crate) fn remove(&mut self, sequence: Sequence) -> bool {
        let Some(index) = self.find(sequence) else { return false };
        self.slots.drain(index * WIDTH..(index + 1) * WIDTH);
        true
    }

    /// All payloads, oldest entry first; nothing where entries have none.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.chunks_exact(WIDTH).filter_map(|slot| match *slot {
            [_, _, _, _, _, _, a, b, c, d] => Some(u32::from_le_bytes([a, b, c, d])),
            _ => None,
        })
    }

    /// Appends an entry; the payload is dropped where entries have none.
    pub(crate) fn push(&mut self, (sequence, payload): Entry) {
        debug_assert!(self.last().is_none_or(|last| last < sequence), "the log only goes up");
        if self.slots.is_empty() {
            self.base = sequence.0;
        }
        let distance = sequence.0 - self.base;
        assert!(distance < 1 << 48, "sequence {sequence} is 2^48 above its list's base");
        let [a, b, c, d, e, f, ..] = distance.to_le_bytes();
        if self.slots.is_empty() {
            // Most lists stay short: no room for eight where there is one.
            self.slots.reserve_exact(WIDTH);
        } else if self.slots.capacity() < self.slots.len() + WIDTH {
            let quarter = (self.len() / 4 + 1) * WIDTH;
            self.slots.reserve_exact(quarter);
        }
        self.slots.extend_from_slice(&[a, b, c, d, e, f]);
        if DISTANCE_BYTES + 4 <= WIDTH {
            self.slots.extend_from_slice(&payload.to_le_bytes());
        }
    }

    fn part<const N: usize>(&self, index: usize, from: usize) -> [u8; N] {
        let start = index * WIDTH + from;
        let bytes = self.slots.get(start..start + N).expect("the index is below len()");
        bytes.try_into().expect("the slice has N bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_and_removes_what_was_pushed() {
        let mut list = SlotList::<6>::default();
        let sequences: Vec<_> = (0..100).map(|n| Sequence(1_000_000 + 7 * n)).collect();
        sequences.iter().for_each(|sequence| list.push((*sequence, 0)));
        let found: Vec<_> = (0..list.len()).map(|index| list.sequence(index)).collect();
        assert_eq!(found, sequences);
        assert_eq!(list.count_below(Sequence(1_000_008)), 2);
        assert_eq!(list.find(Sequence(1_000_008)), None);
        assert!(list.remove(Sequence(1_000_007)));
        assert!(!list.remove(Sequence(1_000_007)));
        assert_eq!(list.len(), 99);
        assert_eq!(list.count_below(Sequence(1_000_008)), 1);
    }

    #[test]
    fn edges_keep_their_ordinal() {
        let mut list = SlotList::<10>::default();
        list.push((Sequence(5), 70_000));
        list.push((Sequence(1 << 33), u32::MAX - 2));
        assert_eq!(list.payloads().collect::<Vec<_>>(), [70_000, u32::MAX - 2]);
        assert_eq!(list.entry(0), (Sequence(5), 70_000));
    }

    #[test]
    fn a_list_that_became_empty_takes_a_new_base() {
        let mut list = SlotList::<6>::default();
        list.push((Sequence(1), 0));
        assert!(list.remove(Sequence(1)));
        list.push((Sequence(1 << 50), 0));
        assert_eq!(list.last(), Some(Sequence(1 << 50)));
    }
}
