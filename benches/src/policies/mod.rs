//! `policies`: what each delivery policy costs, on the same posts and reads.
//!
//! One world in memory, made up or read from files; for each load and each policy the policy is switched (which drops all inboxes),
//! a quarter of the load warms it up, and the rest is measured: processor time of the whole process,
//! deliveries, bytes of inboxes, latency of pages.

mod load;
mod world;

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use fanfold_engine::{
    Command, Counters, DeliveryOptions, Durability, Engine, Options, Policy, Span, TimelineQuery,
    UserId,
};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::fanout::thread;
use crate::figures::Loader;
use crate::input::InputArgs;
use crate::machine::Machine;
use crate::number::float;
use crate::workplace::{WorkArgs, Workplace, in_workplace};
use load::{Load, Op};
use world::World;

const SETTLE_MAX: Duration = Duration::from_secs(60);

/// The arguments of `policies`.
#[derive(Args, Clone, Debug)]
pub(crate) struct PoliciesArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Without --data: how many users
    #[arg(long, default_value_t = 100_000)]
    users: u64,
    /// Without --data: followers of an author, on average
    #[arg(long, default_value_t = 90)]
    mean: u64,
    /// Posts and reads of each run
    #[arg(long, default_value_t = 400_000)]
    operations: u64,
    /// How often each load is run; medians are told
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// From so many followers on an author is big
    #[arg(long, default_value_t = 1_000)]
    big_author: u32,
    /// Append the results as JSON lines to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    work: WorkArgs,
}

/// What a run cost.
#[derive(Clone, Copy, Debug)]
struct Cost {
    cpu_micros_per_operation: f64,
    deliveries_per_second: f64,
    inbox_bytes: u64,
    p50_micros: f64,
    p99_micros: f64,
}

/// Loads, runs all, and tells.
pub(crate) fn run(args: &PoliciesArgs) -> Outcome<()> {
    if args.users < 16 || args.users / 4 < args.mean || args.operations < 8 || args.rounds == 0 {
        return Err(Failure::mistake(
            "16 users, 8 operations and a round at least; mean up to a quarter",
        ));
    }
    in_workplace(&args.work, |place| {
        say(Machine::of(place.path()));
        let results = measure(args, place)?;
        let Some(path) = &args.json else { return Ok(()) };
        let file = std::fs::File::options().create(true).append(true).open(path);
        let text: String = results.iter().map(|line| format!("{line}\n")).collect();
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.explain(|| format!("cannot write {}", path.display()))
    })
}

fn measure(args: &PoliciesArgs, place: &Workplace) -> Outcome<Vec<Value>> {
    let world = match &args.input.data {
        Some(_) => World::real(&args.input, place)?,
        None => World::made_up(args.users, args.mean),
    };
    let options = Options {
        durability: Durability::Os,
        memory_budget: 1 << 34,
        flush_records: 1 << 40,
        ..Options::default()
    };
    let mut loader = Loader::open_with(&place.join("data"), options)?;
    note(format!("{} follows", grouped(world.follows.len() as u64)));
    for (user, author) in &world.follows {
        loader.write(Command::follow(UserId(*user), UserId(*author)))?;
    }
    loader.settle_all()?;
    let mut results = Vec::new();
    say(
        "load             policy        us/op  x best  deliveries/s  inbox MiB  page p50 us  p99 us",
    );
    for load in Load::ALL {
        let mut costs: Vec<(Policy, Vec<Cost>)> =
            Policy::ALL.into_iter().map(|policy| (policy, Vec::new())).collect();
        for round in 0..args.rounds {
            // Interleaved, so that whatever disturbs the machine disturbs all of them.
            for (policy, costs) in &mut costs {
                costs.push(one_run(args, &world, &mut loader, *policy, (load, round))?);
            }
        }
        let medians: Vec<(Policy, Cost)> =
            costs.into_iter().map(|(policy, costs)| (policy, median(costs))).collect();
        results.extend(told(load, &medians));
    }
    Ok(results)
}

