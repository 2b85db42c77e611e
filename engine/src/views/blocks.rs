//! Few sequences among many, each with something that is known of it, where every entry of every page
//! asks whether it is one of them: that is a bit of a block.
//!
//! ```text
//! blocks | 4,096 sequences -> a bit each | slots, ascending |
//! ```
//!
//! A block is there only if it has anything, so all of it costs what is in it and at most one bit for
//! every other record.

use super::sharded::Sharded;
use crate::ids::Sequence;

/// Sequences of a block.
const BLOCK: u64 = 4_096;

/// What is known of a sequence.
pub(crate) trait Placed {
    /// Its place in its block: of the sequence, see [`offset`].
    fn offset(&self) -> u16;
}

#[derive(Debug)]
struct Block<S> {
    bits: [u64; (BLOCK / 64) as usize],
    /// By offset.
    slots: Vec<S>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Blocks<S> {
    blocks: Sharded<Block<S>>,
    total: u64,
}

impl<S> Default for Blocks<S> {
    fn default() -> Self {
        Self { blocks: Sharded::default(), total: 0 }
    }
}

impl<S> Default for Block<S> {
    fn default() -> Self {
        Self { bits: [0; (BLOCK / 64) as usize], slots: Vec::new() }
    }
}

impl<S: Placed> Block<S> {
    fn has(&self, offset: u16) -> bool {
        let word = self.bits.get(usize::from(offset / 64)).copied().unwrap_or_default();
        word >> (offset % 64) & 1 == 1
    }

    fn flip(&mut self, offset: u16) {
        if let Some(word) = self.bits.get_mut(usize::from(offset / 64)) {
            *word ^= 1 << (offset % 64);
        }
    }

    fn place(&self, offset: u16) -> usize {
        self.slots.partition_point(|slot| slot.offset() < offset)
    }
}

impl<S: Placed> Blocks<S> {
    /// How many there are.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// What is known of that sequence; `None` if it is none of them.
    pub(crate) fn find(&self, at: Sequence) -> Option<&S> {
        let (key, offset) = place(at);
        let block = self.blocks.get(key).filter(|block| block.has(offset))?;
        block.slots.get(block.place(offset))
    }

    /// Adds what is known of a sequence above all others.
    pub(crate) fn push(&mut self, at: Sequence, slot: S) {
        let (key, offset) = place(at);
        let block = self.blocks.make(key, Block::default);
        block.flip(offset);
        block.slots.push(slot);
        self.total += 1;
    }

    /// Forgets a sequence; hands out what was known.
    pub(crate) fn remove(&mut self, at: Sequence) -> Option<S> {
        let (key, offset) = place(at);
        let block = self.blocks.get_mut(key).filter(|block| block.has(offset))?;
        let slot = block.slots.remove(block.place(offset));
        block.flip(offset);
        self.total -= 1;
        Some(slot)
    }

    /// All of them, ascending.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (Sequence, &S)> {
        let mut blocks: Vec<(u64, &Block<S>)> = self.blocks.iter().collect();
        blocks.sort_unstable_by_key(|(key, _)| *key);
        blocks.into_iter().flat_map(|(key, block)| {
            let at = move |slot: &S| Sequence(key * BLOCK + u64::from(slot.offset()));
            block.slots.iter().map(move |slot| (at(slot), slot))
        })
    }
}

/// The place of a sequence in its block.
pub(crate) fn offset(at: Sequence) -> u16 {
    place(at).1
}

/// The block of a sequence, and its place in there.
fn place(at: Sequence) -> (u64, u16) {
    (at.0 / BLOCK, u16::try_from(at.0 % BLOCK).expect("a small remainder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Slot(u16, char);

    impl Placed for Slot {
        fn offset(&self) -> u16 {
            self.0
        }
    }

    #[test]
    fn what_is_there_is_found_and_nothing_else() {
        let mut blocks = Blocks::default();
        let all = [(10, 'a'), (11, 'b'), (4_095, 'c'), (4_096, 'd'), (9_000, 'e')];
        for (at, what) in all {
            blocks.push(Sequence(at), Slot(offset(Sequence(at)), what));
        }
        let there = |blocks: &Blocks<Slot>| -> Vec<(u64, char)> {
            blocks.in_order().map(|(at, slot)| (at.0, slot.1)).collect()
        };
        assert_eq!(there(&blocks), all);
        assert_eq!(blocks.remove(Sequence(11)), Some(Slot(11, 'b')));
        assert_eq!(blocks.remove(Sequence(12)), None);
        assert_eq!(there(&blocks), [all[0], all[2], all[3], all[4]]);
        let found = (0..9_100).filter(|at| blocks.find(Sequence(*at)).is_some()).count();
        assert_eq!((found, blocks.total()), (4, 4));
    }
}
