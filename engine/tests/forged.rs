//! Files whose checksums fit and whose content does not: a checksum says that bytes are as they were
//! written, not that they make sense. Whatever they say, nothing panics, and what fails says that the
//! file is damaged. The fuzz targets in `engine/fuzz` search for more.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::layout::{manifest, segment_header};
use fanfold_engine::testing::forge::{segment as groups, sign, view};
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::view_layout::{
    SECTION_BYTES, VIEW_FOOTER_BYTES, section, section_part, view_footer,
};
use fanfold_engine::{
    Command, EdgeQuery, Engine, ErrorKind, Options, PostId, Result, SEGMENT_BYTES_MIN, Span,
    Storage, TimelineQuery, UserId, check_storage, inspect_file,
};

/// Numbers at which things break.
const EDGES: [u64; 8] = [0, 1, 255, 1 << 31, u32::MAX as u64, 1 << 48, 1 << 63, u64::MAX];

fn open(storage: &MemoryStorage) -> Result<Engine> {
    let options = Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        flush_records: 25,
        memory_budget: 512,
        cold_after: Duration::from_secs(1 << 30),
        ..Options::default()
    };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options)
}

/// A directory of some segments and view files, killed while it was written.
fn killed() -> MemoryStorage {
    let storage = MemoryStorage::default();
    let mut workload = Workload::new(7, 6);
    for _ in 0..2 {
        let engine = open(&storage).unwrap();
        for _ in 0..60 {
            let last = engine.position().unwrap().sequence.0;
            let _ = engine.write(workload.command(last));
        }
        engine.close().unwrap();
    }
    let engine = open(&storage).unwrap();
    engine.write(Command::publish(UserId(1), "the last one")).unwrap();
    storage.image()
}

/// Text that nobody reads, but not without end.
struct Nowhere(usize);

impl fmt::Write for Nowhere {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        if self.0 < 1 << 24 { Ok(()) } else { Err(fmt::Error) }
    }
}

fn damage<T>(answer: Result<T>, what: &str) -> Option<T> {
    let is_damage = |kind| matches!(kind, ErrorKind::Corrupt | ErrorKind::Unusable);
    answer.inspect_err(|error| assert!(is_damage(error.kind()), "{what}: {error:?}")).ok()
}

/// Checks and inspects the file.
fn look(storage: &MemoryStorage, name: &str, what: &str) {
    let _ = damage(check_storage(storage), what);
    let _ = damage(inspect_file(storage, name, &mut Nowhere(0)), what);
}

/// Opens, writes, reads and closes, if it can be opened.
fn live(storage: &MemoryStorage, what: &str) {
    let Some(engine) = damage(open(storage), what) else { return };
    for number in 0..30_u64 {
        let _ = engine.write(Command::publish(UserId(number % 3), "behind everything"));
    }
    for user in (1..=6).map(|n| UserId(n * 0x0001_0000_0001)) {
        for span in [Span::Newest, Span::After(PostId(3))] {
            let query = TimelineQuery { user, viewer: None, span, limit: 50 };
            let _ = damage(engine.home(&query), what);
            let _ = damage(engine.outbox(&query), what);
        }
        let query = EdgeQuery { user, viewer: None, before: None, limit: 50 };
        let _ = damage(engine.followers(&query), what);
        let _ = damage(engine.blocks(&query), what);
    }
    let _ = damage(engine.digests(), what);
    engine.close().unwrap_or_else(|error| panic!("{what}: {error:?}"));
}

fn forged(base: &MemoryStorage, name: &str, at: usize, with: &[u8]) -> MemoryStorage {
    let storage = base.image();
    let mut bytes = storage.bytes(name);
    bytes.iter_mut().skip(at).zip(with).for_each(|(to, from)| *to = *from);
    sign(name, &mut bytes);
    storage.set_bytes(name, bytes);
    storage
}

