//! Which homes to compare: readers of every degree, by quantiles. The ends of each scale are always
//! among them.

use std::collections::BTreeSet;

use fanfold_engine::testing::seed::Random;

use crate::console::grouped;
use crate::naive::Naive;
use crate::number::to_usize;

/// About `count` users: quantiles of the number of followees, of own posts, and of entries at home
/// where there are any; then anybody, and one whom nobody has heard of.
pub(super) fn choose(naive: &Naive, count: usize, seed: u64) -> Vec<u64> {
    let everybody: Vec<u64> = naive.everybody().into_iter().collect();
    let mut chosen = BTreeSet::new();
    chosen.insert(everybody.last().copied().unwrap_or(0).saturating_add(1_000_003));
    quantiles(&everybody, count * 4 / 10, |user| naive.followees(user).count(), &mut chosen);
    quantiles(&everybody, count * 2 / 10, |user| naive.posts_of(user).len(), &mut chosen);
    let entries = |user| naive.followees(user).map(|author| naive.posts_of(author).len()).sum();
    // Of a slice of the input, most homes may be empty: these are the others.
    let filled: Vec<u64> = everybody.iter().copied().filter(|user| 0 < entries(*user)).collect();
    quantiles(&filled, count * 4 / 10, entries, &mut chosen);
    let mut random = Random::new(seed);
    while chosen.len() < count.min(everybody.len()) {
        let index = to_usize(random.below(everybody.len() as u64));
        chosen.extend(everybody.get(index));
    }
    chosen.into_iter().collect()
}

/// Adds `count` users, evenly spread over all users sorted by `measure`, both ends included.
fn quantiles(
    everybody: &[u64],
    count: usize,
    measure: impl Fn(u64) -> usize,
    chosen: &mut BTreeSet<u64>,
) {
    let mut sorted = everybody.to_vec();
    sorted.sort_by_cached_key(|user| measure(*user));
    let steps = count.saturating_sub(1).max(1);
    let last = sorted.len().saturating_sub(1);
    chosen.extend((0..count).filter_map(|step| sorted.get(last * step / steps)));
}

/// For people: how many, of which degrees.
pub(super) fn describe(naive: &Naive, readers: &[u64]) -> String {
    let mut degrees: Vec<usize> = readers.iter().map(|u| naive.followees(*u).count()).collect();
    degrees.sort_unstable();
    let mut homes: Vec<usize> = readers.iter().map(|user| naive.home(*user).len()).collect();
    homes.sort_unstable();
    format!(
        "{} users, followees {}, home entries {}",
        grouped(readers.len() as u64),
        spread(&degrees),
        spread(&homes)
    )
}

fn spread(sorted: &[usize]) -> String {
    let at = |percent: usize| {
        let index = sorted.len().saturating_sub(1) * percent / 100;
        grouped(sorted.get(index).copied().unwrap_or_default() as u64)
    };
    format!("min {} p50 {} p90 {} max {}", at(0), at(50), at(90), at(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputPost;

    #[test]
    fn both_ends_and_a_stranger_are_chosen() {
        // User n follows n authors, 0 to 50.
        let follows: Vec<(u64, u64)> =
            (1..=50).flat_map(|user| (0..user).map(move |author| (user, author))).collect();
        let mut naive = Naive::new(&follows);
        let post = InputPost { id: 1, author: 48, at: 1, text: "x".into(), repost: None };
        naive.import(post, 1).unwrap();
        let readers = choose(&naive, 20, 1);
        assert!(readers.contains(&0) && readers.contains(&50), "{readers:?}");
        assert!(readers.contains(&(50 + 1_000_003)));
        // The only homes that are not empty are those of 49 and 50.
        assert!(readers.contains(&49), "{readers:?}");
        assert!(20 <= readers.len() && readers.len() <= 21, "{readers:?}");
        assert_eq!(readers, choose(&naive, 20, 1));
        assert!(describe(&naive, &readers).contains("followees min 0 p50 "));
    }
}
