//! What repeated runs of one case gave: a rate each, and one histogram of latencies.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::console::grouped;
use crate::exit::{Explain, Outcome};
use crate::number::{float, rate, whole};

/// The longest latency that is told apart, in nanoseconds.
const LONGEST_NS: u64 = 60_000_000_000;

/// Latencies, to three digits.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Outcome<Self> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_NS, 3);
        Ok(Self(histogram.explain(|| "cannot make a histogram".to_owned())?))
    }

    pub(crate) fn add(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanoseconds);
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Outcome<()> {
        self.0.add(&other.0).explain(|| "cannot merge histograms".to_owned())
    }

    fn microseconds(&self, quantile: f64) -> f64 {
        float(self.0.value_at_quantile(quantile)) / 1_000.0
    }

    /// p50, p99 and p99.9 in microseconds.
    pub(crate) fn triple(&self) -> [f64; 3] {
        [0.5, 0.99, 0.999].map(|quantile| self.microseconds(quantile))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The percentiles that matter, and the longest, for people.
    pub(crate) fn percentiles(&self) -> String {
        let quantiles =
            [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];
        let shown = quantiles.map(|(name, at)| format!("{name} {:.0}", self.microseconds(at)));
        format!("{}, longest {:.0} us", shown.join(", "), self.microseconds(1.0))
    }

    /// The 99th percentile in microseconds.
    pub(crate) fn p99(&self) -> f64 {
        self.microseconds(0.99)
    }
}

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) count: u64,
    pub(crate) time: Duration,
    pub(crate) latencies: Latencies,
}

impl Run {
    /// Operations a second.
    pub(crate) fn rate(&self) -> f64 {
        rate(self.count, self.time)
    }
}

/// All runs of a case.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    rates: Vec<f64>,
    pub(crate) latencies: Latencies,
}

impl Sample {
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Self { rates: Vec::new(), latencies: Latencies::new()? })
    }

    pub(crate) fn add(&mut self, run: &Run) -> Outcome<()> {
        self.rates.push(run.rate());
        self.latencies.merge(&run.latencies)
    }

    /// The median rate, a second.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.rates.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    fn extremes(&self) -> (f64, f64) {
        let low = self.rates.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.rates.iter().copied().fold(0.0, f64::max);
        (low, high)
    }

    pub(crate) fn json(&self) -> Value {
        let [p50, p99, p999] = self.latencies.triple();
        json!({
            "per_second": self.median(),
            "runs": self.rates,
            "p50_us": p50,
            "p99_us": p99,
            "p999_us": p999,
        })
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.extremes();
        let [median, low, high] = [self.median(), low, high].map(|rate| grouped(whole(rate)));
        let [p50, p99, p999] = self.latencies.triple();
        write!(f, "{median:>9}/s [{low}..{high}]  {p50:.0} / {p99:.0} / {p999:.0} us")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_run_and_all_latencies_count() {
        let mut sample = Sample::new().unwrap();
        for count in [10, 30, 20] {
            let mut latencies = Latencies::new().unwrap();
            latencies.add(Duration::from_micros(count));
            let time = Duration::from_secs(1);
            sample.add(&Run { count, time, latencies }).unwrap();
        }
        assert!((sample.median() - 20.0).abs() < 1e-9);
        assert!(sample.to_string().contains("20/s [10..30]  20 / 30 / 30 us"), "{sample}");
    }
}
