//! Reposts: what each refers to, and of each root who reposted it.
//!
//! Wholly in memory, some 45 bytes a repost (and 25 more for a quote of what is reposted a lot) and at most
//! one bit for every other record; view files have it for the next open. Whether a sequence is a repost at
//! all is asked for every entry of every page:
//!
//! ```text
//! slots | see `blocks`: author, root, time |
//! roots | root -> its author, its time, who sees it, whether it is gone | reposts, ascending |
//!       |         who reposted it bare, by user | who quoted it, by user, if it was reposted a lot |
//! ```
//!
//! Invariants:
//! * A repost has a slot, and stands in the list of its root, until it is deleted itself.
//! * A root that is deleted stays as long as the database is open, and is *gone*: its bare reposts are
//!   passed over by every read, and counted by none; see [`orphans`](super::orphans).

use super::blocks::{Blocks, Placed, offset};
use super::graph::EDGE_WIDTH;
use super::graves::{Grave, Graves, holds};
use super::orphans::Orphans;
use super::quotes::Quotes;
use super::reactors::Reactors;
use super::sharded::Sharded;
use super::slots::SlotList;
use super::timeline::Removal;
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::audience::Circle;
use crate::ids::{PostId, Sequence, Timestamp};
use crate::limits::QUOTES_FROM;
use crate::log::record::Began;

/// One repost, as files have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RepostRow {
    /// The repost's own id.
    pub(crate) at: Sequence,
    pub(crate) author: Ordinal,
    /// Its time to show.
    pub(crate) time: Timestamp,
    /// It says nothing of its own.
    pub(crate) is_bare: bool,
    pub(crate) root: PostId,
    pub(crate) root_author: Ordinal,
    /// The root's time to show.
    pub(crate) root_at: Timestamp,
    /// Who sees the root.
    pub(crate) root_circle: Circle,
}

/// What is known of a repost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) root: PostId,
    pub(crate) time: Timestamp,
    pub(crate) author: Ordinal,
    /// Its place in its block.
    offset: u16,
    pub(crate) is_bare: bool,
}

/// A post that was reposted.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) author: Ordinal,
    pub(crate) time: Timestamp,
    /// Who sees it.
    pub(crate) circle: Circle,
    /// When it was deleted; 0: it stands.
    pub(crate) gone: Sequence,
    /// Its reposts with their authors, ascending.
    pub(crate) reposts: SlotList<EDGE_WIDTH>,
    bare: Reactors,
    quotes: Quotes,
}

impl Placed for Slot {
    fn offset(&self) -> u16 {
        self.offset
    }
}

/// All reposts.
#[derive(Debug, Default)]
pub(crate) struct Reposts {
    slots: Blocks<Slot>,
    roots: Sharded<Root>,
    pub(super) orphans: Orphans,
    /// Reposts in files that are deleted, by author.
    pub(crate) graves: Graves,
}

impl Root {
    /// Whether it was deleted.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone != Sequence(0)
    }

    /// The user's bare repost of it.
    pub(crate) fn bare(&self, user: Ordinal) -> Began {
        self.bare.since(user)
    }

    /// Whether its reposts can be found by their authors.
    pub(crate) fn is_by_author(&self) -> bool {
        self.quotes.are_listed()
    }

    /// Its reposts by this author, in no order; all of them if it has them by author, else but the bare one.
    pub(crate) fn by_author(&self, author: Ordinal) -> impl Iterator<Item = Sequence> {
        self.bare.since(author).into_iter().chain(self.quotes.of(author))
    }

    fn add(&mut self, at: Sequence, author: Ordinal, is_bare: bool) {
        self.reposts.push((at, author.0));
        if is_bare {
            self.bare.insert(author, at);
        }
        if self.is_by_author() {
            if self.bare.since(author) != Some(at) {
                self.quotes.insert(author, at);
            }
        } else if QUOTES_FROM <= self.reposts.len() {
            let reposts = (0..self.reposts.len()).map(|index| self.reposts.entry(index));
            let reposts = reposts.map(|(at, author)| (Ordinal(author), at));
            let is_quote = |(author, at): &_| self.bare.since(*author) != Some(*at);
            self.quotes = Quotes::list(reposts.filter(is_quote));
        }
    }

    /// Whether it was the author's bare one.
    fn remove(&mut self, at: Sequence, author: Ordinal) -> bool {
        self.reposts.remove(at);
        let is_bare = self.bare(author) == Some(at);
        if is_bare {
            self.bare.remove(author);
        } else {
            self.quotes.remove(author, at);
        }
        is_bare
    }
}

