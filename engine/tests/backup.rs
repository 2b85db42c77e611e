//! Backup and restore: a backup of an engine under load equals the oracle at its position, and so
//! does a restore to any position that it reaches.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fmt, io};

use bytes::Bytes;
use common::{compare, play, users};
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::{Expected, Model};
use fanfold_engine::testing::seed::seed_or;
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{
    Backup, Clock, Command, Engine, ErrorKind, ManualClock, Options, SEGMENT_BYTES_MIN, Sequence,
    Span, Storage, StoredFile, TimelineQuery, Timestamp, Until, UserId, check_storage, restore,
    restore_storage,
};

const USERS: u64 = 8;

fn options() -> Options {
    Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 5,
        flush_records: 60,
        memory_budget: 0,
        ..Options::default()
    }
}

fn open(storage: &MemoryStorage) -> Engine {
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options()).unwrap()
}

/// Restores and opens.
fn restored(backup: &MemoryStorage, until: Until) -> fanfold_engine::Result<Engine> {
    let target = MemoryStorage::default();
    restore_storage(backup, &target, until, &mut |_| {})?;
    let report = check_storage(&target)?;
    assert!(report.is_clean(), "{:?}", report.damage);
    Ok(open(&target))
}

/// A backup, at whichever try the writer leaves it alone.
fn backed_up(engine: &Engine) -> (Backup, MemoryStorage) {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        let target = MemoryStorage::default();
        match engine.backup_to(&target) {
            Err(error) if error.kind() == ErrorKind::Busy && Instant::now() < patience => {}
            made => return (made.unwrap(), target),
        }
    }
}

#[test]
fn a_backup_under_load_equals_the_oracle_at_its_position() {
    let engine = open(&MemoryStorage::default());
    let mut model = Model::new(5);
    let mut workload = Workload::new(seed_or(1), USERS);
    // The first backup may be made before the first write.
    let mut history = BTreeMap::from([(engine.position().unwrap().sequence, model.clone())]);
    let stop = AtomicBool::new(false);
    let backups = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                workload.knows(model.some_broadcasts());
                let command = workload.command(model.last);
                let expected = model.expect(&command);
                let answer = engine.write(command.clone());
                if let (Expected::Changed, Ok(receipt)) = (expected, answer) {
                    model.apply(&command, receipt.position.sequence.0);
                    history.insert(receipt.position.sequence, model.clone());
                }
            }
        });
        let mut backups = Vec::new();
        for round in 0..6 {
            std::thread::sleep(Duration::from_millis(20));
            if round % 2 == 1 {
                engine.retain().unwrap();
            }
            backups.push(backed_up(&engine));
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        backups
    });
    for (made, target) in backups {
        let report = check_storage(&target).unwrap();
        assert!(report.is_clean(), "{:?}", report.damage);
        let engine = restored(&target, Until::Newest).unwrap();
        let model = &history[&made.position.sequence];
        compare(&engine, model, &users(USERS)).unwrap();
        let epoch = engine.position().unwrap().epoch;
        assert!(made.position.epoch < epoch, "a restored database begins an epoch");
        let receipt = engine.write(Command::publish(UserId(1), "after the restore")).unwrap();
        let skipped = receipt.position.sequence.0 - made.position.sequence.0;
        assert!(1 << 32 <= skipped, "ids given by the original are never given again");
    }
}

/// A storage before whose first file something happens.
struct Meanwhile<'a> {
    storage: MemoryStorage,
    act: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl fmt::Debug for Meanwhile<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.storage.fmt(formatter)
    }
}

impl Storage for Meanwhile<'_> {
    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let act = self.act.lock().unwrap().take();
        act.into_iter().for_each(|act| act());
        self.storage.create(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        self.storage.open(name)
    }

    fn map(&self, name: &str) -> io::Result<Bytes> {
        self.storage.map(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.storage.list()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.storage.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.storage.remove(name)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.storage.sync_directory()
    }

    fn describe(&self) -> String {
        self.storage.describe()
    }
}

