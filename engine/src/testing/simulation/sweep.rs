//! Small fixed histories, run again and again; in the n-th run the n-th changing operation of the
//! disk fails. Ends with the run that has no n-th operation any more.

use std::sync::Arc;
use std::time::Duration;

use super::compare::USERS;
use super::crash::Stop;
use super::guarded;
use super::summary::{Failure, Summary};
use super::trouble::Checked;
use super::world::{World, open};
use crate::clock::{Clock, ManualClock};
use crate::command::{Action, Command};
use crate::ids::Timestamp;
use crate::limits::SEGMENT_BYTES_MIN;
use crate::options::Options;
use crate::testing::disk::SimulatedDisk;
use crate::testing::disk::faults::{Effect, Fault};
use crate::testing::seed::Random;
use crate::testing::workload::Workload;

/// Commands of a history that is packed.
const COMMANDS: u64 = 90;

/// Commands before somebody is forgotten.
const COMMANDS_BEFORE: u64 = 25;

/// Parts in which they are: more than are needed, unless things cannot be removed.
const PARTS_MAX: u64 = 8;

/// What the history is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Life {
    /// All kinds of commands. Everything that is sealed is packed at once.
    Packed,
    /// Somebody who has few things is forgotten. Nothing is packed: what was removed is to be seen.
    Forgetting,
}

/// Fails each operation of such a history of `seed` with `effect`, one in each run. Answers how many
/// operations there were, and what the runs exercised.
///
/// # Errors
/// What differed; the trace names the operation.
pub fn sweep(seed: u64, effect: Effect, life: Life) -> Result<(u64, Summary), Box<Failure>> {
    let mut total = Summary::default();
    let mut after = 0;
    loop {
        let lasting = effect == Effect::PowerOff;
        let fault = Fault { after, of: None, effect, lasting };
        let summary = guarded(seed, |trace| fail_one((seed, life), fault, trace))?;
        total += summary;
        if summary.faults == 0 {
            return Ok((after, total));
        }
        after += 1;
    }
}

fn fail_one((seed, life): (u64, Life), fault: Fault, trace: &mut Vec<String>) -> Checked<Summary> {
    trace.push(format!("{fault:?}"));
    let mut random = Random::new(seed ^ (fault.after << 32));
    let first = SimulatedDisk::new(random.bits());
    let clock = Arc::new(ManualClock::new(Timestamp(1_000_000_000_000)));
    let options = options(&clock, life);
    first.inject(fault);
    let (disk, engine) = match open(&first, &options) {
        Ok(engine) => (first.clone(), engine),
        // What it left behind must do for the next one.
        Err(error) => {
            trace.push(format!("opening: {error}"));
            let image = first.crash_image(&mut random);
            let engine = open(&image, &options)?;
            (image, engine)
        }
    };
    let mut workload = Workload::new(seed, USERS).forgetting();
    workload.text_bytes_max = 20_000;
    let mut world = World::begin((disk, engine), options, workload, (random, clock), trace)?;
    world.history.is_faulty = true;
    match life {
        Life::Packed => world.be_packed()?,
        Life::Forgetting => world.be_forgotten()?,
    }
    let stop = world.end();
    world.summary.faults += first.injected();
    world.disk.heal();
    let image = world.image(stop);
    world.tell(format!("{stop:?}"));
    world.discard();
    world.reopen(image, stop)?;
    Ok(world.retire())
}

fn options(clock: &Arc<ManualClock>, life: Life) -> Options {
    let cold_after = match life {
        Life::Packed => Duration::ZERO,
        Life::Forgetting => Duration::from_secs(100_000_000),
    };
    Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 4,
        forget_at_once: 0,
        flush_records: 20,
        cold_after,
        memory_budget: 0,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ..Options::default()
    }
}

impl World<'_> {
    /// The one history; each of its commands may be the one that fails.
    fn be_packed(&mut self) -> Checked {
        for n in 0..COMMANDS {
            if n % 30 == 29 {
                self.send_batch()?;
                // It may be what fails, and says so.
                let _ = self.engine.retain();
                self.read()?;
            }
            self.send_one()?;
        }
        Ok(())
    }

    /// The other; so may each of the removals.
    fn be_forgotten(&mut self) -> Checked {
        for _ in 0..COMMANDS_BEFORE {
            self.send_one()?;
        }
        let user = self.workload.user();
        self.send(vec![Command::new(Action::Forget { user })])?;
        for _ in 0..PARTS_MAX {
            self.forget()?;
        }
        self.send_one()?;
        // As above.
        let _ = self.engine.retain();
        self.read()
    }

    fn end(&mut self) -> Stop {
        match self.engine.close() {
            Ok(()) => Stop::Orderly,
            Err(_) if self.random.one_in(2) => Stop::Kill,
            Err(_) => Stop::PowerCut,
        }
    }
}
