//! A clock that can be held: the committer asks it for the time of each group, so holding the clock
//! holds the committer, as a stuck disk would.
//!
//! Holding ends with its guard, so that a failing test does not leave a committer that never ends.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use fanfold_engine::{Clock, Timestamp};

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
    waiting: usize,
}

impl StuckClock {
    /// From now on, who asks for the time waits.
    #[must_use]
    pub(crate) fn hold(&self) -> Hold<'_> {
        self.state().is_held = true;
        Hold(self)
    }

    /// Whether somebody waits for the time.
    pub(crate) fn is_waited_for(&self) -> bool {
        0 < self.state().waiting
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
        let mut state = self.state();
        state.waiting += 1;
        let mut state = self.0.changed.wait_while(state, |state| state.is_held).unwrap();
        state.waiting -= 1;
        Timestamp(1_700_000_000_000)
    }
}
