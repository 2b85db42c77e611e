//! Sound data directories, made by the engine once for each run: several sealed segments, view files
//! of every kind, and an active segment as a killed process leaves it.

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::layout::{SEGMENT_HEADER_BYTES, segment_header};
use fanfold_engine::testing::forge::{packed, segment, sign};
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{Engine, Options, SEGMENT_BYTES_MIN, Storage};

/// Users of the workload; few, so that they meet often.
pub const USERS: u64 = 6;

/// Bytes of zeros that are left behind the data of the active segment: the fewer, the faster.
const ZEROS_LEFT: usize = 64;

/// Nothing of it is left for hot lists, but some unpacked blocks are kept.
const MEMORY_BUDGET: u64 = 512;

/// Small segments and flushes, next to nothing kept in memory: files are read for everything.
pub fn options(cold_after: Duration) -> Options {
    Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        flush_records: 25,
        memory_budget: MEMORY_BUDGET,
        cold_after,
        ..Options::default()
    }
}

/// Opens the directory in `storage`.
pub fn open(storage: &MemoryStorage, cold_after: Duration) -> fanfold_engine::Result<Engine> {
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options(cold_after))
}

/// A directory whose segments are as they were written.
pub fn plain() -> MemoryStorage {
    let storage = written(Duration::from_secs(1 << 30));
    shorten_active(&storage);
    storage
}

/// A directory whose sealed segments are rewritten. Their blocks are stored unpacked, so that a
/// change hits a field and not the compression.
pub fn rewritten() -> MemoryStorage {
    let storage = written(Duration::ZERO);
    shorten_active(&storage);
    for name in storage.segments() {
        if let Some(unpacked) = packed::unpacked(&storage.bytes(&name)) {
            storage.set_bytes(&name, unpacked);
        }
    }
    storage
}

/// Opened, written and closed a few times, then killed.
fn written(cold_after: Duration) -> MemoryStorage {
    let storage = MemoryStorage::default();
    let mut workload = Workload::new(7, USERS);
    for round in 0..3 {
        let engine = open(&storage, cold_after).expect("a sound directory");
        for _ in 0..60 {
            let last = engine.position().expect("it is open").sequence.0;
            // What is refused is refused; the rest makes a history.
            let _ = engine.write(workload.command(last));
        }
        if cold_after.is_zero() {
            engine.retain().expect("retention of a sound directory");
        }
        if round == 2 {
            return storage.image();
        }
        engine.close().expect("an orderly stop");
    }
    storage
}

/// Takes most of the zeros off the end of the active segment, as if it had been made so short.
fn shorten_active(storage: &MemoryStorage) {
    let name = storage.segments().pop().expect("there is an active segment");
    let mut bytes = storage.bytes(&name);
    let len = segment::data_end(&bytes) + ZEROS_LEFT;
    assert!(SEGMENT_HEADER_BYTES < len && len < bytes.len(), "{name} is the active segment");
    bytes.truncate(len);
    bytes[segment_header::MADE_AT..][..8].copy_from_slice(&(len as u64).to_le_bytes());
    sign(&name, &mut bytes);
    storage.set_bytes(&name, bytes);
}
