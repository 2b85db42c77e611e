//! Blocks of post ids for inboxes, in a few large arrays: five bytes an id, sizes in steps of a quarter.
//!
//! Arrays instead of an allocation for each inbox: no allocator's heads, and neighbours in huge pages
//! where the system grants them. A released block is used again for the same size.

use crate::storage::mapping::prefetch;
use crate::storage::pages::Pages;

/// Bytes of an id: a distance from the inbox's base.
pub(crate) const SLOT_BYTES: usize = 5;

/// Distances are below this.
pub(crate) const DISTANCE_END: u64 = 1 << (8 * SLOT_BYTES);

/// Slots of an array, as a power of two: 20 MiB, of which only what is used takes memory.
const ARRAY_BITS: u32 = 22;
const ARRAY_SLOTS: usize = 1 << ARRAY_BITS;

/// The first part of a slab comes in small pages: few inboxes take little memory.
const SMALL_BYTES: usize = 2 << 20;

/// The ids that blocks have room for. A quarter more each, so that at most a fifth is slack.
const SIZES: [u16; 30] = [
    8, 10, 12, 15, 18, 22, 27, 33, 41, 51, 64, 80, 100, 125, 156, 195, 243, 303, 378, 472, 590,
    737, 921, 1_151, 1_438, 1_797, 2_246, 2_807, 3_508, 4_385,
];

/// The most ids that a block has room for.
pub(crate) const BLOCK_SLOTS_MAX: usize = 4_385;

/// A block of the slab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first slot; 0 for no block.
    at: u32,
    class: u8,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Slab {
    arrays: Vec<Pages>,
    /// The first slot that was never used. That of number 0 never is.
    fresh: usize,
    /// Released blocks, by class.
    free: Vec<Vec<u32>>,
    /// Slots in blocks that are in use.
    used: usize,
    /// Ids in them.
    ids: usize,
}

impl Default for Slab {
    fn default() -> Self {
        Self { arrays: Vec::new(), fresh: 1, free: vec![Vec::new(); SIZES.len()], used: 0, ids: 0 }
    }
}

impl Block {
    /// How many ids it has room for.
    pub(crate) fn slots(self) -> usize {
        if self.at == 0 { 0 } else { size(self.class) }
    }

    /// The number of one of its slots.
    pub(crate) fn slot(self, index: usize) -> usize {
        self.at as usize + index
    }
}

impl Slab {
    /// A block for at least `slots` ids. `None` if there is none so large, or no room for it.
    pub(crate) fn allocate(&mut self, slots: usize) -> Option<Block> {
        let class = SIZES.iter().position(|size| slots <= usize::from(*size))?;
        let reused = self.free.get_mut(class).and_then(Vec::pop);
        let class = u8::try_from(class).ok()?;
        let at = match reused {
            Some(at) => at,
            None => self.extend(size(class))?,
        };
        self.used += size(class);
        Some(Block { at, class })
    }

    /// Takes a block back.
    pub(crate) fn release(&mut self, block: Block) {
        if block.at != 0
            && let Some(free) = self.free.get_mut(usize::from(block.class))
        {
            free.push(block.at);
            self.used -= size(block.class);
        }
        if self.used == 0 {
            // Whoever sleeps takes no memory.
            *self = Self::default();
        }
    }

    /// Ids in all blocks.
    pub(crate) fn ids(&self) -> usize {
        self.ids
    }

    /// Somebody has `after` ids where they had `before`.
    pub(crate) fn note_ids(&mut self, before: usize, after: usize) {
        self.ids = self.ids + after - before;
    }

