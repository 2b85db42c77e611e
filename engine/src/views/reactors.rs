//! Who reacted to one thing in one way, and when: found by user, in memory, some nine bytes each.
//!
//! Users stand in leaves of at most [`LEAF_MAX`], ascending; an entry is one number, of which the upper
//! sixteen bits are the distance of the user's ordinal from the leaf's first, the others the sequence:
//!
//! ```text
//! | user - first, 16 bits | sequence, 48 bits |
//! ```
//!
//! So adding one moves some KiB at most, however many there are, and most have but one and need no leaf.
//!
//! Invariants:
//! * Leaves do not overlap: the last user of one is below the first of the next.
//! * No leaf is empty, and there is none unless somebody is in it.

use super::users::Ordinal;
use crate::ids::Sequence;
use crate::limits::SEQUENCE_MAX;
use crate::log::record::Began;

/// Entries of a leaf: 4 KiB of them.
const LEAF_MAX: usize = 512;

/// In a leaf of so many entries all are looked at, in a larger one it is searched by halves.
const LOOK_MAX: usize = 16;

/// Bits of a sequence in an entry.
const SEQUENCE_BITS: u32 = 48;

const _: () = assert!(SEQUENCE_MAX < 1 << SEQUENCE_BITS);

/// The users of one list of reactions.
#[derive(Debug, Default)]
pub(crate) enum Reactors {
    #[default]
    Nobody,
    One(Ordinal, Sequence),
    Many {
        /// How many there are.
        len: u32,
        /// A bit for each of them, which others may share: of a page's many short lists most do not have
        /// its reader, and that shows here, before any leaf is looked at. Whoever leaves, leaves the bit.
        marks: u64,
        leaves: Box<Leaves>,
    },
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Leaves {
    /// From which user on each leaf counts.
    firsts: Vec<u32>,
    leaves: Vec<Vec<u64>>,
}

impl Reactors {
    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        match self {
            Self::Nobody => 0,
            Self::One(..) => 1,
            Self::Many { len, .. } => *len,
        }
    }

    /// Since when the user is one of them.
    pub(crate) fn since(&self, user: Ordinal) -> Began {
        match self {
            Self::Nobody => None,
            Self::One(one, at) => (*one == user).then_some(*at),
            Self::Many { marks, .. } if marks & mark(user.0) == 0 => None,
            Self::Many { leaves, .. } => leaves.since(user.0),
        }
    }

    /// How many there are, and whether that user is one of them.
    #[inline]
    pub(crate) fn counted(&self, user: Option<Ordinal>) -> (u32, bool) {
        match (self, user) {
            (Self::Nobody, _) => (0, false),
            (Self::One(one, _), user) => (1, user == Some(*one)),
            (Self::Many { len, marks, leaves }, Some(user)) if marks & mark(user.0) != 0 => {
                (*len, leaves.since(user.0).is_some())
            }
            (Self::Many { len, .. }, _) => (*len, false),
        }
    }

    /// Adds a user; false if they are there already.
    pub(crate) fn insert(&mut self, user: Ordinal, at: Sequence) -> bool {
        if self.since(user).is_some() {
            return false;
        }
        match self {
            Self::Nobody => *self = Self::One(user, at),
            Self::One(one, since) => {
                let mut leaves = Box::<Leaves>::default();
                leaves.insert(one.0, *since);
                leaves.insert(user.0, at);
                *self = Self::Many { len: 2, marks: mark(one.0) | mark(user.0), leaves };
            }
            Self::Many { len, marks, leaves } => {
                *len += 1;
                *marks |= mark(user.0);
                leaves.insert(user.0, at);
            }
        }
        true
    }

    /// Takes a user out. Answers since when they had been there.
    pub(crate) fn remove(&mut self, user: Ordinal) -> Began {
        let since = self.since(user)?;
        match self {
            Self::Many { len, leaves, .. } if 1 < *len => {
                *len -= 1;
                leaves.remove(user.0);
            }
            _ => *self = Self::Nobody,
        }
        Some(since)
    }

    /// Bytes beside the value itself.
    #[cfg(test)]
    pub(crate) fn heap_bytes(&self) -> u64 {
        match self {
            Self::Nobody | Self::One(..) => 0,
            Self::Many { leaves, .. } => {
                let entries: usize = leaves.leaves.iter().map(Vec::capacity).sum();
                let tables = leaves.firsts.capacity() * size_of::<u32>()
                    + leaves.leaves.capacity() * size_of::<Vec<u64>>();
                (size_of::<Leaves>() + tables + entries * size_of::<u64>()) as u64
            }
        }
    }
}

impl Leaves {
    /// The last leaf that begins at or below the user, and where.
    fn leaf(&self, user: u32) -> Option<(usize, u32, &Vec<u64>)> {
        let index = self.firsts.partition_point(|first| *first <= user).checked_sub(1)?;
        Some((index, *self.firsts.get(index)?, self.leaves.get(index)?))
    }

    fn since(&self, user: u32) -> Began {
        let (_, first, leaf) = self.leaf(user)?;
        let distance = u64::from(user - first);
        let is_theirs = |entry: &&u64| **entry >> SEQUENCE_BITS == distance;
        let entry = if leaf.len() <= LOOK_MAX {
            leaf.iter().find(is_theirs)?
        } else {
            let at = leaf.partition_point(|entry| entry >> SEQUENCE_BITS < distance);
            leaf.get(at).filter(is_theirs)?
        };
        Some(Sequence(entry & SEQUENCE_MAX))
    }

