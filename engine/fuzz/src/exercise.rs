//! Everything that is done with a directory: check, inspect, open, read, write, retain, close, open
//! again. Nothing may panic; what fails must say that the bytes are damaged.

use std::fmt;
use std::time::Duration;

use arbitrary::Arbitrary;
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Command, EdgeQuery, Engine, ErrorKind, PostId, Result, ScanOf, ScanQuery, Sequence, Span,
    Storage, TimelineQuery, UserId, check_storage, inspect_file,
};

use crate::base::{USERS, open};

/// No file of a few KiB is worth more text than this.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// How much is done with a directory; most of it takes threads and time.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Depth {
    /// Check and inspect.
    Look,
    /// Check and inspect; nothing else, so that most runs are quick.
    LookAgain,
    /// Open and read.
    Read,
    /// Open, read, write, retain, close, open again.
    Write,
}

/// See the module. `names` are the files to inspect.
pub fn exercise(storage: &MemoryStorage, names: &[String], depth: Depth) {
    match depth {
        Depth::Look | Depth::LookAgain => look(storage, names),
        Depth::Read => {
            let engine = damage(open(storage, Duration::from_secs(1 << 30)));
            engine.iter().for_each(read);
        }
        Depth::Write => live(storage),
    }
}

fn look(storage: &MemoryStorage, names: &[String]) {
    let _ = damage(check_storage(storage));
    for name in names {
        let _ = damage(inspect_file(storage as &dyn Storage, name, &mut Nowhere(0)));
    }
}

fn live(storage: &MemoryStorage) {
    let cold_after = Duration::from_secs(1 << 30);
    let Some(engine) = damage(open(storage, cold_after)) else { return };
    write(&engine);
    let _ = engine.retain().inspect_err(allow);
    read(&engine);
    if engine.close().inspect_err(allow).is_ok()
        && let Some(engine) = damage(open(storage, cold_after))
    {
        let _ = damage(engine.digests());
    }
}

/// The answer; none if the bytes are damaged, which is fine.
fn damage<T>(answer: Result<T>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            let is_damage = matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unusable);
            assert!(is_damage, "{error:?}");
            None
        }
    }
}

/// A read or a write may also be refused for what it asks.
fn allow(error: &fanfold_engine::Error) {
    let is_fault = matches!(error.kind(), ErrorKind::Internal | ErrorKind::Busy);
    assert!(!is_fault, "{error:?}");
}

fn users() -> impl Iterator<Item = UserId> {
    (1..=USERS).map(|n| UserId(n * 0x0001_0000_0001)).chain([UserId(u64::MAX)])
}

fn read(engine: &Engine) {
    let _ = damage(engine.digests());
    for user in users() {
        for (span, viewer) in [
            (Span::Newest, None),
            (Span::Before(PostId(90)), Some(user)),
            (Span::After(PostId(20)), Some(UserId(0x0001_0000_0001))),
        ] {
            let query = TimelineQuery { user, viewer, span, limit: 20 };
            let _ = engine.home(&query).inspect_err(allow);
            let _ = engine.outbox(&query).inspect_err(allow);
        }
        for before in [None, Some(Sequence(60))] {
            let query = EdgeQuery { user, viewer: None, before, limit: 40 };
            let _ = engine.following(&query).inspect_err(allow);
            let _ = engine.followers(&query).inspect_err(allow);
            let _ = engine.mutes(&query).inspect_err(allow);
            let _ = engine.blocks(&query).inspect_err(allow);
        }
        let _ = engine.user(user, None).inspect_err(allow);
        let _ = engine.relation(user, UserId(0x0002_0000_0002), None).inspect_err(allow);
    }
    for post in [1, 30, 100, u64::MAX] {
        let _ = engine.post(PostId(post), None).inspect_err(allow);
    }
    for of in [ScanOf::Posts, ScanOf::Follows] {
        let query = ScanQuery { of, after: Sequence(0), until: None, limit: 200 };
        let _ = engine.scan(&query).inspect_err(allow);
    }
    let _ = engine.status().inspect_err(allow);
}

fn write(engine: &Engine) {
    let (ann, ben) = (UserId(0x0001_0000_0001), UserId(0x0002_0000_0002));
    let commands = [
        Command::publish(ben, "behind everything"),
        Command::follow(ann, ben),
        Command::follow(UserId(5), ann),
        Command::delete(PostId(30)),
        Command::publish(ann, "and one more"),
    ];
    for command in commands {
        let _ = engine.write(command).inspect_err(allow);
    }
}

/// Text that nobody reads, but not without end.
struct Nowhere(usize);

impl fmt::Write for Nowhere {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        assert!(self.0 <= TEXT_BYTES_MAX, "a small file became {} bytes of text", self.0);
        Ok(())
    }
}
