//! `fanfold import` as a part of the load: one import after the other, each of them hit by whatever
//! kills come, none of them told about it.
//!
//! Its lines are intents from the start of an import; when it ends well, they are acknowledged with
//! the ids that it wrote.

use std::fmt::Write as _;
use std::fs::{File, read_to_string};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::book::{Deed, Line};
use super::load::{Shared, TIMEOUT, WORKERS, follower};
use super::token::{Token, author, hash};
use crate::exit::{Explain, Failure, Outcome};
use crate::tool::read_ids;

/// Posts of one import; every second one comes with a follow.
const POSTS: u64 = 20_000;

/// How the tool calls a server that cannot be reached.
const DISCONNECTED: &str = "\"error\":\"disconnected\"";

/// Before an import is started again.
const PAUSE: Duration = Duration::from_millis(50);

/// The importer.
#[derive(Debug)]
pub(super) struct Importer {
    pub(super) tool: PathBuf,
    pub(super) url: String,
    /// Where its files go.
    pub(super) directory: PathBuf,
    pub(super) shared: Arc<Shared>,
}

impl Importer {
    /// Imports until it is told to stop, and finishes what it began. How many imports that were.
    pub(super) fn run(&self) -> Outcome<u64> {
        let mut source = WORKERS;
        while !self.shared.stop.load(Ordering::Relaxed) {
            self.import(source)?;
            source += 1;
        }
        Ok(source - WORKERS)
    }

    fn import(&self, source: u64) -> Outcome<()> {
        let path = |name: &str| self.path(source, name);
        let (graph, posts, ids) = (path("tsv"), path("jsonl"), path("ids"));
        write_file(&graph, &graph_lines(source))?;
        write_file(&posts, &self.post_lines(source))?;
        for token in tokens(source) {
            self.shared.book.write(Line::Intended(Deed::Publish(token)))?;
        }
        for (user, author) in follows(source) {
            self.shared.book.write(Line::Intended(Deed::Follow(user, author)))?;
        }
        let said = path("stderr");
        loop {
            let status = self.run_tool(source, &said)?;
            let error = read_to_string(&said).unwrap_or_default();
            let error = error.lines().last().unwrap_or("nothing");
            let is_aborted = self.shared.abort.load(Ordering::Relaxed);
            match status {
                status if status.success() => return self.acknowledge(source, &ids),
                // It was started while nobody listened: what else than to start it again?
                _ if error.contains(DISCONNECTED) && !is_aborted => std::thread::sleep(PAUSE),
                status => {
                    return Err(Failure::failed(format!("import {source}: {status}: {error}")));
                }
            }
        }
    }

    /// Runs the tool, again with the same arguments if need be: it goes on where it was.
    fn run_tool(&self, source: u64, said: &Path) -> Outcome<ExitStatus> {
        let path = |name: &str| self.path(source, name);
        let mut tool = Command::new(&self.tool);
        tool.args(["--url", &self.url, "--json", "--timeout", &TIMEOUT.as_secs().to_string()]);
        tool.args(["import", "--strict", "--graph"]).arg(path("tsv")).arg("--posts");
        tool.arg(path("jsonl")).arg("--ids").arg(path("ids"));
        tool.arg("--progress").arg(path("progress"));
        let stderr = File::create(said).explain(|| format!("cannot write {}", said.display()))?;
        tool.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        self.wait(tool.spawn().explain(|| "cannot import".to_owned())?)
    }

    fn path(&self, source: u64, name: &str) -> PathBuf {
        self.directory.join(format!("import-{source}.{name}"))
    }

    /// Waits for the tool, and ends it if the run is given up.
    fn wait(&self, mut tool: Child) -> Outcome<ExitStatus> {
        loop {
            if self.shared.abort.load(Ordering::Relaxed) {
                let _already_gone = tool.kill();
            }
            match tool.try_wait().explain(|| "cannot wait for an import".to_owned())? {
                Some(status) => return Ok(status),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn acknowledge(&self, source: u64, ids: &Path) -> Outcome<()> {
        let ids = read_ids(ids)?;
        for token in tokens(source) {
            let id = ids.get(&token.number).copied();
            let missing = || Failure::failed(format!("import {source} gave {token} no id"));
            let content = self.shared.texts.content(token);
            let posted = (id.ok_or_else(missing)?, hash(&content));
            self.shared.acknowledge(Deed::Publish(token), Some(posted))?;
        }
        for (user, author) in follows(source) {
            self.shared.acknowledge(Deed::Follow(user, author), None)?;
        }
        Ok(())
    }

    fn post_lines(&self, source: u64) -> String {
        let mut lines = String::new();
        for token in tokens(source) {
            let post = serde_json::json!({
                "id": token.number,
                "author": token.author().0,
                "at": token.number,
                "text": self.shared.texts.content(token),
            });
            let _infallible = writeln!(lines, "{post}");
        }
        lines
    }
}

fn tokens(source: u64) -> impl Iterator<Item = Token> {
    (1..=POSTS).map(move |number| Token { source, number })
}

/// Each pair once.
fn follows(source: u64) -> Vec<(u64, u64)> {
    let pair = |number: u64| (follower(source, number / 16).0, author(source, number).0);
    let mut follows: Vec<_> = (0..POSTS / 2).map(pair).collect();
    follows.sort_unstable();
    follows.dedup();
    follows
}

fn graph_lines(source: u64) -> String {
    let mut lines = String::new();
    for (user, author) in follows(source) {
        let _infallible = writeln!(lines, "{user}\t{author}");
    }
    lines
}

fn write_file(path: &Path, text: &str) -> Outcome<()> {
    let written = File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.explain(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_pair_comes_twice_and_sources_do_not_meet() {
        let (one, two) = (follows(7), follows(8));
        assert!(1_000 < one.len());
        let all: BTreeSet<_> = one.iter().chain(&two).collect();
        assert_eq!(all.len(), one.len() + two.len());
    }
}
