//! The real binary, with its exit code, its two streams and its signals.
//!
//! [`run`] is for commands that come to an end by themselves, [`Daemon`] for one that serves. No
//! variable of ours in the environment of the test reaches it.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use super::eventually;

/// A daemon that serves; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    stderr: Option<ChildStderr>,
    /// What it said when it was ready.
    pub(crate) ready: String,
}

/// What a run that came to its end left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// `fanfoldd` with these arguments and nothing of ours in its environment.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fanfoldd"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FANFOLD_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs to the end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    ended(&mut command(arguments))
}

/// Runs to the end.
pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Daemon {
    /// Serves `data` on ports of the system's choice and waits until it is ready.
    pub(crate) fn serve(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        Self::start(&["serve", "--data", data, "--log-level", "warn"])
    }

    /// Starts with these arguments, on ports of the system's choice, and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let any = "127.0.0.1:0";
        let mut command = command(arguments);
        command.args(["--listen", any, "--http", any, "--debug", any]);
        let mut child = command.spawn().unwrap();
        let stderr = child.stderr.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.find_map(|line| line.ok().filter(|line| line.starts_with("ready ")));
        // The rest is read on, so that the daemon never meets a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        match ready {
            Some(ready) => Self { child, stderr, ready },
            None => panic!("not ready: {:?}", child.wait_with_output()),
        }
    }

    /// The address of a door, by its name in the ready line.
    pub(crate) fn address(&self, door: &str) -> SocketAddr {
        let word =
            self.ready.split(' ').find_map(|word| word.strip_prefix(door)?.strip_prefix('='));
        word.unwrap().parse().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("the daemon ends", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap()
    }

    /// What it wrote to standard error, once it has ended.
    pub(crate) fn errors(&mut self) -> String {
        let mut text = String::new();
        self.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}
