//! The engine, its disk and its history, and ordinary life: commands, reads, retention, time.

use std::sync::Arc;
use std::time::Duration;

use super::compare::{self, USERS};
use super::history::History;
use super::reader::Reader;
use super::summary::Summary;
use super::trouble::{Checked, ensure, same};
use crate::clock::ManualClock;
use crate::command::Command;
use crate::engine::Engine;
use crate::error::Result;
use crate::ids::Timestamp;
use crate::limits::SEGMENT_BYTES_MIN;
use crate::options::{Durability, Options};
use crate::storage::Storage;
use crate::testing::delivery::random_delivery;
use crate::testing::disk::SimulatedDisk;
use crate::testing::removals::changes_above;
use crate::testing::seed::Random;
use crate::testing::workload::{Workload, names_above};

const FOLLOWEES_MAX: usize = 6;

/// Who is suspended or being forgotten writes nothing: the next one does.
const AUTHORS_TRIED_MAX: usize = 1_000;

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// See the module.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) random: Random,
    pub(super) workload: Workload,
    pub(super) disk: SimulatedDisk,
    pub(super) engine: Engine,
    pub(super) history: History,
    /// How the engine was opened.
    pub(super) options: Options,
    pub(super) epoch: u32,
    pub(super) summary: Summary,
    pub(super) clock: Arc<ManualClock>,
    /// What was done, step by step.
    trace: &'a mut Vec<String>,
}

/// Opens an engine on a simulated disk.
pub(super) fn open(disk: &SimulatedDisk, options: &Options) -> Result<Engine> {
    Engine::open_on(Arc::new(disk.clone()) as Arc<dyn Storage>, options.clone())
}

impl<'a> World<'a> {
    /// A new database with random options.
    pub(super) fn new(seed: u64, is_lying: bool, trace: &'a mut Vec<String>) -> Checked<Self> {
        let mut random = Random::new(seed);
        let clock = Arc::new(ManualClock::new(Timestamp(20_000 * DAY_MILLIS)));
        let options = random_options(&mut random, &clock);
        let mut workload = Workload::new(random.bits(), USERS).forgetting();
        workload.text_bytes_max = match random.below(4) {
            0 => 60,
            1 => 64 * 1024,
            // Most segments are left because they are full.
            _ => 8 * 1024,
        };
        let disk = SimulatedDisk::new(random.bits());
        let disk = if is_lying { disk.lying() } else { disk };
        let engine = open(&disk, &options)?;
        Self::begin((disk, engine), options, workload, (random, clock), trace)
    }

    /// The world of an engine that has just created its database on `disk`.
    pub(super) fn begin(
        (disk, engine): (SimulatedDisk, Engine),
        options: Options,
        workload: Workload,
        (random, clock): (Random, Arc<ManualClock>),
        trace: &'a mut Vec<String>,
    ) -> Checked<Self> {
        let epoch = engine.position()?.epoch;
        let history = History::new(options.followees_max);
        let summary = Summary { opens: 1, ..Summary::default() };
        trace.push(format!("created, {}", shown(&options)));
        Ok(Self { random, workload, disk, engine, history, options, epoch, summary, clock, trace })
    }

    /// The end.
    pub(super) fn retire(self) -> Summary {
        // It was closed and compared; what another close says is nobody's business.
        let _ = self.engine.close();
        self.summary
    }

    /// Writes down what is about to be done.
    pub(super) fn tell(&mut self, what: impl Into<String>) {
        self.trace.push(what.into());
    }

    pub(super) fn random_options(&mut self) -> Options {
        random_options(&mut self.random, &self.clock)
    }

    /// Commands and reads, often with a second reader beside.
    pub(super) fn live(&mut self) -> Checked {
        let count = self.random.below(80) + 10;
        self.tell(format!("{count} commands or reads"));
        let reader = self.start_reader();
        for _ in 0..count {
            match self.random.below(13) {
                12 => self.forget()?,
                0 => self.send_batch()?,
                1..=6 => self.send_one()?,
                7 => self.let_time_pass(),
                _ => self.read()?,
            }
        }
        self.stop_reader(reader)
    }

    /// Time passes; now and then so much that a segment is old, and now and then backwards.
    fn let_time_pass(&mut self) {
        let now = crate::clock::Clock::now(&*self.clock).0;
        let then = match self.random.below(20) {
            0 => now + 2 * DAY_MILLIS,
            1 => now - self.random.below(DAY_MILLIS),
            _ => now + self.random.below(5_000),
        };
        self.clock.set(Timestamp(then));
    }

