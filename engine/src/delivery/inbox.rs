//! One reader's inbox: ids of posts, ascending, above a floor.
//!
//! Invariant (with the definition of the home feed): above the floor an inbox has every post of every
//! author that its reader follows and has not muted, but for the authors whom they pull and the posts
//! that are in flight. It may have deleted posts: these are sorted out by every read, and purged
//! later.
//!
//! An inbox grows as far as its reader goes: most never leave the first pages. Beyond that its oldest
//! ids make room for new ones, and the floor rises.

use super::slab::{BLOCK_SLOTS_MAX, Block, DISTANCE_END, Slab};
use crate::ids::Sequence;

/// Ids that an inbox keeps at least.
pub(crate) const ROOM_MIN: u16 = 4;

/// Ids that an inbox keeps at most.
pub(crate) const ROOM_MAX: u16 = 4_096;

/// See the module. Two to a cache line: none lies across two.
#[derive(Debug, Default)]
#[repr(align(32))]
pub(crate) struct Inbox {
    /// Distances count from here.
    base: u64,
    /// All posts above are here.
    floor: u64,
    block: Block,
    len: u16,
    /// How many ids it keeps.
    pub(crate) room: u16,
}

impl Inbox {
    /// An inbox of these ids, ascending, all of them above `floor`. `None` if they do not fit.
    pub(crate) fn new(
        slab: &mut Slab,
        floor: Sequence,
        room: u16,
        ids: &[Sequence],
    ) -> Option<Self> {
        let room = room.clamp(ROOM_MIN, ROOM_MAX);
        let mut inbox = Self { room, floor: floor.0, ..Self::default() };
        inbox.fill(slab, ids).then_some(inbox)
    }

