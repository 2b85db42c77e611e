//! All inboxes: a cache of the definition of the home feed, sharded by reader.
//!
//! Readers and the fan-out worker change inboxes under a shared hold of the state, shard by shard; the
//! committer, which holds the state alone, finds every shard free.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::inbox::Inbox;
use super::profile::Profile;
use super::shard::{Open, Shard};
use crate::ids::Sequence;
use crate::views::users::Ordinal;

/// A power of two: enough that a reader and the worker seldom meet.
const SHARDS: usize = 16;

/// Bits of a place within a shard; above them stands the bound plus one.
const PLACE_BITS: u32 = 24;

/// See the module.
#[derive(Debug)]
pub(crate) struct Inboxes {
    shards: Vec<Mutex<Shard>>,
    /// For each user with an inbox its bound plus one and its place: one look tells the fan-out whom to
    /// pass over, and where the others are. 0 for everybody else.
    live: Vec<AtomicU32>,
    count: AtomicUsize,
}

/// The shard of one reader's inbox, held.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    inboxes: &'a Inboxes,
    pub(crate) shard: MutexGuard<'a, Shard>,
    user: Ordinal,
}

/// Room for sorting deliveries by shard, used again and again.
#[derive(Debug, Default)]
pub(crate) struct Sorting {
    sorted: Vec<(u32, Sequence)>,
    ends: Vec<usize>,
    next: Vec<usize>,
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
            self.live.resize_with(users, AtomicU32::default);
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
        let mark = self.live.get(user.index()).map_or(0, |mark| mark.load(Ordering::Relaxed));
        u32::from(level) < mark >> PLACE_BITS
    }

    /// The reader's shard, to look at their inbox.
    pub(crate) fn hold(&self, user: Ordinal) -> Held<'_> {
        let shard = self.shards.get(user.index() % SHARDS).expect("the remainder is in range");
        let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        Held { inboxes: self, shard, user }
    }

    /// Drops the reader's inbox; false if they have none.
    pub(crate) fn remove(&self, user: Ordinal) -> bool {
        self.hold(user).remove()
    }

    /// Drops all inboxes.
    pub(crate) fn clear(&mut self) {
        self.shards.iter_mut().for_each(|shard| *shard = Mutex::default());
        self.live.iter_mut().for_each(|mark| *mark.get_mut() = 0);
        *self.count.get_mut() = 0;
    }

    /// Visits each shard.
    fn each_shard(&self, mut visit: impl FnMut(&mut Shard)) {
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

    /// Adds posts to the inboxes of readers; one reader's posts in ascending order. An inbox that cannot
    /// take one is dropped: its reader's next read makes a new one. Answers how many were taken.
    pub(crate) fn deliver(&self, deliveries: &[(u32, Sequence)], sorting: &mut Sorting) -> usize {
        sorting.sort(deliveries);
        let (mut delivered, mut failed, mut start) = (0, Vec::new(), 0);
        for (shard, end) in self.shards.iter().zip(&sorting.ends) {
            let group = sorting.sorted.get(start..*end).unwrap_or_default();
            start = *end;
            if group.is_empty() {
                continue;
            }
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let place = |user| self.place(Ordinal(user));
            delivered += shard.deliver(group, place, |user| failed.push(user));
        }
        for user in failed {
            self.remove(Ordinal(user));
        }
        delivered
    }

    /// Where in their shard, which is held, the reader's inbox is.
    fn place(&self, user: Ordinal) -> Option<usize> {
        let mark = self.live.get(user.index())?.load(Ordering::Relaxed);
        (mark != 0).then_some((mark & ((1 << PLACE_BITS) - 1)) as usize)
    }

    fn mark(&self, user: Ordinal, mark: u32) {
        if let Some(slot) = self.live.get(user.index()) {
            // In one order with what follows; see `Levels::begin_rise`.
            slot.store(mark, Ordering::SeqCst);
        }
    }
}

