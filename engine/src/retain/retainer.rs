//! The retainer: one background thread that runs a round of retention now and then, and scrubs and
//! audits in between.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use super::pass::{Retention, pass};
use super::scrub::Scrubber;
use crate::commit::queue::{QueueSender, Settled};
use crate::delivery::audit::audit;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::Sequence;
use crate::limits::{RETENTION_FIRST_MAX, RETENTION_PERIOD_MIN};
use crate::options::Options;
use crate::shared::Shared;
use crate::storage::catalog::Catalog;

/// Rounds within the time that a delete may take.
const ROUNDS: u32 = 4;

/// How often the thread looks whether the view files cover what they must.
const WAIT_STEP: Duration = Duration::from_millis(5);

/// How long it waits for that, and for segments to be sealed.
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

/// How far a round is to erase.
#[derive(Debug, Default)]
struct Goal {
    until: Sequence,
    /// The full disk that is in the way, if one is. What else is may be gone by the next round.
    obstacle: Option<Error>,
}

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
        let mut done = Retention::default();
        let mut ended = self.attempt(&mut done);
        if is_full(&ended) && !self.is_stopping() {
            ended = self.catalog.reserve().lend(|| self.attempt_in_lent_room(&mut done));
        }
        if is_full(&ended) && !self.is_stopping() {
            // No segment begins while the room is lent, and so none is sealed.
            ended = self.attempt(&mut done);
        }
        self.shared.retained.note(done, ended.as_ref().err());
        self.shared.noticing(ended.map(|()| done))
    }

    /// Erases all that was deleted, or as much of it as may be, and says what is in the way of the rest.
    fn attempt(&self, done: &mut Retention) -> Result<()> {
        let goal = self.settle();
        self.pass(done)?;
        match goal.obstacle {
            Some(obstacle) if done.erased < goal.until => Err(obstacle),
            _ => Ok(()),
        }
    }

    /// A segment that is rewritten takes less room than it gives back: what the view files cover comes first, and
    /// makes room for them to cover more.
    fn attempt_in_lent_room(&self, done: &mut Retention) -> Result<()> {
        self.pass(done)?;
        self.shared.flush_again(|| self.is_stopping())?;
        self.attempt(done)
    }

    fn pass(&self, done: &mut Retention) -> Result<()> {
        pass(&self.shared, &self.catalog, done, || self.is_stopping())
    }

    /// Has the committer seal and flush what there is, so that what was deleted can be erased, and waits for it.
    fn settle(&self) -> Goal {
        let shared = &self.shared;
        if !shared.retained.take_pending() {
            return Goal::default();
        }
        let Some(Settled { until, unsealed }) = self.queue.settle() else { return Goal::default() };
        let begun = Instant::now();
        loop {
            let is_sealed = shared.log.segments().buffered.iter().all(|open| until < open.first());
            // A segment that cannot be sealed would be waited for in vain.
            let is_done = is_sealed || unsealed.is_some() || shared.log.cannot_seal();
            let is_covered = until <= self.catalog.manifest().covered;
            let fault = shared.flush_fault().filter(|_| !is_covered);
            let is_over = fault.is_some() || self.is_stopping() || shared.fault().is_some();
            if is_done && is_covered || is_over || WAIT_MAX < begun.elapsed() {
                if !(is_sealed && is_covered) {
                    // What is not erased now is for a later round.
                    shared.retained.pend();
                }
                let is_full = |error: &Error| error.kind() == ErrorKind::StorageFull;
                return Goal { until, obstacle: fault.or(unsealed).filter(is_full) };
            }
            std::thread::sleep(WAIT_STEP);
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }
}

fn is_full(ended: &Result<()>) -> bool {
    ended.as_ref().is_err_and(|error| error.kind() == ErrorKind::StorageFull)
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

    fn note(&self, round: Retention, fault: Option<&Error>) {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        total.done.segments += round.segments;
        total.done.bytes_before += round.bytes_before;
        total.done.bytes_after += round.bytes_after;
        total.done.erased = round.erased.max(total.done.erased);
        total.fault = fault.cloned();
        if fault.is_some() {
            // What could not be erased is pending still.
            self.pend();
        }
    }
}
