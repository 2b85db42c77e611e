//! A program that was started here, and is stopped here, whatever happens: at the end of its scope, and when
//! this program is interrupted.

use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use crate::console::note;
use crate::exit::{Explain, Failure, Outcome};

/// After a signal everything must be gone within so long.
const GONE_WITHIN: Duration = Duration::from_secs(20);

/// What an interrupted shell command answers.
const INTERRUPTED: i32 = 130;

/// What is running: asked to stop when this program is interrupted.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A running program.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    name: String,
}

impl Process {
    pub(super) fn spawn(name: &str, command: &mut Command) -> Outcome<Self> {
        let child = command.spawn().explain(|| format!("cannot start {name}"))?;
        running(|all| all.push(Pid::from_child(&child)));
        Ok(Self { child, name: name.to_owned() })
    }

    /// Sends a signal and waits until it is gone.
    pub(super) fn stop(mut self, with: Signal, within: Duration) -> Outcome<()> {
        let _already_gone = kill_process(Pid::from_child(&self.child), with);
        let asked = Instant::now();
        while asked.elapsed() < within {
            if self.has_ended()? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(Failure::failed(format!("{} did not stop within {} s", self.name, within.as_secs())))
    }

    pub(super) fn has_ended(&mut self) -> Outcome<bool> {
        let status = self.child.try_wait().explain(|| format!("cannot wait for {}", self.name))?;
        Ok(status.is_some())
    }

    /// `kill -9`.
    pub(super) fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let pid = Pid::from_child(&self.child);
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
        running(|all| all.retain(|running| *running != pid));
    }
}

fn running<T>(job: impl FnOnce(&mut Vec<Pid>) -> T) -> T {
    job(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

/// From now on an interruption ends what runs, then this program.
pub(super) fn end_on_signals(work: &std::path::Path) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.explain(|| "cannot listen for signals".to_owned())?;
    let listen = |kind| {
        let _inside = runtime.enter();
        signal(kind).explain(|| "cannot listen for signals".to_owned())
    };
    let mut typed = listen(SignalKind::interrupt())?;
    let mut told = listen(SignalKind::terminate())?;
    let work = work.to_owned();
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = typed.recv() => {}
                _ = told.recv() => {}
            }
        });
        note("interrupted: stopping what was started");
        end_all();
        let _not_there = std::fs::remove_dir_all(&work);
        std::process::exit(INTERRUPTED);
    });
    Ok(())
}

fn end_all() {
    let all = running(|all| all.clone());
    for pid in &all {
        // Postgres stops its sessions and itself at once.
        let _already_gone = kill_process(*pid, Signal::INT);
    }
    let asked = Instant::now();
    let is_gone = |pid: &Pid| !std::path::Path::new(&format!("/proc/{pid}/exe")).exists();
    while asked.elapsed() < GONE_WITHIN && !all.iter().all(is_gone) {
        std::thread::sleep(Duration::from_millis(20));
    }
    for pid in all {
        let _already_gone = kill_process(pid, Signal::KILL);
    }
}
