//! Randomness of the client: idempotency keys and the jitter of reconnects.
//!
//! One draw from the operating system per client. Keys count up from there: 2^128 starting points
//! make two clients' keys meet never, and counting costs a nanosecond where a draw costs hundreds.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::Key;

/// Hands out idempotency keys; no two are the same.
#[derive(Debug)]
pub(crate) struct Keys {
    base: u128,
    count: AtomicU64,
}

impl Keys {
    pub(crate) fn new(base: u128) -> Self {
        Self { base, count: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> Key {
        let count = u128::from(self.count.fetch_add(1, Ordering::Relaxed));
        match self.base.wrapping_add(count) {
            // Which is no key.
            0 => self.next(),
            key => Key(key.to_le_bytes()),
        }
    }
}

/// A small generator (splitmix64) for jitter, where cheap matters and secret does not.
#[derive(Debug)]
pub(crate) struct Jitter {
    state: u64,
}

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number in `0..=max`.
    pub(crate) fn up_to(&mut self, max: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        match max.checked_add(1) {
            Some(bound) => mixed % bound,
            None => mixed,
        }
    }
}

/// Sixteen bytes from the operating system.
pub(crate) fn draw() -> Result<u128> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("the system gives no random bytes: {error}"))
    })?;
    Ok(u128::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_even_at_the_end_of_the_range_and_none_is_all_zero() {
        let keys = Keys::new(u128::MAX);
        assert_eq!(keys.next(), Key([255; 16]));
        assert_eq!(keys.next(), Key(1_u128.to_le_bytes()));
        assert_eq!(keys.next(), Key(2_u128.to_le_bytes()));
    }

    #[test]
    fn two_draws_differ() {
        assert_ne!(draw().unwrap(), draw().unwrap());
    }

    #[test]
    fn jitter_stays_in_its_range_and_uses_it() {
        let mut jitter = Jitter::new(7);
        let drawn: Vec<u64> = (0..200).map(|_| jitter.up_to(3)).collect();
        assert!(drawn.iter().all(|&n| n <= 3));
        for wanted in 0..=3 {
            assert!(drawn.contains(&wanted));
        }
    }
}
