//! View files: whatever is done to them, the answers are those of the log.
//!
//! Each test drives a random history against the oracle with many small flushes, then harms the
//! files: flips bytes, takes files away, fails operations. Reads then either equal the oracle or
//! fail naming the file, and after a repair or an open they equal it again.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::Model;
use fanfold_engine::testing::seed::seed_or;
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{
    Action, Command, Durability, Engine, ErrorKind, Options, SEGMENT_BYTES_MIN, Storage, UserId,
    check_storage,
};

use common::{compare, play, users};

const USERS: u64 = 8;
const FOLLOWEES_MAX: usize = 5;

fn options() -> Options {
    Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: FOLLOWEES_MAX,
        flush_records: 40,
        memory_budget: 0,
        ..Options::default()
    }
}

fn open(storage: &MemoryStorage) -> Engine {
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options()).unwrap()
}

/// A closed database with some hundred records in many view files, and its oracle.
fn history(seed: u64) -> (MemoryStorage, Model, Workload) {
    history_of(USERS, 600, options(), seed)
}

fn history_of(
    users: u64,
    commands: u64,
    options: Options,
    seed: u64,
) -> (MemoryStorage, Model, Workload) {
    let storage = MemoryStorage::default();
    let mut model = Model::new(options.followees_max);
    let mut workload = Workload::new(seed, users);
    let engine = Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap();
    play(&engine, &mut model, &mut workload, commands);
    engine.close().unwrap();
    (storage, model, workload)
}

fn views(storage: &MemoryStorage) -> Vec<String> {
    storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view")).collect()
}

#[test]
fn a_history_is_in_files_and_opening_replays_little() {
    let (storage, model, _) = history(seed_or(1));
    assert!(5 < views(&storage).len(), "{:?}", views(&storage));
    let engine = open(&storage);
    assert!(engine.recovery().records < options().flush_records, "{:?}", engine.recovery());
    compare(&engine, &model, &users(USERS)).unwrap();
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    // From the log alone.
    views(&storage).iter().for_each(|name| storage.remove(name).unwrap());
    storage.remove("MANIFEST").unwrap();
    let engine = open(&storage);
    assert_eq!(engine.digests().unwrap(), digests);
    compare(&engine, &model, &users(USERS)).unwrap();
}

#[test]
fn a_missing_view_file_is_rebuilt_with_the_same_digest() {
    let (storage, model, _) = history(seed_or(2));
    let engine = open(&storage);
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    for name in views(&storage) {
        let image = storage.image();
        image.remove(&name).unwrap();
        let report = check_storage(&image).unwrap();
        let damage = report.damage.first().unwrap();
        assert_eq!(damage.file(), Some(name.as_str()));
        assert!(report.notes.iter().any(|note| note.contains("the log is sound")), "{report:?}");
        let engine = open(&image);
        let reason = engine.recovery().rebuilt.as_ref().unwrap();
        assert_eq!(reason.place(), Some((name.as_str(), 0)), "{reason}");
        assert_eq!(engine.digests().unwrap(), digests, "{name}");
        compare(&engine, &model, &users(USERS)).unwrap();
        engine.close().unwrap();
        assert!(check_storage(&image).unwrap().is_clean(), "{name}");
    }
}

/// Flips bytes all over small files: opening notices, and rebuilds all.
#[test]
fn damage_in_what_opening_reads_is_mended_at_once() {
    let (storage, model, _) = history(seed_or(6));
    for name in views(&storage) {
        for at in (0..storage.bytes(&name).len()).step_by(211) {
            let image = flipped(&storage, &name, at);
            let engine = open(&image);
            assert!(engine.recovery().rebuilt.is_some(), "{name} at {at}");
            compare(&engine, &model, &users(USERS)).unwrap();
            engine.close().unwrap();
        }
    }
}

