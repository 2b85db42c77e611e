//! How the committer, the fan-out and those who wait for it tell each other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    state: Mutex<Marks>,
    work: Condvar,
    progress: Condvar,
}

#[derive(Debug, Default)]
struct Marks {
    /// There is something to do.
    has_work: bool,
    /// How often the fan-out found nothing to do.
    rests: u64,
    /// The fan-out is at work, or waits for it.
    is_running: bool,
}

/// Ends the mark of a running fan-out, however it ends.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Signal);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().is_running = false;
        self.0.progress();
    }
}

impl Signal {
    /// The fan-out runs until this is dropped.
    pub(crate) fn run(&self) -> Running<'_> {
        self.lock().is_running = true;
        Running(self)
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        self.lock().is_running
    }

    /// There is something to do.
    pub(crate) fn wake(&self) {
        self.lock().has_work = true;
        self.work.notify_all();
    }

    /// Waits for something to do, so long at most.
    pub(crate) fn wait(&self, most: Duration) {
        let marks = self.lock();
        let waited = self.work.wait_timeout_while(marks, most, |marks| !marks.has_work);
        waited.unwrap_or_else(PoisonError::into_inner).0.has_work = false;
    }

    /// Some of it is done.
    pub(crate) fn progress(&self) {
        self.progress.notify_all();
    }

    /// All of it is done.
    pub(crate) fn rest(&self) {
        self.lock().rests += 1;
        self.progress.notify_all();
    }

    /// Waits until something is done, so long at most.
    pub(crate) fn wait_for_progress(&self, most: Duration) {
        let _ = self.progress.wait_timeout(self.lock(), most);
    }

    /// Waits until the fan-out has found nothing to do, having begun after this; so long at most.
    pub(crate) fn wait_for_rest(&self, most: Duration) -> bool {
        self.wake();
        let marks = self.lock();
        // The rest that is noted next may have been found before.
        let enough = marks.rests + 2;
        let is_early = |marks: &mut Marks| {
            marks.has_work = true;
            self.work.notify_all();
            marks.rests < enough
        };
        let waited = self.progress.wait_timeout_while(marks, most, is_early);
        enough <= waited.unwrap_or_else(PoisonError::into_inner).0.rests
    }

    fn lock(&self) -> MutexGuard<'_, Marks> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
