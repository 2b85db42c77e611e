//! Records of any content, rightly signed, behind a sound log: applying one never refuses, and
//! whatever it claims to end or delete, nothing may panic.

#![no_main]

use std::sync::OnceLock;

use arbitrary::Arbitrary;
use fanfold_engine::testing::forge::segment::{Forged, append};
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine_fuzz::base;
use fanfold_engine_fuzz::exercise::{Depth, exercise};
use libfuzzer_sys::fuzz_target;

static BASE: OnceLock<MemoryStorage> = OnceLock::new();

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    kind: u8,
    flags: u8,
    body: Body<'a>,
}

#[derive(Arbitrary, Debug)]
enum Body<'a> {
    /// Time, two users by their number, and whatever follows: what most records are made of.
    Fields {
        time: u8,
        first: u8,
        second: u8,
        began: u8,
        rest: &'a [u8],
    },
    Bytes(&'a [u8]),
}

impl Body<'_> {
    fn bytes(&self) -> Vec<u8> {
        match *self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::Fields { time, first, second, began, rest } => {
                let mut body = vec![time & 0x7f];
                for user in [first, second] {
                    match user % 3 {
                        // A user of the workload: n x (2^32 + 1) as a varint.
                        0 => {
                            let n = user / 3 % 6 + 1;
                            body.extend_from_slice(&[0x80 | n, 0x80, 0x80, 0x80, n << 4]);
                        }
                        _ => body.push(user / 3),
                    }
                }
                body.push(began & 0x7f);
                body.extend_from_slice(rest);
                body
            }
        }
    }
}

fuzz_target!(|input: (Depth, Vec<Input<'_>>)| {
    let (depth, records) = input;
    let storage = BASE.get_or_init(base::plain).image();
    let name = storage.segments().pop().expect("there is an active segment");
    let mut bytes = storage.bytes(&name);
    let bodies: Vec<_> = records.iter().map(|record| record.body.bytes()).collect();
    let forged: Vec<_> = records
        .iter()
        .zip(&bodies)
        .map(|(record, body)| Forged { kind: record.kind % 10, flags: record.flags, body })
        .collect();
    append(&mut bytes, &forged);
    storage.set_bytes(&name, bytes);
    exercise(&storage, &[name], depth);
});
