//! The end of the log, for those who wait until it goes on. Costs the committer one atomic load while
//! nobody waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::Result;
use crate::ids::Sequence;
use crate::shared::Shared;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    is_awaited: AtomicBool,
    /// One for each task that waits, as many as whoever serves them lets wait at a time.
    wakers: Mutex<Vec<Waker>>,
}

impl Tail {
    /// Something was committed and applied.
    pub(crate) fn committed(&self) {
        // Whoever waits stored this before they took the state lock for reading, and the committer has
        // held that lock since: an older value means that they saw what was committed.
        if self.is_awaited.load(Ordering::Relaxed) {
            self.wake_all();
        }
    }

    fn wake_all(&self) {
        let wakers = {
            let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
            self.is_awaited.store(false, Ordering::Relaxed);
            std::mem::take(&mut *wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn wait(&self, waker: &Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
        self.is_awaited.store(true, Ordering::Relaxed);
    }
}

/// Ready once there is a record above `after`; else the task is woken when there may be.
pub(crate) fn poll_above(
    shared: &Shared,
    after: Sequence,
    context: &mut Context<'_>,
) -> Poll<Result<()>> {
    shared.tail.wait(context.waker());
    match shared.state() {
        Ok(state) if state.position.sequence <= after => Poll::Pending,
        Ok(_) => Poll::Ready(Ok(())),
        Err(error) => Poll::Ready(Err(error)),
    }
}
