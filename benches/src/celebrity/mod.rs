//! `celebrity`: one author with a hundred million followers, some of whom are active.
//!
//! The follows are ordinary records in random order. Measured are: memory; how long a post of the celebrity
//! takes to be acknowledged, beside anybody's; that everybody sees it then; how long until it
//! lies in the inbox of each active follower; and what other users meet meanwhile, beside a run in which
//! as much processor time is burnt by nobody.

mod beside;
mod world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use fanfold_engine::testing::seed::Random;
use fanfold_engine::{Command, DeliveryOptions, Durability, Engine, Options, Policy, PostId};
use serde_json::json;

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::fanout::thread;
use crate::figures::Loader;
use crate::machine::Machine;
use crate::number::float;
use crate::workplace::{WorkArgs, Workplace, in_workplace};
use beside::{Latencies, beside, newest, publish};
use world::World;

/// Between two posts of the celebrity.
const POST_EVERY: Duration = Duration::from_millis(250);

/// Followers who are asked, after each post, whether they see it.
const ASKED: usize = 50;

/// Follows between two lines of progress.
const TOLD_EVERY: u64 = 10_000_000;

const SETTLE_MAX: Duration = Duration::from_secs(120);

/// The arguments of `celebrity`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CelebrityArgs {
    /// Followers of the one author
    #[arg(long, default_value_t = 120_000_000)]
    followers: u64,
    /// How many of them are active, each following five others
    #[arg(long, default_value_t = 100_000)]
    active: u64,
    /// How long each of the two runs lasts
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// MiB of memory for the engine to cache in
    #[arg(long, default_value_t = 1_024)]
    budget: u64,
    /// The delivery policy
    #[arg(long, default_value = "push")]
    policy: Policy,
    /// Append the results as a JSON line to this file
    #[arg(long, value_name = "FILE")]
    json: Option<std::path::PathBuf>,
    #[command(flatten)]
    work: WorkArgs,
}

/// What the celebrity's posts met: microseconds, and milliseconds until the last inbox had them.
#[derive(Debug, Default)]
struct Posts {
    acknowledged: Vec<f64>,
    delivered: Vec<f64>,
}

/// Loads, measures, tells.
pub(crate) fn run(args: &CelebrityArgs) -> Outcome<()> {
    if args.active < 64 || args.followers / 2 < args.active || args.seconds == 0 {
        return Err(Failure::mistake(
            "64 active followers at least, half of all at most, and a second",
        ));
    }
    in_workplace(&args.work, |place| {
        say(Machine::of(place.path()));
        measure(args, place)
    })
}

fn measure(args: &CelebrityArgs, place: &Workplace) -> Outcome<()> {
    let world = World { followers: args.followers, active: args.active };
    let mut loader = Loader::open_with(&place.join("data"), options(args))?;
    load(&mut loader, world)?;
    let engine = loader.engine().clone();
    say(format!(
        "{} follows: {:.2} GiB of memory",
        grouped(counted(&engine)?.follows),
        gibibytes(thread::resident_bytes())
    ));
    let started = Instant::now();
    (0..world.active).try_for_each(|number| newest(&engine, world.reader(number)).map(drop))?;
    settle(&engine)?;
    say(format!(
        "{} readers have an inbox, made in {:.1} s: {:.2} GiB of memory",
        grouped(counted(&engine)?.inboxes),
        started.elapsed().as_secs_f64(),
        gibibytes(thread::resident_bytes())
    ));
    let run = Duration::from_secs(args.seconds);
    let (posts, with, share) = with_celebrity(&engine, world, run)?;
    let control = control(&engine, world, run, share)?;
    tell(args, posts, (with, control), share)
}

fn options(args: &CelebrityArgs) -> Options {
    Options {
        durability: Durability::Os,
        memory_budget: args.budget << 20,
        delivery: DeliveryOptions { policy: args.policy, ..DeliveryOptions::default() },
        ..Options::default()
    }
}

fn load(loader: &mut Loader, world: World) -> Outcome<()> {
    note(format!("{} followers in random order", grouped(world.followers)));
    let celebrity = world.celebrity();
    for (number, user) in (0_u64..).zip(world.followers()) {
        loader.write(Command::follow(user, celebrity))?;
        if number != 0 && number.is_multiple_of(TOLD_EVERY) {
            let resident = gibibytes(thread::resident_bytes());
            note(format!("{} follow, {resident:.2} GiB of memory", grouped(number)));
        }
    }
    world.others().try_for_each(|command| loader.write(command))?;
    loader.settle_all()
}

/// The celebrity posts, others read and post. Answers also which part of a core the fan-out took.
fn with_celebrity(
    engine: &Engine,
    world: World,
    run: Duration,
) -> Outcome<(Posts, Latencies, f64)> {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let others = scope.spawn(|| beside(engine, world, &is_over));
        let (cpu, started) = (thread::cpu("fanfold-fanout")?, Instant::now());
        let posts = celebrity_posts(engine, world, run);
        let share = (thread::cpu("fanfold-fanout")? - cpu).as_secs_f64();
        let share = share / started.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Relaxed);
        let others = others.join().map_err(|_| Failure::failed("the other users panicked"))??;
        Ok((posts?, others, share))
    })
}

