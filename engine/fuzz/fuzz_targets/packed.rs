//! Packed log segments, their blocks stored unpacked, changed and signed again.

#![no_main]

use std::sync::OnceLock;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine_fuzz::base;
use fanfold_engine_fuzz::edit::Edits;
use fanfold_engine_fuzz::exercise::{Depth, exercise};
use libfuzzer_sys::fuzz_target;

static BASE: OnceLock<MemoryStorage> = OnceLock::new();

fuzz_target!(|input: (Depth, Edits)| {
    let (depth, edits) = input;
    let storage = BASE.get_or_init(base::rewritten).image();
    let names = edits.apply(&storage, |name| name.starts_with("log-"));
    exercise(&storage, &names, depth);
});
