//! Read marks: how far each device of a user has seen which of their feeds.
//!
//! Wholly in memory; view files have them for the next open. A user has few, so these are found by a
//! look at all of them. Who never marked anything costs nothing.
//!
//! Invariants:
//! * A device has one mark in a feed, and it never goes down: files and records may be folded over one
//!   another in any order.
//! * The marks of a user are in the order of feed and device.
//! * A mark of a group stands while the group does; whoever folds one asks the groups first.

use foldhash::{HashMap, HashMapExt};

use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::ids::{GroupId, PostId, Sequence};
use crate::log::mark_effect::MarkEffect;

/// How far one device has seen one feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// 0 is the home.
    pub(crate) feed: GroupId,
    pub(crate) device: u64,
    pub(crate) post: PostId,
    /// The record that said so.
    pub(crate) at: Sequence,
}

impl Mark {
    /// What the record at `at` says.
    pub(crate) fn of(effect: &MarkEffect, at: Sequence) -> Self {
        Self { feed: effect.feed.id(), device: effect.device, post: effect.post, at }
    }
}

/// A mark in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MarkRow {
    pub(crate) owner: Ordinal,
    pub(crate) mark: Mark,
}

/// All marks of all users.
#[derive(Debug)]
pub(crate) struct Marks {
    /// Boxed slices: most have one, and no room is kept for more.
    owners: HashMap<u32, Box<[Mark]>>,
    total: u64,
}

impl Default for Marks {
    fn default() -> Self {
        Self { owners: HashMap::new(), total: 0 }
    }
}

impl Mark {
    pub(crate) fn place(&self) -> (GroupId, u64) {
        (self.feed, self.device)
    }
}

impl Marks {
    /// The marks of one feed, by device.
    pub(crate) fn of(&self, owner: Ordinal, feed: GroupId) -> &[Mark] {
        let all = self.owners.get(&owner.0).map_or(&[][..], |marks| marks);
        let start = all.partition_point(|mark| mark.feed < feed);
        let end = all.partition_point(|mark| mark.feed <= feed);
        all.get(start..end).unwrap_or_default()
    }

    /// The mark of the feed: the greatest of its devices.
    pub(crate) fn merged(&self, owner: Ordinal, feed: GroupId) -> PostId {
        self.of(owner, feed).iter().map(|mark| mark.post).max().unwrap_or_default()
    }

    pub(crate) fn find(&self, owner: Ordinal, (feed, device): (GroupId, u64)) -> Option<&Mark> {
        self.of(owner, feed).iter().find(|mark| mark.device == device)
    }

    /// How many marks there are.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// A device has seen the feed up to there.
    pub(crate) fn set(&mut self, row: MarkRow) {
        let MarkRow { owner, mark: new } = row;
        let marks = self.owners.entry(owner.0).or_default();
        match marks.binary_search_by_key(&new.place(), Mark::place) {
            Ok(at) => {
                let known = marks.get_mut(at);
                known.into_iter().filter(|known| known.post < new.post).for_each(|it| *it = new);
            }
            Err(at) => {
                let mut more = std::mem::take(marks).into_vec();
                more.reserve_exact(1);
                more.insert(at, new);
                *marks = more.into_boxed_slice();
                self.total += 1;
            }
        }
    }

    /// A group ended, and its marks with it.
    pub(crate) fn end(&mut self, owner: Ordinal, feed: GroupId) {
        let Some(marks) = self.owners.get_mut(&owner.0) else { return };
        let gone = marks.iter().filter(|mark| mark.feed == feed).count();
        if gone == 0 {
            return;
        }
        self.total -= gone as u64;
        if gone == marks.len() {
            self.owners.remove(&owner.0);
            return;
        }
        *marks = marks.iter().copied().filter(|mark| mark.feed != feed).collect();
    }

    /// All marks of the owner are gone.
    pub(crate) fn forget(&mut self, owner: Ordinal) {
        let gone = self.owners.remove(&owner.0);
        self.total -= gone.map_or(0, |marks| marks.len() as u64);
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        let mut owners: Vec<_> = self.owners.iter().collect();
        owners.sort_unstable_by_key(|(owner, _)| **owner);
        for (owner, marks) in owners {
            digest.number(u64::from(*owner));
            digest.number(marks.len() as u64);
            for mark in marks {
                let Mark { feed, device, post, at } = *mark;
                [feed.0, device, post.0, at.0].into_iter().for_each(|n| digest.number(n));
            }
        }
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(owner: u32, feed: u64, device: u64, post: u64) -> MarkRow {
        let (feed, post, at) = (GroupId(feed), PostId(post), Sequence(post + 1));
        MarkRow { owner: Ordinal(owner), mark: Mark { feed, device, post, at } }
    }

    #[test]
    fn marks_only_rise_and_the_greatest_counts() {
        let mut marks = Marks::default();
        for new in [row(3, 0, 7, 20), row(3, 9, 0, 50), row(3, 0, 1, 30), row(3, 0, 7, 10)] {
            marks.set(new);
        }
        let home = marks.of(Ordinal(3), GroupId(0)).iter().map(|mark| (mark.device, mark.post.0));
        assert_eq!(home.collect::<Vec<_>>(), [(1, 30), (7, 20)]);
        assert_eq!(marks.merged(Ordinal(3), GroupId(0)), PostId(30));
        assert_eq!(marks.merged(Ordinal(4), GroupId(0)), PostId(0));
        assert_eq!(marks.total(), 3);
        marks.end(Ordinal(3), GroupId(9));
        assert_eq!((marks.total(), marks.of(Ordinal(3), GroupId(9)).len()), (2, 0));
        marks.end(Ordinal(3), GroupId(0));
        assert_eq!(marks.digest(), Marks::default().digest());
    }
}
