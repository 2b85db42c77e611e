//! The flusher: one background thread that writes view files while commits go on.
//!
//! One flush at a time. A flush that fails (a full disk, say) is tried again until it succeeds or
//! the engine closes; meanwhile commits go on, and opening would only have more to replay. Between two
//! tries the thread does what else it is asked for: it may be what makes room, or mends what the
//! flush stumbles over, and whoever waits for it must not wait for the flush.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::gather::Graved;
use super::merge::{Merged, families, merge, repair};
use super::plan::{covers, is_rewritable, plan};
use super::step::{Frozen, collect_graves, flush};
use super::warm::warm;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::Sequence;
use crate::limits::{FORGET_GRAVES, TRIM_OWNERS, WARM_OWNERS};
use crate::runs::layout::family;
use crate::shared::Shared;
use crate::storage::catalog::Catalog;
use crate::storage::manifest::{Manifest, ViewEntry};
use crate::storage::names;
use crate::storage::unlisted::remove_unlisted;
use crate::views::state::State;

/// Between two tries of a flush that fails.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How often who waits for something asked for looks whether the engine closes.
const ASK_STEP: Duration = Duration::from_millis(20);

/// How often a waiting committer looks again.
const WAIT_STEP: Duration = Duration::from_millis(1);

/// Orders that wait: one flush, and some repairs.
const JOBS_MAX: usize = 16;

/// The handle on the thread.
#[derive(Debug)]
pub(crate) struct Flusher {
    worker: Arc<Worker>,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is asked for.
#[derive(Debug)]
enum Job {
    Flush(Frozen),
    /// Write this view file anew: a read met damage in it.
    Repair(String),
    /// Write the files anew that cover something of these ranges, and tell when it is done.
    Rewrite(Vec<RangeInclusive<Sequence>>, Sender<Result<()>>),
    /// Try a flush that failed again, now, and tell when that is done.
    Again(Sender<()>),
    Stop,
}

/// Tells the flusher of damaged view files; readers hold it.
#[derive(Clone, Debug)]
pub(crate) struct DamageReport(Sender<Job>);

impl DamageReport {
    /// A read failed. If it was a view file, it is written anew.
    pub(crate) fn tell(&self, error: &Error) {
        if let Some((name, _)) = error.place().filter(|(name, _)| is_view(name)) {
            // A full channel: the next read that fails tells again.
            let _ = self.0.try_send(Job::Repair(name.to_owned()));
        }
    }

    /// Has files rewritten that cover something of these ranges, and waits for it.
    pub(crate) fn rewrite(
        &self,
        ranges: Vec<RangeInclusive<Sequence>>,
        is_stopping: impl Fn() -> bool,
    ) -> Result<()> {
        self.ask(|answer| Job::Rewrite(ranges, answer), is_stopping)?
    }

    /// Has a flush that failed tried again now, and waits for it; how that ended is noted as ever.
    pub(crate) fn again(&self, is_stopping: impl Fn() -> bool) -> Result<()> {
        self.ask(Job::Again, is_stopping)
    }

    fn ask<T>(
        &self,
        job: impl FnOnce(Sender<T>) -> Job,
        is_stopping: impl Fn() -> bool,
    ) -> Result<T> {
        let closed = || Error::new(ErrorKind::Closed, "the engine is closing");
        let (answer, answered) = bounded(1);
        self.0.send(job(answer)).map_err(|_| closed())?;
        loop {
            match answered.recv_timeout(ASK_STEP) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Timeout) if !is_stopping() => {}
                Err(_) => return Err(closed()),
            }
        }
    }
}

fn is_view(name: &str) -> bool {
    names::parse_view(name).is_some()
}

/// A flush that is to be tried again, and when.
#[derive(Debug)]
struct Failed {
    frozen: Frozen,
    again: Instant,
}

/// What the thread works with.
#[derive(Debug)]
struct Worker {
    shared: Arc<Shared>,
    catalog: Arc<Catalog>,
    is_busy: AtomicBool,
    is_stopping: AtomicBool,
}

