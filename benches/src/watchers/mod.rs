//! `watch`: thousands of watchers on one daemon, and whether each is told all, once, and how soon.
//!
//! ```text
//! publisher --> fanfoldd  <- kill -9, if asked
//!                  |
//!                  +--> 10,000 watches, each on its connection; some of these are cut, if asked
//! ```
//!
//! Every author has so many watchers who follow nobody else, but for one author whom all follow. At
//! the end what each watcher was told is compared with what was acknowledged: the same ids, in their
//! order, each once. Latencies are from the acknowledgement at the publisher to the event at the
//! watcher, both in this process, which shares the machine with the daemon.

mod load;
mod report;
mod watcher;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use fanfold_client::{Client, ConnectOptions, UserId};
use tokio::task::JoinSet;

use crate::console::{note, say};
use crate::daemon::{Daemon, Launch, free_port};
use crate::exit::{Explain, Failure, Outcome};
use crate::figures::watch::Watch;
use crate::machine::Machine;
use crate::number::to_usize;
use crate::programs::{ProgramArgs, Programs};
use crate::workplace::{WorkArgs, Workplace, in_workplace};

use load::Published;
use report::Report;
use watcher::{Told, Watcher};

/// The author whom all follow.
pub(crate) const CELEBRITY: UserId = UserId(1);

/// The first of the other authors, and of the watchers.
const AUTHORS: u64 = 1_000;
const WATCHERS: u64 = 1_000_000;

/// How long after the load the last event may come.
const SETTLE: Duration = Duration::from_secs(60);

/// The arguments of `watch`.
#[derive(Args, Clone, Debug)]
pub(crate) struct WatchArgs {
    /// How many watchers
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    watchers: u64,
    /// How many of them follow each author
    #[arg(long, value_name = "N", default_value_t = 100)]
    fans: u64,
    /// Posts a second, of all authors but the one whom everybody follows
    #[arg(long, value_name = "N", default_value_t = 190)]
    posts: u64,
    /// Seconds between two posts of the author whom everybody follows
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    celebrity: u64,
    /// How long to publish
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    seconds: u64,
    /// How often to kill the daemon meanwhile
    #[arg(long, value_name = "N", default_value_t = 0)]
    kills: u32,
    /// How many connections of watchers to cut meanwhile, each second
    #[arg(long, value_name = "N", default_value_t = 0)]
    cuts: u64,
    #[command(flatten)]
    programs: ProgramArgs,
    #[command(flatten)]
    work: WorkArgs,
}

impl WatchArgs {
    fn authors(&self) -> u64 {
        self.watchers.div_ceil(self.fans)
    }

    fn author_of(&self, watcher: u64) -> UserId {
        UserId(AUTHORS + watcher / self.fans)
    }
}

/// Runs the load and compares.
pub(crate) fn run(args: &WatchArgs) -> Outcome<()> {
    if [args.watchers, args.fans, args.posts, args.celebrity, args.seconds].contains(&0) {
        return Err(Failure::mistake("0 watchers, fans, posts or seconds measure nothing"));
    }
    in_workplace(&args.work, |workplace| {
        let programs = Programs::find(&args.programs)?;
        say(Machine::of(workplace.path()));
        let runtime = tokio::runtime::Runtime::new().explain(|| "no runtime".to_owned())?;
        let done = runtime.block_on(play(args, &programs, workplace));
        runtime.shutdown_timeout(Duration::from_secs(1));
        done
    })
}

async fn play(args: &WatchArgs, programs: &Programs, workplace: &Workplace) -> Outcome<()> {
    let (data, log) = (workplace.join("data"), workplace.join("daemon.log"));
    let launch = Launch::serve(&programs.daemon, &data, log);
    let launch = launch.with(&["--max-connections", &(args.watchers + 64).to_string()]);
    let port = free_port()?;
    let daemon = launch.start(port)?;
    say(format!("daemon: {}", launch.shown()));
    let client = connect(&daemon.url()).await?;
    load::follow(&client, args).await?;
    note(format!("{} watchers begin", args.watchers));
    let started = Instant::now();
    let (mut watchers, stop) = begin(&client, args).await?;
    say(format!("{} watchers began within {:?}", args.watchers, started.elapsed()));
    let quiet = Watch::start();
    let killing = kill(daemon, &launch, port, args);
    let (published, daemon) = tokio::join!(load::publish(&client, args), killing);
    let (published, daemon) = (Arc::new(published?), daemon?);
    let told = collect(&mut watchers, &stop, args, &published).await?;
    let report = Report::of(args, &published, &told)?;
    client.close().await;
    daemon.stop()?;
    // The time of the daemon counts as ours once it has ended.
    quiet.finish("watch");
    report.say(args);
    Ok(())
}

async fn connect(url: &str) -> Outcome<Client> {
    let options = ConnectOptions {
        request_timeout: Duration::from_secs(120),
        connect_timeout: Duration::from_secs(60),
        max_in_flight: 1_000,
        ..ConnectOptions::default()
    };
    let target = url.parse().explain(|| format!("{url} is no url"))?;
    Client::connect_with(target, options).await.explain(|| format!("cannot connect to {url}"))
}

/// Starts all watchers and waits until each has begun.
async fn begin(
    client: &Client,
    args: &WatchArgs,
) -> Outcome<(JoinSet<Outcome<Told>>, tokio::sync::watch::Sender<bool>)> {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (begun, mut all_begun) = tokio::sync::mpsc::channel(1_024);
    let mut watchers = JoinSet::new();
    // One in so many cuts its connection each second.
    let cut_every = (0 < args.cuts).then(|| args.watchers.div_ceil(args.cuts));
    for number in 0..args.watchers {
        let watcher = Watcher {
            client: client.clone(),
            number,
            cut_every: cut_every.map(Duration::from_secs),
            begun: begun.clone(),
            stopped: stopped.clone(),
        };
        watchers.spawn(watcher.run());
    }
    drop(begun);
    for _ in 0..args.watchers {
        all_begun.recv().await.ok_or_else(|| Failure::failed("a watcher ended at once"))?;
    }
    Ok((watchers, stop))
}

/// Kills the daemon now and then, and starts it again.
async fn kill(mut daemon: Daemon, launch: &Launch, port: u16, args: &WatchArgs) -> Outcome<Daemon> {
    let pause = Duration::from_secs(args.seconds) / (args.kills + 1);
    for _ in 0..args.kills {
        tokio::time::sleep(pause).await;
        daemon.kill();
        let launch = launch.clone();
        let started = tokio::task::spawn_blocking(move || launch.start(port)).await;
        daemon = started.explain(|| "the start of the daemon panicked".to_owned())??;
    }
    Ok(daemon)
}

/// Waits until everybody was told everything, or too long; then takes what each was told.
async fn collect(
    watchers: &mut JoinSet<Outcome<Told>>,
    stop: &tokio::sync::watch::Sender<bool>,
    args: &WatchArgs,
    published: &Arc<Published>,
) -> Outcome<Vec<Told>> {
    let deadline = Instant::now() + SETTLE;
    let expected = published.entries(args);
    while watcher::ENTRIES.load(std::sync::atomic::Ordering::Relaxed) < expected {
        if deadline < Instant::now() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What comes twice comes late.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _nobody_left = stop.send(true);
    let mut told = Vec::with_capacity(to_usize(args.watchers));
    while let Some(watcher) = watchers.join_next().await {
        told.push(watcher.explain(|| "a watcher panicked".to_owned())??);
    }
    Ok(told)
}
