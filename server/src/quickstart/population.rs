//! Readers and who follows whom, made up: seeded, so that every quickstart is the same, and
//! heavy-tailed, as real audiences are.
//!
//! A publisher's audience falls with its rank (Zipf), a reader's number of followees has a long
//! tail (Pareto): most follow a handful, a few follow nearly everybody.

use std::collections::BTreeSet;

/// The first reader's id; publishers of the sample have smaller ones.
pub(super) const FIRST_READER: u64 = 101;
/// How many readers there are.
pub(super) const READERS: u64 = 1_000;

const SEED: u64 = 7_717;
/// Every reader follows at least this many.
const FOLLOWEES_MIN: f64 = 3.0;
/// Smaller is heavier: the exponent of the tail of followees.
const TAIL: f64 = 1.1;

/// A reader follows a publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Follow {
    pub(super) reader: u64,
    pub(super) author: u64,
}

/// All follows, reader by reader. `authors` are in order of their audience, largest first.
pub(super) fn follows(authors: &[u64]) -> Vec<Follow> {
    let mut random = Random(SEED);
    let shares = shares(authors.len());
    let mut follows = Vec::new();
    for reader in FIRST_READER..FIRST_READER + READERS {
        let wanted = followees(&mut random, authors.len());
        let mut chosen = BTreeSet::new();
        while chosen.len() < wanted {
            chosen.insert(pick(&shares, random.fraction()));
        }
        let author = |rank: usize| authors.get(rank).copied();
        follows
            .extend(chosen.into_iter().filter_map(author).map(|author| Follow { reader, author }));
    }
    follows
}

/// Running sums of 1/rank, ending at 1.
fn shares(authors: usize) -> Vec<f64> {
    let weights = (1..=authors).map(|rank| 1.0 / number(rank));
    let total: f64 = weights.clone().sum();
    let running = weights.scan(0.0, |sum, weight| {
        *sum += weight / total;
        Some(*sum)
    });
    running.collect()
}

fn pick(shares: &[f64], fraction: f64) -> usize {
    shares.partition_point(|share| *share < fraction).min(shares.len().saturating_sub(1))
}

/// Pareto, at most three quarters of all authors, so that drawing distinct ones stays quick.
fn followees(random: &mut Random, authors: usize) -> usize {
    let drawn = FOLLOWEES_MIN / (1.0 - random.fraction()).powf(1.0 / TAIL);
    let most = authors * 3 / 4;
    (0..most).take_while(|count| number(*count) < drawn.floor()).count()
}

#[expect(clippy::cast_precision_loss, reason = "ranks and counts are far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

/// `SplitMix64`: small, seeded, good enough to draw a population.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept on purpose")]
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn counts(of: impl Fn(&Follow) -> u64, follows: &[Follow]) -> Vec<usize> {
        let mut counts = BTreeMap::new();
        for follow in follows {
            *counts.entry(of(follow)).or_insert(0) += 1;
        }
        let mut sorted: Vec<usize> = counts.into_values().collect();
        sorted.sort_unstable();
        sorted
    }

    #[test]
    fn the_same_every_time_and_nothing_twice() {
        let authors: Vec<u64> = (1..=62).collect();
        let first = follows(&authors);
        assert_eq!(first, follows(&authors));
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len());
    }

    #[test]
    fn audiences_and_followees_have_a_heavy_tail() {
        let authors: Vec<u64> = (1..=62).collect();
        let follows = follows(&authors);
        let audiences = counts(|follow| follow.author, &follows);
        assert_eq!(audiences.len(), 62);
        assert!(audiences[31] * 4 < audiences[61], "{audiences:?}");
        let followees = counts(|follow| follow.reader, &follows);
        assert_eq!(followees.len(), 1_000);
        assert_eq!(followees[0], 3);
        assert!(followees[500] < 10 && 40 < followees[999], "{followees:?}");
    }
}
