//! Who is being forgotten, and who was.
//!
//! Who is being forgotten is hidden from everybody; what there is of them goes by ordinary records. Of who
//! was forgotten the place in the log stays at which nothing was left: the *floor*. What has no record to end
//! it (marks, notices, keys) does not count if it is not above the floor, wherever a file still has it.
//!
//! Wholly in memory, some 32 bytes each; view files have it for the next open.
//!
//! Invariants:
//! * Both numbers of a user only rise, so that files and records may be folded over one another in any order.
//! * A user is being forgotten exactly if `since` is above `done`.

use foldhash::HashMap;

use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::ids::Sequence;

/// What is known of a user who is or was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oblivion {
    /// The record that it began with.
    pub(crate) since: Sequence,
    /// The record that said that nothing was left; of an earlier time, or 0, while it goes on.
    pub(crate) done: Sequence,
}

/// The same in a file, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForgottenRow {
    pub(crate) owner: Ordinal,
    pub(crate) oblivion: Oblivion,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    users: HashMap<u32, Oblivion>,
    /// Who is being forgotten, in no order: few at a time.
    under_way: Vec<Ordinal>,
}

impl Oblivion {
    pub(crate) fn is_under_way(self) -> bool {
        self.done < self.since
    }

    /// The newer of its records.
    pub(crate) fn newest(self) -> Sequence {
        self.since.max(self.done)
    }

    /// Both are of one user.
    pub(crate) fn join(&mut self, other: Self) {
        self.since = self.since.max(other.since);
        self.done = self.done.max(other.done);
    }
}

impl Forgotten {
    /// Whether anybody is being forgotten.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether anybody is or was forgotten.
    #[inline]
    pub(crate) fn was_used(&self) -> bool {
        !self.users.is_empty()
    }

    /// Whether the user is being forgotten.
    #[inline]
    pub(crate) fn hides(&self, user: Ordinal) -> bool {
        !self.under_way.is_empty() && self.of(user).is_under_way()
    }

    /// Who is being forgotten, in no order.
    pub(crate) fn hidden(&self) -> impl ExactSizeIterator<Item = Ordinal> {
        self.under_way.iter().copied()
    }

    /// What is known of the user.
    pub(crate) fn of(&self, user: Ordinal) -> Oblivion {
        if self.users.is_empty() {
            return Oblivion::default();
        }
        self.users.get(&user.0).copied().unwrap_or_default()
    }

    /// What the user had up to here does not count.
    pub(crate) fn floor(&self, user: Ordinal) -> Sequence {
        self.of(user).done
    }

    /// Who is being forgotten, and since when; the longest first.
    pub(crate) fn under_way(&self) -> Vec<(Ordinal, Sequence)> {
        let since = |user: &Ordinal| (*user, self.of(*user).since);
        let mut all: Vec<_> = self.under_way.iter().map(since).collect();
        all.sort_unstable_by_key(|(_, since)| *since);
        all
    }

    /// Who was forgotten up to there: what a crash cannot take back.
    pub(crate) fn as_of(&self, covered: Sequence) -> Self {
        let is_covered =
            |oblivion: &Oblivion| oblivion.done != Sequence(0) && oblivion.newest() <= covered;
        let users = self.users.iter().filter(|(_, oblivion)| is_covered(oblivion));
        let users = users.map(|(user, oblivion)| (*user, *oblivion)).collect();
        Self { users, under_way: Vec::new() }
    }

    /// How many are being forgotten, and how many were.
    pub(crate) fn counts(&self) -> [usize; 2] {
        let under_way = self.under_way.len();
        [under_way, self.users.len() - under_way]
    }

    /// Folds what a record or a file says.
    pub(crate) fn set(&mut self, row: ForgottenRow) {
        let known = self.users.entry(row.owner.0).or_default();
        let was = known.is_under_way();
        known.join(row.oblivion);
        match (was, known.is_under_way()) {
            (false, true) => self.under_way.push(row.owner),
            (true, false) => self.under_way.retain(|user| *user != row.owner),
            _ => {}
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        let mut users: Vec<_> = self.users.iter().collect();
        users.sort_unstable_by_key(|(user, _)| **user);
        for (user, Oblivion { since, done }) in users {
            [u64::from(*user), since.0, done.0].into_iter().for_each(|n| digest.number(n));
        }
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(owner: u32, since: u64, done: u64) -> ForgottenRow {
        let oblivion = Oblivion { since: Sequence(since), done: Sequence(done) };
        ForgottenRow { owner: Ordinal(owner), oblivion }
    }

    #[test]
    fn it_begins_and_ends_and_begins_again_in_any_order_of_files() {
        let mut forgotten = Forgotten::default();
        forgotten.set(row(3, 10, 0));
        forgotten.set(row(4, 8, 0));
        assert!(forgotten.hides(Ordinal(3)) && !forgotten.hides(Ordinal(5)));
        let under_way: Vec<_> = forgotten.under_way().iter().map(|(user, _)| user.0).collect();
        assert_eq!(under_way, [4, 3]);
        forgotten.set(row(3, 10, 20));
        assert!(!forgotten.hides(Ordinal(3)));
        assert_eq!((forgotten.floor(Ordinal(3)), forgotten.counts()), (Sequence(20), [1, 1]));
        forgotten.set(row(3, 30, 0));
        assert!(forgotten.hides(Ordinal(3)));
        assert_eq!(forgotten.floor(Ordinal(3)), Sequence(20), "what went then is gone");
        let mut again = Forgotten::default();
        for row in [row(3, 30, 0), row(4, 8, 0), row(3, 10, 20), row(3, 10, 0)] {
            again.set(row);
        }
        assert_eq!(again.digest(), forgotten.digest());
        assert_eq!(again.counts(), [2, 0]);
    }
}