impl Flusher {
    pub(crate) fn start(shared: Arc<Shared>, catalog: Arc<Catalog>) -> Result<Self> {
        let (is_busy, is_stopping) = (AtomicBool::new(false), AtomicBool::new(false));
        let worker = Arc::new(Worker { shared, catalog, is_busy, is_stopping });
        let (jobs, inbox) = bounded(JOBS_MAX);
        let ours = Arc::clone(&worker);
        let thread = std::thread::Builder::new()
            .name("fanfold-flush".to_owned())
            .spawn(move || ours.run(&inbox))
            .map_err(|error| Error::io("start the flusher thread", error))?;
        Ok(Self { worker, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Whether a flush is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.worker.is_busy.load(Ordering::Acquire)
    }

    /// Orders a flush; none may be under way.
    pub(crate) fn order(&self, frozen: Frozen) {
        self.worker.is_busy.store(true, Ordering::Release);
        if let Some(jobs) = &self.jobs {
            // A thread that is gone flushes no more; opening will replay instead.
            let _ = jobs.send(Job::Flush(frozen));
        }
    }

    /// For readers.
    pub(crate) fn damage_report(&self) -> Option<DamageReport> {
        self.jobs.clone().map(DamageReport)
    }

    /// Waits for the flush under way, unless it keeps failing.
    pub(crate) fn wait(&self) {
        let has_ended = || self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        while self.is_busy() && self.worker.shared.flush_fault().is_none() && !has_ended() {
            std::thread::sleep(WAIT_STEP);
        }
    }

    /// Waits for the flush under way and ends the thread.
    pub(crate) fn stop(&mut self) {
        self.worker.is_stopping.store(true, Ordering::Release);
        if let Some(jobs) = self.jobs.take() {
            let _ = jobs.send(Job::Stop);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Worker {
    fn run(&self, inbox: &Receiver<Job>) {
        self.note_upkeep(self.warm());
        let mut failed: Option<Failed> = None;
        loop {
            let job = match &failed {
                Some(failed) => inbox.recv_deadline(failed.again),
                None => inbox.recv().map_err(RecvTimeoutError::from),
            };
            match (job, failed.take()) {
                (Ok(Job::Flush(frozen)), _) => failed = self.try_flush(frozen),
                (Err(RecvTimeoutError::Timeout), Some(again)) => {
                    failed = self.try_flush(again.frozen);
                }
                (Ok(Job::Repair(name)), left) => {
                    failed = left;
                    self.note_repair(self.repair(&name), &mut failed);
                }
                (Ok(Job::Rewrite(ranges, answer)), left) => {
                    failed = left;
                    let _ = answer.send(self.leaving_nothing(self.rewrite(&ranges)));
                }
                (Ok(Job::Again(answer)), left) => {
                    failed = left.and_then(|left| self.try_flush(left.frozen));
                    let _ = answer.send(());
                }
                (Ok(Job::Stop) | Err(_), _) => return,
            }
        }
    }

    /// A flush, and the merges that it makes due. Answers what is to be tried again.
    fn try_flush(&self, frozen: Frozen) -> Option<Failed> {
        let flushed = self.leaving_nothing(self.flush(&frozen));
        self.shared.note_flush(flushed.as_ref().err().cloned());
        if flushed.is_err() {
            return Some(Failed { frozen, again: Instant::now() + RETRY_AFTER });
        }
        // Room that is lent is not for merges: one may take all of it, and gives back only at its end. One that is
        // left out, or fails, is planned again after the next flush.
        if !self.catalog.reserve().is_lent() {
            self.note_upkeep(self.leaving_nothing(self.merge()));
        }
        self.is_busy.store(false, Ordering::Release);
        None
    }

    /// After a repair a flush that failed has reason to hope.
    fn note_repair(&self, repaired: Result<()>, failed: &mut Option<Failed>) {
        if let (Ok(()), Some(failed)) = (&repaired, failed) {
            failed.again = Instant::now();
        }
        self.note_upkeep(self.leaving_nothing(repaired));
    }

    /// What a try that failed has written so far goes: a disk that is full must not stay full of it.
    fn leaving_nothing(&self, tried: Result<()>) -> Result<()> {
        tried.inspect_err(|_| {
            let _ = self.remove_unlisted();
        })
    }

    /// View files are made by this thread alone. The manifest on the disk may be newer than ours: what failed may
    /// have been to make sure of it.
    fn remove_unlisted(&self) -> Result<()> {
        let storage = self.catalog.storage();
        let stored = Manifest::load(storage)?;
        let manifests: Vec<Manifest> =
            stored.into_iter().chain([self.catalog.manifest()]).collect();
        remove_unlisted(storage, &manifests)
    }

    /// Takes the newest entries into memory, as far as the budget goes, so that pages need no file.
    fn warm(&self) -> Result<()> {
        let (users, floor) = self.hot_floor()?;
        for first in (0..users).step_by(WARM_OWNERS as usize) {
            if self.is_stopping.load(Ordering::Acquire) {
                return Ok(());
            }
            let last = first.saturating_add(WARM_OWNERS).min(users);
            self.shared.noticing(warm(&self.shared, first..last, floor))?;
        }
        Ok(())
    }

    /// How many users there are, and from where on entries are kept in memory.
    fn hot_floor(&self) -> Result<(u32, Sequence)> {
        let state = self.shared.state()?;
        let users = u32::try_from(state.users.len()).unwrap_or(u32::MAX);
        let floor = state.position.sequence.0.saturating_sub(self.shared.options.hot_records());
        Ok((users, Sequence(floor)))
    }

    /// Writes a damaged file anew, unless that was done meanwhile.
    fn repair(&self, name: &str) -> Result<()> {
        let shared = &self.shared;
        let lend = |look: &mut dyn FnMut(&State)| {
            look(&*shared.state()?);
            Ok(())
        };
        let views = self.catalog.manifest().views;
        let Some(view) = views.into_iter().find(|view| view.name() == name) else {
            return Ok(());
        };
        let repaired = repair(&self.catalog, &shared.log.segments(), &lend, view)?;
        self.publish(&repaired)
    }

    /// Readers get the new file, and the graves that went are forgotten.
    fn publish(&self, merged: &Merged) -> Result<()> {
        self.shared.change(|state| merged.publish(state))?;
        for (number, rows) in &merged.cancelled {
            for rows in rows.chunks(FORGET_GRAVES) {
                self.shared.change(|state| Merged::forget(state, *number, rows))?;
            }
        }
        Ok(())
    }

    fn flush(&self, frozen: &Frozen) -> Result<()> {
        let shared = &self.shared;
        let lend = |look: &mut dyn FnMut(&State)| {
            look(&*shared.state()?);
            Ok(())
        };
        let built = flush(&self.catalog, &shared.log.segments(), &lend, frozen)?;
        shared.change(|state| {
            state.publish(&built);
            state.broadcasts.cover(frozen.until);
        })?;
        self.trim()
    }

    /// Writes files anew, one by one, without what holds no longer. Then there is no file with it: not even one
    /// that could not be removed when it was outdated.
    fn rewrite(&self, ranges: &[RangeInclusive<Sequence>]) -> Result<()> {
        let shared = &self.shared;
        let lend = |look: &mut dyn FnMut(&State)| {
            look(&*shared.state()?);
            Ok(())
        };
        let touches = |view: &ViewEntry| {
            let overlaps = |range: &RangeInclusive<Sequence>| {
                *range.start() <= view.last && view.first <= *range.end()
            };
            is_rewritable(view.kind) && ranges.iter().any(overlaps)
        };
        for view in self.catalog.manifest().views.into_iter().filter(touches) {
            if self.is_stopping.load(Ordering::Acquire) {
                return Err(Error::new(ErrorKind::Closed, "the engine is closing"));
            }
            let merged = merge(&self.catalog, &lend, vec![view])?;
            self.publish(&merged)?;
        }
        self.remove_unlisted()
    }

    /// Merges files until all is well, or the engine closes.
    fn merge(&self) -> Result<()> {
        let shared = &self.shared;
        let lend = |look: &mut dyn FnMut(&State)| {
            look(&*shared.state()?);
            Ok(())
        };
        while !self.is_stopping.load(Ordering::Acquire) {
            let manifest = self.catalog.manifest();
            let graves = collect_graves(&lend, manifest.covered)?;
            let dead = |view: &ViewEntry| dead_in(&graves, view);
            let Some(inputs) = plan(&manifest, dead) else { return Ok(()) };
            let merged = merge(&self.catalog, &lend, inputs)?;
            self.publish(&merged)?;
        }
        Ok(())
    }

    /// Forgets what is older than the hot window, a few owners at a time.
    fn trim(&self) -> Result<()> {
        let (users, floor) = self.hot_floor()?;
        for first in (0..users).step_by(TRIM_OWNERS as usize) {
            let last = first.saturating_add(TRIM_OWNERS).min(users);
            self.shared.change(|state| state.trim(first..last, floor))?;
        }
        let lists = self.shared.state()?.responses.lists();
        for first in (0..lists).step_by(TRIM_OWNERS as usize) {
            let last = first.saturating_add(TRIM_OWNERS).min(lists);
            self.shared.change(|state| state.trim_lists(first..last, floor))?;
        }
        Ok(())
    }

    fn note_upkeep(&self, done: Result<()>) {
        self.shared.note_upkeep(done.err());
    }
}

/// How many entries of the file have graves. Each follow has two, of which one is counted.
fn dead_in(graves: &Graved, view: &ViewEntry) -> u64 {
    let families = families(view.kind);
    let is_ours = |number: &u8| families.contains(number) && *number != family::FOLLOWERS;
    let rows = graves.iter().filter(|(number, _)| is_ours(number)).flat_map(|(_, rows)| rows);
    rows.filter(|(_, (entry, _))| covers(view, *entry)).count() as u64
}
