//! The processes of a scale run: readers, and a writer that is killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use clap::Args;
use fanfold_engine::{Command, UserId};
use serde_json::Value;

use super::world::World;
use crate::console::say;
use crate::exit::{Explain, Failure, Outcome};
use crate::figures::Loader;

/// The writer says so when it has written all, and waits to be killed.
const WRITTEN: &str = "written";

/// The arguments of `scale-writer`.
#[derive(Args, Clone, Debug)]
pub(crate) struct WriterArgs {
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    count: u64,
}

/// Writes `count` posts and waits to be killed: they are in no view file then.
pub(crate) fn writer(args: &WriterArgs) -> Outcome<()> {
    let mut loader = Loader::open(&args.data)?;
    for number in 0..args.count {
        // By users whom nobody follows: homes stay what they were.
        let author = UserId((1 << 40) | (number % 1_000));
        loader.write(Command::publish(author, "the tail that no view file has"))?;
    }
    loader.settle_all()?;
    say(WRITTEN);
    loop {
        std::thread::park();
    }
}

/// Runs the writer and kills it.
pub(super) fn killed_writer(directory: &Path, count: u64) -> Outcome<()> {
    let mut process = this("scale-writer")?;
    process.arg("--data").arg(directory).args(["--count", &count.to_string()]);
    let started = process.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = started.explain(|| "cannot start the writer".to_owned())?;
    let out = child.stdout.take().map(BufReader::new);
    let said = out.and_then(|out| out.lines().next()).and_then(Result::ok);
    child.kill().and_then(|()| child.wait()).explain(|| "cannot kill the writer".to_owned())?;
    match said.as_deref() {
        Some(WRITTEN) => Ok(()),
        other => Err(Failure::failed(format!("the writer ended early and said {other:?}"))),
    }
}

/// Runs a reader, in a memory cgroup of `limit` bytes if there is one; its findings.
pub(super) fn reader(
    directory: &Path,
    world: &World,
    follows: u64,
    limit: Option<u64>,
    seconds: u64,
) -> Outcome<Value> {
    let mut process = this("scale-pages")?;
    process.arg("--data").arg(directory);
    for (name, value) in [
        ("--users", world.users),
        ("--each", world.each),
        ("--posts", world.posts),
        ("--follows", follows),
        ("--seconds", seconds),
        ("--limit", limit.unwrap_or(0)),
    ] {
        process.args([name, &value.to_string()]);
    }
    let output = process.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.explain(|| "cannot start a reader".to_owned())?;
    if !output.status.success() {
        return Err(Failure::failed(format!("the reader ended: {}", output.status)));
    }
    serde_json::from_slice(&output.stdout).explain(|| "cannot read the result".to_owned())
}

fn this(job: &str) -> Outcome<Process> {
    let this = std::env::current_exe().explain(|| "cannot find this program".to_owned())?;
    let mut process = Process::new(this);
    process.arg(job);
    Ok(process)
}
