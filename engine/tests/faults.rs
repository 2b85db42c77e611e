//! Bugs that the simulator found, each in its smallest form, on the simulated disk.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanfold_engine::testing::disk::SimulatedDisk;
use fanfold_engine::testing::disk::faults::{Effect, Fault, Operation};
use fanfold_engine::testing::seed::Random;
use fanfold_engine::{
    Action, Clock, Command, Durability, Engine, ErrorKind, ManualClock, Options, PostId,
    SEGMENT_BYTES_MIN, Sequence, Span, StatusValue, Storage, TimelineQuery, Timestamp, UserId,
    check_storage, inspect_file,
};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

const BEN: UserId = UserId(22);

fn options() -> Options {
    Options { segment_bytes: SEGMENT_BYTES_MIN, memory_budget: 0, ..Options::default() }
}

fn open(disk: &SimulatedDisk, options: Options) -> Engine {
    Engine::open_on(Arc::new(disk.clone()) as Arc<dyn Storage>, options).unwrap()
}

/// Publishes posts of 60 KiB until one is refused; answers the ids.
fn publish_until_refused(engine: &Engine, most: usize) -> Vec<PostId> {
    let text = "t".repeat(60 * 1024);
    let publish = || engine.write(Command::publish(BEN, text.clone())).ok()?.post;
    (0..most).map_while(|_| publish()).collect()
}

fn fail_once(after: u64, operation: Operation, effect: Effect) -> Fault {
    Fault { after, of: Some(operation), effect, lasting: false }
}

/// A segment could not be sealed, the next one could, retention made one file of those around the gap,
/// and opening removed the segment in the gap as outdated: acknowledged posts were gone.
#[test]
fn a_segment_that_cannot_be_sealed_is_not_lost_in_retention() {
    for after in 0..6 {
        let disk = SimulatedDisk::new(1);
        // Rounds begin only where they are asked for: an earlier one would meet the fault.
        let clock = Arc::new(ManualClock::new(Timestamp(1)));
        let of_hand = Arc::clone(&clock) as Arc<dyn Clock>;
        let engine = open(&disk, Options { clock: of_hand, flush_records: 1, ..options() });
        // Only sealing sets a length.
        disk.inject(fail_once(after, Operation::SetLen, Effect::Io));
        let posts = publish_until_refused(&engine, 40);
        assert!(3 < posts.len());
        for year in 1..4 {
            clock.set(Timestamp(year * 365 * 24 * 60 * 60 * 1_000));
            // It may fail, and says so.
            let _ = engine.retain();
            std::thread::sleep(Duration::from_millis(20));
        }
        let are_there = |engine: &Engine| {
            posts.iter().for_each(|id| assert!(engine.post(*id, None).is_ok(), "{after}: {id}"));
        };
        are_there(&engine);
        assert!(engine.close().is_err());
        are_there(&engine);
        are_there(&open(&disk.kill_image(), options()));
    }
}

/// An epoch began and nothing was written in it; a flush then claimed to cover the sequences that
/// the epoch had skipped, and every later opening rebuilt all views.
#[test]
fn a_flush_in_a_new_epoch_covers_no_more_than_the_log() {
    let disk = SimulatedDisk::new(2);
    let weak = Options { durability: Durability::Os, ..options() };
    let engine = open(&disk, weak.clone());
    engine.write(Command::publish(BEN, "hello")).unwrap();
    let killed = disk.kill_image();
    engine.close().unwrap();
    let engine = open(&killed, weak);
    assert!(engine.recovery().new_epoch);
    // A round of retention has the views flushed.
    engine.retain().unwrap();
    engine.close().unwrap();
    let engine = open(&killed, options());
    assert!(engine.recovery().rebuilt.is_none(), "{:?}", engine.recovery());
}

