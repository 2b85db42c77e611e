//! What the ledger says must hold, must not hold, or may hold either way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::book::{Deed, Line};
use super::token::Token;
use crate::exit::{Explain, Outcome};

/// An acknowledged post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) id: u64,
    pub(crate) hash: u64,
}

/// What is known of a follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Follow {
    /// As of the newest acknowledgement.
    pub(crate) holds: bool,
    /// Changes that were asked for and not acknowledged: while there are any, both may be.
    pub(crate) open: u64,
}

/// The sum of a ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) intended: BTreeSet<Token>,
    pub(crate) posted: HashMap<Token, Posted>,
    /// Post ids; true once acknowledged.
    pub(crate) deletes: HashMap<u64, bool>,
    pub(crate) follows: BTreeMap<(u64, u64), Follow>,
    pub(crate) acknowledged: u64,
}

impl Account {
    /// Reads a ledger.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let read = || format!("cannot read {}", path.display());
        let mut account = Self::default();
        for line in BufReader::new(File::open(path).explain(read)?).lines() {
            account.add(line.explain(read)?.parse().explain(read)?);
        }
        Ok(account)
    }

    fn add(&mut self, line: Line) {
        match line {
            Line::Intended(deed) => self.intend(deed),
            Line::Acknowledged(deed, posted) => {
                self.acknowledged += 1;
                self.acknowledge(deed, posted);
            }
        }
    }

    fn intend(&mut self, deed: Deed) {
        match deed {
            Deed::Publish(token) => {
                self.intended.insert(token);
            }
            Deed::Delete(post) => {
                self.deletes.entry(post).or_insert(false);
            }
            Deed::Follow(user, author) | Deed::Unfollow(user, author) => {
                self.follows.entry((user, author)).or_default().open += 1;
            }
        }
    }

    fn acknowledge(&mut self, deed: Deed, posted: Option<(u64, u64)>) {
        match deed {
            Deed::Publish(token) => {
                let posted = posted.map(|(id, hash)| Posted { id, hash });
                self.posted.extend(posted.map(|posted| (token, posted)));
            }
            Deed::Delete(post) => {
                self.deletes.insert(post, true);
            }
            Deed::Follow(user, author) => self.settle((user, author), true),
            Deed::Unfollow(user, author) => self.settle((user, author), false),
        }
    }

    fn settle(&mut self, pair: (u64, u64), holds: bool) {
        let follow = self.follows.entry(pair).or_default();
        follow.holds = holds;
        follow.open = follow.open.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(lines: &[&str]) -> Account {
        let mut account = Account::default();
        for line in lines {
            account.add(line.parse().unwrap());
        }
        account
    }

    #[test]
    fn the_newest_acknowledgement_counts_unless_more_was_asked_for() {
        let sum = account(&["? follow 1 2", "! follow 1 2", "? unfollow 1 2", "! unfollow 1 2"]);
        assert_eq!(sum.follows[&(1, 2)], Follow { holds: false, open: 0 });
        let sum = account(&["? follow 1 2", "! follow 1 2", "? unfollow 1 2"]);
        assert_eq!(sum.follows[&(1, 2)], Follow { holds: true, open: 1 });
    }

    #[test]
    fn posts_and_deletes_are_summed_up() {
        let sum = account(&["? publish 1-2", "! publish 1-2 9 f", "? publish 1-3", "? delete 9"]);
        assert_eq!(sum.intended.len(), 2);
        assert_eq!(sum.posted[&Token { source: 1, number: 2 }], Posted { id: 9, hash: 15 });
        assert!(!sum.deletes[&9]);
        assert_eq!(sum.acknowledged, 1);
    }
}
