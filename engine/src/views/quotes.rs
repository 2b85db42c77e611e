//! Who quoted a root that was reposted a lot, by user: a list in log order does not answer which of a
//! million quotes are those of a reader's few followees.
//!
//! Some 25 bytes a quote. Of a root with few reposts nothing is listed, and it is one word.

use std::collections::BTreeSet;

use super::users::Ordinal;
use crate::ids::Sequence;

/// See the module.
#[expect(
    clippy::box_collection,
    reason = "of most roots nothing is listed: that is to be one word"
)]
#[derive(Debug, Default)]
pub(crate) enum Quotes {
    /// Whoever looks for one walks through all.
    #[default]
    Unlisted,
    Listed(Box<BTreeSet<(Ordinal, Sequence)>>),
}

impl Quotes {
    /// Lists these from now on.
    pub(crate) fn list(quotes: impl Iterator<Item = (Ordinal, Sequence)>) -> Self {
        Self::Listed(Box::new(quotes.collect()))
    }

    pub(crate) fn are_listed(&self) -> bool {
        matches!(self, Self::Listed(_))
    }

    /// The user's quotes, ascending; none if they are not listed.
    pub(crate) fn of(&self, user: Ordinal) -> impl Iterator<Item = Sequence> {
        let listed = match self {
            Self::Unlisted => None,
            Self::Listed(quotes) => Some(quotes.range((user, Sequence(0))..=(user, ABOVE))),
        };
        listed.into_iter().flatten().map(|(_, at)| *at)
    }

    /// Adds a quote, if quotes are listed.
    pub(crate) fn insert(&mut self, user: Ordinal, at: Sequence) {
        if let Self::Listed(quotes) = self {
            quotes.insert((user, at));
        }
    }

    /// Takes a quote out, if it is listed.
    pub(crate) fn remove(&mut self, user: Ordinal, at: Sequence) {
        if let Self::Listed(quotes) = self {
            quotes.remove(&(user, at));
        }
    }
}

/// Above every sequence.
const ABOVE: Sequence = Sequence(u64::MAX);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_listed_by_user_or_not_at_all() {
        let mut quotes = Quotes::default();
        quotes.insert(Ordinal(3), Sequence(8));
        assert_eq!(quotes.of(Ordinal(3)).count(), 0);
        quotes = Quotes::list([(Ordinal(3), Sequence(8)), (Ordinal(2), Sequence(9))].into_iter());
        quotes.insert(Ordinal(3), Sequence(11));
        quotes.remove(Ordinal(2), Sequence(9));
        quotes.remove(Ordinal(2), Sequence(9));
        assert!(quotes.are_listed());
        assert_eq!(quotes.of(Ordinal(3)).collect::<Vec<_>>(), [Sequence(8), Sequence(11)]);
        assert_eq!(quotes.of(Ordinal(2)).count() + quotes.of(Ordinal(4)).count(), 0);
        assert_eq!(size_of::<Quotes>(), 8);
    }
}
