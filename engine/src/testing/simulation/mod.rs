//! The simulator: an engine on a [simulated disk](super::disk) beside the [oracle](super::model),
//! through power cuts, kills, failing operations, full disks and rot. One seed, one run.
//!
//! In reading order:
//! * `summary`, `trouble`: what a run tells.
//! * `history`: the oracle, and what is known of commands that nobody answered.
//! * `compare`, `responses`: an engine against the oracle.
//! * `reader`: a second thread that reads all the while.
//! * `world`: the engine, its disk and its history; ordinary life.
//! * `crash`: stops of all kinds, and what must hold after them.
//! * `faults`: failing operations, a full disk. `rot`: flipped bits, reads that go astray.
//! * `sweep`: small fixed histories in which each operation fails once.
//!
//! A seed fixes options, commands, faults and what each crash keeps. It does not fix how the threads
//! of the engine take turns, so a failure that depends on it may take several runs of its seed.

mod broadcasts;
mod compare;
mod crash;
mod faults;
mod history;
mod notices;
mod reader;
mod responses;
mod rot;
mod summary;
mod sweep;
mod trouble;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use summary::{Failure, Summary};
pub use sweep::{Life, sweep};

use trouble::{Checked, Trouble};
use world::World;

/// Runs one seed to its end, or to the first thing that is not as it should be.
///
/// # Errors
/// What differed, and at which step.
pub fn run(seed: u64) -> Result<Summary, Box<Failure>> {
    run_on(seed, false)
}

/// The negative control: the same on a disk that forgets synced bytes in a power cut. Nearly every
/// seed must fail.
///
/// # Errors
/// What differed, and at which step.
pub fn run_on_a_lying_disk(seed: u64) -> Result<Summary, Box<Failure>> {
    run_on(seed, true)
}

fn run_on(seed: u64, is_lying: bool) -> Result<Summary, Box<Failure>> {
    guarded(seed, |trace| {
        let mut world = World::new(seed, is_lying, trace)?;
        let steps = 6 + world.random.below(8);
        for _ in 0..steps {
            step(&mut world)?;
        }
        world.close_and_reopen()?;
        Ok(world.retire())
    })
}

/// Ends `play` at a panic too; `play` writes down what it does.
fn guarded(
    seed: u64,
    play: impl FnOnce(&mut Vec<String>) -> Checked<Summary>,
) -> Result<Summary, Box<Failure>> {
    let mut trace = Vec::new();
    let outcome = catch_unwind(AssertUnwindSafe(|| play(&mut trace)));
    let what = match outcome {
        Ok(Ok(summary)) => return Ok(summary),
        Ok(Err(Trouble::Differs(what))) => what,
        Ok(Err(Trouble::Refused(error))) => format!("unexpected error: {error:?}"),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            format!("panic: {}", text.unwrap_or("without a message"))
        }
    };
    Err(Box::new(Failure { seed, what, trace }))
}

fn step(world: &mut World<'_>) -> Checked {
    match world.random.below(16) {
        0..=3 => world.live(),
        4 => world.retain(),
        5..=6 => world.close_and_reopen(),
        7..=10 => world.crash(),
        11..=12 => world.fail_an_operation(),
        13 => world.fill_the_disk(),
        14 => world.rot(),
        _ => world.misdirect_reads(),
    }
}
