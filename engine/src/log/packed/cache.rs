//! Blocks that were unpacked lately. Bounded by bytes; a walk through the whole log does not push
//! out what is read again and again (`quick_cache`: an S3-FIFO; Yang et al., SOSP 2023).

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::block::Block;

/// The salt of a segment, which is random, and the number of a block in it.
pub(crate) type BlockId = (u64, u32);

/// Blocks expected in the cache for each MiB of it, for the size of its tables.
const BLOCKS_PER_MIB: u64 = 12;

/// See the module.
#[derive(Debug)]
pub(crate) struct BlockCache(Cache<BlockId, Arc<Block>, Weight>);

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<BlockId, Arc<Block>> for Weight {
    fn weight(&self, _: &BlockId, block: &Arc<Block>) -> u64 {
        block.weight()
    }
}

impl BlockCache {
    /// A cache of at most `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from((bytes >> 20) * BLOCKS_PER_MIB).unwrap_or(usize::MAX).max(16);
        Self(Cache::with_weighter(items, bytes, Weight))
    }

    pub(crate) fn get(&self, id: BlockId) -> Option<Arc<Block>> {
        self.0.get(&id)
    }

    pub(crate) fn put(&self, id: BlockId, block: &Arc<Block>) {
        self.0.insert(id, Arc::clone(block));
    }

    /// Bytes in the cache.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.weight()
    }
}
