//! What things cost on the disk, each beside what it cannot go below: the text itself, or the limit
//! that was set.
//!
//! Everything is written through the engine, sealed, flushed and, where it says cold, packed; then
//! the files are counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use fanfold_engine::{
    Action, Command, Durability, Engine, Key, NewPost, Options, Timestamp, UserId, WriteOptions,
};
use serde_json::json;

use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::figures::TEXT_BYTES;
use crate::input::{Input, InputArgs};
use crate::noise::Watch;
use crate::number::float;
use crate::population::Words;
use crate::results::{Case, Recorder, ResultArgs};
use crate::workplace::{WorkArgs, Workplace, in_workplace};

/// Posts of the warm case.
const WARM_POSTS: u64 = 400_000;

/// Users of the warm case.
const WARM_USERS: u64 = 10_000;

/// Entries of a timeline that counts as long.
const LONG: u64 = 64;

/// The arguments of `bytes`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BytesArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    results: ResultArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// Writes, seals, counts.
pub(crate) fn run(args: &BytesArgs) -> Outcome<()> {
    in_workplace(&args.work, |place| {
        let settings = json!({ "warm posts": WARM_POSTS, "bytes of a text": TEXT_BYTES });
        let mut recorder = Recorder::start(&args.results, place.path(), settings)?;
        let watch = Watch::start();
        let mut found = vec![warm(place, 64, 1.15)?, warm(place, 1, 1.30)?];
        let input = Input::load(&args.input, place)?;
        found.extend(cold(place, &input)?);
        found.push(graph(place, &input)?);
        found.push(timelines(place)?);
        for Found { what, unit, value } in found {
            recorder.value(Case::new("disk", &what, "fanfold", unit), 1, value, watch)?;
        }
        Ok(())
    })
}

/// What something costs.
#[derive(Clone, Debug)]
struct Found {
    what: String,
    unit: &'static str,
    value: f64,
}

/// Warm posts of 280 bytes, written by so many clients, each with its key.
fn warm(place: &Workplace, clients: u64, limit: f64) -> Outcome<Found> {
    note(format!("posts of {TEXT_BYTES} bytes by {clients} clients"));
    let directory = place.join(&format!("warm-{clients}"));
    let engine = open(&directory, Durability::Os, Duration::MAX)?;
    let mut words = Words::new(1);
    for first in (0..WARM_POSTS).step_by(usize::try_from(clients).unwrap_or(1)) {
        let commands = (first..first + clients).map(|number| {
            let post = Command::publish(UserId(1 + number % WARM_USERS), words.text(TEXT_BYTES));
            keyed(post, number)
        });
        write_together(&engine, commands)?;
    }
    // Seals and flushes, and packs nothing.
    engine.close().explain(|| "cannot close".to_owned())?;
    let sizes = sizes(&directory)?;
    let text = (WARM_POSTS.next_multiple_of(clients)) * TEXT_BYTES as u64;
    // The remembered keys are a window of a fixed size, whatever there is beside them.
    let kept = sizes.log + sizes.outbox + sizes.users;
    Ok(verdict(&format!("warm posts by {clients} clients"), kept, text, limit))
}

/// Real posts, packed for the long term, long after their keys were forgotten.
fn cold(place: &Workplace, input: &Input) -> Outcome<[Found; 2]> {
    note(format!("{} real posts, cold", grouped(input.posts.len() as u64)));
    let directory = place.join("cold");
    let engine = open(&directory, Durability::Os, Duration::ZERO)?;
    for posts in input.posts.chunks(4_096) {
        let commands = posts.iter().map(|post| {
            let text = post.text.as_bytes().to_vec().into();
            let (author, created_at) = (UserId(post.author), Some(Timestamp(post.at)));
            Command::new(Action::Publish(NewPost {
                author,
                created_at,
                text,
                ..NewPost::default()
            }))
        });
        write_together(&engine, commands)?;
    }
    settle(&engine)?;
    settle(&engine)?;
    let sizes = sizes(&directory)?;
    let text: u64 = input.posts.iter().map(|post| post.text.len() as u64).sum();
    let all = sizes.log + sizes.outbox + sizes.users;
    Ok([
        verdict("cold real posts, all in", all, text, 0.80),
        verdict("cold real texts alone", packed_texts(input)?, text, 0.52),
    ])
}

/// What the texts alone take, packed as the log packs them.
fn packed_texts(input: &Input) -> Outcome<u64> {
    const BLOCK_BYTES: usize = 64 * 1024;
    const LEVEL: i32 = 9;
    let (mut packed, mut block) = (0, Vec::with_capacity(2 * BLOCK_BYTES));
    let mut close = |block: &mut Vec<u8>| -> Outcome<()> {
        let done = zstd::bulk::compress(block, LEVEL).explain(|| "cannot compress".to_owned())?;
        packed += done.len() as u64;
        block.clear();
        Ok(())
    };
    for post in &input.posts {
        block.extend_from_slice(post.text.as_bytes());
        if BLOCK_BYTES <= block.len() {
            close(&mut block)?;
        }
    }
    close(&mut block)?;
    Ok(packed)
}

