//! A clock that can be held: the committer asks it for the time of each group, and now and then while it is
//! idle, so holding the clock holds the committer, as a stuck disk would. It holds nobody else.
//!
//! Holding ends with its guard, so that a failing test does not leave a committer that never ends.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use fanfold_engine::{Clock, Timestamp};

use super::eventually;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct StuckClock(Arc<Held>);

/// As long as this lives, the clock is held.
pub(crate) struct Hold<'a>(&'a StuckClock);

#[derive(Debug, Default)]
struct Held {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_held: bool,
    is_waiting: bool,
}

impl StuckClock {
    /// From now on the committer waits when it asks for the time. Returns when it does: what is written then
    /// stays in the queue.
    #[must_use]
    pub(crate) fn hold(&self) -> Hold<'_> {
        self.state().is_held = true;
        eventually("the committer waits for the time", || self.state().is_waiting);
        Hold(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.state().is_held = false;
        self.0.0.changed.notify_all();
    }
}

impl Clock for StuckClock {
    fn now(&self) -> Timestamp {
        if std::thread::current().name() == Some("fanfold-commit") {
            let mut state = self.state();
            state.is_waiting = true;
            let mut state = self.0.changed.wait_while(state, |state| state.is_held).unwrap();
            state.is_waiting = false;
        }
        Timestamp(1_700_000_000_000)
    }
}