    /// Bytes of blocks that are in use.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used * SLOT_BYTES
    }

    /// The distance in a slot of the block.
    pub(crate) fn get(&self, block: Block, index: usize) -> u64 {
        let (array, start) = locate(block.slot(index));
        match self.arrays.get(array).and_then(|bytes| bytes.get(start..start + SLOT_BYTES)) {
            Some(&[a, b, c, d, e]) => u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]),
            _ => 0,
        }
    }

    /// Has the processor fetch a slot and the one before it: most often they share a cache line.
    pub(crate) fn prefetch(&self, slot: usize) {
        let (array, start) = locate(slot);
        if let Some(bytes) = self.arrays.get(array) {
            prefetch(bytes, start.saturating_sub(SLOT_BYTES));
            prefetch(bytes, start);
        }
    }

    /// Sets the distance in a slot of the block.
    pub(crate) fn set(&mut self, block: Block, index: usize, distance: u64) {
        let (array, start) = locate(block.slot(index));
        let [a, b, c, d, e, ..] = distance.to_le_bytes();
        if let Some(bytes) = self.arrays.get_mut(array)
            && let Some(slot) = bytes.get_mut(start..start + SLOT_BYTES)
        {
            slot.copy_from_slice(&[a, b, c, d, e]);
        }
    }

    /// Moves `count` ids within the block.
    pub(crate) fn shift(&mut self, block: Block, from: usize, to: usize, count: usize) {
        // Most posts are the newest: there is nothing behind them.
        if count == 0 {
            return;
        }
        let (array, start) = locate(block.slot(from));
        let (_, target) = locate(block.slot(to));
        if let Some(bytes) = self.arrays.get_mut(array) {
            bytes.copy_within(start..start + count * SLOT_BYTES, target);
        }
    }

    /// Copies `count` ids to the start of another block.
    pub(crate) fn copy(&mut self, from: Block, to: Block, count: usize) {
        let ((from, start), (to, target)) = (locate(from.slot(0)), locate(to.slot(0)));
        let len = count * SLOT_BYTES;
        if from == to {
            if let Some(bytes) = self.arrays.get_mut(from) {
                bytes.copy_within(start..start + len, target);
            }
        } else if let Ok([source, sink]) = self.arrays.get_disjoint_mut([from, to])
            && let Some(source) = source.get(start..start + len)
            && let Some(sink) = sink.get_mut(target..target + len)
        {
            sink.copy_from_slice(source);
        }
    }

    /// So many slots that follow each other in one array.
    fn extend(&mut self, slots: usize) -> Option<u32> {
        let left = ARRAY_SLOTS - self.fresh % ARRAY_SLOTS;
        let at = if slots <= left { self.fresh } else { self.fresh + left };
        let end = u32::try_from(at + slots).ok()? as usize;
        if self.arrays.len() * ARRAY_SLOTS < end {
            let small = if self.arrays.is_empty() { SMALL_BYTES } else { 0 };
            self.arrays.push(Pages::reserve(ARRAY_SLOTS * SLOT_BYTES, small).ok()?);
        }
        self.fresh = end;
        u32::try_from(at).ok()
    }
}

/// The array of a slot, and where it starts there.
fn locate(slot: usize) -> (usize, usize) {
    (slot >> ARRAY_BITS, (slot & (ARRAY_SLOTS - 1)) * SLOT_BYTES)
}

fn size(class: u8) -> usize {
    SIZES.get(usize::from(class)).copied().map_or(0, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_to_themselves_and_come_again() {
        let mut slab = Slab::default();
        let (one, two) = (slab.allocate(9).unwrap(), slab.allocate(8).unwrap());
        assert_eq!((one.slots(), two.slots()), (10, 8));
        (0..10).for_each(|index| slab.set(one, index, 100 + index as u64));
        (0..8).for_each(|index| slab.set(two, index, DISTANCE_END - 1));
        assert!((0..10).all(|index| slab.get(one, index) == 100 + index as u64));
        assert!((0..8).all(|index| slab.get(two, index) == DISTANCE_END - 1));
        slab.shift(one, 1, 0, 9);
        assert_eq!((slab.get(one, 0), slab.get(one, 8)), (101, 109));
        slab.release(one);
        assert_eq!(slab.used_bytes(), 8 * SLOT_BYTES);
        assert_eq!(slab.allocate(10), Some(one));
        slab.release(one);
        slab.release(two);
        assert!(slab.arrays.is_empty());
        assert_eq!(slab.allocate(BLOCK_SLOTS_MAX + 1), None);
    }
}
