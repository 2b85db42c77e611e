//! A list that one thread lengthens while others read it, without a lock: what stands in it never
//! moves. A page looks up twenty records; a lock for each would cost more than all of the rest, and
//! would keep the processor from fetching them side by side.
//!
//! ```text
//! block 0: FIRST items | block 1: twice as many | block 2: twice as many again | ...
//! ```

use std::sync::OnceLock;

/// Items of the first block. A power of two.
const FIRST: usize = 256;

/// The last block alone has room for more than a segment can hold.
const BLOCKS: usize = 24;

/// Items that are made all at once, a block at a time, and set by their owner one by one.
#[derive(Debug)]
pub(crate) struct Grow<T> {
    blocks: [OnceLock<Box<[T]>>; BLOCKS],
}

impl<T: Default> Default for Grow<T> {
    fn default() -> Self {
        Self { blocks: [const { OnceLock::new() }; BLOCKS] }
    }
}

impl<T: Default> Grow<T> {
    /// The item at `index`, if its block is there.
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let (block, at) = place(index);
        self.blocks.get(block)?.get()?.get(at)
    }

    /// The item at `index`; its block comes into being if it has to.
    ///
    /// # Panics
    /// Past the last block: nobody has so many.
    pub(crate) fn make(&self, index: usize) -> &T {
        let (block, at) = place(index);
        let slot = self.blocks.get(block).expect("no segment has so many records");
        let items = slot.get_or_init(|| (0..FIRST << block).map(|_| T::default()).collect());
        items.get(at).expect("the index is in its block")
    }

    /// The block of `index` and the place in it, to have it fetched ahead.
    pub(crate) fn block_of(&self, index: usize) -> Option<(&[T], usize)> {
        let (block, at) = place(index);
        Some((self.blocks.get(block)?.get()?, at))
    }
}

fn place(index: usize) -> (usize, usize) {
    let shifted = index + FIRST;
    let block = (shifted.ilog2() - FIRST.ilog2()) as usize;
    (block, shifted - (FIRST << block))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn every_index_has_its_own_place() {
        let list: Grow<AtomicU64> = Grow::default();
        assert!(list.get(0).is_none());
        for index in 0..5_000 {
            list.make(index).store(index as u64 + 1, Ordering::Relaxed);
        }
        for index in 0..5_000 {
            assert_eq!(list.get(index).unwrap().load(Ordering::Relaxed), index as u64 + 1);
            let (block, at) = list.block_of(index).unwrap();
            assert_eq!(block[at].load(Ordering::Relaxed), index as u64 + 1);
        }
        assert!(list.get(10_000).is_none(), "its block was never made");
    }

    #[test]
    fn blocks_follow_one_another() {
        assert_eq!(
            [0, 255, 256, 767, 768].map(place),
            [(0, 0), (0, 255), (1, 0), (1, 511), (2, 0)]
        );
        assert!(place(u32::MAX as usize).0 <= BLOCKS);
    }
}
