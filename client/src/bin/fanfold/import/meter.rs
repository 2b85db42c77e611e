//! Shows how far an import is: a bar on a terminal, else a line every few seconds. Both go to
//! standard error.
//!
//! It only shows; it counts nothing that anybody relies on.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::feeder::Kind;
use crate::console;
use crate::present::grouped;

/// Between two lines on something that is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(3);

/// Between two drawings of the bar.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// The meter of one input.
pub(crate) struct Meter {
    kind: Kind,
    bar: Option<ProgressBar>,
    file_bytes: u64,
    consumed: Arc<AtomicU64>,
    settled_at_start: u64,
    started: Instant,
    shown_at: Instant,
}

impl Meter {
    /// `consumed` of `file_bytes` have been read; `settled` lines were done by an earlier run.
    pub(crate) fn new(kind: Kind, file_bytes: u64, consumed: Arc<AtomicU64>, settled: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(file_bytes));
        let now = Instant::now();
        Self {
            kind,
            bar,
            file_bytes,
            consumed,
            settled_at_start: settled,
            started: now,
            shown_at: now,
        }
    }

    /// Shows the state if it is time to.
    pub(crate) fn show(&mut self, settled: u64) {
        let every = if self.bar.is_some() { DRAW_EVERY } else { LINE_EVERY };
        if self.shown_at.elapsed() < every {
            return;
        }
        self.shown_at = Instant::now();
        let consumed = self.consumed.load(Ordering::Relaxed);
        let rate = rate(settled - self.settled_at_start, self.started.elapsed());
        let text = format!("{}: {} lines, {}/s", self.kind.word(), grouped(settled), grouped(rate));
        match &self.bar {
            Some(bar) => {
                bar.set_position(consumed);
                bar.set_message(text);
            }
            None => {
                let percent = consumed.saturating_mul(100) / self.file_bytes.max(1);
                console::note(&format!("{text}, {percent} % of the file read"));
            }
        }
    }

    /// A remark in between.
    pub(crate) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| console::note(text)),
            None => console::note(text),
        }
    }

    /// How long it has been running.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many lines this run has settled, of `settled` in all.
    pub(crate) fn lines(&self, settled: u64) -> u64 {
        settled - self.settled_at_start
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Lines a second.
pub(crate) fn rate(lines: u64, time: Duration) -> u64 {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    lines.saturating_mul(1_000) / millis
}

fn bar(file_bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(file_bytes).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_survives_short_and_long_times() {
        assert_eq!(rate(1_000, Duration::from_secs(2)), 500);
        assert_eq!(rate(7, Duration::ZERO), 7_000);
        assert_eq!(rate(0, Duration::from_secs(9)), 0);
    }
}