fn celebrity_posts(engine: &Engine, world: World, run: Duration) -> Outcome<Posts> {
    let mut posts = Posts::default();
    let mut random = Random::new(3);
    let started = Instant::now();
    let mut number = 0;
    while started.elapsed() < run {
        number += 1;
        let begun = Instant::now();
        let post = publish(engine, world.celebrity())?;
        posts.acknowledged.push(begun.elapsed().as_secs_f64() * 1e6);
        let acknowledged = Instant::now();
        while engine.fan_out(PostId(post)).explain(|| "cannot ask".to_owned())?.is_some() {
            std::thread::sleep(Duration::from_micros(500));
        }
        posts.delivered.push(acknowledged.elapsed().as_secs_f64() * 1e3);
        let asked = (0..ASKED).map(|_| world.any_follower(&mut random));
        for user in asked {
            // Others may have posted since; nothing older may come first.
            if newest(engine, user)?.is_none_or(|first| first < post) {
                return Err(Failure::failed(format!("{user} does not see post {post}")));
            }
        }
        std::thread::sleep((POST_EVERY * number).saturating_sub(started.elapsed()));
    }
    Ok(posts)
}

/// The same others, and as much processor time burnt in the same steps by nobody.
fn control(engine: &Engine, world: World, run: Duration, share: f64) -> Outcome<Latencies> {
    settle(engine)?;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let others = scope.spawn(|| beside(engine, world, &is_over));
        let started = Instant::now();
        let mut number = 0;
        while started.elapsed() < run {
            number += 1;
            let begun = Instant::now();
            while begun.elapsed() < POST_EVERY.mul_f64(share.min(1.0)) {
                std::hint::spin_loop();
            }
            std::thread::sleep((POST_EVERY * number).saturating_sub(started.elapsed()));
        }
        is_over.store(true, Ordering::Relaxed);
        others.join().map_err(|_| Failure::failed("the other users panicked"))?
    })
}

fn tell(
    args: &CelebrityArgs,
    mut posts: Posts,
    (with, control): (Latencies, Latencies),
    share: f64,
) -> Outcome<()> {
    let acknowledged = (at(&mut posts.acknowledged, 0.5), at(&mut posts.acknowledged, 0.99));
    let delivered = (at(&mut posts.delivered, 0.5), at(&mut posts.delivered, 1.0));
    let gib = gibibytes(thread::resident_bytes());
    say(format!(
        "{} posts of the celebrity: acknowledged in {:.0} us (p99 {:.0}), others' in {:.0} us (p99 {:.0})",
        posts.acknowledged.len(),
        acknowledged.0,
        acknowledged.1,
        with.post_p50,
        with.post_p99
    ));
    say("seen by everybody who was asked, at once");
    say(format!(
        "in all inboxes after {:.1} ms (at most {:.1} ms); the fan-out took {:.0} % of a core",
        delivered.0,
        delivered.1,
        share * 100.0
    ));
    for (who, latencies) in [("beside the celebrity", with), ("beside a busy core", control)] {
        say(format!(
            "others {who}: reads p50 {:.0} us p99 {:.0} us, posts p50 {:.0} us p99 {:.0} us",
            latencies.read_p50, latencies.read_p99, latencies.post_p50, latencies.post_p99
        ));
    }
    say(format!("{gib:.2} GiB of memory"));
    let Some(path) = &args.json else { return Ok(()) };
    let line = json!({
        "case": "celebrity",
        "followers": args.followers,
        "active": args.active,
        "resident_gib": gib,
        "acknowledged_micros": [acknowledged.0, acknowledged.1],
        "delivered_millis": [delivered.0, delivered.1],
        "fan_out_core_share": share,
        "others_read_p99_micros": with.read_p99,
        "others_post_p99_micros": with.post_p99,
        "control_read_p99_micros": control.read_p99,
        "control_post_p99_micros": control.post_p99,
    });
    let file = std::fs::File::options().create(true).append(true).open(path);
    let written = file
        .and_then(|mut file| std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes()));
    written.explain(|| format!("cannot write {}", path.display()))
}

/// A quantile; 0 of nothing.
fn at(values: &mut [f64], part: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let index = crate::number::whole(float(last as u64) * part);
    values.get(crate::number::to_usize(index)).copied().unwrap_or(0.0)
}

fn gibibytes(bytes: u64) -> f64 {
    float(bytes) / f64::from(1 << 30)
}

fn counted(engine: &Engine) -> Outcome<fanfold_engine::Counters> {
    engine.counters().explain(|| "cannot count".to_owned())
}

fn settle(engine: &Engine) -> Outcome<()> {
    if engine.settle_delivery(SETTLE_MAX) {
        return Ok(());
    }
    Err(Failure::failed("the fan-out did not come to rest"))
}
