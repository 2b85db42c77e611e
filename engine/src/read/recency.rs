//! Slots in the order in which they were used last: a list that is linked through an array.

/// No slot.
const NONE: u32 = u32::MAX;

/// See the module.
#[derive(Debug)]
pub(crate) struct Recency {
    links: Vec<Link>,
    /// Beyond the ends of the list.
    ends: Link,
}

/// The neighbours of a slot; of the ends, the newest and the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    older: u32,
    newer: u32,
}

/// A slot that is not in the list; an empty list.
const LOOSE: Link = Link { older: NONE, newer: NONE };

impl Default for Recency {
    fn default() -> Self {
        Self { links: Vec::new(), ends: LOOSE }
    }
}

impl Recency {
    /// The slot that was not used for the longest time.
    pub(crate) fn oldest(&self) -> Option<u32> {
        Some(self.ends.newer).filter(|slot| *slot != NONE)
    }

    /// The slot is used now.
    pub(crate) fn touch(&mut self, slot: u32) {
        self.forget(slot);
        let newest = self.ends.older;
        self.at(newest).newer = slot;
        *self.at(slot) = Link { older: newest, newer: NONE };
        self.ends.older = slot;
    }

    /// Takes the slot out, if it is in the list.
    pub(crate) fn forget(&mut self, slot: u32) {
        let Link { older, newer } = *self.at(slot);
        if older == NONE && newer == NONE && self.ends.newer != slot {
            return;
        }
        self.at(older).newer = newer;
        self.at(newer).older = older;
        *self.at(slot) = LOOSE;
    }

    fn at(&mut self, slot: u32) -> &mut Link {
        if slot == NONE {
            return &mut self.ends;
        }
        let at = slot as usize;
        if self.links.len() <= at {
            self.links.resize(at + 1, LOOSE);
        }
        self.links.get_mut(at).expect("resized above")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of them, oldest first.
    fn drained(mut list: Recency) -> Vec<u32> {
        let next = || {
            let slot = list.oldest()?;
            list.forget(slot);
            Some(slot)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn slots_stand_by_their_last_use() {
        let mut list = Recency::default();
        assert_eq!(list.oldest(), None);
        [4, 1, 0, 3].into_iter().for_each(|slot| list.touch(slot));
        list.touch(1);
        list.touch(4);
        list.touch(4);
        list.forget(3);
        list.forget(3);
        list.forget(9);
        assert_eq!(drained(list), [0, 1, 4]);
    }

    #[test]
    fn a_list_of_one_is_taken_apart_and_used_again() {
        let mut list = Recency::default();
        list.touch(0);
        list.touch(0);
        list.forget(0);
        assert_eq!(list.oldest(), None);
        list.touch(2);
        list.touch(0);
        assert_eq!(drained(list), [2, 0]);
    }
}
