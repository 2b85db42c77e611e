//! Changes to files, as the fuzzer chooses them, and the signing afterwards.

use arbitrary::Arbitrary;
use fanfold_engine::Storage;
use fanfold_engine::layout::SEGMENT_HEADER_BYTES;
use fanfold_engine::testing::forge::{sign, view};
use fanfold_engine::testing::memory::MemoryStorage;

/// Bytes of a segment header that hold something.
const SEGMENT_HEADER_USED: usize = 88;

/// Numbers at which things break.
const EDGES: [u64; 20] = [
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    (1 << 24) - 1,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 48) - 1,
    1 << 48,
    1 << 62,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// Changes to a directory.
#[derive(Arbitrary, Debug)]
pub struct Edits {
    edits: Vec<Edit>,
    /// The manifest lists changed view files as what they say they are.
    list_as_is: bool,
}

#[derive(Arbitrary, Debug)]
struct Edit {
    file: u8,
    at: u16,
    change: Change,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Byte(u8),
    Xor(u8),
    Add(i8),
    Half(u8),
    Number { edge: u8, less: u8 },
    Varint { edge: u8, less: u8 },
    Insert(u8),
    Remove(u8),
    Copy(u16),
    Cut,
}

impl Edits {
    /// Changes files whose name `is_chosen`, signs them, and answers their names.
    pub fn apply(&self, storage: &MemoryStorage, is_chosen: impl Fn(&str) -> bool) -> Vec<String> {
        let names = storage.list().expect("memory can be listed");
        let names: Vec<_> = names.into_iter().filter(|name| is_chosen(name)).collect();
        for edit in self.edits.iter().take(24) {
            let name = &names[usize::from(edit.file) % names.len()];
            let mut bytes = storage.bytes(name);
            edit.apply(name, &mut bytes);
            storage.set_bytes(name, bytes);
        }
        for name in &names {
            let mut bytes = storage.bytes(name);
            sign(name, &mut bytes);
            if self.list_as_is && name.ends_with(".view") {
                list_as_is(storage, name, &bytes);
            }
            storage.set_bytes(name, bytes);
        }
        names
    }
}

fn list_as_is(storage: &MemoryStorage, name: &str, bytes: &[u8]) {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let mut manifest = storage.bytes("MANIFEST");
    view::list_as_is(&mut manifest, digits.parse().expect("a number of 12 digits"), bytes);
    sign("MANIFEST", &mut manifest);
    storage.set_bytes("MANIFEST", manifest);
}

impl Edit {
    fn apply(&self, name: &str, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let at = self.place(name, bytes.len());
        match self.change {
            Change::Byte(byte) => bytes[at] = byte,
            Change::Xor(bits) => bytes[at] ^= bits,
            Change::Add(step) => bytes[at] = bytes[at].wrapping_add_signed(step),
            Change::Half(which) => overwrite(bytes, at, &edge(which, 0).to_le_bytes()[..4]),
            Change::Number { edge: which, less } => {
                overwrite(bytes, at, &edge(which, less).to_le_bytes());
            }
            Change::Varint { edge: which, less } => {
                overwrite(bytes, at, &varint(edge(which, less)))
            }
            Change::Insert(byte) => bytes.insert(at, byte),
            Change::Remove(count) => {
                let end = (at + usize::from(count)).min(bytes.len());
                bytes.drain(at..end);
            }
            Change::Copy(from) => {
                let from = usize::from(from) % bytes.len();
                let copied = bytes[from..(from + 16).min(bytes.len())].to_vec();
                overwrite(bytes, at, &copied);
            }
            Change::Cut => bytes.truncate(at),
        }
    }

    /// Where in a file of `len` bytes; not in the zeros of a segment header.
    fn place(&self, name: &str, len: usize) -> usize {
        let at = usize::from(self.at);
        let is_data = name.starts_with("log-") && SEGMENT_HEADER_BYTES < len;
        if is_data && SEGMENT_HEADER_USED <= at {
            let data = len - SEGMENT_HEADER_BYTES;
            return SEGMENT_HEADER_BYTES + (at - SEGMENT_HEADER_USED) % data;
        }
        at % len
    }
}

fn edge(which: u8, less: u8) -> u64 {
    EDGES[usize::from(which) % EDGES.len()].wrapping_sub(u64::from(less))
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    bytes[at..].iter_mut().zip(with).for_each(|(to, from)| *to = *from);
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while 0x80 <= value {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}
