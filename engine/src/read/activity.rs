//! When each user was last active, to the second: a hint for caches and delivery, never part of an
//! answer of the contract, never logged. A restart remembers writes (by replay), not reads.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::ids::Timestamp;
use crate::views::users::Ordinal;

/// Last activity per user, in seconds since 1970; 0 for never.
#[derive(Debug, Default)]
pub(crate) struct Activity(Vec<AtomicU32>);

impl Activity {
    /// Makes room for `users` users.
    pub(crate) fn grow(&mut self, users: usize) {
        if self.0.len() < users {
            self.0.resize_with(users, AtomicU32::default);
        }
    }

    /// The user is active at `time`.
    pub(crate) fn touch(&self, user: Ordinal, time: Timestamp) {
        let Some(slot) = self.0.get(user.index()) else { return };
        let seconds = u32::try_from(time.0 / 1000).unwrap_or(u32::MAX);
        // A plain load first: a hot reader does not write the cache line again and again.
        if slot.load(Ordering::Relaxed) < seconds {
            slot.store(seconds, Ordering::Relaxed);
        }
    }

    /// The user was never active.
    pub(crate) fn forget(&self, user: Ordinal) {
        self.0.get(user.index()).into_iter().for_each(|slot| slot.store(0, Ordering::Relaxed));
    }

    /// When the user was last active.
    pub(crate) fn at(&self, user: Ordinal) -> Option<Timestamp> {
        match self.0.get(user.index())?.load(Ordering::Relaxed) {
            0 => None,
            seconds => Some(Timestamp(u64::from(seconds) * 1000)),
        }
    }
}
