//! `load`: an open-loop load on a running daemon.
//!
//! Requests become due at a steady rate, whatever the daemon does, as those of many independent people do. A
//! latency is from the moment a request was due to its answer: time that it waited behind slow
//! answers, on this side or on that, counts (no coordinated omission). Beside it stands the time
//! from sending to answer, which is what a closed loop would have shown.

mod connection;
mod mix;
mod pacer;
mod tally;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use fanfold_engine::testing::seed::Random;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::noise::Watch;
use crate::number::{float, whole};
use crate::population::Words;
use crate::results::{Case, Recorder, ResultArgs};
use crate::sample::Run;
use crate::wire::Pick;
use crate::wire::fanfold::Fanfold;

use mix::Mix;
use pacer::Pacer;
use tally::Tally;

/// The arguments of `load`.
#[derive(Args, Clone, Debug)]
pub(crate) struct LoadArgs {
    /// The daemon's address
    #[arg(long, default_value = "127.0.0.1:7717", value_name = "ADDR:PORT")]
    address: SocketAddr,
    /// Requests a second, of all connections together
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    rate: u64,
    /// How often each kind of request comes: home, outbox, publish, follow
    #[arg(
        long,
        default_value = "home=90,outbox=5,publish=4,follow=1",
        value_name = "KIND=WEIGHT,..."
    )]
    mix: Mix,
    /// Users 1 to N are asked about, and publish
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    users: u64,
    /// How unequally: 0 for all alike, below 1; published traces have 0.8
    #[arg(long, default_value_t = 0.8, value_name = "S")]
    skew: f64,
    /// Connections
    #[arg(long, default_value_t = 50, value_name = "N")]
    connections: usize,
    /// Requests in flight on a connection; more wait on this side, and their waiting counts
    #[arg(long, default_value_t = 16, value_name = "N")]
    pipeline: usize,
    /// How long
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    seconds: f64,
    /// At the same rate, before anything counts
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    warm_up: f64,
    /// Bytes of a post
    #[arg(long, default_value_t = 280, value_name = "N")]
    text: usize,
    /// Another seed asks about others
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    seed: u64,
    #[command(flatten)]
    results: ResultArgs,
}

/// Runs the load and tells how it went.
pub(crate) fn run(args: &LoadArgs) -> Outcome<()> {
    let time = args.checked()?;
    let settings = json!({
        "address": args.address, "rate": args.rate, "mix": args.mix.to_string(),
        "users": args.users, "skew": args.skew, "connections": args.connections,
        "pipeline": args.pipeline, "seconds": args.seconds, "seed": args.seed,
    });
    let mut recorder = Recorder::start(&args.results, &std::env::temp_dir(), settings)?;
    let runtime = Runtime::new().explain(|| "no runtime".to_owned())?;
    if let Some(warm_up) = seconds(args.warm_up) {
        runtime.block_on(args.run(warm_up, false))?;
    }
    let watch = Watch::start();
    let started = Instant::now();
    let tally = runtime.block_on(args.run(time, true))?;
    // Answers that come after the last was due took that time, too.
    let took = started.elapsed().max(time);
    args.tell(&tally, took)?;
    let run = Run { count: tally.answered(), time: took, latencies: tally.responses()? };
    let case = format!("{} a second, {}", grouped(args.rate), args.mix);
    let case = Case::new("load", &case, "fanfold", "requests/s");
    recorder.run(case, 1, &run, watch)
}

impl LoadArgs {
    fn checked(&self) -> Outcome<Duration> {
        let Self { rate, connections, pipeline, users, skew, .. } = self;
        if [*rate, *connections as u64, *pipeline as u64, *users].contains(&0) {
            return Err(Failure::mistake(
                "--rate, --connections, --pipeline and --users are at least 1",
            ));
        }
        if !(0.0..1.0).contains(skew) {
            return Err(Failure::mistake(format!("--skew {skew}: from 0 to below 1")));
        }
        let time = seconds(self.seconds);
        time.ok_or_else(|| Failure::mistake(format!("--seconds {} is no time", self.seconds)))
    }

    fn dialect(&self) -> Fanfold {
        let text = Bytes::from(Words::new(self.seed).text(self.text));
        let users = Pick::skewed(self.users, self.skew);
        self.mix.of(Fanfold { users, text, ..Fanfold::homes(self.users) })
    }

    async fn run(&self, time: Duration, shown: bool) -> Outcome<Arc<Tally>> {
        let tally = Arc::new(Tally::new()?);
        let dialect = self.dialect();
        let mut random = Random::new(self.seed);
        let (mut tasks, mut queues) = (JoinSet::new(), Vec::new());
        for _ in 0..self.connections {
            let (queue, due) = unbounded_channel();
            let random = Random::new(random.bits());
            let connection = connection::open(self.address, &dialect, random, self.pipeline)?;
            tasks.spawn(connection.run(due, Arc::clone(&tally)));
            queues.push(queue);
        }
        let pacer = Pacer { rate: self.rate, time };
        let pacing = std::thread::spawn(move || pacer.run(&queues));
        let progress = shown.then(|| tokio::spawn(progress(Arc::clone(&tally), self.rate, time)));
        while let Some(done) = tasks.join_next().await {
            done.explain(|| "a connection panicked".to_owned())??;
        }
        if let Some(progress) = progress {
            progress.abort();
        }
        let due = pacing.join().map_err(|_| Failure::failed("the pacer panicked"))?;
        tally.due(due);
        Ok(tally)
    }

    fn tell(&self, tally: &Tally, time: Duration) -> Outcome<()> {
        let answered = whole(crate::number::rate(tally.answered(), time));
        say(format!(
            "asked for {}/s, answered {}/s: {} due, {} answered, {} refused, {} never answered",
            grouped(self.rate),
            grouped(answered),
            grouped(tally.all_due()),
            grouped(tally.answered()),
            grouped(tally.refused()),
            grouped(tally.all_due().saturating_sub(tally.answered()))
        ));
        say(format!("from due to answer    {}", tally.responses()?.percentiles()));
        say(format!("from sent to answer   {}", tally.services()?.percentiles()));
        Ok(())
    }
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero())
}

/// A line a second.
async fn progress(tally: Arc<Tally>, rate: u64, time: Duration) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.tick().await;
    for second in 1_u64.. {
        every.tick().await;
        let (answered, p99) = tally.since_last();
        let due = whole(float(rate) * time.as_secs_f64().min(float(second)));
        let behind = due.saturating_sub(tally.answered());
        note(format!(
            "{second:>4} s  {:>9}/s answered  {:>9} behind  p99 {p99:.0} us",
            grouped(answered),
            grouped(behind)
        ));
    }
}
