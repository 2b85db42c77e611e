//! First pages of broadcast feeds: in the engine on one core, and over the wire.
//!
//! The world: authors of whom each has a live broadcast, a scheduled one and replays; viewers who follow up
//! to ten of them. Every page begins a session, as the first page of a device does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use fanfold_engine::testing::seed::Random;
use fanfold_engine::{
    Action, BroadcastAction, BroadcastId, BroadcastsPage, BroadcastsQuery, Command, Durability,
    Engine, NewPost, Options, ReplayContent, Timestamp, UserId,
};

use crate::console::{grouped, note, say};
use crate::daemon::Launch;
use crate::exit::{Explain, Failure, Outcome};
use crate::figures::Loader;
use crate::machine::Machine;
use crate::number::{rate, whole};
use crate::programs::{ProgramArgs, Programs};
use crate::wire::Load;
use crate::wire::fanfold::Fanfold;
use crate::workplace::{WorkArgs, Workplace, in_workplace};

/// Viewers are numbered from 1, authors from here.
const AUTHORS: u64 = 1 << 32;

/// Connections, and requests in flight on each.
const SHAPES: [(usize, u32); 2] = [(50, 1), (50, 16)];

/// The first runs of a process pay for cold caches.
const WARM_UP: Duration = Duration::from_millis(500);

/// Pages between two looks at the clock.
const BATCH: u64 = 256;

/// The arguments of `broadcasts`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BroadcastsArgs {
    /// How many viewers
    #[arg(long, default_value_t = 100_000)]
    viewers: u64,
    /// How many authors have broadcasts
    #[arg(long, default_value_t = 2_000)]
    authors: u64,
    /// A viewer follows one to so many of them
    #[arg(long, default_value_t = 10)]
    followees: u64,
    /// Replays of each author
    #[arg(long, default_value_t = 3)]
    replays: u64,
    /// Entries of a page
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// How often each case is run; medians are told
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Seconds of a run
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    #[command(flatten)]
    programs: ProgramArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// Makes the world, measures the engine, then a daemon that serves the same.
pub(crate) fn run(args: &BroadcastsArgs) -> Outcome<()> {
    let sizes = [args.viewers, args.authors, args.followees, args.seconds, args.runs as u64];
    if sizes.contains(&0) || args.authors < args.followees {
        return Err(Failure::mistake(
            "a viewer, an author for each followee, a second and a run at least",
        ));
    }
    in_workplace(&args.work, |place| {
        say(Machine::of(place.path()));
        let data = place.join("data");
        let options = Options { durability: Durability::Os, ..Options::default() };
        let mut loader = Loader::open_with(&data, options)?;
        populate(args, &mut loader)?;
        measure_engine(args, loader.engine())?;
        loader.engine().close().explain(|| "cannot close the engine".to_owned())?;
        measure_wire(args, place)
    })
}

fn populate(args: &BroadcastsArgs, loader: &mut Loader) -> Outcome<()> {
    let mut random = Random::new(1);
    for number in 0..args.authors {
        let author = UserId(AUTHORS + number);
        for _ in 0..args.replays {
            let id = start(loader.engine(), author)?;
            let replay = ReplayContent::default();
            write(loader.engine(), BroadcastAction::End { broadcast: BroadcastId(id), replay })?;
        }
        start(loader.engine(), author)?;
        let at = Timestamp(2_000_000_000_000 + random.below(1 << 30));
        write(loader.engine(), BroadcastAction::Schedule { at, content: title(author) })?;
    }
    for viewer in 1..=args.viewers {
        for _ in 0..=random.below(args.followees) {
            let author = UserId(AUTHORS + random.below(args.authors));
            loader.write(Command::follow(UserId(viewer), author))?;
        }
    }
    loader.settle_all()
}

fn title(author: UserId) -> NewPost {
    let text = format!("a broadcast of user {author}, with a title as long as titles are");
    NewPost { author, text: text.into(), ..NewPost::default() }
}

fn start(engine: &Engine, author: UserId) -> Outcome<u64> {
    write(engine, BroadcastAction::StartNew { content: title(author) })
}

fn write(engine: &Engine, action: BroadcastAction) -> Outcome<u64> {
    let written = engine.write(Command::new(Action::Broadcast(action)));
    written.map(|done| done.position.sequence.0).explain(|| "a broadcast".to_owned())
}

fn measure_engine(args: &BroadcastsArgs, engine: &Engine) -> Outcome<()> {
    let mut random = Random::new(2);
    let (mut rates, mut entries) = (Vec::new(), 0);
    for run in 0..=args.runs {
        let time = if run == 0 { WARM_UP } else { Duration::from_secs(args.seconds) };
        let (begun, mut pages) = (Instant::now(), 0);
        while begun.elapsed() < time {
            for _ in 0..BATCH {
                entries = first_page(args, engine, 1 + random.below(args.viewers))?;
            }
            pages += BATCH;
        }
        if run != 0 {
            rates.push(whole(rate(pages, begun.elapsed())));
        }
    }
    note(format!("the last page had {entries} entries"));
    tell("engine, one core", rates);
    Ok(())
}

fn first_page(args: &BroadcastsArgs, engine: &Engine, viewer: u64) -> Outcome<usize> {
    let page = BroadcastsPage::First { device: Some(1) };
    let query = BroadcastsQuery { user: UserId(viewer), viewer: None, page, limit: args.limit };
    let feed = engine.broadcasts(&query).explain(|| "a page".to_owned())?;
    Ok(feed.broadcasts.len())
}

fn measure_wire(args: &BroadcastsArgs, place: &Workplace) -> Outcome<()> {
    let programs = Programs::find(&args.programs)?;
    let log = place.join("daemon.log");
    let daemon = Launch::serve(&programs.daemon, &place.join("data"), log).start(0)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.explain(|| "cannot start a runtime".to_owned())?;
    for (connections, depth) in SHAPES {
        let dialect = Arc::new(Fanfold::broadcasts(args.viewers));
        let time = Duration::from_secs(args.seconds);
        let load = Load { address: daemon.address(), dialect, connections, depth, time, seed: 1 };
        runtime.block_on(Load { time: WARM_UP, ..load.clone() }.run())?;
        let mut rates = Vec::new();
        for seed in 0..args.runs as u64 {
            let run = runtime.block_on(Load { seed: seed + 2, ..load.clone() }.run())?;
            rates.push(whole(rate(run.count, run.time)));
        }
        tell(&format!("wire, {connections} connections x {depth}"), rates);
    }
    daemon.stop().map(drop)
}

/// The median of the runs, and all of them.
fn tell(case: &str, mut rates: Vec<u64>) {
    rates.sort_unstable();
    let median = rates.get(rates.len() / 2).copied().unwrap_or_default();
    let all: Vec<String> = rates.iter().map(|rate| grouped(*rate)).collect();
    say(format!("{case}: {} first pages/s (runs: {})", grouped(median), all.join("; ")));
}