    /// Gives its block back.
    pub(crate) fn clear(&mut self, slab: &mut Slab) {
        self.set_len(slab, 0);
        slab.release(std::mem::take(&mut self.block));
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub(crate) fn floor(&self) -> Sequence {
        Sequence(self.floor)
    }

    /// Has the processor fetch what is needed to add a post.
    pub(crate) fn prefetch(&self, slab: &Slab) {
        slab.prefetch(self.block.slot(self.len()));
    }

    /// The id at `index`, oldest first.
    pub(crate) fn id(&self, slab: &Slab, index: usize) -> Sequence {
        Sequence(self.base + slab.get(self.block, index))
    }

    /// How many ids are below `id`.
    pub(crate) fn count_below(&self, slab: &Slab, id: Sequence) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.id(slab, middle) < id {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Adds a post. Most are the newest of all; others find their place. False if the inbox cannot
    /// hold it and has to go.
    pub(crate) fn push(&mut self, slab: &mut Slab, id: Sequence) -> bool {
        if id.0 <= self.floor {
            return true;
        }
        let is_newest = self.len == 0 || self.id(slab, self.len() - 1) < id;
        let at = if is_newest { self.len() } else { self.count_below(slab, id) };
        if !is_newest && at < self.len() && self.id(slab, at) == id {
            return true;
        }
        if self.len == 0 {
            self.base = id.0;
        }
        let Some(distance) = id.0.checked_sub(self.base).filter(|far| *far < DISTANCE_END) else {
            return self.rebase(slab, id);
        };
        let dropped = self.make_room(slab);
        let Some(dropped) = dropped else { return false };
        let Some(at) = at.checked_sub(dropped) else { return true };
        if id.0 <= self.floor {
            return true;
        }
        slab.shift(self.block, at, at + 1, self.len() - at);
        slab.set(self.block, at, distance);
        self.set_len(slab, self.len() + 1);
        true
    }

    /// Room for one more: how many of the oldest ids went for it. `None` if there is none.
    fn make_room(&mut self, slab: &mut Slab) -> Option<usize> {
        if self.room <= self.len {
            // An eighth at a time: what moves does so once in a while.
            let dropped = self.len() / 8 + 1;
            self.drop_oldest(slab, dropped);
            return Some(dropped);
        }
        if self.len() == self.block.slots() {
            let block = slab.allocate(self.len() + 1)?;
            slab.copy(self.block, block, self.len());
            slab.release(std::mem::replace(&mut self.block, block));
        }
        Some(0)
    }

    fn drop_oldest(&mut self, slab: &mut Slab, count: usize) {
        let Some(last) = count.checked_sub(1) else { return };
        self.floor = self.floor.max(self.id(slab, last).0);
        let left = self.len() - count;
        slab.shift(self.block, count, 0, left);
        self.set_len(slab, left);
    }

    /// From now on only what is above `floor` is here.
    pub(crate) fn raise_floor(&mut self, slab: &mut Slab, floor: Sequence) {
        if self.floor < floor.0 {
            let count = self.count_below(slab, floor.next());
            self.drop_oldest(slab, count);
            self.floor = floor.0;
        }
    }

    /// Removes a post, if it is here.
    pub(crate) fn remove(&mut self, slab: &mut Slab, id: Sequence) {
        let at = self.count_below(slab, id);
        if at < self.len() && self.id(slab, at) == id {
            slab.shift(self.block, at + 1, at, self.len() - at - 1);
            self.set_len(slab, self.len() - 1);
        }
    }

    /// Whether the post is here.
    pub(crate) fn contains(&self, slab: &Slab, id: Sequence) -> bool {
        let at = self.count_below(slab, id);
        at < self.len() && self.id(slab, at) == id
    }

    /// All ids, ascending.
    pub(crate) fn ids(&self, slab: &Slab) -> Vec<Sequence> {
        (0..self.len()).map(|index| self.id(slab, index)).collect()
    }

    /// Keeps these ids instead: ascending, above the floor. False if they do not fit.
    pub(crate) fn refill(&mut self, slab: &mut Slab, ids: &[Sequence]) -> bool {
        self.clear(slab);
        self.fill(slab, ids)
    }

    fn fill(&mut self, slab: &mut Slab, ids: &[Sequence]) -> bool {
        let keep = usize::from(self.room).min(BLOCK_SLOTS_MAX);
        let start = ids.len().saturating_sub(keep);
        if let Some(below) = start.checked_sub(1).and_then(|below| ids.get(below)) {
            self.floor = self.floor.max(below.0);
        }
        let ids = ids.get(start..).unwrap_or_default();
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return true };
        if DISTANCE_END <= last.0 - first.0 {
            return false;
        }
        let Some(block) = slab.allocate(ids.len()) else { return false };
        (self.block, self.base) = (block, first.0);
        for (index, id) in ids.iter().enumerate() {
            slab.set(block, index, id.0 - first.0);
        }
        self.set_len(slab, ids.len());
        true
    }

    /// The id is too far from the base: all distances are counted anew.
    fn rebase(&mut self, slab: &mut Slab, id: Sequence) -> bool {
        let mut ids = self.ids(slab);
        let at = ids.partition_point(|other| *other < id);
        ids.insert(at, id);
        self.refill(slab, &ids)
    }

    fn set_len(&mut self, slab: &mut Slab, len: usize) {
        slab.note_ids(self.len(), len);
        self.len = u16::try_from(len).expect("a block has at most BLOCK_SLOTS_MAX slots");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::seed::Random;
    use std::collections::BTreeSet;

    fn ids(inbox: &Inbox, slab: &Slab) -> Vec<u64> {
        inbox.ids(slab).into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn is_a_set_above_its_floor() {
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let mut slab = Slab::default();
            let mut inbox = Inbox::new(&mut slab, Sequence(50), 0, &[]).unwrap();
            let mut expected = BTreeSet::new();
            let mut newest = 100;
            for _ in 0..400 {
                newest += random.below(5) + 1;
                let id = if random.one_in(4) { random.below(newest) } else { newest };
                if random.one_in(6) {
                    inbox.remove(&mut slab, Sequence(id));
                    expected.remove(&id);
                } else if random.one_in(40) {
                    inbox.raise_floor(&mut slab, Sequence(id));
                } else {
                    assert!(inbox.push(&mut slab, Sequence(id)));
                    expected.insert(id);
                }
                expected.retain(|id| inbox.floor().0 < *id);
                assert_eq!(ids(&inbox, &slab), expected.iter().copied().collect::<Vec<_>>());
                assert!(inbox.len() <= usize::from(inbox.room));
            }
        }
    }

    #[test]
    fn ids_far_apart_push_the_old_ones_out() {
        let mut slab = Slab::default();
        let mut inbox = Inbox::new(&mut slab, Sequence(0), 0, &[Sequence(1), Sequence(2)]).unwrap();
        assert!(!inbox.push(&mut slab, Sequence(DISTANCE_END + 2)), "two ids too far apart");
        let mut inbox = Inbox::new(&mut slab, Sequence(0), 0, &[Sequence(9)]).unwrap();
        assert!(inbox.push(&mut slab, Sequence(3)), "below the base");
        assert_eq!(ids(&inbox, &slab), [3, 9]);
    }
}
