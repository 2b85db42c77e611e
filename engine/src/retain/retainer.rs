//! The retainer: one background thread that runs a round of retention now and then, and scrubs and
//! audits in between.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use super::pass::{Retention, pass};
use super::scrub::Scrubber;
use crate::commit::queue::QueueSender;
use crate::delivery::audit::audit;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{RETENTION_FIRST_MAX, RETENTION_PERIOD_MIN};
use crate::options::Options;
use crate::shared::Shared;
use crate::storage::catalog::Catalog;

/// Rounds within the time that a delete may take.
const ROUNDS: u32 = 4;

/// How often the thread looks whether the view files cover what they must.
const WAIT_STEP: Duration = Duration::from_millis(5);

/// How long it waits for segments to be sealed.
const SEAL_WAIT_MAX: Duration = Duration::from_secs(2);

/// How long it waits for the view files.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The handle on the thread.
#[derive(Debug)]
pub(crate) struct Retainer {
    orders: Option<Sender<Order>>,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A round now, and whom to tell.
type Order = Sender<Result<Retention>>;

/// What the thread works with.
struct Worker {
    shared: Arc<Shared>,
    catalog: Arc<Catalog>,
    queue: QueueSender,
    is_stopping: Arc<AtomicBool>,
}

impl Retainer {
    pub(crate) fn start(
        shared: Arc<Shared>,
        catalog: Arc<Catalog>,
        queue: QueueSender,
    ) -> Result<Self> {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let worker = Worker { shared, catalog, queue, is_stopping: Arc::clone(&is_stopping) };
        // Unlike a bounded channel it drops what is in it when the thread ends: nobody waits in vain.
        let (orders, inbox) = unbounded();
        let thread = std::thread::Builder::new()
            .name("fanfold-retain".to_owned())
            .spawn(move || worker.run(&inbox))
            .map_err(|error| Error::io("start the retention thread", error))?;
        Ok(Self { orders: Some(orders), is_stopping, thread: Some(thread) })
    }

    /// A sender of orders.
    pub(crate) fn orders(&self) -> Option<Sender<Order>> {
        self.orders.clone()
    }

    /// Ends the thread; a round under way ends after the segment it is at.
    pub(crate) fn stop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Retainer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Asks for a round now and waits for it.
pub(crate) fn round(orders: &Sender<Order>) -> Result<Retention> {
    let closed = || Error::new(ErrorKind::Closed, "the engine was closed");
    let (answer, answered) = bounded(1);
    orders.send(answer).map_err(|_| closed())?;
    answered.recv().unwrap_or_else(|_| Err(closed()))
}

impl Worker {
    fn run(&self, inbox: &Receiver<Order>) {
        let period = period(&self.shared.options);
        let pause = period.min(self.shared.options.scrub_pause);
        let mut scrubber = Scrubber::default();
        let mut last_round = Instant::now();
        // What an earlier run left is not waited for as long: it may have stopped before its round.
        let mut due = period.min(RETENTION_FIRST_MAX);
        loop {
            match inbox.recv_timeout(pause) {
                Ok(answer) => {
                    let _ = answer.send(self.round());
                    (last_round, due) = (Instant::now(), period);
                }
                Err(RecvTimeoutError::Timeout) if due <= last_round.elapsed() => {
                    let _ = self.round();
                    (last_round, due) = (Instant::now(), period);
                }
                Err(RecvTimeoutError::Timeout) => {
                    scrubber.step(&self.shared, &self.catalog);
                    audit(&self.shared);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.is_stopping() {
                return;
            }
        }
    }

    fn round(&self) -> Result<Retention> {
        let done = match self.settle().and_then(|()| self.pass()) {
            // What is written is smaller than what goes for it: a little room makes more.
            Err(error) if error.kind() == ErrorKind::StorageFull => {
                self.catalog.reserve().lend(|| self.round_in_lent_room())
            }
            done => done,
        };
        self.shared.retained.note(&done);
        self.shared.noticing(done)
    }

    /// First come the view files, which have to cover what goes: they are small beside it. What cannot
    /// be covered even so does not hold up the rest, and is an error where there is no rest.
    fn round_in_lent_room(&self) -> Result<Retention> {
        let settled = self.shared.flush_again(|| self.is_stopping()).and_then(|()| self.settle());
        let done = self.pass()?;
        if done.segments == 0 { settled.map(|()| done) } else { Ok(done) }
    }

    fn pass(&self) -> Result<Retention> {
        let now = self.shared.options.clock.now();
        pass(&self.shared, &self.catalog, now, || self.is_stopping())
    }

    /// Has the committer seal and flush what there is, so that what was deleted can be erased. Fails if
    /// the disk has no room for that; what else is in the way is for a later round.
    fn settle(&self) -> Result<()> {
        if !self.shared.retained.take_pending() {
            return Ok(());
        }
        let Some(until) = self.queue.settle() else { return Ok(()) };
        let begun = Instant::now();
        // All but the active segment are sealed, and the view files go as far. A segment that cannot be
        // sealed is waited for in vain, but not for long.
        let is_sealed = || self.shared.log.segments().buffered.len() <= 1;
        let is_covered = || until <= self.catalog.manifest().covered;
        while !is_covered() && begun.elapsed() < WAIT_MAX
            || !is_sealed() && begun.elapsed() < SEAL_WAIT_MAX
        {
            let (shared, fault) = (&self.shared, self.shared.flush_fault());
            if self.is_stopping() || shared.fault().is_some() || fault.is_some() {
                // What is not covered now is for a later round.
                shared.retained.pend();
                let is_full = |fault: &Error| fault.kind() == ErrorKind::StorageFull;
                return fault.filter(is_full).map_or(Ok(()), Err);
            }
            std::thread::sleep(WAIT_STEP);
        }
        Ok(())
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }
}

/// Between two rounds.
fn period(options: &Options) -> Duration {
    let shortest = options.erase_within.min(options.cold_after);
    (shortest / ROUNDS).max(RETENTION_PERIOD_MIN)
}

/// What retention did since the engine was opened.
#[derive(Debug, Default)]
pub(crate) struct Retained {
    total: Mutex<Total>,
    /// Posts were deleted since a round began.
    has_deletes: AtomicBool,
}

/// See [`Retained`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Total {
    pub(crate) done: Retention,
    /// Why the last round failed.
    pub(crate) fault: Option<Error>,
}

impl Retained {
    /// A post was deleted.
    pub(crate) fn pend(&self) {
        self.has_deletes.store(true, Ordering::Relaxed);
    }

    pub(crate) fn total(&self) -> Total {
        self.total.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take_pending(&self) -> bool {
        self.has_deletes.swap(false, Ordering::Relaxed)
    }

    fn note(&self, round: &Result<Retention>) {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        match round {
            Ok(round) => {
                total.done.segments += round.segments;
                total.done.bytes_before += round.bytes_before;
                total.done.bytes_after += round.bytes_after;
                total.done.erased = round.erased;
                total.fault = None;
            }
            Err(error) => {
                // What could not be erased is pending still.
                self.pend();
                total.fault = Some(error.clone());
            }
        }
    }
}
