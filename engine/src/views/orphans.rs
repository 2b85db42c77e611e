//! Bare reposts of posts that were deleted: they are gone, so nothing counts them.
//!
//! A post that a million reposted goes with one record, and no reader waits for a walk over all of them. So a
//! root that goes is a *debt*: with each record that is applied a stretch of it is counted for its authors, and
//! whoever asks for an author's number asks the debts for what is still to be counted. So the number is
//! exact at every position.

use super::reposts::Root;
use super::sharded::Sharded;
use super::sparse::Sparse;
use super::users::Ordinal;
use crate::ids::{PostId, Sequence};

/// Reposts that are counted with each record: a commit group has at most 256 of these.
const STRETCH: usize = 64;

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

    /// Counts a stretch of what is still to be counted; false if there was nothing.
    #[inline]
    pub(super) fn settle(&mut self, roots: &Sharded<Root>) -> bool {
        !self.debts.is_empty() && self.count(roots)
    }

    fn count(&mut self, roots: &Sharded<Root>) -> bool {
        let Some(debt) = self.debts.last_mut() else { return false };
        let Some(root) = roots.get(debt.root.0) else { return false };
        let first = root.reposts.count_below(debt.counted_below);
        let end = root.reposts.len().min(first + STRETCH);
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
        true
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

    /// Two users more repost a root than are counted with one record; the last of each is a quote.
    fn sample() -> (Reposts, u32) {
        let (mut reposts, users) = (Reposts::default(), u32::try_from(STRETCH).unwrap() + 2);
        for (at, author, is_bare) in (0..=users).map(|n| (10 + n, n.min(users - 1), n < users)) {
            reposts.add(RepostRow {
                at: Sequence(at.into()),
                author: Ordinal(author),
                time: Timestamp(1),
                is_bare,
                root: ROOT,
                root_author: Ordinal(7_000),
                root_at: Timestamp(1),
                root_circle: Circle::EVERYBODY,
            });
        }
        (reposts, users)
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
