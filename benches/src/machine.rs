//! What a figure was measured on: printed with every run, because a figure without its machine is
//! a rumour.

use std::fmt;
use std::fs::{File, read_to_string};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::programs::workspace;

/// The machine, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_mib: u64,
    kernel: String,
    /// Type and device of the file system that a run writes to.
    file_system: String,
    profile: &'static str,
    commit: String,
}

impl Machine {
    /// This machine, working in `directory`.
    pub(crate) fn of(directory: &Path) -> Self {
        Self {
            processor: processor(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_mib: kilobytes("/proc/meminfo", "MemTotal:").unwrap_or_default() / 1024,
            kernel: first_line("/proc/sys/kernel/osrelease"),
            file_system: file_system(directory),
            profile: if cfg!(debug_assertions) { "debug: figures mean nothing" } else { "release" },
            commit: commit(),
        }
    }

    /// Whether syncs of the working directory reach a disk at all.
    pub(crate) fn is_in_memory(&self) -> bool {
        ["tmpfs", "ramfs"].iter().any(|kind| self.file_system.starts_with(kind))
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "processor": self.processor,
            "cores": self.cores,
            "memory_mib": self.memory_mib,
            "kernel": self.kernel,
            "file_system": self.file_system,
            "profile": self.profile,
            "commit": self.commit,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_mib, kernel, file_system, profile, commit } = self;
        write!(
            f,
            "machine: {processor}, {cores} cores, {memory_mib} MiB; kernel {kernel}; {file_system}; \
             build {profile}; commit {commit}"
        )
    }
}

/// The number behind `name` in a file of lines `name number kB`.
pub(crate) fn kilobytes(path: &str, name: &str) -> Option<u64> {
    let text = read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn processor() -> String {
    let text = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map(|rest| rest.trim_start_matches([' ', '\t', ':']));
    model.unwrap_or("unknown processor").to_owned()
}

fn first_line(path: &str) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    let line = text.lines().next().unwrap_or_default();
    if read.is_ok() { line.to_owned() } else { "unknown".to_owned() }
}

/// The mount whose path is the longest prefix of `directory`.
fn file_system(directory: &Path) -> String {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let mounts = read_to_string("/proc/self/mounts").unwrap_or_default();
    let found = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (device, path, kind) = (words.next()?, words.next()?, words.next()?);
        directory.starts_with(path).then(|| (path.len(), format!("{kind} on {device}")))
    });
    let longest = found.max_by_key(|(len, _)| *len);
    longest.map_or_else(|| "unknown file system".to_owned(), |(_, shown)| shown)
}

fn commit() -> String {
    let mut git = Command::new("git");
    git.arg("-C").arg(workspace()).args(["describe", "--always", "--dirty", "--abbrev=10"]);
    let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output();
    let said = output.ok().filter(|output| output.status.success());
    said.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_known() {
        let machine = Machine::of(Path::new("/"));
        assert_ne!(machine.kernel, "unknown");
        assert!(machine.file_system.contains(" on "), "{machine}");
        assert!(0 < machine.memory_mib);
        assert_eq!(file_system(Path::new("/proc/self")), "proc on proc");
    }
}
