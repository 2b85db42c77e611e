//! One kill after the other: wait for the load, kill, check, audit, start again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fanfold_engine::testing::seed::Random;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::account::Account;
use super::audit::{Audited, audit};
use super::load::{Shared, TIMEOUT};
use super::sabotage::Sabotage;
use crate::console::{grouped, say};
use crate::daemon::{Daemon, Launch};
use crate::exit::{Failure, Outcome};
use crate::programs::Programs;

/// The load runs for at least and at most so long before a kill.
const LOAD_MS: std::ops::Range<u64> = 50..900;

/// Before the first round: enough to lose.
const FIRST_ACKNOWLEDGEMENTS: u64 = 3_000;

/// A start that is killed is killed before this.
const START_MS_MAX: u64 = 40;

/// Time for the load to book the answers that had come in before the kill.
const BOOKING: Duration = Duration::from_millis(150);

/// The rounds of a run.
#[derive(Debug)]
pub(super) struct Rounds<'a> {
    programs: &'a Programs,
    launch: &'a Launch,
    data: &'a Path,
    shared: &'a Arc<Shared>,
    /// Where the load finds the daemon.
    port: u16,
    sabotage: Option<(u32, Sabotage)>,
    kills: u64,
}

/// What happened in a round.
struct Round {
    number: u32,
    kills: u64,
    retried: u64,
    audited: Audited,
    ready: Duration,
    answered: Duration,
}

type Workers = JoinSet<Outcome<()>>;

impl<'a> Rounds<'a> {
    pub(super) fn new(
        programs: &'a Programs,
        launch: &'a Launch,
        data: &'a Path,
        shared: &'a Arc<Shared>,
        port: u16,
    ) -> Self {
        Self { programs, launch, data, shared, port, sabotage: None, kills: 0 }
    }

    /// Breaks something in the round of that number.
    pub(super) fn sabotaged_by(mut self, sabotage: Option<(u32, Sabotage)>) -> Self {
        self.sabotage = sabotage;
        self
    }

    pub(super) fn kills(&self) -> u64 {
        self.kills
    }

    /// Plays all rounds; the daemon runs afterwards.
    pub(super) async fn play(
        &mut self,
        mut daemon: Daemon,
        rounds: u32,
        seed: u64,
        workers: &mut Workers,
    ) -> Outcome<Daemon> {
        let mut random = Random::new(seed);
        say("round  acknowledged  kills    retried    posts  follows   ready s  first answer s");
        self.wait_for(FIRST_ACKNOWLEDGEMENTS).await?;
        for number in 1..=rounds {
            let load = LOAD_MS.start + random.below(LOAD_MS.end - LOAD_MS.start);
            sleep(Duration::from_millis(load)).await;
            // One that ends during the load has failed.
            if let Some(ended) = workers.try_join_next() {
                return Err(failure_of(ended));
            }
            let (next, round) = self.round(daemon, number, &mut random).await?;
            daemon = next;
            say(round.line());
        }
        Ok(daemon)
    }

    async fn round(
        &mut self,
        daemon: Daemon,
        number: u32,
        random: &mut Random,
    ) -> Outcome<(Daemon, Round)> {
        let before = self.kills;
        daemon.kill();
        self.kills += 1;
        sleep(BOOKING).await;
        let retried = self.shared.in_flight.load(Ordering::Relaxed);
        self.shared.book.flush()?;
        if let Some((_, sabotage)) = self.sabotage.filter(|(at, _)| *at == number) {
            sabotage.commit(&self.shared.book, self.data)?;
        }
        let audited = self.judge(number, random).await?;
        if random.one_in(3) {
            self.kill_while_starting(random).await?;
        }
        let (acknowledged, started) = (self.acknowledged(), Instant::now());
        let daemon = self.launch.start(self.port)?;
        let (ready, kills) = (daemon.ready_after, self.kills - before);
        let answered = self.first_answer(acknowledged, started).await?;
        Ok((daemon, Round { number, kills, retried, audited, ready, answered }))
    }

    /// Checks the files, then opens them out of reach of the load and audits.
    async fn judge(&mut self, number: u32, random: &mut Random) -> Outcome<Audited> {
        let in_round = |failure: Failure| Failure::failed(format!("round {number}: {failure}"));
        crate::verify::check(self.programs, self.data).map_err(in_round)?;
        let daemon = self.launch.start(0).map_err(in_round)?;
        let account = Account::read(self.shared.book.path())?;
        let audited = audit(&daemon.url(), &account, &self.shared.texts).await;
        let audited = audited.map_err(in_round)?;
        if random.one_in(2) {
            daemon.kill();
            self.kills += 1;
        } else {
            daemon.stop()?;
        }
        Ok(audited)
    }

    async fn kill_while_starting(&mut self, random: &mut Random) -> Outcome<()> {
        let starting = self.launch.spawn(self.port)?;
        sleep(Duration::from_millis(random.below(START_MS_MAX))).await;
        drop(starting);
        self.kills += 1;
        crate::verify::check(self.programs, self.data)
    }

    fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until the load has found the daemon again.
    async fn first_answer(&self, before: u64, started: Instant) -> Outcome<Duration> {
        self.wait_for(before + 1).await?;
        Ok(started.elapsed())
    }

    async fn wait_for(&self, acknowledged: u64) -> Outcome<()> {
        while self.acknowledged() < acknowledged {
            let progress = timeout(TIMEOUT, self.shared.progress.notified()).await;
            if progress.is_err() {
                let seconds = TIMEOUT.as_secs();
                return Err(Failure::failed(format!(
                    "the daemon is up, but no write was answered within {seconds} s"
                )));
            }
        }
        Ok(())
    }
}

impl Round {
    fn line(&self) -> String {
        let Audited { acknowledged, posts, follows } = self.audited;
        format!(
            "{:>5}  {:>12}  {:>5}  {:>9}  {:>7}  {:>7}  {:>8.2}  {:>14.2}",
            self.number,
            grouped(acknowledged),
            self.kills,
            grouped(self.retried),
            grouped(posts),
            grouped(follows),
            self.ready.as_secs_f64(),
            self.answered.as_secs_f64()
        )
    }
}

/// Why a worker ended that was to go on.
pub(crate) fn failure_of(ended: Result<Outcome<()>, tokio::task::JoinError>) -> Failure {
    match ended {
        Ok(Ok(())) => Failure::failed("a worker ended before it was told to"),
        Ok(Err(failure)) => failure,
        Err(panicked) => Failure::failed(format!("a worker panicked: {panicked}")),
    }
}