    /// The user is not there yet.
    fn insert(&mut self, user: u32, at: Sequence) {
        let found = self.leaf(user).map(|(index, first, leaf)| (index, first, end(first, leaf)));
        let (index, first) = match found {
            Some((index, first, _)) if user - first <= u32::from(u16::MAX) => (index, first),
            other => {
                // As far down as may be: neighbours that come later find room in it.
                let (index, floor) = other.map_or((0, 0), |(index, _, end)| (index + 1, end));
                let first = (user & !u32::from(u16::MAX)).max(floor);
                self.firsts.insert(index, first);
                self.leaves.insert(index, Vec::new());
                (index, first)
            }
        };
        let Some(leaf) = self.leaves.get_mut(index) else { return };
        let distance = u64::from(user - first);
        let place = leaf.partition_point(|entry| entry >> SEQUENCE_BITS < distance);
        if leaf.len() == leaf.capacity() {
            leaf.reserve_exact(leaf.len() / 4 + 1);
        }
        leaf.insert(place, distance << SEQUENCE_BITS | at.0);
        if LEAF_MAX < leaf.len() {
            self.split(index);
        }
    }

    /// The upper half of a leaf becomes one of its own.
    fn split(&mut self, index: usize) {
        let (Some(first), Some(leaf)) = (self.firsts.get(index), self.leaves.get_mut(index)) else {
            return;
        };
        let mut upper = leaf.split_off(leaf.len() / 2);
        leaf.shrink_to_fit();
        let base = upper.first().map_or(0, |entry| entry >> SEQUENCE_BITS);
        upper.iter_mut().for_each(|entry| *entry -= base << SEQUENCE_BITS);
        upper.shrink_to_fit();
        let base = first + u32::try_from(base).expect("a distance has 16 bits");
        self.firsts.insert(index + 1, base);
        self.leaves.insert(index + 1, upper);
    }

    /// The user is there.
    fn remove(&mut self, user: u32) {
        let Some((index, first, _)) = self.leaf(user) else { return };
        let Some(leaf) = self.leaves.get_mut(index) else { return };
        let distance = u64::from(user - first);
        let place = leaf.partition_point(|entry| entry >> SEQUENCE_BITS < distance);
        leaf.remove(place);
        if leaf.is_empty() {
            self.firsts.remove(index);
            self.leaves.remove(index);
        }
    }
}

/// The user's bit of 64. Neighbours have different ones.
fn mark(user: u32) -> u64 {
    1 << (user.wrapping_mul(0x9e37_79b1) >> 26)
}

/// The user after the last of a leaf.
fn end(first: u32, leaf: &[u64]) -> u32 {
    let distance = leaf.last().map_or(0, |entry| entry >> SEQUENCE_BITS);
    first + u32::try_from(distance).expect("a distance has 16 bits") + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::seed::Random;
    use std::collections::BTreeMap;

    fn check(reactors: &Reactors, expected: &BTreeMap<u32, u64>) {
        assert_eq!(reactors.len() as usize, expected.len());
        for (user, at) in expected {
            assert_eq!(reactors.since(Ordinal(*user)), Some(Sequence(*at)), "{user}");
        }
    }

    #[test]
    fn whoever_comes_and_goes_in_any_order_is_found() {
        for (seed, span) in [(1, 40), (2, 3_000), (3, 1 << 20), (4, u64::from(u32::MAX) - 1)] {
            let (mut random, mut expected) = (Random::new(seed), BTreeMap::new());
            let mut reactors = Reactors::default();
            for step in 0..6_000u64 {
                let user = u32::try_from(random.below(span)).unwrap();
                let at = SEQUENCE_MAX - 6_000 + step;
                if random.one_in(3) {
                    let known = expected.remove(&user).map(Sequence);
                    assert_eq!(reactors.remove(Ordinal(user)), known, "{user}");
                } else {
                    let is_new = !expected.contains_key(&user);
                    assert_eq!(reactors.insert(Ordinal(user), Sequence(at)), is_new, "{user}");
                    expected.entry(user).or_insert(at);
                }
                assert_eq!(reactors.since(Ordinal(u32::MAX - 1)), None);
            }
            check(&reactors, &expected);
            expected.keys().for_each(|user| assert!(reactors.remove(Ordinal(*user)).is_some()));
            assert!(matches!(reactors, Reactors::Nobody), "{span}");
        }
    }

    #[test]
    fn many_take_some_nine_bytes_each_whatever_order_they_come_in() {
        for order in ["up", "down", "any"] {
            let mut random = Random::new(5);
            let mut reactors = Reactors::default();
            for n in 0..200_000u32 {
                let user = match order {
                    "up" => n,
                    "down" => 3_000_000 - n,
                    _ => u32::try_from(random.below(1 << 21)).unwrap(),
                };
                reactors.insert(Ordinal(user), Sequence(u64::from(n) + 1));
            }
            let each = reactors.heap_bytes() as f64 / f64::from(reactors.len());
            assert!(each < 12.0, "{order}: {each} bytes each");
        }
    }
}