impl Reposts {
    /// Whether there is none: then nobody need ask more.
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.total() == 0
    }

    /// Reposts that are there.
    pub(crate) fn total(&self) -> u64 {
        self.slots.total() - self.orphans.total()
    }

    /// Bare reposts of roots that are gone: there for nobody.
    pub(crate) fn orphans(&self) -> u64 {
        self.orphans.total()
    }

    /// How many of these the user has.
    pub(crate) fn orphans_of(&self, user: Ordinal) -> u32 {
        self.orphans.of(user, &self.roots)
    }

    /// Counts all that went with roots: nobody waits.
    pub(crate) fn settle_all(&mut self) {
        self.orphans.settle_all(&self.roots);
    }

    /// Records were applied: goes on counting what went with a root.
    pub(crate) fn settle(&mut self) {
        self.orphans.settle(&self.roots);
    }

    /// The repost at that sequence; `None` if it is anything else.
    pub(crate) fn find(&self, at: Sequence) -> Option<&Slot> {
        if self.is_empty() { None } else { self.slots.find(at) }
    }

    /// What was reposted under that id.
    pub(crate) fn root(&self, root: PostId) -> Option<&Root> {
        self.roots.get(root.0)
    }

    /// Whether it is a bare repost whose root was deleted: it is there for nobody.
    pub(crate) fn is_orphan(&self, at: Sequence) -> bool {
        if self.is_empty() {
            return false;
        }
        let bare = self.find(at).filter(|slot| slot.is_bare);
        bare.and_then(|slot| self.root(slot.root)).is_some_and(Root::is_gone)
    }

    /// The user's bare repost of the root.
    pub(crate) fn bare(&self, root: PostId, user: Ordinal) -> Began {
        self.root(root)?.bare(user)
    }

    /// Reposts of a root that stand and can be seen.
    pub(crate) fn count(&self, root: PostId) -> u32 {
        if self.is_empty() {
            return 0;
        }
        let standing = self.root(root).filter(|root| !root.is_gone());
        standing.map_or(0, |root| u32::try_from(root.reposts.len()).unwrap_or(u32::MAX))
    }

    /// Adds a repost, above all others.
    pub(crate) fn add(&mut self, row: RepostRow) {
        let RepostRow { at, author, time, is_bare, root, root_author, root_at, root_circle } = row;
        let new = || Root {
            author: root_author,
            time: root_at,
            circle: root_circle,
            gone: Sequence(0),
            reposts: SlotList::EMPTY,
            bare: Reactors::Nobody,
            quotes: Quotes::default(),
        };
        let known = self.roots.make(root.0, new);
        // The second of two in a repaired log: the first counts.
        if known.reposts.last().is_some_and(|last| at <= last) {
            return;
        }
        known.add(at, author, is_bare);
        self.slots.push(at, Slot { root, time, author, offset: offset(at), is_bare });
    }

    /// A post was deleted: a repost is forgotten, and what was reposted is gone.
    pub(crate) fn post_deleted(&mut self, post: PostId, removal: Removal) {
        if self.is_empty() {
            return;
        }
        self.remove(post.into(), removal);
        self.set_gone(post, removal.at);
    }

    fn remove(&mut self, at: Sequence, removal: Removal) {
        let Some(Slot { root: id, author, .. }) = self.slots.remove(at) else { return };
        if let Some(root) = self.roots.get_mut(id.0)
            && root.remove(at, author)
            && root.is_gone()
        {
            self.orphans.remove(id, at, author);
        }
        if at <= removal.frontier {
            self.graves.add(author, Grave { entry: at, ended: removal.at });
        }
    }

    /// Adds a repost of a file, unless it has a grave.
    pub(crate) fn load(&mut self, row: RepostRow) {
        if !holds(self.graves.of(row.author), row.at) {
            self.add(row);
        }
    }

    /// What was reposted under that id, if anything was, is gone; after all reposts of it are there.
    pub(crate) fn set_gone(&mut self, id: PostId, at: Sequence) {
        let Some(root) = self.roots.get_mut(id.0) else { return };
        if !root.is_gone() {
            self.orphans.add(id, root.bare.len());
        }
        root.gone = at;
    }

    /// Of what stands: roots without reposts mean nothing.
    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        let mut roots: Vec<(u64, &Root)> =
            self.roots.iter().filter(|(_, root)| !root.reposts.is_empty()).collect();
        roots.sort_unstable_by_key(|(id, _)| *id);
        for (id, root) in roots {
            let (author, is_gone) = (u64::from(root.author.0), u64::from(root.is_gone()));
            let facts = [id, author, root.time.0, root.circle.code(), is_gone];
            facts.into_iter().for_each(|fact| digest.number(fact));
            // Who reposted is held three times: all must say the same.
            digest.number(u64::from(root.bare.len()));
            for (at, author) in (0..root.reposts.len()).map(|index| root.reposts.entry(index)) {
                let slot = self.find(at);
                digest.number(at.0);
                digest.number(u64::from(author));
                digest.number(slot.map_or(0, |slot| slot.time.0));
                digest.number(slot.map_or(2, |slot| u64::from(slot.is_bare)));
            }
        }
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REMOVAL: Removal = Removal { at: Sequence(9_000), frontier: Sequence(5_000) };

    fn row(at: u64, author: u32, root: u64, is_bare: bool) -> RepostRow {
        RepostRow {
            at: Sequence(at),
            author: Ordinal(author),
            time: Timestamp(at * 10),
            is_bare,
            root: PostId(root),
            root_author: Ordinal(7),
            root_at: Timestamp(root * 10),
            root_circle: Circle::EVERYBODY,
        }
    }

    fn sample() -> Reposts {
        let mut reposts = Reposts::default();
        let rows = [row(10, 1, 3, true), row(12, 2, 3, false), row(4_100, 2, 3, true)];
        rows.into_iter().chain([row(8_300, 1, 4, true)]).for_each(|row| reposts.add(row));
        reposts
    }

    #[test]
    fn what_is_a_repost_is_found_and_nothing_else() {
        let reposts = sample();
        let found: Vec<u64> =
            (0..9_000).filter(|at| reposts.find(Sequence(*at)).is_some()).collect();
        assert_eq!(found, [10, 12, 4_100, 8_300]);
        let slot = reposts.find(Sequence(4_100)).unwrap();
        assert_eq!((slot.root, slot.author, slot.is_bare), (PostId(3), Ordinal(2), true));
        assert_eq!((reposts.count(PostId(3)), reposts.count(PostId(10))), (3, 0));
        assert_eq!(reposts.bare(PostId(3), Ordinal(2)), Some(Sequence(4_100)));
        assert_eq!(reposts.bare(PostId(3), Ordinal(9)), None);
    }

    #[test]
    fn what_is_reposted_a_lot_is_found_by_author() {
        let mut reposts = Reposts::default();
        let upto = QUOTES_FROM as u64 + 200;
        // The first of all is a quote.
        let is_bare = |n: u64| (1..=50).contains(&n);
        let all = (0..upto).map(|n| row(10 + n, u32::try_from(n % 50).unwrap(), 3, is_bare(n)));
        for row in all {
            reposts.add(row);
            let root = reposts.root(PostId(3)).unwrap();
            assert_eq!(root.is_by_author(), QUOTES_FROM as u64 <= row.at.0 - 9);
        }
        let by_author = |reposts: &Reposts, author| {
            let root = reposts.root(PostId(3)).unwrap();
            let mut found: Vec<u64> = root.by_author(Ordinal(author)).map(|at| at.0).collect();
            found.sort_unstable();
            found
        };
        let of = |author| (0..upto).filter(move |n| n % 50 == author).map(|n| 10 + n).collect();
        (0..50_u32)
            .for_each(|author| assert_eq!(by_author(&reposts, author), of(u64::from(author))));
        let expected: Vec<u64> = of(7);
        // The bare one, a quote from before the list, and one from after.
        let gone = [17, 67, *expected.last().unwrap()];
        gone.iter().for_each(|at| reposts.post_deleted(PostId(*at), REMOVAL));
        let left: Vec<u64> = expected.into_iter().filter(|at| !gone.contains(at)).collect();
        assert_eq!(by_author(&reposts, 7), left);
        assert_eq!(by_author(&reposts, 50), [0_u64; 0]);
    }

    #[test]
    fn a_repost_goes_and_leaves_a_grave_if_a_file_has_it() {
        let mut reposts = sample();
        reposts.post_deleted(PostId(10), REMOVAL);
        reposts.post_deleted(PostId(8_300), REMOVAL);
        assert_eq!(reposts.bare(PostId(3), Ordinal(1)), None);
        assert_eq!((reposts.total(), reposts.graves.len()), (2, 1));
        assert_eq!(reposts.count(PostId(4)), 0);
        let mut again = Reposts::default();
        again.graves.add(Ordinal(1), Grave { entry: Sequence(10), ended: Sequence(9_000) });
        [row(10, 1, 3, true), row(12, 2, 3, false)].into_iter().for_each(|row| again.load(row));
        again.load(row(4_100, 2, 3, true));
        assert_eq!(again.digest(), reposts.digest());
    }

    #[test]
    fn with_its_root_a_bare_repost_is_an_orphan_and_a_quote_is_none() {
        let mut reposts = sample();
        reposts.post_deleted(PostId(3), REMOVAL);
        assert!(reposts.is_orphan(Sequence(10)) && !reposts.is_orphan(Sequence(12)));
        assert!(!reposts.is_orphan(Sequence(8_300)));
        assert_eq!(reposts.count(PostId(3)), 0, "nobody can see them all");
        let mut again = sample();
        again.set_gone(PostId(3), Sequence(9_000));
        again.set_gone(PostId(77), Sequence(9_000));
        assert_eq!(again.digest(), reposts.digest());
    }
}