#[test]
fn any_number_in_the_manifest_is_borne() {
    let base = killed();
    let fields = [
        manifest::EPOCH_AT,
        manifest::LAST_AT,
        manifest::FLOOR_AT,
        manifest::NEXT_NUMBER_AT,
        manifest::NEWEST_SEGMENT_AT,
        manifest::COVERED_AT,
        manifest::VIEW_COUNT_AT,
        manifest::ERASED_AT,
    ];
    let len = base.bytes("MANIFEST").len();
    for at in fields.into_iter().chain((manifest::HEAD_BYTES..len - 4).step_by(8)) {
        for edge in EDGES {
            let storage = forged(&base, "MANIFEST", at, &edge.to_le_bytes());
            let what = format!("{edge} at {at} of MANIFEST");
            look(&storage, "MANIFEST", &what);
            live(&storage, &what);
        }
    }
}

#[test]
fn any_number_in_a_segment_header_is_borne() {
    let base = killed();
    let name = base.segments().pop().unwrap();
    for at in (segment_header::EPOCH_AT..segment_header::LAST_AT).step_by(8) {
        for edge in EDGES {
            let storage = forged(&base, &name, at, &edge.to_le_bytes());
            let what = format!("{edge} at {at} of {name}");
            look(&storage, &name, &what);
            live(&storage, &what);
        }
    }
}

#[test]
fn any_byte_of_the_groups_is_borne() {
    let base = killed();
    for name in base.segments() {
        let bytes = base.bytes(&name);
        for at in 4096..groups::data_end(&bytes) {
            for byte in [0, 0x7f, 0xff] {
                let storage = forged(&base, &name, at, &[byte]);
                look(&storage, &name, &format!("{byte} at {at} of {name}"));
            }
        }
    }
}

#[test]
fn any_byte_of_a_view_file_is_borne() {
    let base = killed();
    let names = base.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    for name in names {
        for at in 0..base.bytes(&name).len() {
            for byte in [0, 0x7f, 0xff] {
                let storage = forged(&base, &name, at, &[byte]);
                let number = name.trim_end_matches(".view").rsplit('-').next().unwrap();
                let mut listing = storage.bytes("MANIFEST");
                let file = storage.bytes(&name);
                view::list_as_is(&mut listing, number.parse().unwrap(), &file);
                sign("MANIFEST", &mut listing);
                storage.set_bytes("MANIFEST", listing);
                let what = format!("{byte} at {at} of {name}");
                look(&storage, &name, &what);
                if at % 16 == usize::from(byte) % 16 {
                    live(&storage, &what);
                }
            }
        }
    }
}

/// An owner far above all users made arrays of their size: 34 GB for the last number of 32 bits.
#[test]
fn an_owner_that_is_no_user_is_damage() {
    let base = killed();
    let names = base.list().unwrap().into_iter();
    let is_family =
        |name: &String| ["outbox-", "graph-", "graves-"].iter().any(|kind| name.starts_with(kind));
    for name in names.filter(is_family).filter(|name| name.ends_with(".view")) {
        let bytes = base.bytes(&name);
        let number = |at: usize| {
            let bytes = bytes.iter().skip(at).take(8);
            usize::try_from(bytes.rev().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte)))
                .unwrap()
        };
        let footer = bytes.len() - VIEW_FOOTER_BYTES;
        let sections = number(footer + view_footer::SECTIONS_AT);
        let data_end = number(footer + view_footer::DATA_END_AT);
        let index = (sections..data_end)
            .step_by(SECTION_BYTES)
            .find(|at| bytes.get(at + section::PART_AT) == Some(&section_part::INDEX))
            .unwrap();
        let at = number(index + section::OFFSET_AT);
        let storage = forged(&base, &name, at, &(1_u32 << 20).to_le_bytes());
        let engine = open(&storage).unwrap();
        let rebuilt = engine.recovery().rebuilt.as_ref().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(rebuilt.place().unwrap().0, name);
    }
}
