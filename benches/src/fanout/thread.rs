//! What the system says of a thread of this process, and of the process.

use std::time::Duration;

use crate::exit::{Failure, Outcome};
use crate::number::float;

/// Ticks of processor times: fixed at this by Linux for all programs.
const TICKS_A_SECOND: u64 = 100;

const PAGE_BYTES: u64 = 4_096;

/// The processor time that the thread of that name has used, in the system and in itself.
pub(crate) fn cpu(name: &str) -> Outcome<Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    for task in tasks {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        if let Some((head, time)) = parse(&stat)
            && head.ends_with(&format!("({name}"))
        {
            return Ok(time);
        }
    }
    Err(Failure::failed(format!("there is no thread {name}")))
}

/// The processor time of all threads.
pub(crate) fn process_cpu() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let time = parse(&stat).map(|(_, time)| time);
    time.ok_or_else(|| Failure::failed("the system does not tell processor times"))
}

fn parse(stat: &str) -> Option<(&str, Duration)> {
    let (head, rest) = stat.rsplit_once(") ")?;
    let times = rest.split(' ').skip(11).take(2).filter_map(|text| text.parse::<u64>().ok());
    let ticks: u64 = times.sum();
    Some((head, Duration::from_secs_f64(float(ticks) / float(TICKS_A_SECOND))))
}

/// Bytes of memory that the process has.
pub(crate) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|text| text.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}
