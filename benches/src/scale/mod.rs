//! A database far larger than memory should be: how it opens, and what pages cost when most of it is
//! on the disk.
//!
//! ```text
//! scale:        load the world -> stop in order -> reader 1: open, first page
//!               writer: many more posts, killed -> reader 2: open, first page
//!               reader 3, in a memory cgroup of a tenth of the directory: hot and cold pages
//! ```
//!
//! Every process that opens the database is one of its own, so that nothing is warm but the page
//! cache. Pages are compared with the world they came from, which is computed and not stored.

mod pages;
mod process;
mod world;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Outcome};
use crate::figures::Loader;
use crate::number::float;
use crate::workplace::{WorkArgs, in_workplace};
pub(crate) use pages::{PagesArgs, pages};
pub(crate) use process::{WriterArgs, writer};
use world::World;

/// Progress is told so often, in writes.
const STEP: u64 = 5_000_000;

/// The arguments of `scale`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ScaleArgs {
    /// How many users
    #[arg(long, default_value_t = 1_100_000)]
    users: u64,
    /// How many follows, about
    #[arg(long, default_value_t = 100_000_000)]
    follows: u64,
    /// How many posts of 280 bytes
    #[arg(long, default_value_t = 50_000_000)]
    posts: u64,
    /// Records that are written and then killed, unflushed
    #[arg(long, default_value_t = 900_000)]
    tail: u64,
    /// Seconds of each kind of reading
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Append the results as JSON lines to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    work: WorkArgs,
}

/// Loads, and measures.
pub(crate) fn run(args: &ScaleArgs) -> Outcome<()> {
    let each = args.follows.checked_div(args.users).unwrap_or(0);
    let world = World { users: args.users, each, posts: args.posts };
    world.check()?;
    in_workplace(&args.work, |place| {
        let directory = place.join("data");
        let follows = load(&directory, &world)?;
        let bytes = directory_bytes(&directory)?;
        let text = args.posts * world::TEXT_BYTES as u64;
        let share = float(bytes) / float(text);
        let shown = grouped(bytes);
        say(format!("directory: {shown} bytes, {share:.3} x the text, {follows} follows included"));
        let mut results = vec![json!({ "case": "directory", "bytes": bytes, "text": text })];
        let reader = |limit: Option<u64>, seconds: u64, follows: u64| {
            process::reader(&directory, &world, follows, limit, seconds)
        };
        results.push(told("after an orderly stop", reader(None, 0, follows)?));
        process::killed_writer(&directory, args.tail)?;
        results.push(told("after kill -9", reader(None, 0, follows)?));
        results.push(told("all memory", reader(None, args.seconds, follows)?));
        let tenth = bytes / 10;
        results.push(told("a tenth of the data", reader(Some(tenth), args.seconds, follows)?));
        append(args.json.as_deref(), &results)
    })
}

fn load(directory: &Path, world: &World) -> Outcome<u64> {
    let started = Instant::now();
    let mut loader = Loader::open(directory)?;
    let mut follows = 0;
    for user in 1..=world.users {
        for author in world.followees(user) {
            loader.write(world::follow(user, author))?;
            follows += 1;
            progress(follows, "follows", started);
        }
    }
    for number in 1..=world.posts {
        loader.write(world.publish(number))?;
        progress(number, "posts", started);
    }
    loader.finish(follows, world.posts)?;
    say(format!("loaded in {:.0} s", started.elapsed().as_secs_f64()));
    Ok(follows)
}

fn progress(count: u64, what: &str, started: Instant) {
    if count.is_multiple_of(STEP) {
        note(format!("{} {what} after {:.0} s", grouped(count), started.elapsed().as_secs_f64()));
    }
}

fn directory_bytes(directory: &Path) -> Outcome<u64> {
    let listed = std::fs::read_dir(directory).explain(|| "cannot list the directory".to_owned())?;
    let sizes = listed.map(|entry| entry.and_then(|entry| entry.metadata()).map(|m| m.len()));
    sizes.sum::<std::io::Result<u64>>().explain(|| "cannot list the directory".to_owned())
}

/// Prints what a reader found, and puts its case to it.
fn told(case: &str, mut found: Value) -> Value {
    say(format!("{case}: {found}"));
    if let Some(fields) = found.as_object_mut() {
        fields.insert("case".to_owned(), case.into());
    }
    found
}

fn append(file: Option<&Path>, results: &[Value]) -> Outcome<()> {
    let Some(file) = file else { return Ok(()) };
    let lines: String = results.iter().map(|result| format!("{result}\n")).collect();
    let appending = std::fs::OpenOptions::new().create(true).append(true).open(file);
    appending
        .and_then(|mut file| file.write_all(lines.as_bytes()))
        .explain(|| format!("cannot write {}", file.display()))
}
