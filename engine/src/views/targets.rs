//! Which lists of responses each post and comment has: an index from its sequence.
//!
//! Cut into shards, so that none is ever grown at the cost of a pause: a table that doubles copies
//! what it has.

use foldhash::HashMap;

use crate::ids::PostId;

/// How many shards: at a hundred million posts with responses, a shard has a hundred thousand.
const SHARDS: u64 = 1024;

/// No list.
pub(crate) const NONE: u32 = u32::MAX;

/// Where the lists of a post or a comment begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heads {
    /// The first list of its own.
    pub(crate) first: u32,
    /// Of a post: the first list of one of its comments.
    pub(crate) kin: u32,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Targets(Vec<HashMap<u64, Heads>>);

impl Default for Targets {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| HashMap::default()).collect())
    }
}

impl Default for Heads {
    fn default() -> Self {
        Self { first: NONE, kin: NONE }
    }
}

impl Targets {
    pub(crate) fn get(&self, target: PostId) -> Option<&Heads> {
        self.0.get(shard(target))?.get(&target.0)
    }

    pub(crate) fn make(&mut self, target: PostId) -> &mut Heads {
        let shard = self.0.get_mut(shard(target)).expect("a remainder of the number of shards");
        shard.entry(target.0).or_default()
    }

    pub(crate) fn remove(&mut self, target: PostId) -> Option<Heads> {
        self.0.get_mut(shard(target))?.remove(&target.0)
    }
}

fn shard(target: PostId) -> usize {
    usize::try_from(target.0 % SHARDS).expect("a small remainder")
}
