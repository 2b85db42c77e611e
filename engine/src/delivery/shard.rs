//! A part of all inboxes: those of the readers whose ordinals agree in their lowest bits.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use super::inbox::Inbox;
use super::slab::Slab;
use crate::ids::Sequence;

/// Deliveries that are looked up together, so that the processor overlaps their cache misses.
const BATCH: usize = 32;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    pub(crate) slab: Slab,
    inboxes: Vec<Inbox>,
    /// Places of inboxes that are gone.
    vacant: Vec<u32>,
    /// Places in `inboxes`, by reader.
    index: HashTable<u32>,
    hasher: FixedState,
}

/// An inbox with the slab that has its ids.
#[derive(Debug)]
pub(crate) struct Open<'a> {
    pub(crate) inbox: &'a mut Inbox,
    pub(crate) slab: &'a mut Slab,
}

impl Shard {
    fn place(&self, user: u32) -> Option<usize> {
        let is_theirs =
            |place: &u32| self.inboxes.get(*place as usize).is_some_and(|inbox| inbox.user == user);
        self.index.find(self.hasher.hash_one(user), is_theirs).map(|place| *place as usize)
    }

    /// How many inboxes there are.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Ids in all of them.
    pub(crate) fn entries(&self) -> usize {
        self.inboxes.iter().map(Inbox::len).sum()
    }

    /// Bytes of all of them.
    pub(crate) fn bytes(&self) -> usize {
        let pulled: usize = self.inboxes.iter().map(|inbox| inbox.pulled.capacity() * 4).sum();
        let heads = self.inboxes.capacity() * size_of::<Inbox>() + self.index.capacity() * 5;
        self.slab.used_bytes() + heads + pulled
    }

    /// The reader's inbox.
    pub(crate) fn open(&mut self, user: u32) -> Option<Open<'_>> {
        let place = self.place(user)?;
        let Self { inboxes, slab, .. } = self;
        inboxes.get_mut(place).map(|inbox| Open { inbox, slab })
    }

    /// Adds an inbox, instead of the one that the reader has.
    pub(crate) fn insert(&mut self, inbox: Inbox) {
        self.remove(inbox.user);
        let user = inbox.user;
        let place = match self.vacant.pop() {
            Some(place) => {
                if let Some(free) = self.inboxes.get_mut(place as usize) {
                    *free = inbox;
                }
                place
            }
            None => {
                self.inboxes.push(inbox);
                u32::try_from(self.inboxes.len() - 1).expect("at most one inbox per user")
            }
        };
        let (inboxes, hasher) = (&self.inboxes, &self.hasher);
        let rehash = |place: &u32| {
            hasher.hash_one(inboxes.get(*place as usize).map_or(0, |inbox| inbox.user))
        };
        self.index.insert_unique(hasher.hash_one(user), place, rehash);
    }

    /// Drops the reader's inbox; false if there is none.
    pub(crate) fn remove(&mut self, user: u32) -> bool {
        let Self { slab, inboxes, vacant, index, hasher } = self;
        let is_theirs =
            |place: &u32| inboxes.get(*place as usize).is_some_and(|inbox| inbox.user == user);
        let Ok(found) = index.find_entry(hasher.hash_one(user), is_theirs) else { return false };
        let (place, _) = found.remove();
        if let Some(inbox) = inboxes.get_mut(place as usize) {
            inbox.clear(slab);
            *inbox = Inbox::default();
        }
        vacant.push(place);
        true
    }

    /// All readers that have an inbox here.
    pub(crate) fn users(&self) -> impl Iterator<Item = u32> + '_ {
        let inbox = |place: &u32| self.inboxes.get(*place as usize).map(|inbox| inbox.user);
        self.index.iter().filter_map(inbox)
    }

    /// Adds a post to the inboxes of these readers, as far as they have one. Hands out those whose inbox
    /// could not take it; answers how many took it.
    pub(crate) fn deliver(
        &mut self,
        users: &[u32],
        post: Sequence,
        mut failed: impl FnMut(u32),
    ) -> usize {
        let mut delivered = 0;
        let mut places = [usize::MAX; BATCH];
        for batch in users.chunks(BATCH) {
            let mut newest = 0;
            for (place, user) in places.iter_mut().zip(batch) {
                *place = self.place(*user).unwrap_or(usize::MAX);
            }
            for place in places.iter().take(batch.len()) {
                // The end of each list, before any is written.
                let inbox = self.inboxes.get(*place);
                newest ^= inbox.map_or(0, |inbox| inbox.touch(&self.slab));
            }
            std::hint::black_box(newest);
            for (place, user) in places.iter().zip(batch) {
                let Some(inbox) = self.inboxes.get_mut(*place) else { continue };
                delivered += 1;
                if !inbox.push(&mut self.slab, post) {
                    failed(*user);
                }
            }
        }
        delivered
    }
}
