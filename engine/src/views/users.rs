//! Users: each id gets a dense ordinal in order of its first appearance in the log, so that all
//! other state lies in arrays indexed by it.
//!
//! Cost of an idle user in all views together, in bytes: id 8, index 6 to 11, outbox slot 4, newest
//! post 8, graph slot 4, activity 4: 34 to 39.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::{Digest, DigestBuilder};
use crate::ids::UserId;
use crate::limits::USERS_MAX;

/// A user's dense number inside this engine: an index, not an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ordinal(pub(crate) u32);

impl Ordinal {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// All users that the log has named.
#[derive(Debug, Default)]
pub(crate) struct Users {
    ids: Vec<UserId>,
    /// Ordinals, found by the hash of their id.
    index: HashTable<u32>,
    hasher: FixedState,
}

impl Users {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The ordinal of `user`, if the log has named them.
    pub(crate) fn find(&self, user: UserId) -> Option<Ordinal> {
        let hash = self.hasher.hash_one(user.0);
        let same = |ordinal: &u32| self.ids.get(*ordinal as usize) == Some(&user);
        self.index.find(hash, same).map(|ordinal| Ordinal(*ordinal))
    }

    /// The ordinal of `user`, new if the log names them for the first time.
    pub(crate) fn intern(&mut self, user: UserId) -> Ordinal {
        if let Some(ordinal) = self.find(user) {
            return ordinal;
        }
        assert!(self.ids.len() < USERS_MAX, "more than {USERS_MAX} users");
        let ordinal = u32::try_from(self.ids.len()).expect("USERS_MAX fits 32 bits");
        self.ids.push(user);
        let (ids, hasher) = (&self.ids, &self.hasher);
        let rehash = |known: &u32| hasher.hash_one(ids.get(*known as usize).map_or(0, |id| id.0));
        self.index.insert_unique(self.hasher.hash_one(user.0), ordinal, rehash);
        Ordinal(ordinal)
    }

    /// The id behind an ordinal.
    pub(crate) fn id(&self, ordinal: Ordinal) -> UserId {
        *self.ids.get(ordinal.index()).expect("ordinals are handed out by intern()")
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        self.ids.iter().for_each(|id| digest.number(id.0));
        digest.finish()
    }
}

/// A value per user that most users do not have: 4 bytes for those who do not.
#[derive(Debug)]
pub(crate) struct PerUser<T> {
    /// Index into `values` plus one; 0 for none.
    slots: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for PerUser<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), values: Vec::new() }
    }
}

impl<T: Default> PerUser<T> {
    pub(crate) fn at(&self, ordinal: Ordinal) -> Option<&T> {
        let slot = self.slots.get(ordinal.index())?.checked_sub(1)?;
        self.values.get(slot as usize)
    }

    pub(crate) fn at_mut(&mut self, ordinal: Ordinal) -> Option<&mut T> {
        let slot = self.slots.get(ordinal.index())?.checked_sub(1)?;
        self.values.get_mut(slot as usize)
    }

    /// The user's value, made if there is none.
    pub(crate) fn make(&mut self, ordinal: Ordinal) -> &mut T {
        if self.slots.len() <= ordinal.index() {
            self.slots.resize(ordinal.index() + 1, 0);
        }
        let slot = self.slots.get_mut(ordinal.index()).expect("resized above");
        if *slot == 0 {
            self.values.push(T::default());
            *slot = u32::try_from(self.values.len()).expect("at most one value per user");
        }
        self.values.get_mut(*slot as usize - 1).expect("slots point into values")
    }
}
