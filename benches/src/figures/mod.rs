//! `figures`: rates, latencies and sizes, each beside the physical limit it can be compared with,
//! measured in the same run on the same machine.
//!
//! | figure | what | beside |
//! |---|---|---|
//! | import | `fanfold import` into a running daemon | |
//! | publish | durable publishes, in the engine and over TCP | a bare fdatasync loop |
//! | page | home pages of 20 with text over TCP | a bare tokio echo of the same bytes |
//! | engine | home pages inside the engine, quiet and while somebody writes | |
//! | reopen | opening after an orderly stop and after a kill | |
//! | memory | bytes for each user, follow and post | |
//!
//! Runs alternate (A B A B); a rate is the median of the runs with its extremes, latencies are of
//! all runs together.

mod dataset;
mod engine;
mod import;
mod memory;
mod page;
mod publish;
mod reopen;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::input::InputArgs;
use crate::machine::Machine;
use crate::noise::Watch;
use crate::programs::{ProgramArgs, Programs};
use crate::workplace::{WorkArgs, Workplace, in_workplace};

use dataset::Dataset;
use report::Report;

/// By its earlier name.
pub(crate) use crate::noise as watch;
pub(crate) use crate::sample::{self, Latencies};
pub(crate) use dataset::{Loader, TEXT_BYTES};
pub(crate) use memory::{MemoryArgs, memory};

/// The arguments of `figures`.
#[derive(Args, Clone, Debug)]
pub(crate) struct FiguresArgs {
    /// Only these, separated by commas
    #[arg(long, value_name = "FIGURE", value_delimiter = ',')]
    only: Vec<Figure>,
    /// Small and short: to see that everything works, not how fast
    #[arg(long)]
    quick: bool,
    /// Users of the made-up population; posts and follows follow from it [default: 100000]
    #[arg(long, value_name = "N")]
    users: Option<u64>,
    /// Seconds of one run [default: 2.5]
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    /// Runs of each case [default: 5]
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Also write the result here, a JSON object a line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What `import` imports
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    programs: ProgramArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Figure {
    Import,
    Publish,
    Page,
    Engine,
    Reopen,
    Memory,
}

impl Figure {
    const ALL: [Self; 6] =
        [Self::Import, Self::Publish, Self::Page, Self::Engine, Self::Reopen, Self::Memory];

    /// Whether it needs the loaded population.
    fn reads_dataset(self) -> bool {
        matches!(self, Self::Page | Self::Engine | Self::Reopen)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Publish => "publish",
            Self::Page => "page",
            Self::Engine => "engine",
            Self::Reopen => "reopen",
            Self::Memory => "memory",
        }
    }
}

/// How large and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    users: u64,
    /// Mean followers of a user.
    followers: u64,
    posts: u64,
    /// Follows in the database that is reopened.
    reopen_follows: u64,
    /// Authors of the reader who follows many.
    authors: u64,
    /// One run.
    time: Duration,
    runs: usize,
}

impl Scale {
    fn of(args: &FiguresArgs) -> Outcome<Self> {
        let (users, seconds, runs) = if args.quick { (2_000, 0.2, 2) } else { (100_000, 2.5, 5) };
        let users = args.users.unwrap_or(users);
        if users < 1_000 {
            return Err(Failure::mistake(format!("--users {users} is too few, at least 1000")));
        }
        let seconds = args.seconds.unwrap_or(seconds);
        let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero());
        let time =
            time.ok_or_else(|| Failure::mistake(format!("--seconds {seconds} is no time")))?;
        let runs = args.runs.unwrap_or(runs);
        if runs == 0 {
            return Err(Failure::mistake("--runs 0 measures nothing, at least 1"));
        }
        Ok(Self {
            users,
            followers: 90,
            posts: users * 10,
            reopen_follows: users * 100,
            authors: if args.quick { 500 } else { 2_000 },
            time,
            runs,
        })
    }
}

/// What every figure needs.
struct Bench<'a> {
    args: &'a FiguresArgs,
    scale: Scale,
    programs: Programs,
    workplace: &'a Workplace,
    runtime: Runtime,
    report: Report,
}

/// Measures.
pub(crate) fn run(args: &FiguresArgs) -> Outcome<()> {
    let scale = Scale::of(args)?;
    in_workplace(&args.work, |workplace| {
        let programs = Programs::find(&args.programs)?;
        let runtime = Runtime::new().explain(|| "no runtime".to_owned())?;
        let report = Report::new(args.json.as_deref())?;
        let mut bench = Bench { args, scale, programs, workplace, runtime, report };
        bench.introduce()?;
        let wanted = |figure: &Figure| args.only.is_empty() || args.only.contains(figure);
        let figures: Vec<Figure> = Figure::ALL.into_iter().filter(wanted).collect();
        bench.measure(&figures)
    })
}

impl Bench<'_> {
    fn introduce(&mut self) -> Outcome<()> {
        let machine = Machine::of(self.workplace.path());
        let Scale { users, followers, posts, time, runs, .. } = self.scale;
        say(&machine);
        say(format!(
            "settings: {} users, {followers} followers each (Zipf), {} posts of {} bytes; {runs} \
             runs of {} s; rates a second: median [least..most]; latencies: p50 / p99 / p99.9",
            grouped(users),
            grouped(posts),
            TEXT_BYTES,
            time.as_secs_f64()
        ));
        if machine.is_in_memory() {
            say("warning: the work directory is in memory, syncs cost nothing; give --work DIR");
        }
        if cfg!(debug_assertions) {
            say("warning: this is a debug build; its figures mean nothing");
        }
        self.report.line(&json!({ "figure": "machine", "machine": machine.json() }))?;
        let seconds = time.as_secs_f64();
        self.report.line(&json!({
            "figure": "settings", "users": users, "followers": followers, "posts": posts,
            "runs": runs, "seconds": seconds, "quick": self.args.quick,
        }))
    }

    fn measure(&mut self, figures: &[Figure]) -> Outcome<()> {
        let mut dataset = None;
        for figure in figures {
            if figure.reads_dataset() && dataset.is_none() {
                dataset = Some(self.load()?);
            }
            let watch = Watch::start();
            match (figure, &mut dataset) {
                (Figure::Import, _) => import::measure(self)?,
                (Figure::Publish, _) => publish::measure(self)?,
                (Figure::Memory, _) => memory::measure(self)?,
                (Figure::Page, Some(dataset)) => page::measure(self, dataset)?,
                (Figure::Engine, Some(dataset)) => engine::measure(self, dataset)?,
                (Figure::Reopen, Some(dataset)) => reopen::measure(self, dataset)?,
                (Figure::Page | Figure::Engine | Figure::Reopen, None) => {}
            }
            let others = watch.finish(figure.name());
            let name = figure.name();
            self.report.line(&json!({ "figure": name, "case": "others", "percent": others }))?;
        }
        Ok(())
    }

    fn load(&self) -> Outcome<Dataset> {
        note("loading the population");
        let (dataset, time) = Dataset::load(self.workplace.join("population"), &self.scale)?;
        let Dataset { users, posts, follows, .. } = &dataset;
        note(format!(
            "loaded {} users, {} follows, {} posts in {:.1} s",
            grouped(*users),
            grouped(*follows),
            grouped(*posts),
            time.as_secs_f64()
        ));
        Ok(dataset)
    }
}
