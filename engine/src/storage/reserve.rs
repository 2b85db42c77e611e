//! Room set aside, so that a full disk can still be opened and freed.
//!
//! A file of the size of a log segment that means nothing. It goes whenever room is needed to get out
//! of a full disk: opening removes it with everything else that an interrupted run left behind (the
//! manifest and the first segment then have room), and retention borrows it for the view files that
//! have to cover what it erases and for the smaller file that takes the place of a larger one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Storage, names, remove_if_present};

/// See the module.
#[derive(Debug)]
pub(crate) struct Reserve {
    storage: Arc<dyn Storage>,
    /// Somebody is using the room.
    is_lent: AtomicBool,
}

impl Reserve {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, is_lent: AtomicBool::new(false) }
    }

    /// Sets `len` bytes aside, unless they are. Where there is no room, there is no reserve until
    /// there is.
    pub(crate) fn keep(&self, len: u64) {
        if self.is_lent() || self.exists() {
            return;
        }
        let make = || {
            let file = self.storage.create(names::RESERVE)?;
            file.allocate(len)?;
            // Where nothing can be allocated ahead, the length at least stands.
            file.write_at(len.saturating_sub(1), &[0])
        };
        if make().is_err() {
            let _ = self.give_up();
        }
    }

    /// Does something with the room. Until it is done nobody else should take what it makes free.
    pub(crate) fn lend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.is_lent.store(true, Ordering::Release);
        let _ = self.give_up();
        let done = work();
        self.is_lent.store(false, Ordering::Release);
        done
    }

    /// Whether the room is in use.
    pub(crate) fn is_lent(&self) -> bool {
        self.is_lent.load(Ordering::Acquire)
    }

    /// Makes the room free.
    pub(crate) fn give_up(&self) -> io::Result<()> {
        remove_if_present(&*self.storage, names::RESERVE)
    }

    fn exists(&self) -> bool {
        self.storage.list().is_ok_and(|names| names.iter().any(|name| name == names::RESERVE))
    }
}
