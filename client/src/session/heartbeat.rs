//! Tells a silent server from a dead one.
//!
//! Silence counts only while an answer is awaited. After one period of it a ping goes out, which a
//! server answers even while commits are slow; after two the connection counts as dead.

use std::time::{Duration, Instant};

/// What the silence calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing yet.
    Calm,
    /// Ask for a sign of life.
    Ping,
    /// Give the connection up.
    Dead,
}

/// The clock of one connection's silence.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    period: Duration,
    quiet_since: Option<Instant>,
    pinged: bool,
}

impl Heartbeat {
    pub(crate) fn new(period: Duration) -> Self {
        Self { period, quiet_since: None, pinged: false }
    }

    /// Something came from the server.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.quiet_since = Some(now);
        self.pinged = false;
    }

    /// Nothing is awaited any more.
    pub(crate) fn rest(&mut self) {
        self.quiet_since = None;
        self.pinged = false;
    }

    /// Something is awaited: what to do now. Says `Ping` once per silence.
    pub(crate) fn check(&mut self, now: Instant) -> Beat {
        let since = *self.quiet_since.get_or_insert(now);
        let quiet = now.saturating_duration_since(since);
        if self.period.saturating_mul(2) <= quiet {
            return Beat::Dead;
        }
        if self.period <= quiet && !self.pinged {
            self.pinged = true;
            return Beat::Ping;
        }
        Beat::Calm
    }

    /// When to check again.
    pub(crate) fn next(&self) -> Option<Instant> {
        let periods = if self.pinged { 2 } else { 1 };
        Some(self.quiet_since? + self.period.saturating_mul(periods))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(2);

    #[test]
    fn pings_once_then_gives_up() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(PERIOD);
        assert_eq!(heartbeat.check(start), Beat::Calm);
        assert_eq!(heartbeat.next(), Some(start + PERIOD));
        assert_eq!(heartbeat.check(start + PERIOD), Beat::Ping);
        assert_eq!(heartbeat.next(), Some(start + PERIOD * 2));
        assert_eq!(heartbeat.check(start + PERIOD), Beat::Calm);
        assert_eq!(heartbeat.check(start + PERIOD * 2), Beat::Dead);
    }

    #[test]
    fn a_sign_of_life_starts_over() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(PERIOD);
        heartbeat.check(start);
        heartbeat.check(start + PERIOD);
        heartbeat.heard(start + PERIOD);
        assert_eq!(heartbeat.check(start + PERIOD * 2), Beat::Ping);
    }

    #[test]
    fn idle_time_does_not_count() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(PERIOD);
        heartbeat.heard(start);
        heartbeat.rest();
        assert_eq!(heartbeat.next(), None);
        assert_eq!(heartbeat.check(start + PERIOD * 100), Beat::Calm);
    }
}