/// The real graph, in both directions with its times, without the log.
fn graph(place: &Workplace, input: &Input) -> Outcome<Found> {
    let follows = input.follows.len() as u64;
    note(format!("{} real follows", grouped(follows)));
    let directory = place.join("graph");
    let engine = open(&directory, Durability::Os, Duration::MAX)?;
    for follows in input.follows.chunks(4_096) {
        let commands = follows.iter().map(|(a, b)| Command::follow(UserId(*a), UserId(*b)));
        write_together(&engine, commands)?;
    }
    settle(&engine)?;
    let sizes = sizes(&directory)?;
    Ok(each("a follow, both directions", sizes.graph + sizes.users, follows, 8.0))
}

/// Sealed timelines of users with many entries, directory included.
fn timelines(place: &Workplace) -> Outcome<Found> {
    note("outboxes of 64 posts and more");
    let directory = place.join("timelines");
    let engine = open(&directory, Durability::Os, Duration::MAX)?;
    let users = 5_000;
    for _ in 0..LONG {
        for first in (0..users).step_by(1_000) {
            let publish = |user| Command::publish(UserId(1 + user), "x");
            write_together(&engine, (first..first + 1_000).map(publish))?;
        }
    }
    settle(&engine)?;
    Ok(each("a sealed timeline entry", sizes(&directory)?.outbox, users * LONG, 4.0))
}

fn open(directory: &Path, durability: Durability, cold_after: Duration) -> Outcome<Engine> {
    let options = Options { durability, cold_after, ..Options::default() };
    Engine::open(directory, options).explain(|| "cannot open".to_owned())
}

fn keyed(command: Command, number: u64) -> Command {
    let mut key = [0; 16];
    // Not all of a key may be zero.
    key[..8].copy_from_slice(&(!number).to_le_bytes());
    key[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    Command { options: WriteOptions { key: Some(Key(key)), actor: None }, ..command }
}

/// Writes commands that are there at the same time.
fn write_together(engine: &Engine, commands: impl Iterator<Item = Command>) -> Outcome<()> {
    let failed = || "cannot write".to_owned();
    let tickets: Vec<_> =
        commands.map(|command| engine.submit(command).explain(failed)).collect::<Outcome<_>>()?;
    tickets.into_iter().try_for_each(|ticket| ticket.wait().explain(failed).map(drop))
}

/// Seals, flushes and packs what there is.
fn settle(engine: &Engine) -> Outcome<()> {
    // What is old is older than this millisecond.
    std::thread::sleep(Duration::from_millis(2));
    // A delete of nothing would do as well: only a pending delete makes a round seal and flush.
    let post =
        engine.write(Command::publish(UserId(1), "")).explain(|| "cannot write".to_owned())?;
    let post = post.post.ok_or_else(|| Failure::failed("a post without an id"))?;
    engine.write(Command::new(Action::Delete { post })).explain(|| "cannot write".to_owned())?;
    engine.retain().explain(|| "cannot retain".to_owned()).map(drop)
}

/// Bytes of sealed files, by what they hold.
#[derive(Debug, Default)]
struct Sizes {
    log: u64,
    outbox: u64,
    graph: u64,
    users: u64,
}

fn sizes(directory: &Path) -> Outcome<Sizes> {
    let failed = || "cannot list the directory".to_owned();
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for entry in std::fs::read_dir(directory).explain(failed)? {
        let entry = entry.explain(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = name.split('-').next().unwrap_or_default().to_owned();
        let file = std::fs::File::open(entry.path()).explain(failed)?;
        let len = file.metadata().explain(failed)?.len();
        // The active segment is zeros ahead of its use, and begins with next to nothing.
        let is_active = kind == "log" && !is_sealed(&file, len);
        *found.entry(kind).or_default() += if is_active { 0 } else { len };
    }
    let of = |kind: &str| found.get(kind).copied().unwrap_or(0);
    Ok(Sizes { log: of("log"), outbox: of("outbox"), graph: of("graph"), users: of("users") })
}

/// A sealed file does not end in zeros.
fn is_sealed(file: &std::fs::File, len: u64) -> bool {
    use std::os::unix::fs::FileExt;
    let mut end = [0; 8];
    file.read_exact_at(&mut end, len.saturating_sub(8)).is_ok() && end != [0; 8]
}

fn verdict(what: &str, bytes: u64, base: u64, limit: f64) -> Found {
    let share = float(bytes) / float(base);
    let word = if share <= limit { "within" } else { "OVER" };
    let bytes = grouped(bytes);
    say(format!("{what:28} {bytes:>14} bytes = {share:.3} x the text, {word} {limit:.2}"));
    Found { what: what.to_owned(), unit: "x the text", value: share }
}

fn each(what: &str, bytes: u64, count: u64, limit: f64) -> Found {
    let one = float(bytes) / float(count);
    let word = if one <= limit { "within" } else { "OVER" };
    let bytes = grouped(bytes);
    say(format!("{what:28} {bytes:>14} bytes = {one:.2} bytes each, {word} {limit:.0}"));
    Found { what: what.to_owned(), unit: "bytes", value: one }
}