/// The next segment could not be written ahead, and writes were refused as "internal", as if it
/// were nobody's business; so did a poisoned engine.
#[test]
fn a_spare_that_cannot_be_written_ends_the_writes_as_unavailable() {
    let disk = SimulatedDisk::new(3);
    let engine = open(&disk, options());
    disk.inject(Fault { lasting: true, ..fail_once(0, Operation::Create, Effect::Io) });
    publish_until_refused(&engine, 40);
    let refused = engine.write(Command::publish(BEN, "too late")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    assert_eq!(engine.unavailable_reason().unwrap().kind(), ErrorKind::Unavailable);
}

/// Space had run out when the next segment was written ahead, and had long come back; the write that
/// needed the segment was refused all the same.
#[test]
fn space_that_came_back_is_seen_by_the_next_write() {
    let disk = SimulatedDisk::new(4);
    disk.set_capacity(Some(400_000));
    let engine = open(&disk, options());
    publish_until_refused(&engine, 3);
    std::thread::sleep(Duration::from_millis(50));
    disk.set_capacity(None);
    assert_eq!(publish_until_refused(&engine, 10).len(), 10);
}

/// A flush had stored its manifest, could not remove an outdated file, and was tried again as if nothing
/// had happened: its entries were gone from memory, and its users were numbered twice.
#[test]
fn an_outdated_view_file_that_cannot_be_removed_fails_no_flush() {
    for after in 0..8 {
        let disk = SimulatedDisk::new(5);
        let engine = open(&disk, Options { flush_records: 4, ..options() });
        let publish = |user| engine.write(Command::publish(UserId(user), "hello")).unwrap().post;
        let first: Vec<_> = (1..=8).map(publish).collect();
        engine.write(Command::delete(first.first().unwrap().unwrap())).unwrap();
        (11..=18).for_each(|user| assert!(publish(user).is_some()));
        while 4 <= engine.counters().unwrap().unflushed {
            std::thread::sleep(Duration::from_millis(1));
        }
        disk.inject(fail_once(after, Operation::Remove, Effect::Io));
        (21..=28).for_each(|user| assert!(publish(user).is_some()));
        // A flush that failed is tried again after a second.
        let failed = || {
            engine.status().unwrap().fields.iter().any(|(_, name, value)| {
                *name == "background" && *value != StatusValue::Text("ok".to_owned())
            })
        };
        std::thread::sleep(Duration::from_millis(50));
        if failed() {
            std::thread::sleep(Duration::from_millis(1_200));
        }
        for user in (2..=8).chain(11..=18).chain(21..=28) {
            let query =
                TimelineQuery { user: UserId(user), viewer: None, span: Span::Newest, limit: 9 };
            assert_eq!(engine.outbox(&query).unwrap().posts.len(), 1, "{after}: user {user}");
        }
        let digests = engine.digests().unwrap();
        // A fault that no flush met would meet the closing.
        disk.heal();
        engine.close().unwrap();
        assert_eq!(open(&disk.kill_image(), options()).digests().unwrap(), digests, "{after}");
        let views = disk.names().into_iter().filter(|name| name.ends_with(".view"));
        views.for_each(|name| disk.remove(&name).unwrap());
        assert_eq!(open(&disk, options()).digests().unwrap(), digests, "{after}: rebuilt");
    }
}

/// A post was dated before its segment began, which the log cannot say: it got the segment's date, and
/// the posts of the next segment were dated before it.
#[test]
fn dates_never_step_back_when_the_clock_does() {
    let hour = 60 * 60 * 1_000;
    let clock = Arc::new(ManualClock::new(Timestamp(1_000 * hour)));
    let options = Options { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..options() };
    let engine = open(&SimulatedDisk::new(6), options);
    clock.set(Timestamp(999 * hour));
    let publish = || engine.write(Command::publish(BEN, "hello")).unwrap().post.unwrap();
    let date = |post| engine.post(post, None).unwrap().1.committed_at;
    let first = publish();
    // A round of retention begins a segment.
    engine.retain().unwrap();
    let second = publish();
    assert!(date(first) <= date(second), "{} {}", date(first), date(second));
}

/// The index of a packed segment rotted; the posts behind it were silently not there, as if retention
/// had dropped them.
#[test]
fn a_damaged_index_of_a_packed_segment_is_noticed() {
    let disk = SimulatedDisk::new(7);
    let cold = Options { cold_after: Duration::ZERO, ..options() };
    let clock = Arc::new(ManualClock::new(Timestamp(1)));
    let engine = open(&disk, Options { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..cold });
    let posts = publish_until_refused(&engine, 4);
    clock.set(Timestamp(1_000));
    while engine.counters().unwrap().packed_bytes == 0 {
        // What is deleted has the segment sealed, in its time.
        let doomed = engine.write(Command::publish(BEN, "doomed")).unwrap().post.unwrap();
        engine.write(Command::delete(doomed)).unwrap();
        engine.retain().unwrap();
    }
    engine.close().unwrap();
    let name = disk.names().into_iter().find(|name| name.starts_with("log-")).unwrap();
    for at in 0..disk.bytes(&name).len() as u64 {
        let image = disk.kill_image();
        assert!(image.flip_bit(&name, at, 3));
        let opened = Engine::open_on(Arc::new(image) as Arc<dyn Storage>, options());
        let read = opened.and_then(|engine| {
            posts.iter().try_for_each(|post| engine.post(*post, None).map(drop))
        });
        if let Err(error) = read {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{at}: {error}");
            assert_eq!(error.place().map(|(file, _)| file), Some(name.as_str()), "{at}: {error}");
        }
    }
}

/// An opening was killed while it sealed the last segment; the next one found it sealed, in the cache
/// alone, and relied on it. A power cut then took the seal, and the database refused to open: after an
/// orderly stop because a closed segment had no footer, in a new epoch because the segment seemed to
/// lack the sequences that the epoch had skipped.
#[test]
fn a_seal_that_only_the_cache_has_is_made_durable() {
    for durability in [Durability::Fsync, Durability::Os] {
        let options = || Options { durability, ..options() };
        let disk = SimulatedDisk::new(8);
        let engine = open(&disk, options());
        engine.write(Command::publish(BEN, "hello")).unwrap();
        let killed = disk.kill_image();
        engine.close().unwrap();
        for after in 0..30 {
            let disk = killed.kill_image();
            disk.inject(Fault::power_off(after));
            drop(Engine::open_on(Arc::new(disk.clone()) as Arc<dyn Storage>, options()));
            let disk = disk.kill_image();
            let engine = open(&disk, options());
            survives_power_cuts(&disk, &format!("{durability:?}, {after}, running"));
            engine.close().unwrap();
            survives_power_cuts(&disk, &format!("{durability:?}, {after}, closed"));
        }
    }
}

fn survives_power_cuts(disk: &SimulatedDisk, context: &str) {
    for seed in 0..10 {
        let image = disk.crash_image(&mut Random::new(seed));
        let report = check_storage(&image).unwrap();
        assert!(report.is_clean(), "{context}, {seed}: {:?}", report.damage);
        let post = open(&image, options()).post(PostId(1), None);
        assert!(post.is_ok(), "{context}, {seed}: {post:?}");
    }
}

/// How many records have the text, in all files.
fn occurrences(disk: &SimulatedDisk, text: &str) -> usize {
    let decoded = disk.list().unwrap().into_iter().map(|name| {
        let mut decoded = String::new();
        let _ = inspect_file(disk, &name, &mut decoded);
        decoded.matches(text).count()
    });
    decoded.sum()
}

/// A round could not remove a segment that it had replaced; the next one found nothing to do and said
/// that everything was erased, while the text stood in the old file until the next opening.
#[test]
fn a_replaced_segment_that_could_not_be_removed_goes_with_the_next_round() {
    let mut failed = 0;
    for after in 0..12 {
        let disk = SimulatedDisk::new(6);
        for round in 0..6 {
            let engine = open(&disk, options());
            let publish = |n| engine.write(Command::publish(BEN, format!("<text {round} {n}>")));
            let posts: Vec<_> = (0..5).map(|n| publish(n).unwrap().post.unwrap()).collect();
            engine.write(Command::delete(*posts.first().unwrap())).unwrap();
            engine.close().unwrap();
        }
        let engine = open(&disk, Options { cold_after: Duration::ZERO, ..options() });
        disk.inject(fail_once(after, Operation::Remove, Effect::Io));
        let mut erased = Sequence(0);
        while erased < Sequence(36) {
            match engine.retain() {
                Ok(done) => erased = done.erased,
                Err(_) => failed += 1,
            }
        }
        for round in 0..6 {
            assert_eq!(occurrences(&disk, &format!("<text {round} 0>")), 0, "{after}: {round}");
            assert_eq!(occurrences(&disk, &format!("<text {round} 1>")), 1, "{after}: {round}");
        }
    }
    assert!(0 < failed, "some removal of a segment failed");
}

/// Whoever watches numbers alone has to be told too.
#[test]
fn background_work_that_does_not_get_on_is_counted_until_it_does() {
    let disk = SimulatedDisk::new(7);
    let engine = open(&disk, Options { flush_records: 4, ..options() });
    assert_eq!(engine.counters().unwrap().background_faults, 0);
    let broken = Fault { lasting: true, ..fail_once(0, Operation::Rename, Effect::Io) };
    disk.inject(broken);
    for _ in 0..8 {
        engine.write(Command::publish(BEN, "hello")).unwrap();
    }
    until_counted(&engine, 1);
    disk.heal();
    until_counted(&engine, 0);
}

/// Waits until so many kinds of background work do not get on.
fn until_counted(engine: &Engine, wanted: u64) {
    let patience = Instant::now() + PATIENCE;
    while engine.counters().unwrap().background_faults != wanted {
        assert!(Instant::now() < patience, "never {wanted}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A flush kept failing, and who asked for a round of retention waited for ever: the thread that
/// flushes was to rewrite files for it, and did nothing but try its flush.
#[test]
fn a_flush_that_keeps_failing_holds_up_no_retention() {
    let disk = SimulatedDisk::new(8);
    let flushing_after = |flush_records| Options { flush_records, ..options() };
    // Four posts, that somebody is to be forgotten, four removals, and that it is done.
    let engine = open(&disk, Options { forget_at_once: 0, ..flushing_after(10) });
    publish_until_refused(&engine, 4);
    engine.write(Command::new(Action::Forget { user: BEN })).unwrap();
    assert_eq!(engine.forget_some(u64::MAX).unwrap(), 4);
    engine.close().unwrap();
    let engine = open(&disk, flushing_after(4));
    let broken = Fault { lasting: true, ..fail_once(0, Operation::Rename, Effect::Io) };
    disk.inject(broken);
    for _ in 0..4 {
        engine.write(Command::publish(UserId(33), "hello")).unwrap();
    }
    until_counted(&engine, 1);
    let (told, done) = std::sync::mpsc::channel();
    let retaining = engine.clone();
    std::thread::spawn(move || told.send(retaining.retain()));
    let refused = done.recv_timeout(PATIENCE).unwrap().unwrap_err();
    assert!(refused.to_string().contains("MANIFEST"), "{refused}");
    disk.heal();
    assert!(0 < engine.retain().unwrap().erased.0);
}
