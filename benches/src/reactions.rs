//! `reactions`: what reactions cost. As many to one post as to as many posts, one each, and the memory of
//! each. (`extras` measures pages that count them.)
//!
//! The engine runs in this process and waits for no disk (`durability` os), so that what is compared is the
//! work of the engine. Rates are medians of the rounds; the two orders of a pair take turns.

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use clap::Args;
use fanfold_engine::{Action, Command, Durability, Engine, Options, PostId, UserId};

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::figures::Loader;
use crate::machine::kilobytes;
use crate::noise::Watch;
use crate::number::{float, rate, whole};

/// The arguments of `reactions`.
#[derive(Args, Debug)]
pub(crate) struct ReactionsArgs {
    /// Reactions to one post, and posts with one reaction each
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(2..))]
    reactions: u64,
    /// Rounds of which the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Runs the job.
pub(crate) fn run(args: &ReactionsArgs) -> Outcome<()> {
    let watch = Watch::start();
    let (mut hot, mut spread) = (Vec::new(), Vec::new());
    for round in 0..args.rounds.max(1) {
        note(format!("round {} of {}", round + 1, args.rounds));
        let count = args.reactions;
        // What the machine does meanwhile hits both alike.
        if round.is_multiple_of(2) {
            hot.push(to_one(count)?);
            spread.push(to_many(count)?);
        } else {
            spread.push(to_many(count)?);
            hot.push(to_one(count)?);
        }
    }
    let of = |runs: &[Run], what: fn(&Run) -> f64| median(runs.iter().map(what).collect());
    let (one, many) = (of(&hot, |run| run.rate), of(&spread, |run| run.rate));
    let count = grouped(args.reactions);
    say(format!("{count} reactions to one post      {} a second", grouped(whole(one))));
    say(format!("one each to {count} posts      {} a second", grouped(whole(many))));
    say(format!("to one post as fast as to many: {:.2} x the time", many / one));
    let (one, many) = (of(&hot, |run| run.bytes), of(&spread, |run| run.bytes));
    say(format!(
        "anonymous memory of a further reaction: {one:.1} bytes on one post, {many:.1} on posts of its own"
    ));
    watch.finish("reactions");
    Ok(())
}

/// One load.
struct Run {
    rate: f64,
    /// Of memory, for each further reaction, once the entries are in view files.
    bytes: f64,
}

fn options() -> Options {
    Options { durability: Durability::Os, memory_budget: 1 << 26, ..Options::default() }
}

/// All by different users, known to the log before.
fn users(loader: &mut Loader, count: u64) -> Outcome<()> {
    for user in 0..count {
        loader.write(Command::publish(UserId(user + 1), "x"))?;
    }
    loader.settle_all()
}

fn to_one(count: u64) -> Outcome<Run> {
    measured(count, |_| PostId(1))
}

fn to_many(count: u64) -> Outcome<Run> {
    measured(count, |number| PostId(number + 1))
}

fn measured(count: u64, target: impl Fn(u64) -> PostId) -> Outcome<Run> {
    let directory = tempfile::tempdir().explain(|| "cannot make a directory".to_owned())?;
    let mut loader = Loader::open_with(directory.path(), options())?;
    users(&mut loader, count)?;
    let engine = loader.engine().clone();
    let mut react = |numbers: Range<u64>| {
        let begun = Instant::now();
        for number in numbers {
            // In an order of no use to anybody: neighbours do not follow each other.
            let user = UserId(number.wrapping_mul(7_919) % count + 1);
            let action = Action::React { user, target: target(number), kind: 0 };
            loader.write(Command::new(action))?;
        }
        loader.settle_all()?;
        let took = begun.elapsed();
        engine.retain().explain(|| "cannot flush".to_owned())?;
        Ok::<_, Failure>((took, anonymous_bytes()))
    };
    // The first half fills what has a fixed size: the newest entries and segments, and what the allocator
    // keeps of what a flush took. What the second half adds, each further reaction adds.
    let (first, before) = react(0..count / 2)?;
    let (second, after) = react(count / 2..count)?;
    let bytes = float(after.saturating_sub(before)) / float(count - count / 2);
    check(&engine, count, target(0), directory.path())?;
    Ok(Run { rate: rate(count, first + second), bytes })
}

/// Counts are exact, also out of the log alone after a crash: the image is opened as it is.
fn check(engine: &Engine, count: u64, first: PostId, directory: &Path) -> Outcome<()> {
    let stands = engine.counters().explain(|| "cannot count".to_owned())?.reactions;
    if stands != count {
        let what = format!("{stands} reactions stand, {count} were made");
        return Err(Failure::failed(what));
    }
    let (_, _, counts) = engine
        .counted_post(first, None)
        .explain(|| format!("cannot read post {first} in {}", directory.display()))?;
    note(format!("exact: {} of kind 0 on the first post", counts.reactions.iter().sum::<u32>()));
    Ok(())
}

fn anonymous_bytes() -> u64 {
    kilobytes("/proc/self/status", "RssAnon:").unwrap_or_default() * 1_024
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
