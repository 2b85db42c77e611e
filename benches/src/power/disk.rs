//! A disk in memory, with one directory, that can lose its power, fill up and fail a sync.
//!
//! Programs come in through [`served`](super::served), one operation at a time; the harness holds
//! the switches. The power goes in three steps, because a process that waits for a disk cannot die
//! before that answers:
//!
//! ```text
//! On --freeze, or a trigger--> Frozen --(daemon: SIGKILL) off--> Off --cut--> Off --on--> On
//!                              nothing answers                   EIO
//! ```
//!
//! Invariant: nothing changes between `Frozen` and `cut`; so what is left is what the disk held at
//! one moment, and no program was told of anything later.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fuser::Errno;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::state::{State, Work};
use super::survival::Survival;

/// See the module.
#[derive(Debug)]
pub(super) struct Disk {
    state: Mutex<State>,
    /// The power changed.
    turned: Condvar,
    /// A trigger froze the disk.
    froze: Notify,
}

/// What an operation does; triggers count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Read,
    /// Writes, syncs or resizes a file.
    Data,
    /// Changes or syncs the directory.
    Name,
}

/// When the power goes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// Before the n-th change from now on, of data or names.
    Change(u64),
    /// Before the n-th change of names: flushes, merges and new segments are rare among writes.
    Name(u64),
}

/// Whether the disk answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    On,
    Frozen,
    Off,
}

/// What a power cut met.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cut {
    /// Bytes and changes of names that no sync had covered.
    pub(super) unsynced_bytes: u64,
    pub(super) unsynced_names: u64,
}

impl Disk {
    pub(super) fn new(capacity: usize) -> Self {
        let state = Mutex::new(State::new(capacity));
        Self { state, turned: Condvar::new(), froze: Notify::new() }
    }

    /// Lets an operation in: waits while the disk is frozen, refuses while it is off.
    pub(super) fn enter(&self, operation: Operation) -> Result<MutexGuard<'_, State>, Errno> {
        let mut state = self.lock();
        if state.power == Power::On && state.pull(operation) {
            state.power = Power::Frozen;
            self.froze.notify_one();
        }
        while state.power == Power::Frozen {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.power == Power::Off { Err(Errno::EIO) } else { Ok(state) }
    }

    /// Freezes at the trigger, or at the latest after `longest`.
    pub(super) async fn freeze_at(&self, trigger: Trigger, longest: Duration) {
        self.lock().trigger = Some(trigger);
        let _in_time = timeout(longest, self.froze.notified()).await;
        self.freeze();
        // One that came together with the end of the wait is not for the next.
        let _stale = timeout(Duration::ZERO, self.froze.notified()).await;
    }

    /// From now on nothing is answered.
    fn freeze(&self) {
        let mut state = self.lock();
        (state.power, state.trigger) = (Power::Frozen, None);
    }

    /// From now on everything is answered with an error.
    pub(super) fn off(&self) {
        self.turn(Power::Off);
    }

    pub(super) fn on(&self) {
        self.turn(Power::On);
    }

    fn turn(&self, power: Power) {
        self.lock().power = power;
        self.turned.notify_all();
    }

    /// Loses what no sync has covered, but for what the survival says.
    pub(super) fn cut(&self, survival: &mut Survival) -> Cut {
        self.lock().cut(survival)
    }

    /// From now on syncs succeed and do nothing.
    pub(super) fn forget_syncs(&self) {
        self.lock().forgets_syncs = true;
    }

    /// The next sync of the newest file whose name begins so fails.
    pub(super) fn fail_sync_of(&self, prefix: &'static str) {
        self.lock().fails_sync_of = Some(prefix);
    }

    /// Whether a sync that was to fail has failed.
    pub(super) fn has_failed_sync(&self) -> bool {
        self.lock().fails_sync_of.is_none()
    }

    pub(super) fn resize(&self, capacity: usize) {
        self.lock().capacity = capacity;
    }

    /// What the daemons did in the background so far.
    pub(super) fn work(&self) -> Work {
        self.lock().work
    }

    /// The files that the newest cut left.
    pub(super) fn image(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().image.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
