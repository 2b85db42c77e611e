//! Bare reposts of posts that were deleted: they are gone, so nothing counts them.
//!
//! A post that a million reposted goes with one record, and no reader waits for a walk over all of them. So a
//! root that goes is a *debt*: whenever records were applied a stretch of the debts is counted for its authors, and
//! whoever asks for an author's number asks the debts for what is still to be counted. So the number is
//! exact at every position. Debts are few, however many roots go one after the other.

use super::reposts::Root;
use super::sharded::Sharded;
use super::sparse::Sparse;
use super::users::Ordinal;
use crate::ids::{PostId, Sequence};

/// Reposts that are counted under one hold of the state.
const STRETCH: usize = 4_096;

/// Debts that may stay: whoever asks for a number asks each of them. The newest of more are counted at once.
const DEBTS_MAX: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    /// How many each user has, but for those that debts are still to count.
    counted: Sparse<u32>,
    total: u64,
    debts: Vec<Debt>,
}

/// A root that is gone. Of its bare reposts those below a sequence are counted.
#[derive(Debug)]
struct Debt {
    root: PostId,
    counted_below: Sequence,
}

impl Orphans {
    /// How many there are.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// How many the user has.
    pub(super) fn of(&self, user: Ordinal, roots: &Sharded<Root>) -> u32 {
        let owes = |debt: &&Debt| {
            let bare = roots.get(debt.root.0).and_then(|root| root.bare(user));
            bare.is_some_and(|at| debt.counted_below <= at)
        };
        let owed = self.debts.iter().filter(owes).count();
        self.counted.get(user) + u32::try_from(owed).unwrap_or(u32::MAX)
    }

    /// A root is gone, and its `bare` reposts with it.
    pub(super) fn add(&mut self, root: PostId, bare: u32) {
        if bare != 0 {
            self.total += u64::from(bare);
            self.debts.push(Debt { root, counted_below: Sequence(0) });
        }
    }

    /// One of them was removed.
    pub(super) fn remove(&mut self, root: PostId, at: Sequence, author: Ordinal) {
        self.total = self.total.saturating_sub(1);
        let is_owed = |debt: &Debt| debt.root == root && debt.counted_below <= at;
        if !self.debts.iter().any(is_owed)
            && let Some(counted) = self.counted.get_mut(author)
        {
            *counted = counted.saturating_sub(1);
        }
    }

    /// Counts a stretch of what is still to be counted, and more where there are too many debts.
    pub(super) fn settle(&mut self, roots: &Sharded<Root>) {
        let mut left = STRETCH;
        while !self.debts.is_empty() && (left != 0 || DEBTS_MAX < self.debts.len()) {
            left = left.saturating_sub(self.count(roots, left.max(1)).max(1));
        }
    }

    /// Counts all there is to count.
    pub(super) fn settle_all(&mut self, roots: &Sharded<Root>) {
        while !self.debts.is_empty() {
            self.count(roots, STRETCH);
        }
    }

    /// Counts up to `most` of the newest debt. Answers how many it looked at.
    fn count(&mut self, roots: &Sharded<Root>, most: usize) -> usize {
        let Some(debt) = self.debts.last_mut() else { return 0 };
        let Some(root) = roots.get(debt.root.0) else {
            // All of them were removed meanwhile.
            self.debts.pop();
            return 0;
        };
        let first = root.reposts.count_below(debt.counted_below);
        let end = root.reposts.len().min(first.saturating_add(most));
        for (at, author) in (first..end).map(|index| root.reposts.entry(index)) {
            let author = Ordinal(author);
            if root.bare(author) == Some(at) {
                *self.counted.make(author) += 1;
            }
            debt.counted_below = at.next();
        }
        if end == root.reposts.len() {
            self.debts.pop();
        }
        end - first
    }
}

#[cfg(test)]
mod tests {
    use super::super::reposts::{RepostRow, Reposts};
    use super::super::timeline::Removal;
    use super::*;
    use crate::audience::Circle;
    use crate::ids::Timestamp;

    const ROOT: PostId = PostId(3);

    /// Two users more repost a root than are counted at once; the last of each is a quote.
    fn sample() -> (Reposts, u32) {
        let (mut reposts, users) = (Reposts::default(), u32::try_from(STRETCH).unwrap() + 2);
        for (at, author, is_bare) in (0..=users).map(|n| (10 + n, n.min(users - 1), n < users)) {
            reposts.add(row((at.into(), author, is_bare), ROOT));
        }
        (reposts, users)
    }

    fn row((at, author, is_bare): (u64, u32, bool), root: PostId) -> RepostRow {
        RepostRow {
            at: Sequence(at),
            author: Ordinal(author),
            time: Timestamp(1),
            is_bare,
            root,
            root_author: Ordinal(7_000),
            root_at: Timestamp(1),
            root_circle: Circle::EVERYBODY,
        }
    }

    #[test]
    fn many_roots_that_go_one_after_the_other_leave_few_debts() {
        const USERS: u32 = 50;
        const ROOTS: u64 = 1_000;
        let mut reposts = Reposts::default();
        for root in 1..=ROOTS {
            for user in 0..USERS {
                let at = 10_000 + root * u64::from(USERS) + u64::from(user);
                reposts.add(row((at, user, true), PostId(root)));
            }
        }
        for root in 1..=ROOTS {
            delete(&mut reposts, root);
            if root % 256 == 0 {
                reposts.settle();
                assert!(reposts.orphans.debts.len() <= DEBTS_MAX);
            }
            assert_eq!(u64::from(reposts.orphans_of(Ordinal(7))), root);
        }
        reposts.settle_all();
        let each = (0..USERS).map(|user| u64::from(reposts.orphans_of(Ordinal(user))));
        assert!(each.eq(std::iter::repeat_n(ROOTS, USERS as usize)));
    }

    fn delete(reposts: &mut Reposts, post: u64) {
        let removal = Removal { at: Sequence(9_000), frontier: Sequence(0) };
        reposts.post_deleted(PostId(post), removal);
    }

    #[test]
    fn are_known_of_everybody_while_they_are_counted_and_after() {
        let (mut reposts, users) = sample();
        let each = |reposts: &Reposts| -> Vec<u32> {
            (0..=users).map(|user| reposts.orphans_of(Ordinal(user))).collect()
        };
        assert_eq!((each(&reposts), reposts.orphans()), (vec![0; users as usize + 1], 0));
        delete(&mut reposts, ROOT.0);
        let expected: Vec<u32> = (0..=users).map(|user| u32::from(user < users)).collect();
        for _ in 0..3 {
            assert_eq!((each(&reposts), reposts.total()), (expected.clone(), 1));
            reposts.settle();
        }
        assert!(reposts.orphans.debts.is_empty(), "two stretches are all");
    }

    #[test]
    fn one_that_is_removed_is_counted_no_more_at_any_time() {
        let (_, users) = sample();
        for (settled, gone) in (0..3).flat_map(|settled| [0, users - 1].map(|gone| (settled, gone)))
        {
            let (mut reposts, _) = sample();
            delete(&mut reposts, ROOT.0);
            (0..settled).for_each(|_| reposts.settle());
            delete(&mut reposts, u64::from(10 + gone));
            reposts.settle_all();
            for user in 0..users {
                let context = format!("user {user}, {gone} gone after {settled} stretches");
                let expected = u32::from(user != gone);
                assert_eq!(reposts.orphans_of(Ordinal(user)), expected, "{context}");
            }
            assert_eq!(reposts.orphans(), u64::from(users) - 1);
        }
    }
}
