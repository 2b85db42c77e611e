//! A server as a process of its own: started, waited for, killed, stopped.
//!
//! Not here: what is asked of it. Invariant: a [`Daemon`] that goes out of scope is killed and
//! reaped, so that no run leaves one behind.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use fanfold_engine::testing::seed::Random;
use rustix::process::{Pid, Signal, kill_process};

use crate::exit::{Explain, Failure, Outcome};

/// A daemon reads its whole log before it is ready.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// Time to finish what was accepted and to seal the log.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// Below the range from which systems choose the ports of outgoing connections: a client that
/// tries to reconnect to a port of that range can end up connected to itself.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How to start a server.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    program: PathBuf,
    arguments: Vec<String>,
    /// What it writes to standard error.
    log: PathBuf,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    address: SocketAddr,
    /// From the start of the process to its `ready` line.
    pub(crate) ready_after: Duration,
}

impl Launch {
    /// `fanfoldd serve` over `data`, on a port that is chosen at the start.
    pub(crate) fn serve(program: &Path, data: &Path, log: PathBuf) -> Self {
        let data = data.display().to_string();
        let arguments = ["serve", "--data", &data, "--http", "off", "--debug", "off"];
        Self { log, ..Self::of(program, &arguments) }.with(&["--log-level", "warn"])
    }

    /// Any server that prints a `ready` line.
    pub(crate) fn of(program: &Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { program: program.to_owned(), arguments, log: PathBuf::from("/dev/null") }
    }

    /// The same with more arguments.
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// The command line, for people.
    pub(crate) fn shown(&self) -> String {
        let name = self.program.file_name().unwrap_or_default().to_string_lossy();
        format!("{name} {}", self.arguments.join(" "))
    }

    /// Starts it on `port` and waits until it is ready.
    pub(crate) fn start(&self, port: u16) -> Outcome<Daemon> {
        self.spawn(port)?.wait_until_ready(self)
    }

    /// Starts it and does not wait.
    pub(crate) fn spawn(&self, port: u16) -> Outcome<Starting> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.explain(|| format!("cannot open {}", self.log.display()))?;
        let started = Instant::now();
        let mut command = Command::new(&self.program);
        // Settings of the one who runs this are not part of what is tested.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FANFOLD_") {
                command.env_remove(name);
            }
        }
        command.args(&self.arguments).args(["--listen", &format!("127.0.0.1:{port}")]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let child = command.spawn().explain(|| format!("cannot run {}", self.program.display()))?;
        Ok(Starting { child: Some(child), started })
    }

    fn ended_early(&self, status: Option<ExitStatus>) -> Failure {
        let mut log = String::new();
        let _nothing_to_show = File::open(&self.log).and_then(|mut f| f.read_to_string(&mut log));
        let tail: Vec<&str> = log.lines().rev().take(5).collect();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join("; ");
        let status = status.map_or_else(|| "still running".to_owned(), |code| code.to_string());
        Failure::failed(format!("{} did not get ready ({status}): {tail}", self.shown()))
    }
}

/// A server that may not be ready yet.
#[derive(Debug)]
pub(crate) struct Starting {
    child: Option<Child>,
    started: Instant,
}

impl Starting {
    fn wait_until_ready(mut self, launch: &Launch) -> Outcome<Daemon> {
        let Some(mut child) = self.child.take() else {
            return Err(launch.ended_early(None));
        };
        let (sender, receiver) = sync_channel(1);
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || pass_first_line(stdout, &sender));
        }
        let line = receiver.recv_timeout(READY_WITHIN);
        let ready_after = self.started.elapsed();
        match line.as_deref().map(ready_address) {
            Ok(Some(address)) => Ok(Daemon { child, address, ready_after }),
            Ok(None) => {
                let _already_gone = child.kill();
                let shown = line.unwrap_or_default();
                Err(Failure::failed(format!("expected a line `ready listen=...`, got `{shown}`")))
            }
            Err(RecvTimeoutError::Disconnected) => Err(launch.ended_early(child.wait().ok())),
            Err(RecvTimeoutError::Timeout) => {
                let _already_gone = child.kill();
                Err(launch.ended_early(None))
            }
        }
    }
}

impl Starting {
    /// See [`Daemon::kill_and`].
    pub(crate) fn kill_and(mut self, meanwhile: &dyn Fn()) {
        if let Some(child) = &mut self.child {
            let _already_gone = child.kill();
        }
        meanwhile();
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _already_gone = child.kill();
            let _reaped = child.wait();
        }
    }
}

impl Daemon {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("fanfold://{}", self.address)
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// `kill -9`, then `meanwhile`, then waits: a process that waits for its disk is gone only after
    /// that has answered.
    pub(crate) fn kill_and(mut self, meanwhile: &dyn Fn()) {
        let _already_gone = self.child.kill();
        meanwhile();
    }

    /// SIGTERM, then waits. The time that took.
    pub(crate) fn stop(mut self) -> Outcome<Duration> {
        let asked = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM)
            .explain(|| "cannot send SIGTERM to the daemon".to_owned())?;
        while asked.elapsed() < STOP_WITHIN {
            let status = self.child.try_wait().explain(|| "cannot wait for it".to_owned())?;
            match status {
                Some(status) if status.success() => return Ok(asked.elapsed()),
                Some(status) => {
                    return Err(Failure::failed(format!(
                        "after SIGTERM the daemon ended: {status}"
                    )));
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        let seconds = STOP_WITHIN.as_secs();
        Err(Failure::failed(format!("the daemon did not stop within {seconds} s of SIGTERM")))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Hands over the first line and swallows the rest, so that the writer never stops at a full pipe.
fn pass_first_line(stdout: ChildStdout, sender: &SyncSender<String>) {
    let mut lines = BufReader::new(stdout);
    let mut line = String::new();
    if matches!(lines.read_line(&mut line), Ok(1..)) {
        let _nobody_waits = sender.send(line.trim_end().to_owned());
    }
    let _closed = std::io::copy(&mut lines, &mut std::io::sink());
}

fn ready_address(line: &str) -> Option<SocketAddr> {
    let mut words = line.strip_prefix("ready ")?.split(' ');
    words.find_map(|word| word.strip_prefix("listen="))?.parse().ok()
}

/// A port that is free now and stays free of clients: see [`PORTS`].
pub(crate) fn free_port() -> Outcome<u16> {
    let mut random = Random::new(u64::from(std::process::id()));
    let mut tries = std::iter::repeat_with(|| {
        let offset = random.below(u64::from(PORTS.end - PORTS.start));
        PORTS.start + u16::try_from(offset).unwrap_or(0)
    });
    tries
        .by_ref()
        .take(1_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| Failure::failed("no free port from 20000 to 31999"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_ready_line() {
        let line = "ready listen=127.0.0.1:7 http=off debug=off data=/x y";
        assert_eq!(ready_address(line), "127.0.0.1:7".parse().ok());
        assert_eq!(ready_address("fanfoldd: port in use"), None);
        assert_eq!(ready_address("ready listen=off"), None);
    }

    #[test]
    fn who_ends_before_it_is_ready_is_told_apart() {
        let error = Launch::of(Path::new("/bin/false"), &[]).start(1).unwrap_err();
        assert!(error.to_string().contains("did not get ready (exit status: 1)"), "{error}");
    }
}
