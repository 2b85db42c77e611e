//! The threads that run seeds, each the next one that nobody has taken, and what they have done.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fanfold_engine::testing::simulation::{self, Failure, Summary};

/// See the module.
#[derive(Debug)]
pub(super) struct Workers {
    progress: Mutex<Progress>,
    is_negative_control: bool,
}

#[derive(Debug)]
struct Progress {
    /// Seeds that nobody has taken yet.
    left: Range<u64>,
    running: BTreeMap<u64, Instant>,
    threads: usize,
    done: Done,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) seeds: u64,
    pub(super) summary: Summary,
    pub(super) slowest: (u64, Duration),
    /// Of those that failed, the lowest seed.
    pub(super) failure: Option<Failure>,
}

impl Workers {
    /// Starts `jobs` threads. They end by themselves, at the end or at the first failure.
    pub(super) fn start(seeds: Range<u64>, jobs: usize, is_negative_control: bool) -> Arc<Self> {
        let (running, done) = (BTreeMap::new(), Done::default());
        let progress = Progress { left: seeds, running, threads: jobs, done };
        let workers = Arc::new(Self { progress: Mutex::new(progress), is_negative_control });
        for _ in 0..jobs {
            let workers = Arc::clone(&workers);
            std::thread::spawn(move || workers.work());
        }
        workers
    }

    /// What was done, once all threads have ended.
    pub(super) fn done(&self) -> Option<Done> {
        let progress = self.progress();
        (progress.threads == 0).then(|| progress.done.clone())
    }

    /// How many seeds have ended.
    pub(super) fn count(&self) -> u64 {
        self.progress().done.seeds
    }

    /// A seed that has been running for longer than `limit`.
    pub(super) fn hanging(&self, limit: Duration) -> Option<u64> {
        let progress = self.progress();
        let is_late = |(_, begun): &(&u64, &Instant)| limit < begun.elapsed();
        progress.running.iter().find(is_late).map(|(seed, _)| *seed)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(seed) = self.take() {
            let begun = Instant::now();
            let outcome = if self.is_negative_control {
                simulation::run_on_a_lying_disk(seed)
            } else {
                simulation::run(seed)
            };
            self.note(seed, begun.elapsed(), outcome);
        }
        self.progress().threads -= 1;
    }

    fn take(&self) -> Option<u64> {
        let mut progress = self.progress();
        if progress.done.failure.is_some() {
            return None;
        }
        let seed = progress.left.next()?;
        progress.running.insert(seed, Instant::now());
        Some(seed)
    }

    fn note(&self, seed: u64, took: Duration, outcome: Result<Summary, Box<Failure>>) {
        let mut progress = self.progress();
        progress.running.remove(&seed);
        let done = &mut progress.done;
        done.seeds += 1;
        if done.slowest.1 < took {
            done.slowest = (seed, took);
        }
        match outcome {
            Ok(summary) => done.summary += summary,
            Err(failure) if done.failure.as_ref().is_none_or(|known| seed < known.seed) => {
                done.failure = Some(*failure);
            }
            Err(_) => {}
        }
    }
}
