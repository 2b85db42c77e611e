//! What has come back so far, of all connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::exit::Outcome;
use crate::sample::Latencies;

/// Counts and latencies.
#[derive(Debug)]
pub(super) struct Tally {
    due: AtomicU64,
    answered: AtomicU64,
    refused: AtomicU64,
    timed: Mutex<Timed>,
}

#[derive(Clone, Debug)]
struct Timed {
    /// From due to answer.
    responses: Latencies,
    /// From sent to answer.
    services: Latencies,
    /// From due to answer, since somebody looked.
    recent: Latencies,
}

impl Tally {
    pub(super) fn new() -> Outcome<Self> {
        let empty = Latencies::new()?;
        let timed = Timed { responses: empty.clone(), services: empty.clone(), recent: empty };
        let zero = || AtomicU64::new(0);
        Ok(Self { due: zero(), answered: zero(), refused: zero(), timed: Mutex::new(timed) })
    }

    fn timed(&self) -> MutexGuard<'_, Timed> {
        self.timed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some answers came, each with its time since due and since sent.
    pub(super) fn add(&self, answers: &[(Duration, Duration)], refused: u64) {
        self.answered.fetch_add(answers.len() as u64, Ordering::Relaxed);
        self.refused.fetch_add(refused, Ordering::Relaxed);
        let mut timed = self.timed();
        for (response, service) in answers {
            timed.responses.add(*response);
            timed.recent.add(*response);
            timed.services.add(*service);
        }
    }

    pub(super) fn due(&self, count: u64) {
        self.due.store(count, Ordering::Relaxed);
    }

    pub(super) fn all_due(&self) -> u64 {
        self.due.load(Ordering::Relaxed)
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn responses(&self) -> Outcome<Latencies> {
        Ok(self.timed().responses.clone())
    }

    pub(super) fn services(&self) -> Outcome<Latencies> {
        Ok(self.timed().services.clone())
    }

    /// Answers since the last call, and the 99th percentile of their latencies in microseconds.
    pub(super) fn since_last(&self) -> (u64, f64) {
        let mut timed = self.timed();
        let found = (timed.recent.count(), timed.recent.p99());
        timed.recent.clear();
        found
    }
}
