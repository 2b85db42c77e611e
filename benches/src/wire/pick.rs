//! Whom a request is about: anybody, or some far more often than others.

use fanfold_engine::testing::seed::Random;

use crate::number::{float, whole};

/// Draws users, `1..=users` or one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pick {
    /// The first of them.
    first: u64,
    users: u64,
    /// 0 for everybody alike; below 1: the user of rank r is drawn as r^-skew.
    skew: f64,
}

impl Pick {
    pub(crate) fn anybody(users: u64) -> Self {
        Self { first: 1, users, skew: 0.0 }
    }

    /// Always the same.
    pub(crate) fn only(user: u64) -> Self {
        Self { first: user, users: 1, skew: 0.0 }
    }

    /// `skew` from 0 to below 1; published traces have 0.8.
    pub(crate) fn skewed(users: u64, skew: f64) -> Self {
        Self { first: 1, users, skew }
    }

    pub(crate) fn draw(self, random: &mut Random) -> u64 {
        if self.skew <= 0.0 {
            return self.first + random.below(self.users);
        }
        const STEPS: u64 = 1 << 40;
        let uniform = float(random.below(STEPS)) / float(STEPS);
        let place = whole((uniform.powf(1.0 / (1.0 - self.skew)) * float(self.users)).floor());
        // The first ranks are all over the users, not beside each other.
        self.first
            + place.min(self.users.saturating_sub(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                % self.users
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn most_drawn(pick: Pick) -> u64 {
        let mut random = Random::new(1);
        let mut drawn: BTreeMap<u64, u64> = BTreeMap::new();
        (0..100_000).for_each(|_| *drawn.entry(pick.draw(&mut random)).or_default() += 1);
        assert!(drawn.keys().all(|user| (1..=1_000).contains(user)));
        drawn.into_values().max().unwrap()
    }

    #[test]
    fn some_are_drawn_more_often_if_that_is_wanted() {
        assert!(most_drawn(Pick::anybody(1_000)) < 160);
        // The first of 1,000 ranks has 1000^-0.2 of all draws: a quarter.
        assert!((22_000..28_000).contains(&most_drawn(Pick::skewed(1_000, 0.8))));
    }
}
