//! `growth`: what a page, a delivery, a publish and a start cost in worlds of ten thousand, a hundred
//! thousand and a million users, each with the same number of follows and posts. They should cost the same,
//! or grow with a logarithm.
//!
//! Each world is in a process of its own; its pages are compared with the world before anything is timed.

use clap::Args;
use serde_json::{Value, json};

use crate::console::{grouped, note};
use crate::exit::{Failure, Outcome};
use crate::noise::Watch;
use crate::number::float;
use crate::peers::library::{Kind, Library, field};
use crate::results::{Case, Recorder, ResultArgs};
use crate::workplace::{WorkArgs, in_workplace};
use crate::world::{Scene, WorldArgs};

/// Entries of all inboxes together, at most.
const ENTRIES_MAX: u64 = 100_000_000;

/// Entries of an inbox, at most.
const INBOX_MAX: u64 = 500;

/// Pages that are compared with the world.
const CHECKED: u64 = 50;

/// The arguments of `growth`.
#[derive(Args, Clone, Debug)]
pub(crate) struct GrowthArgs {
    /// Users of each world, separated by commas
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "10000,100000,1000000",
        value_name = "N,..."
    )]
    users: Vec<u64>,
    /// Follows of each user
    #[arg(long, default_value_t = 90, value_name = "N")]
    mean: u64,
    /// Posts of each user
    #[arg(long, default_value_t = 10, value_name = "N")]
    posts_each: u64,
    /// Seconds of one run
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    seconds: f64,
    /// Runs of each case; their median counts
    #[arg(long, default_value_t = 5, value_name = "N")]
    runs: usize,
    #[command(flatten)]
    results: ResultArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// Measures one world after the other.
pub(crate) fn run(args: &GrowthArgs) -> Outcome<()> {
    if let Some(users) = args.users.iter().find(|users| **users / 4 < args.mean) {
        let mean = args.mean;
        return Err(Failure::mistake(format!(
            "--users {users} is too few for --mean {mean}, at least four times as many"
        )));
    }
    if args.runs == 0 || args.seconds.is_nan() || args.seconds <= 0.0 {
        return Err(Failure::mistake("--runs is at least 1, --seconds more than 0"));
    }
    in_workplace(&args.work, |place| {
        let settings = json!({
            "follows of each": args.mean, "posts of each": args.posts_each,
            "inbox entries at most": ENTRIES_MAX, "seconds of a run": args.seconds,
        });
        let recorder = Recorder::start(&args.results, place.path(), settings)?;
        let mut bench = Bench { args, recorder };
        for users in &args.users {
            let directory = place.join(&format!("users-{users}"));
            bench.measure(*users, &directory)?;
            let removed = std::fs::remove_dir_all(&directory);
            removed.map_err(|error| Failure::failed(format!("cannot clean up: {error}")))?;
        }
        Ok(())
    })
}

struct Bench<'a> {
    args: &'a GrowthArgs,
    recorder: Recorder,
}

impl Bench<'_> {
    fn measure(&mut self, users: u64, directory: &std::path::Path) -> Outcome<()> {
        let world = WorldArgs {
            users,
            mean: self.args.mean,
            posts_each: self.args.posts_each,
            inbox: (ENTRIES_MAX / users.max(1)).min(INBOX_MAX),
            celebrity: 1,
            authors: 1,
            data: None,
        };
        let kind = Kind::engine()?;
        note(format!("loading {} users", grouped(users)));
        let mut library = Library::start(&kind, directory, Scene::Pushed, &world)?;
        library.ask("load")?;
        library.ask(&format!("check {CHECKED}"))?;
        let seconds = self.args.seconds;
        for run in 1..=self.args.runs {
            let watch = Watch::start();
            let answer = library.ask(&format!("pages 1 {seconds}"))?;
            self.rate(("pages", "pages/s", users), run, &answer, watch)?;
            let watch = Watch::start();
            let answer = library.ask(&format!("publish 1 {seconds}"))?;
            self.rate(("publishes", "posts/s", users), run, &answer, watch)?;
            let watch = Watch::start();
            let answer = library.ask(&format!("fan-out {seconds}"))?;
            let rate = field(&answer, "count")? / field(&answer, "core_seconds")?.max(0.01);
            self.value(("deliveries", "deliveries/s", users), run, rate, watch)?;
        }
        for run in 1..=self.args.runs {
            library.stop()?;
            let watch = Watch::start();
            library = Library::start(&kind, directory, Scene::Pushed, &world)?;
            let seconds = field(&library.ask("first-page")?, "open_seconds")?;
            self.value(("first page after a clean stop", "s", users), run, seconds, watch)?;
        }
        library.stop()
    }

    fn rate(
        &mut self,
        what: (&str, &str, u64),
        run: usize,
        answer: &Value,
        watch: Watch,
    ) -> Outcome<()> {
        let rate = field(answer, "count")? / field(answer, "seconds")?;
        self.value(what, run, rate, watch)
    }

    fn value(
        &mut self,
        (case, unit, users): (&str, &str, u64),
        run: usize,
        value: f64,
        watch: Watch,
    ) -> Outcome<()> {
        let system = format!("fanfold @ {} users", grouped(users));
        let case = Case { at: Some(float(users)), ..Case::new("growth", case, &system, unit) };
        self.recorder.value(case, run, value, watch)
    }
}
