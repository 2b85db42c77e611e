//! All inboxes: a cache of the definition of the home feed, sharded by reader.
//!
//! Readers and the fan-out worker change inboxes under a shared hold of the state, shard by shard; the
//! committer, which holds the state alone, finds every shard free.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::inbox::Inbox;
use super::shard::Shard;
use crate::ids::Sequence;
use crate::views::users::Ordinal;

/// A power of two: enough that a reader and the worker seldom meet.
const SHARDS: usize = 64;

/// See the module.
#[derive(Debug)]
pub(crate) struct Inboxes {
    shards: Vec<Mutex<Shard>>,
    /// For each user with an inbox its bound plus one: the fan-out passes over everybody else.
    live: Vec<AtomicU8>,
    count: AtomicUsize,
}

impl Default for Inboxes {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, live: Vec::new(), count: AtomicUsize::new(0) }
    }
}

impl Inboxes {
    /// Makes room for `users` users.
    pub(crate) fn grow(&mut self, users: usize) {
        if self.live.len() < users {
            self.live.resize_with(users, AtomicU8::default);
        }
    }

    /// How many readers have one.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether the reader has one.
    pub(crate) fn is_live(&self, user: Ordinal) -> bool {
        self.takes(user, 0)
    }

    /// Whether the reader has one whose bound is at least `level`.
    pub(crate) fn takes(&self, user: Ordinal, level: u8) -> bool {
        self.live.get(user.index()).is_some_and(|bound| level < bound.load(Ordering::Relaxed))
    }

    /// The shard that the reader's inbox is in.
    pub(crate) fn shard(&self, user: Ordinal) -> MutexGuard<'_, Shard> {
        let shard = self.shards.get(user.index() % SHARDS).expect("the remainder is in range");
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an inbox to its shard.
    pub(crate) fn insert(&self, shard: &mut Shard, inbox: Inbox) {
        let (user, bound) = (Ordinal(inbox.user), inbox.bound);
        let before = shard.len();
        shard.insert(inbox);
        self.count.fetch_add(shard.len() - before, Ordering::Relaxed);
        self.mark(user, bound.saturating_add(1));
    }

    /// Drops the reader's inbox.
    pub(crate) fn remove(&self, user: Ordinal) -> bool {
        let mut shard = self.shard(user);
        let removed = shard.remove(user.0);
        if removed {
            self.count.fetch_sub(1, Ordering::Relaxed);
            self.mark(user, 0);
        }
        removed
    }

    /// Drops all inboxes.
    pub(crate) fn clear(&mut self) {
        self.shards.iter_mut().for_each(|shard| *shard = Mutex::default());
        self.live.iter_mut().for_each(|bound| *bound.get_mut() = 0);
        *self.count.get_mut() = 0;
    }

    /// Visits each shard.
    pub(crate) fn each_shard(&self, mut visit: impl FnMut(&mut Shard)) {
        for shard in &self.shards {
            visit(&mut shard.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Posts in all of them, and their bytes.
    pub(crate) fn size(&self) -> (u64, u64) {
        let (mut entries, mut bytes) = (0, 0);
        self.each_shard(|shard| {
            entries += shard.entries() as u64;
            bytes += shard.bytes() as u64;
        });
        (entries, bytes)
    }

    /// All readers that have one.
    pub(crate) fn users(&self) -> Vec<u32> {
        let mut users = Vec::with_capacity(self.count());
        self.each_shard(|shard| users.extend(shard.users()));
        users
    }

    /// Adds a post to the inboxes of these readers. One that cannot take it is dropped: its reader's next
    /// read makes a new one. Answers how many took it.
    pub(crate) fn deliver(&self, users: &[u32], post: Sequence) -> usize {
        let (sorted, ends) = by_shard(users);
        let (mut delivered, mut failed, mut start) = (0, Vec::new(), 0);
        for (shard, end) in self.shards.iter().zip(ends) {
            let group = sorted.get(start..end).unwrap_or_default();
            start = end;
            if group.is_empty() {
                continue;
            }
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            delivered += shard.deliver(group, post, |user| failed.push(user));
        }
        for user in failed {
            self.remove(Ordinal(user));
        }
        delivered
    }

    fn mark(&self, user: Ordinal, mark: u8) {
        if let Some(bound) = self.live.get(user.index()) {
            // In one order with what follows; see `Levels::begin_rise`.
            bound.store(mark, Ordering::SeqCst);
        }
    }
}

/// The readers in the order of their shards, and where each shard's readers end.
fn by_shard(users: &[u32]) -> (Vec<u32>, [usize; SHARDS]) {
    let mut ends = [0; SHARDS];
    for user in users {
        *ends.get_mut(shard_of(*user)).expect("the remainder is in range") += 1;
    }
    let mut next = [0; SHARDS];
    let mut sum = 0;
    for (end, next) in ends.iter_mut().zip(&mut next) {
        *next = sum;
        sum += *end;
        *end = sum;
    }
    let mut sorted = vec![0; users.len()];
    for user in users {
        let at = next.get_mut(shard_of(*user)).expect("the remainder is in range");
        *sorted.get_mut(*at).expect("counted above") = *user;
        *at += 1;
    }
    (sorted, ends)
}

fn shard_of(user: u32) -> usize {
    user as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::seed::Random;

    #[test]
    fn delivers_to_those_who_have_an_inbox_of_that_level() {
        let mut inboxes = Inboxes::default();
        inboxes.grow(1_000);
        for user in (0..1_000).filter(|user| user % 3 == 0) {
            let mut shard = inboxes.shard(Ordinal(user));
            let mut inbox = Inbox::new(&mut shard.slab, user, Sequence(0), 0, &[]).unwrap();
            inbox.bound = u8::try_from(user % 2).unwrap();
            inboxes.insert(&mut shard, inbox);
        }
        assert_eq!(inboxes.count(), 334);
        let mut random = Random::new(1);
        let mut users: Vec<u32> = (0..1_000).collect();
        for index in (1..users.len()).rev() {
            let other = usize::try_from(random.below(index as u64 + 1)).unwrap();
            users.swap(index, other);
        }
        users.retain(|user| inboxes.takes(Ordinal(*user), 1));
        assert_eq!(inboxes.deliver(&users, Sequence(7)), 167);
        for user in 0..1_000 {
            let mut shard = inboxes.shard(Ordinal(user));
            let len = shard.open(user).map(|open| open.inbox.len());
            assert_eq!(len, (user % 3 == 0).then_some((user % 2) as usize), "user {user}");
            drop(shard);
            assert_eq!(inboxes.is_live(Ordinal(user)), user % 3 == 0);
        }
        assert!(inboxes.remove(Ordinal(3)) && !inboxes.remove(Ordinal(3)));
        assert_eq!((inboxes.count(), inboxes.users().len()), (333, 333));
    }
}
