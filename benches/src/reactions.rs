//! `reactions`: what reactions cost. As many to one post as to as many posts, one each; the memory of
//! each; and a page with counts and "mine" beside a plain one, in turns.
//!
//! The engine runs in this process and waits for no disk (`durability` os), so that what is compared is the
//! work of the engine. Rates are medians of the rounds; the two orders of a pair take turns.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use fanfold_engine::{
    Action, Command, CountedQuery, Durability, Engine, Mentions, Options, PostId, Span,
    TimelineQuery, UserId,
};

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Outcome};
use crate::figures::Loader;
use crate::machine::kilobytes;
use crate::noise::Watch;
use crate::number::{float, rate, whole};

/// Who follows everybody, reads and has reacted to every other post.
const READER: UserId = UserId(u64::MAX - 1);

/// Authors of the pages.
const AUTHORS: u64 = 100;

/// Pages of one measurement.
const PAGES: u32 = 20_000;

/// The arguments of `reactions`.
#[derive(Args, Debug)]
pub(crate) struct ReactionsArgs {
    /// Reactions to one post, and posts with one reaction each
    #[arg(long, default_value_t = 1_000_000)]
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
        "anonymous memory of a reaction: {one:.1} bytes on one post, {many:.1} on posts of its own"
    ));
    pages(args.rounds.max(1))?;
    watch.finish("reactions");
    Ok(())
}

/// One load.
struct Run {
    rate: f64,
    /// Of memory, for each reaction, once the entries are in view files.
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
    let before = anonymous_bytes();
    let begun = Instant::now();
    for number in 0..count {
        // In an order of no use to anybody: neighbours do not follow each other.
        let user = UserId(number.wrapping_mul(7_919) % count + 1);
        let action = Action::React { user, target: target(number), kind: 0 };
        loader.write(Command::new(action))?;
    }
    loader.settle_all()?;
    let rate = rate(count, begun.elapsed());
    let engine = loader.engine().clone();
    engine.retain().explain(|| "cannot flush".to_owned())?;
    let bytes = float(anonymous_bytes().saturating_sub(before)) / float(count);
    check(&engine, count, target(0), directory.path())?;
    Ok(Run { rate, bytes })
}

/// Counts are exact, also out of the log alone after a crash: the image is opened as it is.
fn check(engine: &Engine, count: u64, first: PostId, directory: &Path) -> Outcome<()> {
    let stands = engine.counters().explain(|| "cannot count".to_owned())?.reactions;
    if stands != count {
        let what = format!("{stands} reactions stand, {count} were made");
        return Err(crate::exit::Failure::failed(what));
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

/// A plain page, a page with counts of which nobody reacted to anything, and one with reactions.
fn pages(rounds: usize) -> Outcome<()> {
    let directory = tempfile::tempdir().explain(|| "cannot make a directory".to_owned())?;
    let mut loader = Loader::open_with(
        directory.path(),
        Options { durability: Durability::Os, ..Options::default() },
    )?;
    for author in 1..=AUTHORS {
        loader.write(Command::follow(READER, UserId(author)))?;
    }
    let text = "a text of usual length, as people write them, ".repeat(6);
    for number in 0..AUTHORS * 20 {
        loader.write(Command::publish(UserId(number % AUTHORS + 1), text.clone()))?;
    }
    loader.settle_all()?;
    let first = AUTHORS + 1;
    for post in (first..first + AUTHORS * 20).map(PostId) {
        for user in 1..=30 {
            let kind = u8::try_from(user % 3).unwrap_or(0);
            let action = Action::React { user: UserId(user), target: post, kind };
            loader.write(Command::new(action))?;
        }
        if post.0.is_multiple_of(2) {
            let action = Action::React { user: READER, target: post, kind: 1 };
            loader.write(Command::new(action))?;
        }
        let text = "indeed".into();
        let mentions = Mentions::new();
        let action = Action::Comment { user: UserId(1), post, answers: None, text, mentions };
        loader.write(Command::new(action))?;
    }
    loader.settle_all()?;
    let engine = loader.engine().clone();
    let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 20 };
    let counted = CountedQuery::Home(query);
    let (mut plain, mut with_counts) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        plain.push(timed(|| engine.home(black_box(&query)).is_ok()));
        with_counts.push(timed(|| engine.counted(black_box(&counted)).is_ok()));
    }
    let (plain, with_counts) = (median(plain), median(with_counts));
    say(format!("a page of 20, plain                {plain:.2} us"));
    say(format!("the same with counts and mine      {with_counts:.2} us"));
    say(format!("with counts and mine: {:.2} x the time of a plain page", with_counts / plain));
    Ok(())
}

/// Microseconds of one.
fn timed(mut read: impl FnMut() -> bool) -> f64 {
    let begun = Instant::now();
    for _ in 0..PAGES {
        black_box(read());
    }
    let all: Duration = begun.elapsed();
    all.as_secs_f64() * 1e6 / f64::from(PAGES)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
