//! A part of all inboxes: those of the readers whose ordinals agree in their lowest bits. An inbox has a
//! place here, which [`Inboxes`](super::inboxes::Inboxes) knows.

use super::inbox::Inbox;
use super::profile::Profile;
use super::slab::Slab;
use crate::ids::Sequence;
use crate::storage::mapping::prefetch;

/// Deliveries that are looked up together, so that the processor overlaps their cache misses.
const BATCH: usize = 64;

/// Marks the profile of a place that is vacant.
const NOBODY: u32 = u32::MAX;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    pub(crate) slab: Slab,
    inboxes: Vec<Inbox>,
    /// Of the readers of the inboxes at the same places.
    profiles: Vec<Profile>,
    /// Places of inboxes that are gone.
    vacant: Vec<u32>,
    /// Authors who are pulled, of all profiles.
    pulled: usize,
}

/// An inbox with what belongs to it.
#[derive(Debug)]
pub(crate) struct Open<'a> {
    pub(crate) inbox: &'a mut Inbox,
    pub(crate) profile: &'a mut Profile,
    pub(crate) slab: &'a mut Slab,
    /// Of all in the shard.
    pulled: &'a mut usize,
}

impl Open<'_> {
    /// The author is pulled from now on.
    pub(crate) fn pull(&mut self, author: u32) {
        *self.pulled += usize::from(self.profile.pull(author));
    }

    /// The author is not pulled any more.
    pub(crate) fn unpull(&mut self, author: u32) {
        *self.pulled -= usize::from(self.profile.unpull(author));
    }
}

impl Shard {
    /// Posts in all inboxes.
    pub(crate) fn entries(&self) -> usize {
        self.slab.ids()
    }

    /// Authors who are pulled, of all profiles.
    #[cfg(test)]
    pub(crate) fn pulled(&self) -> usize {
        self.pulled
    }

    /// Bytes of all of them.
    pub(crate) fn bytes(&self) -> usize {
        let heads = self.inboxes.capacity() * size_of::<Inbox>();
        let profiles = self.profiles.capacity() * size_of::<Profile>();
        self.slab.used_bytes() + heads + profiles + self.pulled * size_of::<u32>()
    }

    /// The inbox at a place.
    pub(crate) fn open(&mut self, place: usize) -> Option<Open<'_>> {
        let Self { slab, inboxes, profiles, pulled, .. } = self;
        let (inbox, profile) = (inboxes.get_mut(place)?, profiles.get_mut(place)?);
        Some(Open { inbox, profile, slab, pulled })
    }

    /// Adds an inbox; answers its place.
    pub(crate) fn insert(&mut self, inbox: Inbox, profile: Profile) -> usize {
        self.pulled += profile.pulled.len();
        let vacant = self.vacant.pop().map(|place| place as usize);
        if let Some(place) = vacant
            && let Some(open) = self.open(place)
        {
            (*open.inbox, *open.profile) = (inbox, profile);
            return place;
        }
        self.inboxes.push(inbox);
        self.profiles.push(profile);
        self.inboxes.len() - 1
    }

    /// Drops the inbox at a place.
    pub(crate) fn remove(&mut self, place: usize) {
        if let Some(Open { inbox, profile, slab, pulled }) = self.open(place) {
            inbox.clear(slab);
            *pulled -= profile.pulled.len();
            *inbox = Inbox::default();
            *profile = Profile { user: NOBODY, ..Profile::default() };
            self.vacant.push(u32::try_from(place).expect("places fit 24 bits"));
        }
    }

    /// All readers that have an inbox here.
    pub(crate) fn users(&self) -> impl Iterator<Item = u32> + '_ {
        self.profiles.iter().map(|profile| profile.user).filter(|user| *user != NOBODY)
    }

    /// Adds posts to the inboxes of these readers, as far as they have one: `place` knows where. Hands out
    /// those whose inbox could not take one; answers how many were taken.
    pub(crate) fn deliver(
        &mut self,
        deliveries: &[(u32, Sequence)],
        place: impl Fn(u32) -> Option<usize>,
        mut failed: impl FnMut(u32),
    ) -> usize {
        let mut delivered = 0;
        let mut places = [usize::MAX; BATCH];
        for batch in deliveries.chunks(BATCH) {
            for (found, (user, _)) in places.iter_mut().zip(batch) {
                *found = place(*user).unwrap_or(usize::MAX);
                prefetch(&self.inboxes, *found);
            }
            for place in places.iter().take(batch.len()) {
                if let Some(inbox) = self.inboxes.get(*place) {
                    inbox.prefetch(&self.slab);
                }
            }
            for (place, (user, post)) in places.iter().zip(batch) {
                let Some(inbox) = self.inboxes.get_mut(*place) else { continue };
                delivered += 1;
                if !inbox.push(&mut self.slab, *post) {
                    failed(*user);
                }
            }
        }
        delivered
    }
}
