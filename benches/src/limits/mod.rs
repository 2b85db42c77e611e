//! `limits`: what this machine can do at most, with nothing of a database in it. Every other figure is to be
//! read beside these.
//!
//! * `synced` - appends that reach the disk, in each form a log can have;
//! * `memory` - random reads and appends, with small and with huge pages; copying;
//! * the echo - bytes over the loopback, as many as a page of the daemon has.

mod memory;
pub(crate) mod synced;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::console::note;
use crate::daemon::{Daemon, Launch};
use crate::exit::{Explain, Failure, Outcome};
use crate::noise::Watch;
use crate::number::to_usize;
use crate::results::{Case, Recorder, ResultArgs};
use crate::wire::Load;
use crate::wire::echo::Echo;
use crate::workplace::{WorkArgs, Workplace, in_workplace};

use memory::Memory;
use synced::{Form, SyncedFile};

/// The arguments of `limits`.
#[derive(Args, Clone, Debug)]
pub(crate) struct LimitsArgs {
    /// Only these, separated by commas
    #[arg(long, value_name = "LIMIT", value_delimiter = ',')]
    only: Vec<Limit>,
    /// Seconds of one run
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    seconds: f64,
    /// Runs of each case
    #[arg(long, default_value_t = 5, value_name = "N")]
    runs: usize,
    /// Memory that is read and appended to at random; far more than the caches hold
    #[arg(long, default_value_t = 2_048, value_name = "MIB")]
    memory_mib: u64,
    /// Bytes of an echo's reply: what a page of 20 posts of 280 bytes has
    #[arg(long, default_value_t = 6_070, value_name = "N")]
    reply_bytes: usize,
    #[command(flatten)]
    results: ResultArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Limit {
    Echo,
    Memory,
    Synced,
}

/// Connections, requests in flight on each, and what that is called everywhere.
pub(crate) const SHAPES: [(usize, u32, &str); 3] =
    [(1, 1, "1 connection"), (50, 1, "50 connections"), (50, 16, "50 connections x 16")];

/// Measures.
pub(crate) fn run(args: &LimitsArgs) -> Outcome<()> {
    let time = Duration::try_from_secs_f64(args.seconds).ok().filter(|time| !time.is_zero());
    let time = time.ok_or_else(|| Failure::mistake("--seconds must be more than 0"))?;
    if args.runs == 0 || args.memory_mib == 0 {
        return Err(Failure::mistake("--runs and --memory-mib are at least 1"));
    }
    in_workplace(&args.work, |place| {
        let settings = json!({
            "seconds": args.seconds, "runs": args.runs, "memory_mib": args.memory_mib,
            "reply_bytes": args.reply_bytes,
        });
        let recorder = Recorder::start(&args.results, place.path(), settings)?;
        let mut bench = Bench { args, time, recorder };
        let wanted = |limit: Limit| args.only.is_empty() || args.only.contains(&limit);
        if wanted(Limit::Echo) {
            bench.echo()?;
        }
        if wanted(Limit::Memory) {
            bench.memory()?;
        }
        if wanted(Limit::Synced) {
            bench.synced(place)?;
        }
        Ok(())
    })
}

/// A bare echo in a process of its own.
pub(crate) fn start_echo(reply_bytes: usize) -> Outcome<Daemon> {
    let this = std::env::current_exe().explain(|| "cannot find this program".to_owned())?;
    Launch::of(&this, &["echo", "--reply-bytes", &reply_bytes.to_string()]).start(0)
}

struct Bench<'a> {
    args: &'a LimitsArgs,
    time: Duration,
    recorder: Recorder,
}

impl Bench<'_> {
    fn echo(&mut self) -> Outcome<()> {
        let runtime = Runtime::new().explain(|| "no runtime".to_owned())?;
        let reply_bytes = self.args.reply_bytes;
        let echo = start_echo(reply_bytes)?;
        let load = |(connections, depth): (usize, u32), time: Duration, seed: u64| Load {
            address: echo.address(),
            dialect: Arc::new(Echo { reply_bytes }),
            connections,
            depth,
            time,
            seed,
        };
        for run in 1..=self.args.runs {
            for (connections, depth, case) in SHAPES {
                if run == 1 {
                    let warm_up = load((connections, depth), self.time / 5, 1);
                    runtime.block_on(warm_up.run())?;
                }
                let watch = Watch::start();
                let done = load((connections, depth), self.time, run as u64);
                let done = runtime.block_on(done.run())?;
                let case = Case::new("limits", case, "tokio echo", "replies/s");
                self.recorder.run(case, run, &done, watch)?;
            }
        }
        Ok(())
    }

    fn memory(&mut self) -> Outcome<()> {
        let bytes = to_usize(self.args.memory_mib) << 20;
        for huge in [false, true] {
            let system = if huge { "huge pages" } else { "4 KiB pages" };
            note(format!("{} MiB of memory in {system}", self.args.memory_mib));
            let mut memory = Memory::new(bytes, huge)?;
            for run in 1..=self.args.runs {
                for (case, unit, measure) in memory::CASES {
                    let watch = Watch::start();
                    let value = measure(&mut memory, self.time);
                    let case = Case::new("limits", case, system, unit);
                    self.recorder.value(case, run, value, watch)?;
                }
            }
        }
        Ok(())
    }

    fn synced(&mut self, place: &Workplace) -> Outcome<()> {
        let mut files = Vec::new();
        for form in Form::ALL {
            let path = place.join(&format!("synced-{}", files.len()));
            match SyncedFile::create(path, form) {
                Ok(file) => files.push((form, file)),
                // Not every file system has every form.
                Err(failure) => note(format!("{} is not measured: {failure}", form.name())),
            }
        }
        for run in 1..=self.args.runs {
            for (form, file) in &mut files {
                let watch = Watch::start();
                let done = file.run(self.time)?;
                let case = Case::new("limits", "synced append of 4 KiB", form.name(), "appends/s");
                self.recorder.run(case, run, &done, watch)?;
            }
        }
        Ok(())
    }
}

/// The best form of synced appends in that directory, ready to be run.
pub(crate) fn best_synced(directory: &Path) -> Outcome<(Form, SyncedFile)> {
    let mut best: Option<(f64, Form, SyncedFile)> = None;
    for form in Form::ALL {
        let Ok(mut file) = SyncedFile::create(directory.join(form.file()), form) else { continue };
        let rate = file.run(Duration::from_millis(300))?.rate();
        if best.as_ref().is_none_or(|(best, _, _)| *best < rate) {
            best = Some((rate, form, file));
        }
    }
    let best = best.ok_or_else(|| Failure::failed("no file can be appended to and synced"))?;
    Ok((best.1, best.2))
}
