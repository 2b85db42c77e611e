//! A folder and a fake server for one test, and short ways to run the binary against them.
//!
//! The folder is the current directory of the binary, so that its progress files stay inside and
//! are gone after the test.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::fake::Fake;

/// A folder of its own and a server for one test.
pub(crate) struct Bench {
    pub(crate) fake: Fake,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { fake: Fake::start(), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fanfold"));
        command.env("FANFOLD_URL", self.fake.url()).current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.command().args(line.split(' ')).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub(crate) fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Exit code and standard error of a command that must fail.
    pub(crate) fn fails(&self, line: &str) -> (i32, String) {
        let output = self.run(line);
        assert!(!output.status.success(), "{line} succeeded");
        (output.status.code().unwrap(), stderr(&output))
    }

    pub(crate) fn piped(&self, line: &str, input: &str) -> Output {
        let mut command = self.command();
        let command = command.args(line.split(' ')).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::File::create(self.path(name)).unwrap().write_all(content.as_bytes()).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Posts of one author, `count` of them, with ids and ascending times.
pub(crate) fn posts(count: u64) -> String {
    let post = |n| json!({"id": 1_000 + n, "author": 7, "at": n, "text": format!("post {n}")});
    (0..count).map(|n| format!("{}\n", post(n))).collect()
}

/// The times of all posts, in the order they were published.
pub(crate) fn times(bench: &Bench) -> Vec<u64> {
    bench.fake.state().posts.iter().map(|post| post.at).collect()
}
