//! "Did you mean ...?": the nearest of some words to a mistyped one; pure.
//!
//! Distance is counted in insertions, deletions, replacements and swaps of neighbours, without
//! regard to case. Only a near word is worth suggesting: a third of the length, at least one slip.

/// The word nearest to `typed`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(
    typed: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (typed.chars().count() / 3).max(1);
    words
        .into_iter()
        .map(|word| (distance(typed, word), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Optimal string alignment, with three rows: two back, one back, current.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut earlier: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for row in 1..=left.len() {
        let current = next_row(&left, &right, row, (&earlier, &above));
        earlier = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or_default()
}

fn next_row(
    left: &[char],
    right: &[char],
    row: usize,
    (earlier, above): (&[usize], &[usize]),
) -> Vec<usize> {
    let at = |cells: &[usize], column: usize| cells.get(column).copied().unwrap_or(usize::MAX - 1);
    let mut current = vec![row];
    for column in 1..=right.len() {
        let differs = left.get(row - 1) != right.get(column - 1);
        let mut best = (at(above, column) + 1)
            .min(at(&current, column - 1) + 1)
            .min(at(above, column - 1) + usize::from(differs));
        let swapped = 1 < row
            && 1 < column
            && left.get(row - 1) == right.get(column - 2)
            && left.get(row - 2) == right.get(column - 1);
        if swapped {
            best = best.min(at(earlier, column - 2) + 1);
        }
        current.push(best);
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_slips() {
        assert_eq!(distance("home", "home"), 0);
        assert_eq!(distance("hoem", "home"), 1);
        assert_eq!(distance("hme", "HOME"), 1);
        assert_eq!(distance("publsh", "publish"), 1);
        assert_eq!(distance("", "quit"), 4);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn only_near_words_are_suggested() {
        let words = ["HOME", "OUTBOX", "PUBLISH", "UNFOLLOW", "FOLLOW"];
        assert_eq!(nearest("hoem", words), Some("HOME"));
        assert_eq!(nearest("publsih", words), Some("PUBLISH"));
        assert_eq!(nearest("folow", words), Some("FOLLOW"));
        assert_eq!(nearest("x", words), None);
        assert_eq!(nearest("frobnicate", words), None);
    }
}
