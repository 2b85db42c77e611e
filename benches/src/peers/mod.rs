//! `peers`: Fanfold beside the systems that people would otherwise take, each at its best, on the same work,
//! in turns, with the same load from the same client.
//!
//! * servers: `fanfold`, `redis`, `postgres`, each behind [`Server`](server::Server);
//! * libraries: Fanfold's engine and RocksDB, each a [`Library`](library::Library) in a process of its own;
//! * scenes: a world is loaded into all of them, their pages are compared with it, then they are measured.
//!
//! Everything is started on free ports and temporary directories, and stopped whatever happens.

mod celebrity;
mod fanfold;
pub(crate) mod library;
mod postgres;
mod process;
mod publish;
mod reader;
mod redis;
mod restart;
mod server;
mod stage;
mod world;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::exit::{Failure, Outcome};
use crate::programs::{ProgramArgs, Programs};
use crate::results::{Recorder, ResultArgs};
use crate::workplace::{WorkArgs, in_workplace};
use crate::world::WorldArgs;

use library::Kind;
use stage::{Settings, Stage};

/// The arguments of `peers`.
#[derive(Args, Clone, Debug)]
pub(crate) struct PeersArgs {
    /// Only these, separated by commas
    #[arg(long, value_name = "MEASURE", value_delimiter = ',')]
    only: Vec<Measure>,
    /// Which systems, separated by commas
    #[arg(
        long,
        value_name = "SYSTEM",
        value_delimiter = ',',
        default_value = "echo,fanfold,redis,postgresql,rocksdb"
    )]
    systems: Vec<System>,
    /// Small and short: to see that everything works, not how fast
    #[arg(long)]
    quick: bool,
    /// Seconds of one run
    #[arg(long, default_value_t = 2.5, value_name = "SECONDS")]
    seconds: f64,
    /// Runs of each case; their median counts
    #[arg(long, default_value_t = 5, value_name = "N")]
    runs: usize,
    #[command(flatten)]
    world: WorldArgs,
    #[command(flatten)]
    programs: ProgramArgs,
    #[command(flatten)]
    results: ResultArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Home pages over TCP and in process
    Pages,
    /// Posts into the inboxes of followers
    FanOut,
    /// Bytes of memory and disk
    Sizes,
    /// From the start to the first page
    Restart,
    /// A page of somebody who follows thousands and has no inbox
    Reader,
    /// Durable posts
    Publish,
    /// One post to a million followers
    Celebrity,
}

/// What can be measured beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum System {
    /// The limit: bytes over the loopback, and synced appends
    Echo,
    Fanfold,
    Redis,
    Postgresql,
    Rocksdb,
}

/// Measures.
pub(crate) fn run(args: &PeersArgs) -> Outcome<()> {
    let args = &args.checked()?;
    if args.has(System::Redis) {
        redis::check()?;
    }
    if args.has(System::Postgresql) {
        postgres::programs()?;
    }
    let mut libraries = Vec::new();
    if args.has(System::Fanfold) {
        libraries.push(Kind::engine()?);
    }
    if args.has(System::Rocksdb) {
        libraries.push(Kind::rocksdb()?);
    }
    let programs = Programs::find(&args.programs)?;
    in_workplace(&args.work, |place| {
        process::end_on_signals(place.path())?;
        let recorder = Recorder::start(&args.results, place.path(), args.settings())?;
        let settings = Settings::of(args, programs.daemon.clone(), libraries.clone())?;
        let mut stage = Stage::new(settings, place.path(), recorder)?;
        let wanted = |measure: Measure| args.only.is_empty() || args.only.contains(&measure);
        world::measure(&mut stage, &wanted)?;
        if wanted(Measure::Reader) {
            reader::measure(&mut stage)?;
        }
        if wanted(Measure::Publish) {
            publish::measure(&mut stage)?;
        }
        if wanted(Measure::Celebrity) {
            celebrity::measure(&mut stage)?;
        }
        Ok(())
    })
}

impl PeersArgs {
    fn has(&self, system: System) -> bool {
        self.systems.contains(&system)
    }

    /// With what `--quick` makes small.
    fn checked(&self) -> Outcome<Self> {
        let mut args = self.clone();
        if args.quick {
            (args.seconds, args.runs) = (args.seconds.min(0.1), args.runs.min(1));
            let world = &mut args.world;
            world.users = world.users.min(1_000);
            world.mean = world.mean.min(20);
            world.inbox = world.inbox.min(100);
            world.celebrity = world.celebrity.min(2_000);
            world.authors = world.authors.min(200);
        }
        if args.runs == 0 || args.seconds.is_nan() || args.seconds <= 0.0 {
            return Err(Failure::mistake("--runs is at least 1, --seconds more than 0"));
        }
        Ok(args)
    }

    fn settings(&self) -> serde_json::Value {
        let WorldArgs { users, mean, posts_each, inbox, celebrity, authors, data } = &self.world;
        json!({
            "users": users, "mean followers": mean, "posts of each": posts_each,
            "inbox entries": inbox, "followers of the celebrity": celebrity,
            "authors of the reader": authors, "graph": data, "seconds of a run": self.seconds,
        })
    }
}
