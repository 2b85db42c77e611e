//! RocksDB as its tuning guide sets it up for point reads and short scans in memory: a block cache that
//! holds everything, filters on the prefixes of lists, LZ4, large write buffers.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DataBlockIndexType,
    Options, SliceTransform,
};

use crate::keys::PREFIX;

/// Posts by their numbers, entries of inboxes, entries of what authors published.
pub(crate) const POSTS: &str = "posts";
pub(crate) const INBOX: &str = "inbox";
pub(crate) const OUTBOX: &str = "outbox";

const CACHE_BYTES: usize = 3 << 30;
const WRITE_BUFFER_BYTES: usize = 256 << 20;

pub(crate) fn database() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_max_background_jobs(2);
    options.set_enable_pipelined_write(true);
    options.set_max_total_wal_size(4 << 30);
    options
}

pub(crate) fn families() -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_hyper_clock_cache(CACHE_BYTES, 0);
    [POSTS, INBOX, OUTBOX]
        .map(|name| ColumnFamilyDescriptor::new(name, family(name, &cache)))
        .into_iter()
        .collect()
}

fn family(name: &str, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_bloom_filter(10.0, false);
    blocks.set_format_version(6);
    blocks.set_cache_index_and_filter_blocks(false);
    let mut options = Options::default();
    if name == POSTS {
        blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    } else {
        options.set_prefix_extractor(SliceTransform::create_fixed_prefix(PREFIX));
        options.set_memtable_prefix_bloom_ratio(0.05);
    }
    options.set_block_based_table_factory(&blocks);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_write_buffer_number(4);
    options.set_level_compaction_dynamic_level_bytes(true);
    options
}
