//! Authors' levels: an edge is pushed if its author's level is at most its reader's bound.
//!
//! A level changes in steps, so that no edge is neither pushed nor pulled: there are two numbers.
//! What is above a reader's bound by `pull` is pulled by reads; what is at most the bound by `push` is
//! pushed. While a level rises, `pull` has the new one first; while it falls, `push` has. In between,
//! edges are pushed and pulled, and reads sort out what comes twice.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::views::users::Ordinal;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    pull: Vec<AtomicU8>,
    push: Vec<AtomicU8>,
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
        if let Some(slot) = self.pull.get(author.index()) {
            slot.store(level, Ordering::Relaxed);
        }
    }

    pub(crate) fn set_push(&self, author: Ordinal, level: u8) {
        if let Some(slot) = self.push.get(author.index()) {
            slot.store(level, Ordering::Relaxed);
        }
    }
}