impl Held<'_> {
    /// The reader's inbox, if they have one.
    pub(crate) fn open(&mut self) -> Option<Open<'_>> {
        let place = self.inboxes.place(self.user)?;
        self.shard.open(place)
    }

    /// Gives the reader an inbox, instead of the one they have. Nothing happens where there is no room
    /// for more.
    pub(crate) fn insert(&mut self, inbox: Inbox, profile: Profile) {
        self.remove();
        let bound = u32::from(profile.bound) + 1;
        let place = self.shard.insert(inbox, profile);
        match u32::try_from(place) {
            Ok(place)
                if place < 1 << PLACE_BITS && (self.user.index()) < self.inboxes.live.len() =>
            {
                self.inboxes.count.fetch_add(1, Ordering::Relaxed);
                self.inboxes.mark(self.user, bound << PLACE_BITS | place);
            }
            _ => self.shard.remove(place),
        }
    }

    pub(crate) fn remove(&mut self) -> bool {
        let place = self.inboxes.place(self.user);
        if let Some(place) = place {
            self.shard.remove(place);
            self.inboxes.count.fetch_sub(1, Ordering::Relaxed);
            self.inboxes.mark(self.user, 0);
        }
        place.is_some()
    }
}

impl Sorting {
    /// Puts the deliveries in the order of their shards and notes where each shard's end.
    fn sort(&mut self, deliveries: &[(u32, Sequence)]) {
        let Self { sorted, ends, next } = self;
        ends.clear();
        ends.resize(SHARDS, 0);
        for (user, _) in deliveries {
            *ends.get_mut(*user as usize % SHARDS).expect("the remainder is in range") += 1;
        }
        next.clear();
        let mut sum = 0;
        for end in ends {
            next.push(sum);
            sum += *end;
            *end = sum;
        }
        sorted.resize(deliveries.len(), (0, Sequence(0)));
        for delivery in deliveries {
            let shard = delivery.0 as usize % SHARDS;
            let at = next.get_mut(shard).expect("the remainder is in range");
            *sorted.get_mut(*at).expect("counted above") = *delivery;
            *at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::pace::Reads;
    use crate::testing::seed::Random;

    #[test]
    fn delivers_to_those_who_have_an_inbox_of_that_level() {
        let mut inboxes = Inboxes::default();
        inboxes.grow(1_000);
        for user in (0..1_000).filter(|user| user % 3 == 0) {
            let mut held = inboxes.hold(Ordinal(user));
            let inbox = Inbox::new(&mut held.shard.slab, Sequence(0), 0, &[]).unwrap();
            let bound = u8::try_from(user % 2).unwrap();
            held.insert(inbox, Profile::new(user, bound, Vec::new(), Reads::default()));
        }
        assert_eq!(inboxes.count(), 334);
        let mut random = Random::new(1);
        let mut users: Vec<u32> = (0..1_000).collect();
        for index in (1..users.len()).rev() {
            let other = usize::try_from(random.below(index as u64 + 1)).unwrap();
            users.swap(index, other);
        }
        users.retain(|user| inboxes.takes(Ordinal(*user), 1));
        let posts = [Sequence(7), Sequence(8)];
        let all = posts.iter().flat_map(|post| users.iter().map(|user| (*user, *post)));
        let all: Vec<_> = all.collect();
        assert_eq!(inboxes.deliver(&all, &mut Sorting::default()), 2 * 167);
        for user in 0..1_000 {
            let len = inboxes.hold(Ordinal(user)).open().map(|open| open.inbox.len());
            assert_eq!(len, (user % 3 == 0).then_some((user % 2) as usize * 2), "user {user}");
            assert_eq!(inboxes.is_live(Ordinal(user)), user % 3 == 0);
        }
        assert!(inboxes.remove(Ordinal(3)) && !inboxes.remove(Ordinal(3)));
        inboxes.hold(Ordinal(6)).open().unwrap().pull(9);
        inboxes.hold(Ordinal(6)).open().unwrap().pull(9);
        let mut counted = (0, 0);
        inboxes.each_shard(|shard| {
            counted.0 += shard.entries();
            counted.1 += shard.pulled();
        });
        assert_eq!(counted, (2 * 167 - 2, 1), "without those of user 3");
        assert_eq!((inboxes.count(), inboxes.users().len()), (333, 333));
    }
}
