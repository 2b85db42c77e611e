//! One record of any bytes: decoding never panics, and what was decoded encodes to a record that
//! decodes and encodes to itself.

#![no_main]

use fanfold_engine::testing::forge::record::again;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (sequence, salt) = (u64::from(bytes.len() as u32), 0x1234_5678_9abc_def0);
    if let Some(once) = again(bytes, sequence, salt) {
        let twice = again(&once, sequence, salt).expect("what was encoded can be decoded");
        assert_eq!(once, twice, "encoding is stable");
    }
});
