//! How far forgetting is, and how its thread is woken.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam::channel::{Receiver, Sender, unbounded};
use foldhash::HashMap;

use crate::error::{Error, Result};
use crate::ids::UserId;

/// What the thread is asked for.
#[derive(Debug)]
pub(crate) enum Order {
    /// Somebody is to be forgotten.
    Look,
    /// Remove so many things at most, and tell how many were.
    Sweep(u64, Sender<Result<u64>>),
    Stop,
}

/// What the thread, the committer and readers share.
#[derive(Debug)]
pub(crate) struct Forgetting {
    orders: Sender<Order>,
    pub(crate) inbox: Receiver<Order>,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    /// Of users who are being forgotten.
    removed: HashMap<UserId, u64>,
    /// Of all, since the engine was opened.
    total: u64,
    /// Why the last walk did not get to its end.
    fault: Option<Error>,
}

impl Default for Forgetting {
    fn default() -> Self {
        // Nothing waits in it but what tests order, and one look for each user.
        let (orders, inbox) = unbounded();
        Self { orders, inbox, counted: Mutex::default() }
    }
}

impl Forgetting {
    /// A thread that is gone is asked in vain.
    pub(crate) fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    /// How much of the user was removed so far.
    pub(crate) fn removed(&self, user: UserId) -> u64 {
        self.lock().removed.get(&user).copied().unwrap_or(0)
    }

    /// How much was removed since the engine was opened, of all.
    pub(crate) fn total(&self) -> u64 {
        self.lock().total
    }

    /// Why it does not get on, if it does not.
    pub(crate) fn fault(&self) -> Option<Error> {
        self.lock().fault.clone()
    }

    /// A walk is over, or failed.
    pub(crate) fn note_walk<T>(&self, walk: &Result<T>) {
        self.lock().fault = walk.as_ref().err().cloned();
    }

    /// One more thing is gone.
    pub(crate) fn count(&self, user: UserId) {
        let mut counted = self.lock();
        *counted.removed.entry(user).or_insert(0) += 1;
        counted.total += 1;
    }

    /// Nothing is left of the user.
    pub(crate) fn finish(&self, user: UserId) {
        self.lock().removed.remove(&user);
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
