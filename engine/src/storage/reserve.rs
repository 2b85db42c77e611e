//! Room set aside, so that a full disk can still be opened and freed.
//!
//! A file of the size of a log segment that means nothing. It goes whenever room is needed to get out
//! of a full disk: opening removes it with everything else that an interrupted run left behind (the
//! manifest and the first segment then have room), and retention borrows it for the view files that
//! have to cover what it erases and for the smaller file that takes the place of a larger one. It is
//! made again before anybody else gets what that made free.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Storage, names, remove_if_present};
use crate::error::{Error, ErrorKind, Result};

/// See the module.
#[derive(Debug)]
pub(crate) struct Reserve {
    storage: Arc<dyn Storage>,
    /// How large it is to be; 0 until somebody says so. Held while the room changes hands.
    len: Mutex<u64>,
    /// Retention is using the room.
    is_lent: AtomicBool,
}

/// The room is lent as long as this lives.
struct Lent<'a>(&'a Reserve);

impl Reserve {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, len: Mutex::new(0), is_lent: AtomicBool::new(false) }
    }

    /// Does what needs room of its own, and sets `len` bytes aside beside it, unless they are. Where
    /// there is no room, there is no reserve until there is. Refused while the reserve is lent.
    pub(crate) fn keep_beside<T>(&self, len: u64, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut kept = self.lock();
        if self.is_lent() {
            let what = "the last room of the disk is being used to free more; try again";
            return Err(Error::new(ErrorKind::StorageFull, what));
        }
        // Even if there is no room for both now: who lends it makes it again.
        *kept = len;
        let done = work()?;
        self.make(len);
        Ok(done)
    }

    /// Does something with the room. Until that is done, and the room is set aside again, nobody else
    /// takes what it makes free.
    pub(crate) fn lend<T>(&self, work: impl FnOnce() -> T) -> T {
        let _lent = self.borrow();
        work()
    }

    /// Whether the room is in use.
    pub(crate) fn is_lent(&self) -> bool {
        self.is_lent.load(Ordering::Acquire)
    }

    /// Makes the room free.
    pub(crate) fn give_up(&self) -> io::Result<()> {
        remove_if_present(&*self.storage, names::RESERVE)
    }

    fn borrow(&self) -> Lent<'_> {
        let _held = self.lock();
        self.is_lent.store(true, Ordering::Release);
        let _ = self.give_up();
        Lent(self)
    }

    fn make(&self, len: u64) {
        if len == 0 || self.exists() {
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

    fn exists(&self) -> bool {
        self.storage.list().is_ok_and(|names| names.iter().any(|name| name == names::RESERVE))
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.len.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let len = self.0.lock();
        self.0.make(*len);
        self.0.is_lent.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::memory::MemoryStorage;

    /// After an opening on a full disk nobody has been able to set anything aside yet.
    #[test]
    fn what_found_no_room_at_first_is_set_aside_once_it_was_lent() {
        let reserve = Reserve::new(Arc::new(MemoryStorage::default()));
        let full = || Err::<(), _>(Error::new(ErrorKind::StorageFull, "no room"));
        assert!(reserve.keep_beside(1_000, full).is_err());
        assert!(!reserve.exists());
        let refused = reserve.lend(|| reserve.keep_beside(1_000, || Ok(())));
        assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::StorageFull));
        assert!(reserve.exists() && !reserve.is_lent());
    }
}
