//! `simulate`: many seeds of the engine's simulator (`fanfold_engine::testing::simulation`): an engine
//! on a simulated disk beside a naive model, through power cuts, kills, failing operations, full disks
//! and rot. Stops at the first seed that fails and says how to replay it.
//!
//! * `workers`: the threads that run the seeds, and what they have done so far.

mod workers;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Map, json};

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::number::rate;

use workers::{Done, Workers};

/// Between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// A seed that runs for longer hangs; the usual one takes some tens of milliseconds.
const HANGS_AFTER: Duration = Duration::from_secs(300);

/// How often the threads are looked after.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The arguments of `simulate`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SimulateArgs {
    /// How many seeds to run
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    from: u64,
    /// Seeds run at the same time [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Write what was exercised to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Let the disk forget synced bytes in a power cut: the run must fail
    #[arg(long)]
    negative_control: bool,
}

/// Runs the job.
pub(crate) fn run(args: &SimulateArgs) -> Outcome<()> {
    let cores = || available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or_else(cores);
    let until = args.from.checked_add(args.seeds);
    let (Some(until), 1..) = (until, jobs) else {
        let what = format!("--from {} --seeds {} --jobs {jobs}", args.from, args.seeds);
        return Err(Failure::mistake(format!("{what} is nothing that can be run")));
    };
    let json = args.json.as_deref().map(create).transpose()?;
    let begun = Instant::now();
    let workers = Workers::start(args.from..until, jobs, args.negative_control);
    let done = watch(&workers, args.seeds, begun)?;
    report(&done, begun.elapsed());
    let next = args.from + done.seeds;
    if let Some(mut file) = json {
        let line = as_json(args, &done, begun.elapsed());
        writeln!(file, "{line}").explain(|| "cannot write the --json file".to_owned())?;
    }
    match done.failure {
        Some(failure) => {
            say(&failure);
            let seed = failure.seed;
            let replay = "cargo test --release -p fanfold-engine --test simulation random_lives";
            Err(Failure::failed(format!("seed {seed} fails; replay: FANFOLD_SEED={seed} {replay}")))
        }
        None => {
            say(format!("simulate: all seeds equal the model; continue with --from {next}"));
            Ok(())
        }
    }
}

fn create(path: &Path) -> Outcome<File> {
    File::create(path).explain(|| format!("cannot create {}", path.display()))
}

/// Waits for the workers and shows how they get on.
fn watch(workers: &Arc<Workers>, seeds: u64, begun: Instant) -> Outcome<Done> {
    let mut shown = Instant::now();
    loop {
        std::thread::sleep(LOOK_EVERY);
        if let Some(done) = workers.done() {
            return Ok(done);
        }
        if let Some(seed) = workers.hanging(HANGS_AFTER) {
            let seconds = HANGS_AFTER.as_secs();
            return Err(Failure::failed(format!("seed {seed} hangs: {seconds} s and no end")));
        }
        if PROGRESS_EVERY <= shown.elapsed() {
            shown = Instant::now();
            let count = workers.count();
            let per_second = rate(count, begun.elapsed());
            let (count, seeds) = (grouped(count), grouped(seeds));
            note(format!("{count} of {seeds} seeds, {per_second:.1} each second"));
        }
    }
}

fn report(done: &Done, time: Duration) {
    for (name, count) in done.summary.fields() {
        say(format!("{:>16}  {}", grouped(count), name.replace('_', " ")));
    }
    let (seeds, seconds) = (grouped(done.seeds), time.as_secs_f64());
    let per_second = rate(done.seeds, time);
    let (slowest, took) = (done.slowest.0, done.slowest.1.as_millis());
    say(format!(
        "{seeds} seeds in {seconds:.1} s, {per_second:.1} each second; the slowest, {slowest}, took {took} ms"
    ));
}

fn as_json(args: &SimulateArgs, done: &Done, time: Duration) -> serde_json::Value {
    let counts: Map<_, _> =
        done.summary.fields().into_iter().map(|(name, n)| (name.to_owned(), json!(n))).collect();
    json!({
        "job": "simulate",
        "from": args.from,
        "seeds": done.seeds,
        "seconds": time.as_secs_f64(),
        "failed_seed": done.failure.as_ref().map(|failure| failure.seed),
        "exercised": counts,
    })
}
