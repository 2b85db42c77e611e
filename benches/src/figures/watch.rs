//! Was the machine ours while something was measured? Compares the processor time of the whole
//! machine with that of this process and its children.
//!
//! Children count once they are reaped, so a watch spans the whole life of what it watches.

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
    /// Of this process and its reaped children.
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
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
        let capacity = self.started.elapsed().as_secs_f64() * TICKS_PER_SECOND * float(cores);
        let others = Ticks::now().of_others_since(self.ticks) / capacity.max(1.0) * 100.0;
        if DISTURBED_PERCENT < others {
            say(format!(
                "warning: during `{what}` others used {others:.0} % of the machine; do not compare \
                 these figures with those of a quiet one"
            ));
        }
        others
    }
}

impl Ticks {
    fn now() -> Self {
        let stat = read_to_string("/proc/stat").unwrap_or_default();
        let (busy, stolen) = machine(&stat).unwrap_or_default();
        let own = read_to_string("/proc/self/stat").unwrap_or_default();
        Self { busy, stolen, ours: process(&own).unwrap_or_default() }
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

/// The fields 14 to 17, counted from 1: utime, stime, cutime, cstime. The name may hold anything, so
/// counting starts behind its bracket.
fn process(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let ticks = rest.split_whitespace().skip(11).take(4).map(|word| word.parse::<u64>().ok());
    ticks.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read() {
        assert_eq!(machine("cpu  1 2 3 400 5 6 7 8 9 10\ncpu0 1"), Some((19, 8)));
        assert_eq!(machine("nothing"), None);
        let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 100 200 300 400 20 0";
        assert_eq!(process(stat), Some(1_000));
    }

    #[test]
    fn our_own_work_is_no_disturbance_and_what_the_host_takes_is() {
        let then = Ticks { busy: 100, stolen: 5, ours: 40 };
        let now = Ticks { busy: 160, stolen: 9, ours: 90 };
        assert!((now.of_others_since(then) - 14.0).abs() < 1e-9);
        assert!(then.of_others_since(now).abs() < 1e-9);
    }
}
