//! Who follows, mutes and blocks whom, with the sequence at which it began.
//!
//! Follows are kept in both directions, oldest edge first. Mutes and blocks are few: one map of
//! pairs in memory answers "is there one", a list per user pages through them.
//!
//! Invariants:
//! * `a` is in the followers of `b`, at a sequence, exactly if `b` is in the following of `a`, at
//!   the same sequence.
//! * No follow stands where a block stands, in either direction.

use foldhash::{HashMap, HashMapExt};

use super::changed::Changed;
use super::timeline::{Removal, Timelines};
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::error::Result;
use crate::ids::Sequence;
use crate::log::record::Began;

/// The slots of an edge list: a sequence and the ordinal of the other side.
pub(crate) const EDGE_WIDTH: usize = 10;

/// The edges of one kind, by user.
pub(crate) type Edges = Timelines<EDGE_WIDTH>;

/// Directed pairs of one kind, such as mutes.
#[derive(Debug)]
pub(crate) struct Pairs {
    began: HashMap<(u32, u32), Sequence>,
    /// From whom pairs lead to each user, in no order.
    targets: HashMap<u32, Vec<u32>>,
    /// Wholly in memory; files have them for the next open.
    pub(crate) lists: Edges,
}

/// All edges of all kinds.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) following: Edges,
    pub(crate) followers: Edges,
    pub(crate) mutes: Pairs,
    pub(crate) blocks: Pairs,
    /// When whom each user follows changed last.
    changed: Changed<CHANGED>,
}

/// Places of what tells who follows others than before.
const CHANGED: usize = 16_384;

impl Graph {
    /// Follows that hold.
    pub(crate) fn follows(&self) -> u64 {
        self.following.total()
    }

    /// Whether the user follows whom they followed then.
    pub(crate) fn follows_as_of(&self, user: Ordinal, position: Sequence) -> bool {
        self.changed.is_as_of(user, position)
    }

    /// Since when `user` follows `author`.
    pub(crate) fn followed_since(&self, user: Ordinal, author: Ordinal) -> Result<Began> {
        self.following.part(user).find_payload(author.0)
    }

    /// Whether a block stands between the two, in either direction.
    pub(crate) fn is_blocked_between(&self, a: Ordinal, b: Ordinal) -> bool {
        self.blocks.contains(a, b) || self.blocks.contains(b, a)
    }

    pub(crate) fn follow(&mut self, user: Ordinal, author: Ordinal, at: Sequence) {
        self.changed.note(user, at);
        self.following.push(user, (at, author.0));
        self.followers.push(author, (at, user.0));
    }

    /// Ends the follow that began at `began`, if there was one.
    pub(crate) fn unfollow(
        &mut self,
        user: Ordinal,
        author: Ordinal,
        began: Began,
        removal: Removal,
    ) {
        if let Some(began) = began {
            self.changed.note(user, removal.at);
            self.following.remove(user, began, removal);
            self.followers.remove(author, began, removal);
        }
    }

    pub(crate) fn digest(&self, users: usize) -> Result<Digest> {
        let mut digest = DigestBuilder::new();
        for user in (0..u32::try_from(users).unwrap_or(u32::MAX)).map(Ordinal) {
            for edges in [&self.following, &self.followers, &self.mutes.lists, &self.blocks.lists] {
                edges.digest(user, &mut digest)?;
            }
        }
        Ok(digest.finish())
    }
}

impl Default for Pairs {
    fn default() -> Self {
        Self { began: HashMap::new(), targets: HashMap::new(), lists: Edges::default() }
    }
}

impl Pairs {
    pub(crate) fn contains(&self, user: Ordinal, other: Ordinal) -> bool {
        self.since(user, other).is_some()
    }

    /// Since when the pair stands.
    pub(crate) fn since(&self, user: Ordinal, other: Ordinal) -> Began {
        if self.began.is_empty() { None } else { self.began.get(&(user.0, other.0)).copied() }
    }

    pub(crate) fn len(&self) -> usize {
        self.began.len()
    }

    /// Whether any pair ends at this user.
    pub(crate) fn has_target(&self, other: Ordinal) -> bool {
        self.targets.contains_key(&other.0)
    }

    /// From whom pairs lead to this user, in no order.
    pub(crate) fn sources(&self, other: Ordinal) -> impl Iterator<Item = Ordinal> + '_ {
        self.targets.get(&other.0).into_iter().flatten().copied().map(Ordinal)
    }

    pub(crate) fn add(&mut self, user: Ordinal, other: Ordinal, at: Sequence) {
        if self.began.insert((user.0, other.0), at).is_none() {
            self.targets.entry(other.0).or_default().push(user.0);
        }
        self.lists.push(user, (at, other.0));
    }

    /// Ends the pair that began at `began`, if there was one.
    pub(crate) fn remove(&mut self, user: Ordinal, other: Ordinal, began: Began, removal: Removal) {
        if let Some(began) = began {
            if self.began.remove(&(user.0, other.0)).is_some()
                && let Some(sources) = self.targets.get_mut(&other.0)
            {
                let place = sources.iter().position(|source| *source == user.0);
                if let Some(place) = place {
                    sources.swap_remove(place);
                }
                if sources.is_empty() {
                    self.targets.remove(&other.0);
                }
            }
            self.lists.remove(user, began, removal);
        }
    }
}
