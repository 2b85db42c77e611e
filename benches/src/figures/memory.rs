//! Memory for each user, follow and post: the growth of a fresh process that holds nothing but an
//! engine.
//!
//! Only anonymous memory counts: what is mapped from sealed files is the page cache's to drop. The
//! segments are small, so that the buffer of the active one does not blur the result.

use std::path::PathBuf;
use std::process::{Command as Process, Stdio};

use clap::Args;
use fanfold_engine::{Command, Durability, Engine, ErrorKind, Options, UserId};
use serde_json::{Value, json};

use super::Bench;
use crate::console::{grouped, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::machine::kilobytes;
use crate::number::float;

/// Follows of each user beside the first.
const FOLLOWS_EACH: u64 = 10;

/// Posts of each user.
const POSTS_EACH: u64 = 10;

/// The arguments of `memory`.
#[derive(Args, Clone, Debug)]
pub(crate) struct MemoryArgs {
    /// A fresh data directory
    #[arg(long)]
    data: PathBuf,
    /// How many users
    #[arg(long)]
    users: u64,
}

/// Starts the process and reports what it found.
pub(super) fn measure(bench: &mut Bench<'_>) -> Outcome<()> {
    let this = std::env::current_exe().explain(|| "cannot find this program".to_owned())?;
    let mut process = Process::new(this);
    process.arg("memory").arg("--data").arg(bench.workplace.join("memory"));
    process.args(["--users", &bench.scale.users.to_string()]);
    let output = process.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.explain(|| "cannot measure memory".to_owned())?;
    if !output.status.success() {
        return Err(Failure::failed(format!("the measuring process ended: {}", output.status)));
    }
    let found: Value =
        serde_json::from_slice(&output.stdout).explain(|| "cannot read the result".to_owned())?;
    let field = |name: &str| found.get(name).and_then(Value::as_f64).unwrap_or_default();
    let shown = format!(
        "{:.1} bytes a user, {:.1} a follow, {:.1} a post ({} users, {} follows, {} posts each)",
        field("user_bytes"),
        field("follow_bytes"),
        field("post_bytes"),
        grouped(bench.scale.users),
        FOLLOWS_EACH + 1,
        POSTS_EACH
    );
    bench.report.row("memory", "anonymous memory of an engine", shown, found)
}

/// Fills an engine step by step and prints what each step cost.
pub(crate) fn memory(args: &MemoryArgs) -> Outcome<()> {
    let options =
        Options { durability: Durability::Os, segment_bytes: 1 << 20, ..Options::default() };
    let engine = Engine::open(&args.data, options).explain(|| "cannot open".to_owned())?;
    let users = args.users;
    let empty = anonymous_bytes();
    // A ring: every user follows and is followed.
    fill(&engine, (0..users).map(|user| follow(users, user, 1)))?;
    let ring = anonymous_bytes();
    let more = |user| (2..2 + FOLLOWS_EACH).map(move |step| follow(users, user, step));
    fill(&engine, (0..users).flat_map(more))?;
    let followed = anonymous_bytes();
    let posts =
        (0..users * POSTS_EACH).map(|number| Command::publish(UserId(1 + number % users), "x"));
    fill(&engine, posts)?;
    let posted = anonymous_bytes();
    engine.close().explain(|| "cannot close".to_owned())?;
    let follow_bytes = (followed - ring) / float(users * FOLLOWS_EACH);
    say(json!({
        "user_bytes": (ring - empty) / float(users) - follow_bytes,
        "follow_bytes": follow_bytes,
        "post_bytes": (posted - followed) / float(users * POSTS_EACH),
        "users": users,
    }));
    Ok(())
}

fn follow(users: u64, user: u64, step: u64) -> Command {
    Command::follow(UserId(1 + user), UserId(1 + (user + step) % users))
}

fn anonymous_bytes() -> f64 {
    float(kilobytes("/proc/self/status", "RssAnon:").unwrap_or_default() * 1024)
}

/// Submits everything and waits for the last answer.
fn fill(engine: &Engine, commands: impl Iterator<Item = Command>) -> Outcome<()> {
    let write = || "cannot write".to_owned();
    let mut last = None;
    for command in commands {
        let mut submitted = engine.submit(command.clone());
        while matches!(&submitted, Err(error) if error.kind() == ErrorKind::Busy) {
            std::thread::yield_now();
            submitted = engine.submit(command.clone());
        }
        last = Some(submitted.explain(write)?);
    }
    match last {
        Some(ticket) => ticket.wait().explain(write).map(drop),
        None => Ok(()),
    }
}
