//! Users: each id gets a dense ordinal in order of its first appearance in the log, so that all
//! other state lies in arrays indexed by it.
//!
//! Users of an earlier flush stand in mapped files and cost no memory of ours here. What an idle user
//! costs in arrays: activity 4, inbox 4, levels 2; and where they or a neighbour have any, counts of posts,
//! followees and followers 4 each, hot lists of these 4 each, newest post 8.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::sparse::Sparse;
use super::{Digest, DigestBuilder};
use crate::ids::{Sequence, UserId};
use crate::limits::USERS_MAX;
use crate::runs::ids::IdFile;

/// A user's dense number inside this engine: an index, not an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ordinal(pub(crate) u32);

impl Ordinal {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// All users that the log has named: the first ones in files, the others in memory.
#[derive(Debug, Default)]
pub(crate) struct Users {
    /// In ascending order of ordinals, without a gap.
    files: Vec<Arc<IdFile>>,
    /// Users that are being written to a file.
    frozen: Option<Arc<Tail>>,
    tail: Tail,
}

/// Users that are not in a file yet.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// The ordinal of the first.
    start: u32,
    ids: Vec<UserId>,
    /// Indexes into `ids`, found by the hash of the id.
    index: HashTable<u32>,
    hasher: FixedState,
}

impl Users {
    pub(crate) fn len(&self) -> usize {
        self.tail.end() as usize
    }

    /// The ordinal of `user`, if the log has named them.
    pub(crate) fn find(&self, user: UserId) -> Option<Ordinal> {
        let recent = || self.tail.find(user).or_else(|| self.frozen.as_ref()?.find(user));
        // Most users are old: the oldest file is the largest.
        let sealed = self.files.iter().find_map(|file| file.find(user));
        sealed.or_else(recent)
    }

    /// The ordinal of `user`, new if the log names them for the first time.
    pub(crate) fn intern(&mut self, user: UserId) -> Ordinal {
        match self.find(user) {
            Some(ordinal) => ordinal,
            None => self.tail.add(user),
        }
    }

    /// The id behind an ordinal of these users.
    pub(crate) fn id(&self, ordinal: Ordinal) -> UserId {
        self.find_id(ordinal).expect("ordinals are handed out by intern()")
    }

    /// The id behind an ordinal that comes from a file, and may be anything there.
    pub(crate) fn find_id(&self, ordinal: Ordinal) -> Option<UserId> {
        let file = || {
            let newer = self.files.partition_point(|file| file.start() <= ordinal);
            self.files.get(newer.checked_sub(1)?)?.id(ordinal)
        };
        let frozen = || self.frozen.as_ref()?.id(ordinal);
        self.tail.id(ordinal).or_else(frozen).or_else(file)
    }

    /// Sets the users in memory apart, to be written to a file; `None` if there are none. What was
    /// set apart before must be published by now.
    pub(crate) fn freeze(&mut self) -> Option<Arc<Tail>> {
        debug_assert!(self.frozen.is_none(), "one flush at a time");
        if self.tail.ids.is_empty() {
            return None;
        }
        let next = Tail { start: self.tail.end(), ..Tail::default() };
        self.frozen = Some(Arc::new(std::mem::replace(&mut self.tail, next)));
        self.frozen.clone()
    }

    /// The frozen users are in this file now.
    pub(crate) fn publish(&mut self, file: Arc<IdFile>) {
        self.files.push(file);
        self.frozen = None;
    }

    /// The ordinal of the first user in the file that begins with the effects of `first`.
    pub(crate) fn start_of(&self, first: Sequence) -> Option<Ordinal> {
        self.files.iter().find(|file| file.first == first).map(|file| file.start())
    }

    /// The users of some neighbouring files are in this one file now.
    pub(crate) fn replace(&mut self, merged: &Arc<IdFile>) {
        let range = merged.start()..merged.end();
        self.files.retain(|file| !range.contains(&file.start()));
        let at = self.files.partition_point(|file| file.start() < merged.start());
        self.files.insert(at, Arc::clone(merged));
    }

