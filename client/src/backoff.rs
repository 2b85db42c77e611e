//! How long to wait before connecting again: full jitter over a doubling bound.
//!
//! Full jitter (a uniform draw from zero to the bound) keeps a thousand clients of a restarted
//! server from coming back in step. Pure: the random number comes as an argument.

use std::time::Duration;

use crate::limits::{BACKOFF_MAX, BACKOFF_MIN};
use crate::random::Jitter;

/// The pauses between attempts of one outage.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// How many pauses were handed out since the last [`reset`](Self::reset).
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The next pause, drawn from zero to the bound.
    pub(crate) fn next_pause(&mut self, jitter: &mut Jitter) -> Duration {
        let bound = BACKOFF_MIN.saturating_mul(1 << self.attempts.min(20)).min(BACKOFF_MAX);
        self.attempts = self.attempts.saturating_add(1);
        let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(jitter.up_to(micros))
    }

    /// Starts over, after a connection has proved good.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_bound_and_start_over() {
        let mut jitter = Jitter::new(1);
        for _ in 0..100 {
            let mut backoff = Backoff::default();
            for attempt in 0..40_u32 {
                let bound = Duration::from_millis(20 << attempt.min(7)).min(BACKOFF_MAX);
                assert!(backoff.next_pause(&mut jitter) <= bound);
            }
            assert_eq!(backoff.attempts(), 40);
            backoff.reset();
            assert!(backoff.next_pause(&mut jitter) <= BACKOFF_MIN);
        }
    }

    #[test]
    fn late_pauses_are_really_long_sometimes() {
        let mut jitter = Jitter::new(2);
        let mut backoff = Backoff { attempts: 30 };
        let longest = (0..200).map(|_| backoff.next_pause(&mut jitter)).max();
        assert!(Some(Duration::from_millis(1_800)) < longest);
    }
}
