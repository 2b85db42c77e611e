//! What the server counts: requests by kind and result, and how long they took.
//!
//! Plain atomics, so that a request costs a few nanoseconds and a scrape disturbs nobody. Not here:
//! how they are printed (`http/metrics.rs`), and what the engine counts itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fanfold_protocol::{Code, RequestKind};

/// Upper bounds of the duration buckets, in microseconds: from a cache hit to a stuck disk.
pub(crate) const BUCKETS_US: [u64; 16] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
    1_000_000, 5_000_000,
];

/// Request kinds are below this; see the table in the protocol. Unknown ones share the first row.
const KINDS: usize = 0x80;
/// One column for success, one for each code, one for what has no column.
const RESULTS: usize = 32;

/// All counters of one server.
#[derive(Debug)]
pub(crate) struct Counters {
    requests: [[AtomicU64; RESULTS]; KINDS],
    pub(crate) reads: Durations,
    pub(crate) writes: Durations,
    /// Reads that went over the blocking lane; part of `reads`.
    pub(crate) cold_reads: AtomicU64,
    /// Long-polls held at this moment.
    pub(crate) waits: AtomicU64,
    pub(crate) debug_commands: AtomicU64,
    pub(crate) refused_connections: AtomicU64,
    pub(crate) ended_sessions: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
}

/// A histogram of durations.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    buckets: [AtomicU64; BUCKETS_US.len()],
    beyond: AtomicU64,
    sum_us: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            requests: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            reads: Durations::default(),
            writes: Durations::default(),
            cold_reads: AtomicU64::new(0),
            waits: AtomicU64::new(0),
            debug_commands: AtomicU64::new(0),
            refused_connections: AtomicU64::new(0),
            ended_sessions: AtomicU64::new(0),
            bytes_in: AtomicU64::new(0),
        }
    }
}

impl Counters {
    /// Counts one answered request; `refusal` is the code of its error, if it was one.
    pub(crate) fn count(&self, kind: RequestKind, refusal: Option<Code>) {
        let row = match kind {
            RequestKind::Other(_) => self.requests.first(),
            known => self.requests.get(usize::from(known.byte())),
        };
        if let Some(cell) = row.and_then(|row| row.get(column(refusal))) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every count that is not 0: kind, word for the result, number.
    pub(crate) fn requests(&self) -> Vec<(&'static str, &'static str, u64)> {
        let kinds = RequestKind::ALL.iter().copied().chain([RequestKind::Other(0)]);
        let results = || Code::ALL.iter().copied().map(Some).chain([None, Some(Code::Other(0))]);
        kinds
            .flat_map(|kind| results().map(move |result| (kind, result)))
            .map(|(kind, result)| {
                (kind.name(), result.map_or("ok", Code::name), self.read(kind, result))
            })
            .filter(|(_, _, number)| *number != 0)
            .collect()
    }

    /// All requests that were answered, and those of them answered with an error.
    pub(crate) fn totals(&self) -> (u64, u64) {
        self.requests().into_iter().fold((0, 0), |(all, refused), (_, result, number)| {
            (all + number, if result == "ok" { refused } else { refused + number })
        })
    }

    fn read(&self, kind: RequestKind, refusal: Option<Code>) -> u64 {
        let row = self.requests.get(usize::from(kind.byte()));
        let cell = row.and_then(|row| row.get(column(refusal)));
        cell.map_or(0, |cell| cell.load(Ordering::Relaxed))
    }
}

/// Success first, then codes 1..=11, then the session codes from 32 on, then the rest.
fn column(refusal: Option<Code>) -> usize {
    match refusal.map(|code| usize::from(code.number())) {
        None => 0,
        Some(number @ 1..=15) => number,
        Some(number @ 32..=46) => number - 16,
        Some(_) => RESULTS - 1,
    }
}

impl Durations {
    pub(crate) fn record(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let at = BUCKETS_US.partition_point(|bound| *bound < us);
        self.buckets.get(at).unwrap_or(&self.beyond).fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Counts of each bucket in the order of [`BUCKETS_US`], then of what lies beyond.
    pub(crate) fn counts(&self) -> Vec<u64> {
        let all = self.buckets.iter().chain([&self.beyond]);
        all.map(|bucket| bucket.load(Ordering::Relaxed)).collect()
    }

    pub(crate) fn sum_us(&self) -> u64 {
        self.sum_us.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_has_a_column_of_its_own() {
        let counters = Counters::default();
        for code in Code::ALL {
            counters.count(RequestKind::Home, Some(*code));
        }
        counters.count(RequestKind::Home, None);
        counters.count(RequestKind::Home, None);
        counters.count(RequestKind::Other(0x7e), Some(Code::UnknownRequest));
        let counts = counters.requests();
        assert_eq!(counts.len(), Code::ALL.len() + 2);
        assert!(counts.contains(&("home", "ok", 2)));
        assert!(counts.contains(&("home", "busy", 1)));
        assert!(counts.contains(&("home", "access", 1)));
        assert!(counts.contains(&("unknown", "unknown_request", 1)));
        let refused = Code::ALL.len() as u64 + 1;
        assert_eq!(counters.totals(), (refused + 2, refused));
    }

    #[test]
    fn durations_fall_into_their_bucket() {
        let durations = Durations::default();
        for us in [0, 10, 11, 1_000_000, 5_000_001] {
            durations.record(Duration::from_micros(us));
        }
        let counts = durations.counts();
        assert_eq!((counts[0], counts[1], counts[14], counts[16]), (2, 1, 1, 1));
        assert_eq!(durations.sum_us(), 6_000_022);
    }
}