    /// Adds a file at open, before any user in memory.
    pub(crate) fn load(&mut self, file: Arc<IdFile>) {
        self.tail.start = file.end().0;
        self.files.push(file);
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        let len = u32::try_from(self.len()).expect("USERS_MAX fits 32 bits");
        (0..len).for_each(|ordinal| digest.number(self.id(Ordinal(ordinal)).0));
        digest.finish()
    }
}

impl Tail {
    pub(crate) fn start(&self) -> Ordinal {
        Ordinal(self.start)
    }

    pub(crate) fn ids(&self) -> &[UserId] {
        &self.ids
    }

    fn end(&self) -> u32 {
        self.start + u32::try_from(self.ids.len()).expect("USERS_MAX fits 32 bits")
    }

    fn find(&self, user: UserId) -> Option<Ordinal> {
        let hash = self.hasher.hash_one(user.0);
        let same = |index: &u32| self.ids.get(*index as usize) == Some(&user);
        self.index.find(hash, same).map(|index| Ordinal(self.start + *index))
    }

    fn id(&self, ordinal: Ordinal) -> Option<UserId> {
        self.ids.get(ordinal.0.checked_sub(self.start)? as usize).copied()
    }

    fn add(&mut self, user: UserId) -> Ordinal {
        assert!((self.end() as usize) < USERS_MAX, "more than {USERS_MAX} users");
        let index = self.end() - self.start;
        self.ids.push(user);
        let (ids, hasher) = (&self.ids, &self.hasher);
        let rehash = |known: &u32| hasher.hash_one(ids.get(*known as usize).map_or(0, |id| id.0));
        self.index.insert_unique(self.hasher.hash_one(user.0), index, rehash);
        Ordinal(self.start + index)
    }
}

/// A value per user that most users do not have: 4 bytes for those who do not.
#[derive(Debug)]
pub(crate) struct PerUser<T> {
    /// Index into `values` plus one; 0 for none.
    slots: Sparse<u32>,
    values: Vec<T>,
    /// Indexes of values that nobody has: only as many are ever made as are there at a time.
    vacant: Vec<u32>,
}

impl<T> Default for PerUser<T> {
    fn default() -> Self {
        Self { slots: Sparse::default(), values: Vec::new(), vacant: Vec::new() }
    }
}

impl<T: Default> PerUser<T> {
    pub(crate) fn at(&self, ordinal: Ordinal) -> Option<&T> {
        let slot = self.slots.get(ordinal).checked_sub(1)?;
        self.values.get(slot as usize)
    }

    pub(crate) fn at_mut(&mut self, ordinal: Ordinal) -> Option<&mut T> {
        let slot = self.slots.get(ordinal).checked_sub(1)?;
        self.values.get_mut(slot as usize)
    }

    /// The user's value, made if there is none.
    pub(crate) fn make(&mut self, ordinal: Ordinal) -> &mut T {
        let slot = self.slots.make(ordinal);
        if *slot == 0 {
            let index = self.vacant.pop().unwrap_or_else(|| {
                self.values.push(T::default());
                u32::try_from(self.values.len() - 1).expect("at most one value per user")
            });
            *slot = index + 1;
        }
        self.values.get_mut(*slot as usize - 1).expect("slots point into values")
    }

    /// Takes the user's value away.
    pub(crate) fn remove(&mut self, ordinal: Ordinal) {
        let Some(slot) = self.slots.get_mut(ordinal) else { return };
        let Some(index) = std::mem::take(slot).checked_sub(1) else { return };
        if let Some(value) = self.values.get_mut(index as usize) {
            *value = T::default();
            self.vacant.push(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_taken_away_make_room_for_others() {
        let mut values: PerUser<u64> = PerUser::default();
        (0..100).for_each(|user| *values.make(Ordinal(user)) = u64::from(user) + 7);
        (0..100).filter(|user| user % 3 == 0).for_each(|user| values.remove(Ordinal(user)));
        values.remove(Ordinal(3));
        assert_eq!((values.at(Ordinal(3)), values.at(Ordinal(4))), (None, Some(&11)));
        (200..234).for_each(|user| *values.make(Ordinal(user)) += u64::from(user));
        assert_eq!(values.values.len(), 100, "the vacant places were enough");
        assert!((200..234).all(|user| values.at(Ordinal(user)) == Some(&u64::from(user))));
        assert_eq!(values.at(Ordinal(4)), Some(&11));
    }
}
