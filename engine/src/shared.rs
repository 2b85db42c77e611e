//! What the committer, the readers and the handles share.
//!
//! The state stands behind one reader-writer lock. A reader holds it for the selection of one page
//! (microseconds: ids only, no disk, no content); the committer holds it to apply at most 256
//! records at a time. So a read sees the log up to one position, and the committer never waits for
//! a disk or a slow socket behind a reader. `ARCHITECTURE.md`, "Reads are snapshots", has the
//! measurement that chose this over sequence stamps.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use crate::delivery::audit::Audited;
use crate::delivery::signal::Signal;
use crate::error::{Error, ErrorKind, Result};
use crate::flush::flusher::DamageReport;
use crate::forget::progress::Forgetting;
use crate::ids::{DatabaseId, Sequence};
use crate::log::view::Log;
use crate::log::writer::LogCounters;
use crate::options::Options;
use crate::read::content::PostCache;
use crate::read::live_sessions::LiveSessions;
use crate::read::ties::TieCache;
use crate::retain::retainer::Retained;
use crate::retain::scrub::Scrubbed;
use crate::views::state::State;
use crate::watch::hub::Hub;
use crate::watch::tail::Tail;

/// How often a committer that waits for the fan-out looks up.
const BACKLOG_WAIT: Duration = Duration::from_millis(1);

/// The cache of who follows whom gets one in so many bytes of that of posts.
const TIES_SHARE: u64 = 4;

/// Shared by all parts of one open engine.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) database: DatabaseId,
    pub(crate) options: Options,
    pub(crate) state: RwLock<State>,
    pub(crate) log: Arc<Log>,
    pub(crate) log_counters: Arc<LogCounters>,
    /// Posts of older segments that were read lately.
    pub(crate) posts: PostCache,
    /// Whom users follow, of those whose lists were read from files lately.
    pub(crate) ties: TieCache,
    pub(crate) live_sessions: LiveSessions,
    pub(crate) retained: Retained,
    /// Users who are being forgotten.
    pub(crate) forgetting: Forgetting,
    pub(crate) scrubbed: Scrubbed,
    pub(crate) audited: Audited,
    pub(crate) tally: Tally,
    /// Wakes the fan-out.
    pub(crate) fan_out: Signal,
    /// Who watches homes.
    pub(crate) hub: Hub,
    /// Who waits for the next record.
    pub(crate) tail: Tail,
    fault: Mutex<Option<Error>>,
    /// Why the last try to flush failed; it is tried again.
    flush_fault: Mutex<Option<Error>>,
    /// Why other work on view files failed: merging, repairing, or reading them ahead.
    upkeep_fault: Mutex<Option<Error>>,
    damage: OnceLock<DamageReport>,
}