/// Flips a byte in blocks that opening does not read: the read that needs one fails and names the
/// file, and a moment later the file is written anew.
#[test]
fn damage_that_a_read_meets_is_mended_behind_it() {
    // Files of several blocks, of which later ones end what earlier ones began.
    let options = Options {
        flush_records: 15_000,
        followees_max: 60,
        durability: Durability::Os,
        ..options()
    };
    let (storage, model, _) = history_of(150, 60_000, options, seed_or(3));
    let mut met = 0;
    let is_lazy = |name: &String| name.starts_with("graph") || name.starts_with("outbox");
    for name in views(&storage).into_iter().filter(is_lazy) {
        for at in (100..storage.bytes(&name).len()).step_by(4_093) {
            let engine = open(&flipped(&storage, &name, at));
            met += u64::from(read_until_mended(&engine, &model, &name, 150));
            engine.close().unwrap();
        }
    }
    assert!(1 < met, "{met} reads met damage");
}

/// A copy in which one bit of a file is another; `check` must see it.
fn flipped(storage: &MemoryStorage, name: &str, at: usize) -> MemoryStorage {
    let image = storage.image();
    let mut bytes = image.bytes(name);
    *bytes.get_mut(at).unwrap() ^= 4;
    image.set_bytes(name, bytes);
    assert!(!check_storage(&image).unwrap().is_clean(), "check misses {name} at {at}");
    image
}

/// Reads until all is as the oracle says; true if a read met damage.
fn read_until_mended(engine: &Engine, model: &Model, name: &str, count: u64) -> bool {
    let begun = Instant::now();
    let mut met_damage = false;
    while let Err(error) = compare(engine, model, &users(count)) {
        met_damage = true;
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert_eq!(error.place().map(|(file, _)| file), Some(name), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(60), "not mended: {error}");
        std::thread::sleep(Duration::from_millis(1));
    }
    met_damage
}

/// A repaired file lives on: more is written over it, merged, reopened.
#[test]
fn a_mended_database_goes_on() {
    for seed in seed_or(4)..seed_or(4) + 6 {
        let (storage, mut model, mut workload) = history(seed);
        for round in 0..4 {
            let victim = views(&storage);
            let victim = victim.get(usize::try_from(seed + round).unwrap() % victim.len());
            let name = victim.unwrap();
            let mut bytes = storage.bytes(name);
            let middle = bytes.len() / 3;
            *bytes.get_mut(middle).unwrap() ^= 1;
            storage.set_bytes(name, bytes);
            let engine = open(&storage);
            read_until_mended(&engine, &model, name, USERS);
            play(&engine, &mut model, &mut workload, 200);
            let begun = Instant::now();
            while compare(&engine, &model, &users(USERS)).is_err() {
                assert!(begun.elapsed() < Duration::from_secs(60), "seed {seed}");
            }
            engine.close().unwrap();
        }
        let engine = open(&storage);
        compare(&engine, &model, &users(USERS)).unwrap();
        let digests = engine.digests().unwrap();
        engine.close().unwrap();
        let image = storage.image();
        image.remove("MANIFEST").unwrap();
        let engine = open(&image);
        assert_eq!(engine.digests().unwrap(), digests, "seed {seed}: rebuilt from the log");
    }
}

/// The n-th changing operation fails, for many n: nothing acknowledged is lost, and what the files
/// hold equals what the log says.
#[test]
fn a_failing_operation_during_flush_or_merge_loses_nothing() {
    let clean = {
        let (storage, ..) = history(seed_or(5));
        storage.operations()
    };
    for n in (0..clean).step_by(11) {
        let storage = MemoryStorage::default();
        let (mut model, mut workload) = (Model::new(FOLLOWEES_MAX), Workload::new(5, USERS));
        storage.fail_after(n, io::ErrorKind::Other);
        let shared = Arc::new(storage.clone()) as Arc<dyn Storage>;
        if let Ok(engine) = Engine::open_on(shared, options()) {
            play(&engine, &mut model, &mut workload, 300);
            compare(&engine, &model, &users(USERS)).unwrap();
            // It may fail, and says so; what it leaves is what counts.
            drop(engine.close());
        }
        for image in [storage.image(), storage.durable_image()] {
            let engine = open(&image);
            // The write that failed may be there all the same; then the oracle cannot say.
            let digests = engine.digests().unwrap();
            if engine.position().unwrap().sequence.0 == model.last {
                compare(&engine, &model, &users(USERS)).unwrap();
            }
            assert!(model.last <= engine.position().unwrap().sequence.0, "operation {n}");
            engine.close().unwrap();
            image.remove("MANIFEST").unwrap();
            let rebuilt = open(&image);
            assert_eq!(rebuilt.digests().unwrap(), digests, "operation {n}");
        }
    }
}

