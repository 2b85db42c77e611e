//! The simulator: random lives of a database with power cuts, kills, failing operations, full disks
//! and rot, beside the oracle. `FANFOLD_SEED` replays one seed, `FANFOLD_SEEDS` runs that many.
//!
//! `cargo run --release -p fanfold-benches -- simulate` runs many more.

use std::sync::mpsc::channel;
use std::time::Duration;

use fanfold_engine::testing::disk::faults::Effect;
use fanfold_engine::testing::seed::seed_or;
use fanfold_engine::testing::simulation::{
    Failure, Life, Summary, run, run_on_a_lying_disk, sweep,
};

/// How often a seed is run when it is replayed: threads take turns as they like.
const REPLAYS: u64 = 20;

/// A seed that runs for longer hangs: the usual one takes some tens of milliseconds.
const HANGS_AFTER: Duration = Duration::from_secs(300);

#[test]
fn random_lives_equal_the_oracle() {
    let first = seed_or(1);
    let is_replay = std::env::var("FANFOLD_SEED").is_ok();
    let count = std::env::var("FANFOLD_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let runs = if is_replay { REPLAYS } else { count };
    let mut total = Summary::default();
    for n in 0..runs {
        let seed = if is_replay { first } else { first + n };
        total += watched(seed).unwrap_or_else(|failure| panic!("{failure}"));
    }
    // A simulator that exercises nothing finds nothing.
    if 100 < runs && !is_replay {
        assert!(total.fields().iter().all(|(_, count)| 10 < *count), "{total:?}");
    }
}

/// Runs a seed, and names it if it never ends.
fn watched(seed: u64) -> Result<Summary, Box<Failure>> {
    let (told, ended) = channel();
    std::thread::spawn(move || drop(told.send(run(seed))));
    ended.recv_timeout(HANGS_AFTER).unwrap_or_else(|_| panic!("seed {seed} hangs"))
}

/// A simulator that finds nothing on a disk that forgets what was synced, finds nothing anywhere.
#[test]
fn a_disk_that_lies_is_found_out() {
    let found = (1..=20).filter(|seed| run_on_a_lying_disk(*seed).is_err()).count();
    assert!(10 <= found, "{found} of 20");
}

#[test]
fn each_operation_failing_once_with_an_input_output_error() {
    sweep_with(Effect::Io);
}

#[test]
fn each_operation_failing_once_for_want_of_space() {
    sweep_with(Effect::Full);
}

#[test]
fn each_operation_failing_once_and_writes_by_halves() {
    sweep_with(Effect::Short);
}

#[test]
fn the_power_going_off_at_each_operation() {
    sweep_with(Effect::PowerOff);
}

fn sweep_with(effect: Effect) {
    let swept =
        |life| sweep(seed_or(1), effect, life).unwrap_or_else(|failure| panic!("{failure}"));
    for life in [Life::Packed, Life::Forgetting] {
        let (operations, total) = swept(life);
        assert!(100 < operations && operations <= total.faults, "{operations} of {total:?}");
        let removes = 0 < total.removals;
        assert_eq!(removes, life == Life::Forgetting, "{total:?}");
    }
}
