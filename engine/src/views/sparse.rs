//! An array over all users of which most places were never set: these cost almost nothing, wherever
//! they lie.
//!
//! Users are numbered as they appear, so those who post, or are followed, lie anywhere among those who
//! only read. A block of places is made when the first of them is set.

use super::users::Ordinal;

/// Places of a block: the table of blocks costs an eighth of a byte a user, and one who is alone in a
/// block costs 256 bytes at four a place.
const BLOCK: usize = 64;

/// A value for each user; the default for those who were given none.
#[derive(Debug, Default)]
pub(crate) struct Sparse<T> {
    blocks: Vec<Option<Box<[T; BLOCK]>>>,
}

impl<T: Copy + Default> Sparse<T> {
    /// The user's value.
    #[inline]
    pub(crate) fn get(&self, user: Ordinal) -> T {
        let block = self.blocks.get(user.index() / BLOCK).and_then(Option::as_ref);
        block.and_then(|block| block.get(user.index() % BLOCK)).copied().unwrap_or_default()
    }

    /// The user's value, to be changed. `None` if they, and their neighbours, were given none.
    pub(crate) fn get_mut(&mut self, user: Ordinal) -> Option<&mut T> {
        self.blocks.get_mut(user.index() / BLOCK)?.as_mut()?.get_mut(user.index() % BLOCK)
    }

    /// The user's value, to be set.
    pub(crate) fn make(&mut self, user: Ordinal) -> &mut T {
        let at = user.index() / BLOCK;
        if self.blocks.len() <= at {
            self.blocks.resize_with(at + 1, || None);
        }
        let block = self.blocks.get_mut(at).expect("resized above");
        let block = block.get_or_insert_with(|| Box::new([T::default(); BLOCK]));
        block.get_mut(user.index() % BLOCK).expect("the remainder is in range")
    }

    /// Those that are not the default, to be changed.
    pub(crate) fn each_mut(&mut self, mut each: impl FnMut(Ordinal, &mut T))
    where
        T: PartialEq,
    {
        for (number, block) in (0_u32..).zip(&mut self.blocks) {
            let first = number * u32::try_from(BLOCK).expect("a block is small");
            for (user, value) in (first..).zip(block.iter_mut().flat_map(|block| block.iter_mut()))
            {
                if *value != T::default() {
                    each(Ordinal(user), value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::seed::Random;
    use std::collections::BTreeMap;

    #[test]
    fn holds_what_was_set_and_no_more() {
        let (mut random, mut expected) = (Random::new(4), BTreeMap::new());
        let mut sparse = Sparse::<u32>::default();
        for _ in 0..500 {
            let user = u32::try_from(random.below(1 << 20)).unwrap();
            let value = u32::try_from(random.below(9)).unwrap();
            *sparse.make(Ordinal(user)) = value;
            expected.insert(user, value);
        }
        expected.iter().for_each(|(user, value)| assert_eq!(sparse.get(Ordinal(*user)), *value));
        assert_eq!(sparse.get(Ordinal(u32::MAX)), 0);
        assert!(sparse.blocks.iter().flatten().count() <= 500);
        let mut seen = BTreeMap::new();
        sparse.each_mut(|user, value| assert_eq!(seen.insert(user.0, *value), None));
        expected.retain(|_, value| *value != 0);
        assert_eq!(seen, expected);
        assert!(sparse.get_mut(Ordinal(u32::MAX)).is_none());
    }
}