    pub(super) fn start_reader(&mut self) -> Option<Reader> {
        let seed = self.random.bits();
        let start = || Reader::start(self.engine.clone(), &self.history, seed);
        self.random.one_in(2).then(start)
    }

    pub(super) fn stop_reader(&mut self, reader: Option<Reader>) -> Checked {
        if let Some(reader) = reader {
            self.summary.snapshots += reader.stop(&self.history)?;
        }
        Ok(())
    }

    pub(super) fn read(&mut self) -> Checked {
        let reads = compare::at_random(&self.engine, &self.history.model, &mut self.workload)?;
        self.summary.reads += reads;
        Ok(())
    }

    /// Removes some of what there is of those who are being forgotten, or all of it.
    pub(super) fn forget(&mut self) -> Checked {
        // Where all is packed at once, what was removed is dropped before anybody has seen it.
        let is_seen = !self.options.cold_after.is_zero();
        if self.history.model.being_forgotten().is_empty() || !is_seen {
            return Ok(());
        }
        let all = self.random.one_in(3);
        let most = if all { u64::MAX } else { self.random.below(20) };
        let before = self.engine.position()?;
        let answer = self.engine.forget_some(most);
        let removed = changes_above(&self.engine, before)?;
        self.summary.removals += removed.len() as u64;
        self.history.removed(removed, answer)
    }

    /// Sends one command and waits for its answer.
    pub(super) fn send_one(&mut self) -> Checked {
        self.workload.knows(self.history.model.some_broadcasts());
        let command = self.workload.command(self.history.model.last);
        self.send(vec![command])
    }

    /// Sends several commands before the first is answered: one or few groups.
    pub(super) fn send_batch(&mut self) -> Checked {
        let last = self.history.model.last;
        let count = self.random.below(30) + 2;
        let commands = (0..count).map(|_| self.workload.command(last));
        // Who wrote a post is looked up when its delete is submitted; see `commit::prepare`.
        let commands = commands.filter(|command| !names_above(command, last)).collect();
        self.send(commands)
    }

    pub(super) fn send(&mut self, commands: Vec<Command>) -> Checked {
        let tickets: Vec<_> =
            commands.iter().map(|command| self.engine.submit(command.clone())).collect();
        self.summary.commands += commands.len() as u64;
        for (command, ticket) in commands.iter().zip(tickets) {
            let answer = ticket.and_then(|ticket| ticket.wait());
            let new = answer.as_ref().ok().and_then(|receipt| receipt.post);
            new.into_iter().for_each(|id| self.workload.note(id));
            self.history.settle(command, &answer)?;
        }
        Ok(())
    }

    /// Commits until the next sequence is known again: an epoch that begins skips some.
    pub(super) fn learn_next(&mut self) -> Checked {
        for _ in 0..AUTHORS_TRIED_MAX {
            if self.history.knows_next {
                return Ok(());
            }
            let author = self.workload.user();
            self.send(vec![Command::publish(author, "first of an epoch")])?;
        }
        ensure(self.history.knows_next, || "nobody may write".to_owned())
    }

    /// Rewrites segments; nothing that anybody can read changes.
    pub(super) fn retain(&mut self) -> Checked {
        self.tell("retention");
        let reader = self.start_reader();
        let digests = self.engine.digests()?;
        self.engine.retain()?;
        same(&self.engine.digests()?, &digests, || "digests after retention".to_owned())?;
        self.stop_reader(reader)
    }
}

/// How a reader of the trace recognises options.
pub(super) fn shown(options: &Options) -> String {
    format!(
        "{:?}, flush after {}, memory {}, cold after {:?}",
        options.durability, options.flush_records, options.memory_budget, options.cold_after
    )
}

fn random_options(random: &mut Random, clock: &Arc<ManualClock>) -> Options {
    Options {
        durability: match random.below(5) {
            0 => Durability::Interval(Duration::from_millis(random.below(5))),
            1 => Durability::Os,
            _ => Durability::Fsync,
        },
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: FOLLOWEES_MAX,
        hold_entries: if random.one_in(2) { 3 } else { 2_048 },
        flush_records: match random.below(4) {
            0 => 1,
            1 => 10,
            2 => 60,
            _ => 1_000_000,
        },
        // Everything that is sealed is packed for the long term, or nothing.
        cold_after: Duration::from_secs(random.below(2) * 100_000_000),
        // Nothing, some fifty records, everything.
        memory_budget: match random.below(3) {
            0 => 0,
            1 => 1_000,
            _ => 1 << 30,
        },
        // When something is removed is for the simulator to say.
        forget_at_once: 0,
        delivery: random_delivery(random),
        clock: Arc::clone(clock) as Arc<dyn crate::clock::Clock>,
        ..Options::default()
    }
}
