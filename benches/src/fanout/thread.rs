//! What the system says of a thread of this process, and of the process.

use std::time::Duration;

use crate::exit::{Failure, Outcome};
use crate::number::float;

/// Ticks of processor times: fixed at this by Linux for all programs.
const TICKS_A_SECOND: u64 = 100;

const PAGE_BYTES: u64 = 4_096;

/// The processor time that the thread of that name has used, in the system and in itself.
pub(super) fn cpu(name: &str) -> Outcome<Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    for task in tasks {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let Some((head, rest)) = stat.rsplit_once(") ") else { continue };
        if head.ends_with(&format!("({name}")) {
            let ticks: u64 =
                rest.split(' ').skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
            return Ok(Duration::from_secs_f64(float(ticks) / float(TICKS_A_SECOND)));
        }
    }
    Err(Failure::failed(format!("there is no thread {name}")))
}

/// Bytes of memory that the process has.
pub(super) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|text| text.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}
