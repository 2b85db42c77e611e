//! Blocks of post ids for inboxes, in one array: five bytes an id, sizes in steps of a quarter.
//!
//! One array instead of an allocation for each inbox: no allocator's heads, and neighbours in huge
//! pages where the system grants them. A released block is used again for the same size.

/// Bytes of an id: a distance from the inbox's base.
pub(crate) const SLOT_BYTES: usize = 5;

/// Distances are below this.
pub(crate) const DISTANCE_END: u64 = 1 << (8 * SLOT_BYTES);

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
    /// The first slot, plus one; 0 for no block.
    at: u32,
    class: u8,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Slab {
    bytes: Vec<u8>,
    /// Released blocks, by class.
    free: Vec<Vec<u32>>,
    /// Slots in blocks that are in use.
    used: usize,
}

impl Default for Slab {
    fn default() -> Self {
        Self { bytes: Vec::new(), free: vec![Vec::new(); SIZES.len()], used: 0 }
    }
}

impl Block {
    /// How many ids it has room for.
    pub(crate) fn slots(self) -> usize {
        if self.at == 0 { 0 } else { size(self.class) }
    }

    fn start(self) -> usize {
        (self.at as usize).saturating_sub(1) * SLOT_BYTES
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

    /// Bytes of blocks that are in use.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used * SLOT_BYTES
    }

    /// The distance in a slot of the block.
    pub(crate) fn get(&self, block: Block, index: usize) -> u64 {
        let at = block.start() + index * SLOT_BYTES;
        match self.bytes.get(at..at + SLOT_BYTES) {
            Some(&[a, b, c, d, e]) => u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]),
            _ => 0,
        }
    }

    /// Sets the distance in a slot of the block.
    pub(crate) fn set(&mut self, block: Block, index: usize, distance: u64) {
        let at = block.start() + index * SLOT_BYTES;
        let [a, b, c, d, e, ..] = distance.to_le_bytes();
        if let Some(slot) = self.bytes.get_mut(at..at + SLOT_BYTES) {
            slot.copy_from_slice(&[a, b, c, d, e]);
        }
    }

    /// Moves `count` ids within the block.
    pub(crate) fn shift(&mut self, block: Block, from: usize, to: usize, count: usize) {
        let start = block.start() + from * SLOT_BYTES;
        let target = block.start() + to * SLOT_BYTES;
        self.bytes.copy_within(start..start + count * SLOT_BYTES, target);
    }

    /// Copies `count` ids to the start of another block.
    pub(crate) fn copy(&mut self, from: Block, to: Block, count: usize) {
        let start = from.start();
        self.bytes.copy_within(start..start + count * SLOT_BYTES, to.start());
    }

    fn extend(&mut self, slots: usize) -> Option<u32> {
        let at = u32::try_from(self.bytes.len() / SLOT_BYTES + 1).ok()?;
        let wanted = self.bytes.len() + slots * SLOT_BYTES;
        if self.bytes.capacity() < wanted {
            // Large arrays move by their page tables; an eighth ahead is not touched before its use.
            self.bytes.reserve_exact(slots * SLOT_BYTES + self.bytes.len() / 8);
        }
        self.bytes.resize(wanted, 0);
        Some(at)
    }
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
        assert_eq!(slab.bytes.capacity(), 0);
        assert_eq!(slab.allocate(BLOCK_SLOTS_MAX + 1), None);
    }
}
