//! Who follows, mutes and blocks whom, with the sequence at which it began.
//!
//! Follows are kept in both directions, oldest edge first. Mutes and blocks are few: one map of
//! pairs answers "is there one", a list per user pages through them.
//!
//! Invariants:
//! * `a` is in the followers of `b`, at a sequence, exactly if `b` is in the following of `a`, at
//!   the same sequence.
//! * No follow stands where a block stands, in either direction.

use foldhash::{HashMap, HashMapExt};

use super::slots::EdgeList;
use super::users::{Ordinal, PerUser};
use super::{Digest, DigestBuilder};
use crate::ids::Sequence;

/// The edges of one user.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) following: EdgeList,
    pub(crate) followers: EdgeList,
}

/// Directed pairs of one kind, such as mutes.
#[derive(Debug)]
pub(crate) struct Pairs {
    began: HashMap<(u32, u32), Sequence>,
    lists: PerUser<EdgeList>,
}

/// All edges of all kinds.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: PerUser<Node>,
    pub(crate) mutes: Pairs,
    pub(crate) blocks: Pairs,
    follows: u64,
}

static EMPTY: Node = Node { following: EdgeList::EMPTY, followers: EdgeList::EMPTY };
static NO_EDGES: EdgeList = EdgeList::EMPTY;

impl Graph {
    /// Follows that hold.
    pub(crate) fn follows(&self) -> u64 {
        self.follows
    }

    pub(crate) fn node(&self, user: Ordinal) -> &Node {
        self.nodes.at(user).unwrap_or(&EMPTY)
    }

    /// Since when `user` follows `author`.
    pub(crate) fn followed_since(&self, user: Ordinal, author: Ordinal) -> Option<Sequence> {
        self.node(user).following.sequence_of(author)
    }

    /// Whether a block stands between the two, in either direction.
    pub(crate) fn is_blocked_between(&self, a: Ordinal, b: Ordinal) -> bool {
        self.blocks.contains(a, b) || self.blocks.contains(b, a)
    }

    pub(crate) fn follow(&mut self, user: Ordinal, author: Ordinal, at: Sequence) {
        // A follow is logged only if there was none; looking again would cost the replay a scan.
        debug_assert!(self.followed_since(user, author).is_none(), "decided before it was logged");
        self.nodes.make(user).following.push(at, author);
        self.nodes.make(author).followers.push(at, user);
        self.follows += 1;
    }

    pub(crate) fn unfollow(&mut self, user: Ordinal, author: Ordinal) {
        let Some(began) = self.followed_since(user, author) else { return };
        self.nodes.make(user).following.remove(began);
        self.nodes.make(author).followers.remove(began);
        self.follows -= 1;
    }

    pub(crate) fn block(&mut self, user: Ordinal, other: Ordinal, at: Sequence) {
        self.unfollow(user, other);
        self.unfollow(other, user);
        self.blocks.add(user, other, at);
    }

    pub(crate) fn digest(&self, users: usize) -> Digest {
        let mut digest = DigestBuilder::new();
        for user in (0..u32::try_from(users).unwrap_or(u32::MAX)).map(Ordinal) {
            let node = self.node(user);
            for list in
                [&node.following, &node.followers, self.mutes.list(user), self.blocks.list(user)]
            {
                digest.number(list.len() as u64);
                for index in 0..list.len() {
                    digest.number(list.sequence(index).0);
                    digest.number(u64::from(list.ordinal(index).0));
                }
            }
        }
        digest.finish()
    }
}

impl Default for Pairs {
    fn default() -> Self {
        Self { began: HashMap::new(), lists: PerUser::default() }
    }
}

impl Pairs {
    pub(crate) fn contains(&self, user: Ordinal, other: Ordinal) -> bool {
        !self.began.is_empty() && self.began.contains_key(&(user.0, other.0))
    }

    /// The user's pairs, oldest first.
    pub(crate) fn list(&self, user: Ordinal) -> &EdgeList {
        self.lists.at(user).unwrap_or(&NO_EDGES)
    }

    pub(crate) fn len(&self) -> usize {
        self.began.len()
    }

    pub(crate) fn add(&mut self, user: Ordinal, other: Ordinal, at: Sequence) {
        if self.contains(user, other) {
            return;
        }
        self.began.insert((user.0, other.0), at);
        self.lists.make(user).push(at, other);
    }

    pub(crate) fn remove(&mut self, user: Ordinal, other: Ordinal) {
        if let Some(began) = self.began.remove(&(user.0, other.0)) {
            self.lists.make(user).remove(began);
        }
    }
}
