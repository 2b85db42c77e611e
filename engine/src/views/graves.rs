//! Graves: entries that stand in sealed runs and hold no longer. A read skips them, a merge leaves
//! them out, and with that the grave goes.
//!
//! Kept in memory, because every read of a sealed run asks: 16 bytes each. Their number is bounded
//! by rewriting the files that have the most (see `flush`).

use std::collections::BTreeMap;
use std::ops::Bound;

use super::users::Ordinal;
use crate::ids::Sequence;

/// One entry that holds no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grave {
    /// The entry.
    pub(crate) entry: Sequence,
    /// The record that ended it.
    pub(crate) ended: Sequence,
}

/// The graves of all owners. Ordered by owner, so that a flush can copy them in slices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graves {
    /// Of each owner ascending by entry.
    owners: BTreeMap<Ordinal, Vec<Grave>>,
    len: usize,
}

impl Graves {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn add(&mut self, owner: Ordinal, grave: Grave) {
        let graves = self.owners.entry(owner).or_default();
        let at = graves.partition_point(|known| known.entry < grave.entry);
        graves.insert(at, grave);
        self.len += 1;
    }

    /// The entry is in no file any more.
    pub(crate) fn forget(&mut self, owner: Ordinal, entry: Sequence) {
        let Some(graves) = self.owners.get_mut(&owner) else { return };
        if let Ok(at) = graves.binary_search_by(|grave| grave.entry.cmp(&entry)) {
            graves.remove(at);
            self.len -= 1;
        }
        if graves.is_empty() {
            self.owners.remove(&owner);
        }
    }

    /// The graves of `owner`, ascending by entry.
    pub(crate) fn of(&self, owner: Ordinal) -> &[Grave] {
        if self.len == 0 {
            return &[];
        }
        self.owners.get(&owner).map_or(&[], Vec::as_slice)
    }

    /// At most `limit` owners above `after`, ascending, with their graves.
    pub(crate) fn owners_above(
        &self,
        after: Option<Ordinal>,
        limit: usize,
    ) -> impl Iterator<Item = (Ordinal, &[Grave])> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let owners = self.owners.range((from, Bound::Unbounded)).take(limit);
        owners.map(|(owner, graves)| (*owner, graves.as_slice()))
    }
}

/// Whether `entry` has a grave in `graves`.
pub(crate) fn holds(graves: &[Grave], entry: Sequence) -> bool {
    !graves.is_empty() && graves.binary_search_by(|grave| grave.entry.cmp(&entry)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graves_are_found_by_owner_and_entry() {
        let mut graves = Graves::default();
        for (owner, entry) in [(3, 9), (3, 4), (1, 7), (3, 6)] {
            let (entry, ended) = (Sequence(entry), Sequence(100));
            graves.add(Ordinal(owner), Grave { entry, ended });
        }
        assert_eq!(graves.len, 4);
        assert!(holds(graves.of(Ordinal(3)), Sequence(6)));
        assert!(!holds(graves.of(Ordinal(3)), Sequence(7)));
        assert!(!holds(graves.of(Ordinal(2)), Sequence(7)));
        let owners: Vec<_> = graves.owners_above(Some(Ordinal(1)), 9).map(|(o, _)| o).collect();
        assert_eq!(owners, [Ordinal(3)]);
    }
}