/// What the engine counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) changed: AtomicU64,
    pub(crate) unchanged: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) pages: AtomicU64,
    pub(crate) posts_read: AtomicU64,
    /// Of these, from the cache of older posts.
    pub(crate) posts_cached: AtomicU64,
    /// Of these, from files.
    pub(crate) posts_loaded: AtomicU64,
    /// Lists of followees that were asked for and found in the cache of these.
    pub(crate) ties_cached: AtomicU64,
    /// Those that were read from files.
    pub(crate) ties_loaded: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        database: DatabaseId,
        options: Options,
        state: State,
        log: Arc<Log>,
        log_counters: Arc<LogCounters>,
    ) -> Self {
        let ties_bytes = options.posts_bytes() / TIES_SHARE;
        let posts = PostCache::new(options.posts_bytes() - ties_bytes);
        let hub = Hub::new(state.position.sequence);
        Self {
            database,
            options,
            state: RwLock::new(state),
            log,
            log_counters,
            posts,
            ties: TieCache::new(ties_bytes),
            live_sessions: LiveSessions::default(),
            retained: Retained::default(),
            forgetting: Forgetting::default(),
            scrubbed: Scrubbed::default(),
            audited: Audited::default(),
            tally: Tally::default(),
            fan_out: Signal::default(),
            hub,
            tail: Tail::default(),
            fault: Mutex::new(None),
            flush_fault: Mutex::new(None),
            upkeep_fault: Mutex::new(None),
            damage: OnceLock::new(),
        }
    }

    /// The state at one position, held still until the guard is dropped.
    pub(crate) fn state(&self) -> Result<RwLockReadGuard<'_, State>> {
        self.state.read().map_err(|_| half_applied())
    }

    /// Changes the state. Its views are the committer's to change, and delivery whoever's turn it is.
    pub(crate) fn change(&self, edit: impl FnOnce(&mut State)) -> Result<()> {
        edit(&mut *self.state.write().map_err(|_| half_applied())?);
        Ok(())
    }

    /// Has the fan-out deliver what was committed. Where too much waits, so does the committer: commands
    /// queue up behind it, and clients are told that it is busy.
    pub(crate) fn fan_out_now(&self) -> Result<()> {
        if !self.state()?.delivery.is_flying() {
            return Ok(());
        }
        self.fan_out.wake();
        let has_room = || -> Result<bool> {
            let state = self.state()?;
            let flights = state.delivery.flights();
            // Posts with many readers have left the queue, and are not delivered yet.
            let waiting = flights.waiting() + flights.jobs().len();
            Ok(waiting <= state.delivery.options.backlog_max)
        };
        while !has_room()? && self.fan_out.is_running() {
            self.fan_out.wait_for_progress(BACKLOG_WAIT);
        }
        Ok(())
    }

    /// Damaged view files are reported here from now on.
    pub(crate) fn report_damage_to(&self, report: DamageReport) {
        let _ = self.damage.set(report);
    }

    /// Has the view files rewritten that cover something of these ranges, without what holds no longer.
    /// Waits for it; `is_stopping` ends that with an error.
    pub(crate) fn rewrite_views(
        &self,
        ranges: Vec<RangeInclusive<Sequence>>,
        is_stopping: impl Fn() -> bool,
    ) -> Result<()> {
        match self.damage.get() {
            Some(report) if !ranges.is_empty() => report.rewrite(ranges, is_stopping),
            _ => Ok(()),
        }
    }

    /// Has a flush that failed tried again now, and waits for it; [`flush_fault`](Self::flush_fault) says
    /// how it went.
    pub(crate) fn flush_again(&self, is_stopping: impl Fn() -> bool) -> Result<()> {
        self.damage.get().map_or(Ok(()), |report| report.again(is_stopping))
    }

    /// Passes the result of a read on; damage in a view file is reported.
    pub(crate) fn noticing<T>(&self, result: Result<T>) -> Result<T> {
        if let (Err(error), Some(report)) = (&result, self.damage.get()) {
            report.tell(error);
        }
        result
    }

    /// Why no more writes are taken, if so.
    pub(crate) fn fault(&self) -> Option<Error> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why what is not in view files yet cannot be flushed at present, if so.
    pub(crate) fn flush_fault(&self) -> Option<Error> {
        self.flush_fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the last try to flush ended.
    pub(crate) fn note_flush(&self, fault: Option<Error>) {
        *self.flush_fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Why view files do not get merged, repaired or read ahead, if so. Nobody has to wait for that.
    pub(crate) fn upkeep_fault(&self) -> Option<Error> {
        self.upkeep_fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the last of these ended.
    pub(crate) fn note_upkeep(&self, fault: Option<Error>) {
        *self.upkeep_fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// No more writes from now on; the first reason stays.
    pub(crate) fn fail(&self, error: Error) {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.get_or_insert(error);
    }
}

impl Tally {
    pub(crate) fn count(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// A panic in `apply` is a bug of ours; serving half a record would be worse than not serving.
fn half_applied() -> Error {
    Error::new(ErrorKind::Internal, "a record was half applied; restart to fold the log anew")
}