/// In a weak mode the log may lose its end in a power cut; the view files must never know more.
#[test]
fn a_power_cut_leaves_no_view_ahead_of_the_log() {
    let options = Options { durability: Durability::Os, ..options() };
    let storage = MemoryStorage::default();
    let (mut model, mut workload) = (Model::new(FOLLOWEES_MAX), Workload::new(7, USERS));
    let shared = Arc::new(storage.clone()) as Arc<dyn Storage>;
    let engine = Engine::open_on(shared, options).unwrap();
    let mut flushed = 0;
    for round in 0..30 {
        play(&engine, &mut model, &mut workload, 20);
        let image = storage.durable_image();
        let survivor = open(&image);
        assert!(survivor.recovery().rebuilt.is_none(), "round {round}");
        let digests = survivor.digests().unwrap();
        survivor.close().unwrap();
        flushed += views(&image).len();
        image.remove("MANIFEST").unwrap();
        assert_eq!(open(&image).digests().unwrap(), digests, "round {round}");
    }
    assert!(0 < flushed, "something was in files");
    engine.close().unwrap();
}

/// Opens with a busy scrubber, harms `victim`, and waits for two passes.
fn scrubbed(storage: &MemoryStorage, victim: impl FnOnce() -> Option<String>) -> Engine {
    let options = Options { scrub_pause: Duration::from_millis(1), ..options() };
    let engine = Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap();
    victim().into_iter().for_each(|name| flip(storage, &name, 70));
    let begun = Instant::now();
    while engine.counters().unwrap().scrub_passes < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", engine.counters());
        std::thread::sleep(Duration::from_millis(2));
    }
    engine
}

fn flip(storage: &MemoryStorage, name: &str, at: usize) {
    let mut bytes = storage.bytes(name);
    *bytes.get_mut(at).unwrap() ^= 8;
    storage.set_bytes(name, bytes);
}

#[test]
fn the_scrubber_finds_rot_that_nobody_reads() {
    let (storage, model, _) = history(seed_or(9));
    let graph = || views(&storage).into_iter().find(|name| name.starts_with("graph-"));
    let victim = graph();
    let engine = scrubbed(&storage, || victim.clone());
    assert_eq!(engine.counters().unwrap().damages, 0, "view files mend themselves");
    let begun = Instant::now();
    while victim.as_ref().is_some_and(|victim| views(&storage).contains(victim)) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{victim:?} was not written anew");
    }
    compare(&engine, &model, &users(USERS)).unwrap();
    // A segment that the view files cover: opening does not read it.
    engine.retain().unwrap();
    engine.close().unwrap();
    flip(&storage, storage.segments().first().unwrap(), 5_000);
    let engine = scrubbed(&storage, || None);
    assert_eq!(engine.counters().unwrap().damages, 1, "the log's damage is told");
}

