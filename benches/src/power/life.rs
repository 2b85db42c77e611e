//! The life of one database: a load, and one power cut after the other.
//!
//! Each cut is followed by a check, and by an audit of a daemon where the load cannot find it. The
//! power is cut again under that daemon, and in some rounds once more while the next one starts:
//! what recovery does must survive cuts as well.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fanfold_engine::testing::seed::Random;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::disk::{Cut, Trigger};
use super::state::Work;
use super::survival::{Kind, Survival};
use super::victim::Victim;
use crate::daemon::{Daemon, free_port};
use crate::exit::{Explain, Failure, Outcome};
use crate::ledger::audit::Audited;
use crate::ledger::load::{self, Shared, TIMEOUT};
use crate::ledger::round::failure_of;

/// The load runs for at least and at most so long before a cut.
const LOAD_MS: std::ops::Range<u64> = 10..60;

/// Before the first cut: enough to lose.
const FIRST_ACKNOWLEDGEMENTS: u64 = 200;

/// The power goes before one of so many changes of the disk, if the time does not end first; of
/// names, before one of so many.
const CHANGES: u64 = 400;
const NAMES: u64 = 40;

/// A start whose power is cut has not got further than this.
const START: Duration = Duration::from_millis(60);
const START_CHANGES: u64 = 40;

/// A database on a disk, its load, and how far it came.
#[derive(Debug)]
pub(super) struct Life<'a> {
    pub(super) victim: Victim<'a>,
    pub(super) shared: Arc<Shared>,
    pub(super) random: Random,
    pub(super) tally: Tally,
    /// Where the load finds the daemon.
    pub(super) port: u16,
    /// The disk forgets its syncs: the audit is expected to fail, the check may.
    pub(super) is_control: bool,
}

/// What was done and found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) cuts: u64,
    /// Cuts that met unsynced bytes or names.
    pub(super) cuts_with_loss: u64,
    pub(super) unsynced_bytes: u64,
    pub(super) unsynced_names: u64,
    pub(super) audits: u64,
    /// Acknowledged writes, each counted at the last audit of its life.
    pub(super) acknowledged: u64,
    pub(super) posts: u64,
    pub(super) follows: u64,
    pub(super) work: Work,
}

impl Life<'_> {
    /// Lives through `cuts` cuts or a few more.
    pub(super) async fn run(&mut self, cuts: u64) -> Outcome<()> {
        self.port = free_port()?;
        let daemon = self.victim.launch.start(self.port)?;
        let seed = self.random.bits() >> 8;
        let mut workers = load::start(&daemon.url(), &self.shared, seed).await?;
        let done = self.rounds(daemon, cuts, &mut workers).await;
        self.shared.stop.store(true, Ordering::Relaxed);
        let daemon = match done {
            Ok(daemon) => daemon,
            Err(failure) => {
                workers.abort_all();
                return Err(failure);
            }
        };
        while let Some(worker) = workers.join_next().await {
            worker.explain(|| "a worker panicked".to_owned())??;
        }
        let audited = self.victim.audit(&daemon.url(), &self.shared).await?;
        self.tally.audited(audited);
        self.tally.work = self.victim.disk().work();
        daemon.stop()?;
        self.victim.check()?;
        Ok(())
    }

    async fn rounds(
        &mut self,
        mut daemon: Daemon,
        cuts: u64,
        workers: &mut JoinSet<Outcome<()>>,
    ) -> Outcome<Daemon> {
        self.wait_for(FIRST_ACKNOWLEDGEMENTS).await?;
        if self.is_control {
            self.victim.disk().forget_syncs();
            self.wait_for(2 * FIRST_ACKNOWLEDGEMENTS).await?;
        }
        while self.tally.cuts < cuts {
            daemon = self.round(daemon).await?;
            // One that ends during the load has failed.
            if let Some(ended) = workers.try_join_next() {
                return Err(failure_of(ended));
            }
        }
        Ok(daemon)
    }

    /// A load that is cut off, and all that follows until the load goes on.
    async fn round(&mut self, daemon: Daemon) -> Outcome<Daemon> {
        let (trigger, longest) = self.draw_trigger();
        self.victim.disk().freeze_at(trigger, longest).await;
        self.cut(|off| daemon.kill_and(off)).await?;
        self.audit().await?;
        if self.random.one_in(3) {
            let starting = self.victim.launch.spawn(self.port)?;
            let trigger = Trigger::Change(1 + self.random.below(START_CHANGES));
            self.victim.disk().freeze_at(trigger, START).await;
            self.cut(|off| starting.kill_and(off)).await?;
        }
        let before = self.acknowledged();
        let daemon = self.victim.launch.start(self.port)?;
        self.wait_for(before + 1).await?;
        Ok(daemon)
    }

    /// Audits out of reach of the load, and cuts the power again.
    async fn audit(&mut self) -> Outcome<()> {
        let daemon = self.victim.launch.start(0)?;
        let audited = self.victim.audit(&daemon.url(), &self.shared).await?;
        self.tally.audits += 1;
        self.tally.audited(audited);
        self.cut(|off| daemon.kill_and(off)).await
    }

    /// Cuts the power; the files that are left must be clean.
    async fn cut(&mut self, kill: impl FnOnce(&dyn Fn())) -> Outcome<()> {
        let mut survival = match self.is_control {
            true => Survival::of(Kind::Nothing, 0),
            false => Survival::draw(&mut self.random),
        };
        let cut = self.victim.cut(kill, &mut survival).await?;
        self.tally.cut(cut);
        if !self.is_control {
            self.victim.check()?;
        }
        Ok(())
    }

    fn draw_trigger(&mut self) -> (Trigger, Duration) {
        let milliseconds = LOAD_MS.start + self.random.below(LOAD_MS.end - LOAD_MS.start);
        let trigger = match self.random.one_in(2) {
            true => Trigger::Change(1 + self.random.below(CHANGES)),
            false => Trigger::Name(1 + self.random.below(NAMES)),
        };
        (trigger, Duration::from_millis(milliseconds))
    }

    fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    async fn wait_for(&self, acknowledged: u64) -> Outcome<()> {
        while self.acknowledged() < acknowledged {
            if timeout(TIMEOUT, self.shared.progress.notified()).await.is_err() {
                let seconds = TIMEOUT.as_secs();
                return Err(Failure::failed(format!(
                    "the daemon is up, but no write was answered within {seconds} s"
                )));
            }
        }
        Ok(())
    }
}

impl Tally {
    fn cut(&mut self, cut: Cut) {
        self.cuts += 1;
        self.cuts_with_loss += u64::from(0 < cut.unsynced_bytes + cut.unsynced_names);
        self.unsynced_bytes += cut.unsynced_bytes;
        self.unsynced_names += cut.unsynced_names;
    }

    fn audited(&mut self, audited: Audited) {
        let Audited { acknowledged, posts, follows } = audited;
        (self.acknowledged, self.posts, self.follows) = (acknowledged, posts, follows);
    }

    /// Of all lives together.
    pub(super) fn add(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.cuts_with_loss += other.cuts_with_loss;
        self.unsynced_bytes += other.unsynced_bytes;
        self.unsynced_names += other.unsynced_names;
        self.audits += other.audits;
        self.acknowledged += other.acknowledged;
        self.posts += other.posts;
        self.follows += other.follows;
        self.work.add(other.work);
    }
}
