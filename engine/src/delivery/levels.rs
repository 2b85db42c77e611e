//! Authors' levels: an edge is pushed if its author's level is at most its reader's bound.
//!
//! A level changes in steps, so that no edge is neither pushed nor pulled: there are two numbers.
//! What is above a reader's bound by `pull` is pulled by reads; what is at most the bound by `push` is
//! pushed. While a level rises, `pull` has the new one first; while it falls, `push` has. In between,
//! edges are pushed and pulled, and reads sort out what comes twice.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering, fence};

use crate::views::users::Ordinal;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    pull: Vec<AtomicU8>,
    push: Vec<AtomicU8>,
    /// How often a level began to rise beside other readers of the state.
    rises: AtomicU64,
    /// No author has, or ever had, a level above this.
    highest: AtomicU8,
}

impl Levels {
    /// Makes room for `users` users, of level 0.
    pub(crate) fn grow(&mut self, users: usize) {
        if self.pull.len() < users {
            self.pull.resize_with(users, AtomicU8::default);
            self.push.resize_with(users, AtomicU8::default);
        }
    }

    /// Reads pull the author if this is above their bound.
    pub(crate) fn pull(&self, author: Ordinal) -> u8 {
        self.pull.get(author.index()).map_or(0, |level| level.load(Ordering::Relaxed))
    }

    /// Posts are pushed to readers whose bound is at least this.
    pub(crate) fn push(&self, author: Ordinal) -> u8 {
        self.push.get(author.index()).map_or(0, |level| level.load(Ordering::Relaxed))
    }

    pub(crate) fn set_pull(&self, author: Ordinal, level: u8) {
        self.highest.fetch_max(level, Ordering::Relaxed);
        if let Some(slot) = self.pull.get(author.index()) {
            slot.store(level, Ordering::Relaxed);
        }
    }

    /// Whether these two bounds are the same to every author: no inbox is made anew for such a change.
    pub(crate) fn is_same_bound(&self, one: u8, other: u8) -> bool {
        self.highest.load(Ordering::Relaxed) <= one.min(other)
    }

    /// The level begins to rise while inboxes may be made. Either whoever makes one sees this when it is
    /// there, and looks at the levels again; or the inbox is found by those who look for readers after
    /// this.
    pub(crate) fn begin_rise(&self, author: Ordinal, level: u8) {
        self.set_pull(author, level);
        self.rises.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// See [`begin_rise`](Self::begin_rise).
    pub(crate) fn rises(&self) -> u64 {
        self.rises.load(Ordering::SeqCst)
    }

    pub(crate) fn set_push(&self, author: Ordinal, level: u8) {
        self.highest.fetch_max(level, Ordering::Relaxed);
        if let Some(slot) = self.push.get(author.index()) {
            slot.store(level, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_above_all_levels_are_the_same() {
        let mut levels = Levels::default();
        levels.grow(2);
        assert!(levels.is_same_bound(0, 40));
        levels.set_push(Ordinal(1), 20);
        assert!(levels.is_same_bound(20, 40) && !levels.is_same_bound(40, 19));
        levels.begin_rise(Ordinal(0), 30);
        assert!(!levels.is_same_bound(20, 40) && levels.is_same_bound(31, 30));
    }
}