/// One file of each kind: it is written anew while the database is open, from the log or, graves, from memory,
/// and the next open finds nothing wrong. Users alone wait for that open.
#[test]
fn rot_in_any_kind_of_view_file_is_mended() {
    let (storage, model, _) = history(seed_or(12));
    let engine = open(&storage);
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    let mut kinds = BTreeSet::new();
    for name in views(&storage) {
        let kind = name.split('-').next().unwrap().to_owned();
        if !kinds.insert(kind.clone()) {
            continue;
        }
        let image = storage.image();
        let engine = scrubbed(&image, || Some(name.clone()));
        if kind == "users" {
            engine.close().unwrap();
            let engine = open(&image);
            assert!(engine.recovery().rebuilt.is_some(), "{name}");
            assert_eq!(engine.digests().unwrap(), digests, "{name}");
            continue;
        }
        let begun = Instant::now();
        while views(&image).contains(&name) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{name} was not written anew");
        }
        // The thread that did it goes on.
        engine.retain().unwrap();
        compare(&engine, &model, &users(USERS)).unwrap();
        engine.close().unwrap();
        let engine = open(&image);
        assert!(engine.recovery().rebuilt.is_none(), "{name}: {:?}", engine.recovery());
        assert_eq!(engine.digests().unwrap(), digests, "{name}");
        compare(&engine, &model, &users(USERS)).unwrap();
    }
    assert!(8 < kinds.len() && kinds.contains("graves") && kinds.contains("receipts"), "{kinds:?}");
}

/// Graves of follows are not those of revisions, whose file is small beside them: to rewrite that one for them
/// would be without end.
#[test]
fn a_small_file_is_not_rewritten_for_graves_of_others() {
    const FOLLOWED: u64 = 4_200;
    let options = Options { followees_max: 10_000, flush_records: 20_000, ..Options::default() };
    let storage = MemoryStorage::default();
    let engine = Engine::open_on(Arc::new(storage) as Arc<dyn Storage>, options).unwrap();
    let user = UserId(1);
    let post = engine.write(Command::publish(user, "draft")).unwrap().post.unwrap();
    let text = "final".into();
    engine.write(Command::new(Action::Revise { post, revision: 0, text, meta: None })).unwrap();
    let authors = || (2..2 + FOLLOWED).map(UserId);
    let follows = authors().map(|author| engine.submit(Command::follow(user, author)).unwrap());
    assert!(follows.collect::<Vec<_>>().into_iter().all(|ticket| ticket.wait().unwrap().changed));
    engine.retain().unwrap();
    let unfollow = |author| Command::new(Action::Unfollow { user, author });
    let ends = authors().map(|author| engine.submit(unfollow(author)).unwrap());
    assert!(ends.collect::<Vec<_>>().into_iter().all(|ticket| ticket.wait().unwrap().changed));
    // Something is to be erased, so that all is flushed.
    let other = engine.write(Command::publish(user, "gone")).unwrap().post.unwrap();
    engine.write(Command::new(Action::Delete { post: other })).unwrap();
    engine.retain().unwrap();
    let (closed, is_closed) = std::sync::mpsc::channel();
    std::thread::spawn(move || closed.send(engine.close()));
    is_closed.recv_timeout(Duration::from_secs(60)).unwrap().unwrap();
}

#[test]
fn an_epoch_that_nothing_was_written_in_covers_no_more_than_the_log_has() {
    let weak = || Options { durability: Durability::Os, ..options() };
    let storage = MemoryStorage::default();
    let open = |storage: &MemoryStorage| {
        Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, weak()).unwrap()
    };
    let mut model = Model::new(FOLLOWEES_MAX);
    let mut workload = Workload::new(seed_or(11), USERS);
    let engine = open(&storage);
    play(&engine, &mut model, &mut workload, 500);
    // A kill: the next open begins an epoch far above, flushes what it replayed, and closes.
    let killed = storage.image();
    let engine = open(&killed);
    assert!(engine.recovery().new_epoch);
    // Retention has everything flushed first.
    engine.retain().unwrap();
    engine.close().unwrap();
    let engine = open(&killed);
    assert!(engine.recovery().rebuilt.is_none(), "{:?}", engine.recovery());
    compare(&engine, &model, &users(USERS)).unwrap();
}
