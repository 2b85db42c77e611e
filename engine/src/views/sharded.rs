//! A map from numbers that grows without a pause: a table that doubles copies what it has, so it is cut
//! into many small ones.

use foldhash::HashMap;

/// How many tables: at a hundred million keys, one has a hundred thousand.
const SHARDS: u64 = 1024;

/// See the module.
#[derive(Debug)]
pub(crate) struct Sharded<T>(Vec<HashMap<u64, T>>);

impl<T> Default for Sharded<T> {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| HashMap::default()).collect())
    }
}

impl<T> Sharded<T> {
    pub(crate) fn get(&self, key: u64) -> Option<&T> {
        self.0.get(shard(key))?.get(&key)
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        self.0.get_mut(shard(key))?.get_mut(&key)
    }

    /// What the key has, made by `new` if it has nothing.
    pub(crate) fn make(&mut self, key: u64, new: impl FnOnce() -> T) -> &mut T {
        let shard = self.0.get_mut(shard(key)).expect("a remainder of the number of shards");
        shard.entry(key).or_insert_with(new)
    }

    /// Everything, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.0.iter().flat_map(|shard| shard.iter().map(|(key, value)| (*key, value)))
    }
}

fn shard(key: u64) -> usize {
    usize::try_from(key % SHARDS).expect("a small remainder")
}
