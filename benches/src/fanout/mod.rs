//! `fan-out`: how fast posts get into inboxes, beside how fast this machine appends to that many lists
//! at random at all.
//!
//! A heavy-tailed world, in which everybody reads once and so has an inbox; then posts, as fast as the
//! engine takes them. What counts is the processor time of the one thread that delivers.

mod limit;
pub(crate) mod thread;

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use fanfold_engine::{
    Command, Counters, DeliveryOptions, Durability, Engine, Options, Policy, Span, TimelineQuery,
    UserId,
};
use serde_json::{Value, json};

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::figures::Loader;
use crate::machine::Machine;
use crate::number::float;
use crate::population::Population;
use crate::workplace::{WorkArgs, Workplace, in_workplace};

/// Bytes of a post.
const TEXT_BYTES: usize = 280;

/// Longer than any backlog takes.
const SETTLE_MAX: Duration = Duration::from_secs(60);

/// The arguments of `fan-out`.
#[derive(Args, Clone, Debug)]
pub(crate) struct FanOutArgs {
    /// How many users
    #[arg(long, default_value_t = 100_000)]
    users: u64,
    /// Followers of an author, on average
    #[arg(long, default_value_t = 90)]
    mean: u64,
    /// How many posts, by all authors in turn
    #[arg(long, default_value_t = 300_000)]
    posts: u64,
    /// Posts that an inbox keeps
    #[arg(long, default_value_t = 500)]
    inbox: u16,
    /// Append the results as JSON lines to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    work: WorkArgs,
}

/// Loads, delivers, and measures.
pub(crate) fn run(args: &FanOutArgs) -> Outcome<()> {
    if args.users < 16 || args.users / 4 < args.mean || args.posts == 0 {
        return Err(Failure::mistake(
            "a world of at least 16 users and a post; mean up to a quarter",
        ));
    }
    in_workplace(&args.work, |place| {
        say(Machine::of(place.path()));
        let result = deliver(args, place)?;
        if let Some(path) = &args.json {
            let file = std::fs::File::options().create(true).append(true).open(path);
            let written = file.and_then(|mut file| writeln!(file, "{result}"));
            written.explain(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    })
}

fn deliver(args: &FanOutArgs, place: &Workplace) -> Outcome<Value> {
    let population = Population::new(args.users, args.mean, 1);
    let mut loader = Loader::open_with(&place.join("data"), options(args))?;
    note(format!("{} follows", grouped(population.follow_count())));
    for (user, author) in population.follows() {
        loader.write(Command::follow(UserId(user), UserId(author)))?;
    }
    loader.settle_all()?;
    let engine = loader.engine().clone();
    let before_inboxes = thread::resident_bytes();
    (1..=args.users).try_for_each(|user| read(&engine, user))?;
    note(format!("{} posts", grouped(args.posts)));
    let before = counters(&engine)?;
    let cpu_before = thread::cpu("fanfold-fanout")?;
    let text = "t".repeat(TEXT_BYTES);
    let started = Instant::now();
    for number in 0..args.posts {
        loader.write(Command::publish(UserId(number % args.users + 1), text.clone()))?;
    }
    loader.settle_all()?;
    if !engine.settle_delivery(SETTLE_MAX) {
        return Err(Failure::failed("the fan-out did not come to rest"));
    }
    let took = started.elapsed();
    let cpu = thread::cpu("fanfold-fanout")? - cpu_before;
    let after = counters(&engine)?;
    let deliveries = after.deliveries - before.deliveries;
    let resident = thread::resident_bytes().saturating_sub(before_inboxes);
    let limits = limit::measure(&population, usize::from(args.inbox));
    drop(engine);
    drop(loader);
    Ok(told(deliveries, (took, cpu), &after, limits, resident))
}

fn told(
    deliveries: u64,
    (took, cpu): (Duration, Duration),
    after: &Counters,
    (small, huge): (f64, f64),
    resident: u64,
) -> Value {
    let a_core = float(deliveries) / cpu.as_secs_f64() / 1e6;
    let wall = float(deliveries) / took.as_secs_f64() / 1e6;
    let bytes_per_entry = float(after.inbox_bytes) / float(after.inbox_entries.max(1));
    say(format!(
        "{} deliveries: {a_core:.1} million a second of one core ({wall:.1} by the clock, the committer \
         beside it)",
        grouped(deliveries)
    ));
    say(format!(
        "random appends, the machine's limit: {small:.1} million a second, {huge:.1} in huge pages"
    ));
    say(format!(
        "inboxes: {} posts in {} inboxes, {bytes_per_entry:.2} bytes each, heads and slack included",
        grouped(after.inbox_entries),
        grouped(after.inboxes)
    ));
    json!({
        "case": "fan-out",
        "deliveries": deliveries,
        "millions_a_core_second": a_core,
        "millions_a_second": wall,
        "limit_millions": small,
        "limit_huge_pages_millions": huge,
        "inbox_entries": after.inbox_entries,
        "inbox_bytes_per_entry": bytes_per_entry,
        "resident_growth": resident,
    })
}

fn options(args: &FanOutArgs) -> Options {
    Options {
        durability: Durability::Os,
        memory_budget: 1 << 34,
        flush_records: 1 << 40,
        delivery: DeliveryOptions {
            policy: Policy::Push,
            inbox_min: args.inbox,
            ..DeliveryOptions::default()
        },
        ..Options::default()
    }
}

fn read(engine: &Engine, user: u64) -> Outcome<()> {
    let query = TimelineQuery { user: UserId(user), viewer: None, span: Span::Newest, limit: 20 };
    engine.home(&query).explain(|| format!("cannot read the home of {user}")).map(drop)
}

fn counters(engine: &Engine) -> Outcome<Counters> {
    engine.counters().explain(|| "cannot count".to_owned())
}
