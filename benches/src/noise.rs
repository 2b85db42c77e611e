//! Was the machine ours while something was measured? Compares the processor time of the whole
//! machine with that of this process and everything it started, servers under test included.
//!
//! A process counts while it lives and, once it was waited for, in its parent's account; so the sum
//! never falls. Invariant: what the host takes away is somebody else's.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::time::Instant;

use crate::console::say;
use crate::number::float;

/// Others may use this share of the machine before a figure counts as disturbed.
const DISTURBED_PERCENT: f64 = 8.0;

/// Linux reports processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// Ticks since the machine started.
#[derive(Clone, Copy, Debug, Default)]
struct Ticks {
    /// Of all processors, at work.
    busy: u64,
    /// Given to other guests of the host.
    stolen: u64,
    /// Of this process and all that it started.
    ours: u64,
}

/// A measurement being watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    started: Instant,
    ticks: Ticks,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), ticks: Ticks::now() }
    }

    /// Warns if others used the machine meanwhile. The share of others, in percent of all cores.
    pub(crate) fn finish(self, what: &str) -> f64 {
        let others = self.others();
        if is_disturbed(others) {
            say(format!(
                "warning: during `{what}` others used {others:.0} % of the machine; do not compare \
                 these figures with those of a quiet one"
            ));
        }
        others
    }

    /// The share of others so far, in percent of all cores.
    pub(crate) fn others(self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
        let capacity = self.started.elapsed().as_secs_f64() * TICKS_PER_SECOND * float(cores);
        Ticks::now().of_others_since(self.ticks) / capacity.max(1.0) * 100.0
    }
}

/// Whether others used so much that a figure is for nobody's table.
pub(crate) fn is_disturbed(others_percent: f64) -> bool {
    DISTURBED_PERCENT < others_percent
}

impl Ticks {
    fn now() -> Self {
        let stat = read_to_string("/proc/stat").unwrap_or_default();
        let (busy, stolen) = machine(&stat).unwrap_or_default();
        Self { busy, stolen, ours: tree(std::process::id(), &accounts()) }
    }

    fn of_others_since(self, then: Self) -> f64 {
        let machine = (self.busy + self.stolen).saturating_sub(then.busy + then.stolen);
        let ours = self.ours.saturating_sub(then.ours);
        float(machine.saturating_sub(ours))
    }
}

/// user nice system idle iowait irq softirq steal
fn machine(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu")?;
    let ticks: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match ticks.as_slice() {
        [user, nice, system, _, _, irq, softirq, stolen, ..] => {
            Some((user + nice + system + irq + softirq, *stolen))
        }
        _ => None,
    }
}

/// A process: whose child it is, and the ticks of itself and of its children that are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Account {
    parent: u32,
    ticks: u64,
}

/// All processes that can be seen.
fn accounts() -> BTreeMap<u32, Account> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            Some((id, account(&read_to_string(entry.path().join("stat")).ok()?)?))
        })
        .collect()
}

/// The ticks of a process and of all that descend from it.
fn tree(root: u32, accounts: &BTreeMap<u32, Account>) -> u64 {
    let mut ticks = accounts.get(&root).map_or(0, |account| account.ticks);
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for (id, account) in accounts.iter().filter(|(_, account)| account.parent == parent) {
            ticks += account.ticks;
            parents.push(*id);
        }
    }
    ticks
}

/// The fields 4 (parent) and 14 to 17 (utime, stime, cutime, cstime), counted from 1. The name may
/// hold anything, so counting starts behind its bracket.
fn account(stat: &str) -> Option<Account> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let ticks = fields.skip(9).take(4).map(|word| word.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some(Account { parent, ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read() {
        assert_eq!(machine("cpu  1 2 3 400 5 6 7 8 9 10\ncpu0 1"), Some((19, 8)));
        assert_eq!(machine("nothing"), None);
        let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 100 200 300 400 20 0";
        assert_eq!(account(stat), Some(Account { parent: 1, ticks: 1_000 }));
    }

    #[test]
    fn what_we_started_and_what_that_started_is_ours() {
        let account = |parent, ticks| Account { parent, ticks };
        let accounts = [(1, account(0, 1)), (7, account(1, 10)), (8, account(7, 100))];
        let accounts: BTreeMap<_, _> =
            accounts.into_iter().chain([(9, account(8, 1_000)), (5, account(1, 10_000))]).collect();
        assert_eq!(tree(7, &accounts), 1_110);
        assert_eq!(tree(2, &accounts), 0);
    }

    #[test]
    fn our_own_work_is_no_disturbance_and_what_the_host_takes_is() {
        let then = Ticks { busy: 100, stolen: 5, ours: 40 };
        let now = Ticks { busy: 160, stolen: 9, ours: 90 };
        assert!((now.of_others_since(then) - 14.0).abs() < 1e-9);
        assert!(then.of_others_since(now).abs() < 1e-9);
    }
}