fn one_run(
    args: &PoliciesArgs,
    world: &World,
    loader: &mut Loader,
    policy: Policy,
    (load, round): (Load, u64),
) -> Outcome<Cost> {
    let engine = loader.engine().clone();
    let big_author = args.big_author;
    let options = DeliveryOptions { policy, big_author, ..DeliveryOptions::default() };
    engine.set_delivery(options).explain(|| "cannot switch the policy".to_owned())?;
    let mut operations = load.operations(world, round);
    let mut pages = Histogram::<u64>::new(3).explain(|| "no histogram".to_owned())?;
    for op in operations.by_ref().take(usize::try_from(args.operations / 4).unwrap_or(0)) {
        perform(loader, &engine, op, &mut pages)?;
    }
    settle(loader, &engine)?;
    pages.reset();
    let (before, cpu, started) = (counters(&engine)?, thread::process_cpu()?, Instant::now());
    for op in operations.take(usize::try_from(args.operations).unwrap_or(usize::MAX)) {
        perform(loader, &engine, op, &mut pages)?;
    }
    settle(loader, &engine)?;
    let took = started.elapsed();
    let cpu = thread::process_cpu()? - cpu;
    let after = counters(&engine)?;
    Ok(Cost {
        cpu_micros_per_operation: cpu.as_secs_f64() * 1e6 / float(args.operations),
        deliveries_per_second: float(after.deliveries - before.deliveries) / took.as_secs_f64(),
        inbox_bytes: after.inbox_bytes,
        p50_micros: float(pages.value_at_quantile(0.5)) / 1e3,
        p99_micros: float(pages.value_at_quantile(0.99)) / 1e3,
    })
}

fn perform(
    loader: &mut Loader,
    engine: &Engine,
    op: Op<'_>,
    pages: &mut Histogram<u64>,
) -> Outcome<()> {
    let user = match op {
        Op::Publish(author, text) => {
            return loader.write(Command::publish(UserId(author), text.to_owned()));
        }
        Op::Read(user) => UserId(user),
    };
    let begun = Instant::now();
    let query = TimelineQuery { user, viewer: None, span: Span::Newest, limit: 20 };
    engine.home(&query).explain(|| format!("cannot read the home of {user}"))?;
    let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    pages.record(nanos).explain(|| "a page took too long to be counted".to_owned())
}

fn settle(loader: &mut Loader, engine: &Engine) -> Outcome<()> {
    loader.settle_all()?;
    if engine.settle_delivery(SETTLE_MAX) {
        return Ok(());
    }
    Err(Failure::failed("the fan-out did not come to rest"))
}

fn counters(engine: &Engine) -> Outcome<Counters> {
    engine.counters().explain(|| "cannot count".to_owned())
}

/// The run in the middle, by its processor time.
fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by(|a, b| a.cpu_micros_per_operation.total_cmp(&b.cpu_micros_per_operation));
    let middle = costs.len() / 2;
    costs.swap_remove(middle)
}

fn told(load: Load, costs: &[(Policy, Cost)]) -> Vec<Value> {
    let fixed = costs.iter().filter(|(policy, _)| *policy != Policy::Adaptive);
    let best = fixed.map(|(_, cost)| cost.cpu_micros_per_operation).fold(f64::INFINITY, f64::min);
    let line = |(policy, cost): &(Policy, Cost)| {
        let Cost { cpu_micros_per_operation: cpu, deliveries_per_second, inbox_bytes, .. } = *cost;
        say(format!(
            "{:<15}  {:<11} {cpu:>7.2}  {:>6.2}  {:>12}  {:>9}  {:>11.1}  {:>6.1}",
            load.name(),
            policy.name(),
            cpu / best,
            grouped(crate::number::whole(deliveries_per_second)),
            inbox_bytes >> 20,
            cost.p50_micros,
            cost.p99_micros
        ));
        json!({
            "case": "policies",
            "load": load.name(),
            "policy": policy.name(),
            "cpu_us_per_operation": cpu,
            "of_best_fixed": cpu / best,
            "deliveries_per_second": deliveries_per_second,
            "inbox_bytes": inbox_bytes,
            "page_p50_us": cost.p50_micros,
            "page_p99_us": cost.p99_micros,
        })
    };
    costs.iter().map(line).collect()
}
