//! The comparison of what was told with what was acknowledged, and the latencies.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use fanfold_client::UserId;

use super::load::Published;
use super::watcher::Told;
use super::{CELEBRITY, WatchArgs};
use crate::console::{grouped, say};
use crate::exit::{Failure, Outcome};
use crate::figures::sample::Latencies;
use crate::number::float;

/// What came out.
#[derive(Debug)]
pub(super) struct Report {
    posts: usize,
    entries: u64,
    cuts: u64,
    /// Of the posts of authors with some watchers.
    few: Latencies,
    /// From the acknowledgement to the last watcher, of posts that all watch.
    last: Vec<Duration>,
}

impl Report {
    /// Fails if a watcher missed something, was told something twice, or out of order.
    pub(super) fn of(args: &WatchArgs, published: &Published, told: &[Told]) -> Outcome<Self> {
        let mut expected: HashMap<UserId, Vec<u64>> = HashMap::new();
        for post in &published.0 {
            expected.entry(post.author).or_default().push(post.id);
        }
        let celebrity = expected.remove(&CELEBRITY).unwrap_or_default();
        let acknowledged: HashMap<u64, (UserId, Instant)> =
            published.0.iter().map(|post| (post.id, (post.author, post.acknowledged))).collect();
        let mut report = Self {
            posts: published.0.len(),
            entries: 0,
            cuts: told.iter().map(|told| told.cuts).sum(),
            few: Latencies::new()?,
            last: Vec::new(),
        };
        let mut last: BTreeMap<u64, Duration> = BTreeMap::new();
        for told in told {
            let author = args.author_of(told.number);
            let mut expected = expected.get(&author).cloned().unwrap_or_default();
            expected.extend(&celebrity);
            expected.sort_unstable();
            compare(told, &expected)?;
            report.entries += told.entries.len() as u64;
            for (id, came) in &told.entries {
                let Some((author, acknowledged)) = acknowledged.get(id) else { continue };
                let latency = came.saturating_duration_since(*acknowledged);
                if *author == CELEBRITY {
                    let last = last.entry(*id).or_default();
                    *last = latency.max(*last);
                } else {
                    report.few.add(latency);
                }
            }
        }
        report.last = last.into_values().collect();
        Ok(report)
    }

    /// Prints the figures.
    pub(super) fn say(&self, args: &WatchArgs) {
        let [p50, p99, p999] = self.few.triple().map(|us| us / 1_000.0);
        let rate = float(self.entries) / float(args.seconds);
        say(format!(
            "watch: {} posts, {} entries told to {} watchers, {rate:.0} a second; {} kills, {} \
             connections cut: nothing missing, nothing twice",
            grouped(self.posts as u64),
            grouped(self.entries),
            grouped(args.watchers),
            args.kills,
            grouped(self.cuts),
        ));
        say(format!(
            "from the acknowledgement to each of {} watchers: p50 {p50:.1} ms, p99 {p99:.1} ms, \
             p99.9 {p999:.1} ms",
            args.fans
        ));
        let shown: Vec<String> =
            self.last.iter().map(|last| format!("{:.0}", last.as_secs_f64() * 1_000.0)).collect();
        let shown = shown.join(", ");
        say(format!("to the last of {} watchers: {shown} ms", grouped(args.watchers)));
    }
}

/// The same ids, in their order, each once.
fn compare(told: &Told, expected: &[u64]) -> Outcome<()> {
    let ids: Vec<u64> = told.entries.iter().map(|(id, _)| *id).collect();
    if ids == expected {
        return Ok(());
    }
    let missing = expected.iter().filter(|id| !ids.contains(id)).count();
    let at = ids.iter().zip(expected).take_while(|(told, expected)| told == expected).count();
    Err(Failure::failed(format!(
        "watcher {} was told {} entries of {}, {missing} are missing; the first that differs is \
         number {at}: {:?} instead of {:?}",
        told.number,
        ids.len(),
        expected.len(),
        ids.get(at),
        expected.get(at)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ids: &[u64]) -> Told {
        let now = Instant::now();
        Told { number: 3, entries: ids.iter().map(|id| (*id, now)).collect(), cuts: 0 }
    }

    #[test]
    fn what_is_missing_twice_or_out_of_order_is_named() {
        assert_eq!(compare(&told(&[1, 4, 9]), &[1, 4, 9]), Ok(()));
        for (ids, what) in [
            (&[1, 9][..], "told 2 entries of 3, 1 are missing; the first that differs is number 1"),
            (
                &[1, 4, 4, 9],
                "told 4 entries of 3, 0 are missing; the first that differs is number 2",
            ),
            (&[4, 1, 9], "number 0: Some(4) instead of Some(1)"),
            (&[1, 4, 9, 10], "number 3: Some(10) instead of None"),
        ] {
            let failure = compare(&told(ids), &[1, 4, 9]).unwrap_err().to_string();
            assert!(failure.contains(what), "{failure}");
        }
    }
}
