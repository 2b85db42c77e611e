//! A small fixed history, run again and again; in the n-th run the n-th changing operation of the
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
use crate::ids::Timestamp;
use crate::limits::SEGMENT_BYTES_MIN;
use crate::options::Options;
use crate::testing::disk::SimulatedDisk;
use crate::testing::disk::faults::{Effect, Fault};
use crate::testing::seed::Random;
use crate::testing::workload::Workload;

/// Commands of the history.
const COMMANDS: u64 = 90;

/// Fails each operation of the history of `seed` with `effect`, one in each run. Answers how many
/// operations there were, and what the runs exercised.
///
/// # Errors
/// What differed; the trace names the operation.
pub fn sweep(seed: u64, effect: Effect) -> Result<(u64, Summary), Box<Failure>> {
    let mut total = Summary::default();
    let mut after = 0;
    loop {
        let lasting = effect == Effect::PowerOff;
        let fault = Fault { after, of: None, effect, lasting };
        let summary = guarded(seed, |trace| fail_one(seed, fault, trace))?;
        total += summary;
        if summary.faults == 0 {
            return Ok((after, total));
        }
        after += 1;
    }
}

fn fail_one(seed: u64, fault: Fault, trace: &mut Vec<String>) -> Checked<Summary> {
    trace.push(format!("{fault:?}"));
    let mut random = Random::new(seed ^ (fault.after << 32));
    let first = SimulatedDisk::new(random.bits());
    let clock = Arc::new(ManualClock::new(Timestamp(1_000_000_000_000)));
    let options = options(&clock);
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
    let stop = world.short_life()?;
    world.summary.faults += first.injected();
    world.disk.heal();
    let image = world.image(stop);
    world.tell(format!("{stop:?}"));
    world.discard();
    world.reopen(image, stop)?;
    Ok(world.retire())
}

fn options(clock: &Arc<ManualClock>) -> Options {
    Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 4,
        forget_at_once: 0,
        flush_records: 20,
        cold_after: Duration::ZERO,
        memory_budget: 0,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ..Options::default()
    }
}

impl World<'_> {
    /// The history; each of its commands may be the one that fails.
    fn short_life(&mut self) -> Checked<Stop> {
        for n in 0..COMMANDS {
            if n % 30 == 29 {
                self.send_batch()?;
                // It may be what fails, and says so.
                let _ = self.engine.retain();
                self.read()?;
            }
            self.send_one()?;
            if n % 8 == 7 {
                self.forget()?;
            }
        }
        Ok(match self.engine.close() {
            Ok(()) => Stop::Orderly,
            Err(_) if self.random.one_in(2) => Stop::Kill,
            Err(_) => Stop::PowerCut,
        })
    }
}