/// A round of retention rewrote a segment under the backup without the text of a post that was deleted after
/// the backup's position: the views in it listed the post, and pages with it failed.
#[test]
fn a_segment_that_is_rewritten_under_a_backup_has_it_begin_anew() {
    let engine = open(&MemoryStorage::default());
    engine.write(Command::follow(UserId(2), UserId(1))).unwrap();
    let write = |text: &str| {
        engine.write(Command::publish(UserId(1), text.to_owned())).unwrap().post.unwrap()
    };
    let (stays, goes) = (write("stays"), write("goes"));
    let before = engine.position().unwrap().sequence;
    let act = || {
        engine.write(Command::delete(goes)).unwrap();
        assert!(0 < engine.retain().unwrap().segments);
    };
    let (storage, act) = (MemoryStorage::default(), Mutex::new(Some(Box::new(act) as _)));
    let target = Meanwhile { storage, act };
    let made = engine.backup_to(&target).unwrap();
    assert!(before < made.position.sequence, "it began anew");
    let engine = restored(&target.storage, Until::Newest).unwrap();
    let query = TimelineQuery { user: UserId(2), viewer: None, span: Span::Newest, limit: 20 };
    let home: Vec<_> = engine.home(&query).unwrap().posts.iter().map(|post| post.id).collect();
    assert_eq!(home, [stays]);
}

#[test]
fn a_restore_to_any_position_equals_the_oracle_there() {
    let storage = MemoryStorage::default();
    let engine = open(&storage);
    let mut model = Model::new(5);
    let mut workload = Workload::new(seed_or(2), USERS);
    play(&engine, &mut model, &mut workload, 300);
    engine.retain().unwrap();
    let thinned = engine.position().unwrap().sequence;
    let mut history = BTreeMap::new();
    for _ in 0..250 {
        play(&engine, &mut model, &mut workload, 1);
        history.insert(Sequence(model.last), model.clone());
    }
    let backup = MemoryStorage::default();
    engine.backup_to(&backup).unwrap();
    for (position, model) in history.iter().filter(|(position, _)| thinned <= **position) {
        if position.0 % 7 != 0 && *position != *history.keys().last().unwrap() {
            continue;
        }
        let engine = restored(&backup, Until::Sequence(*position)).unwrap();
        compare(&engine, model, &users(USERS)).unwrap();
    }
    for outside in [Sequence(3), Sequence(model.last + 1)] {
        let refused = restored(&backup, Until::Sequence(outside)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
        assert!(refused.to_string().contains("this backup reaches from"), "{refused}");
    }
}

#[test]
fn a_restore_to_a_time_has_what_was_committed_by_then() {
    let clock = Arc::new(ManualClock::new(Timestamp(1_000_000)));
    let with_clock = Options { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..Options::default() };
    let engine = Engine::open_on(Arc::new(MemoryStorage::default()), with_clock).unwrap();
    let mut posts = Vec::new();
    for minute in 0..10 {
        clock.set(Timestamp(1_000_000 + minute * 60_000));
        posts.push(engine.write(Command::publish(UserId(1), "tick")).unwrap().post.unwrap());
    }
    let backup = MemoryStorage::default();
    engine.backup_to(&backup).unwrap();
    let until = Until::Time(Timestamp(1_000_000 + 4 * 60_000 + 59_999));
    let engine = restored(&backup, until).unwrap();
    assert!(engine.post(posts[4], None).is_ok());
    assert_eq!(engine.post(posts[5], None).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn directories_are_made_whole_or_not_at_all_and_never_overwritten() {
    let place = tempfile::tempdir().unwrap();
    let (data, backup) = (place.path().join("data"), place.path().join("backups").join("one"));
    let engine = Engine::open(&data, options()).unwrap();
    let post = engine.write(Command::publish(UserId(1), "kept")).unwrap().post.unwrap();
    let made = engine.backup(&backup).unwrap();
    assert_eq!(made.copied_bytes, 0, "on one file system everything is linked");
    assert_eq!(engine.backup(&backup).unwrap_err().kind(), ErrorKind::Conflict);
    let names: Vec<_> = std::fs::read_dir(place.path().join("backups")).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing half-made is left: {names:?}");
    let fresh = place.path().join("restored");
    let into_used = restore(&backup, &data, Until::Newest, &mut |_| {}).unwrap_err();
    assert_eq!(into_used.kind(), ErrorKind::Conflict, "{into_used}");
    restore(&backup, &fresh, Until::Newest, &mut |_| {}).unwrap();
    // The original goes on, and neither knows of the other.
    engine.write(Command::publish(UserId(1), "only in the original")).unwrap();
    let restored = Engine::open(&fresh, options()).unwrap();
    assert_eq!(&restored.post(post, None).unwrap().1.text[..], b"kept");
    assert_eq!(restored.user(UserId(1), None).unwrap().posts, 1);
}
