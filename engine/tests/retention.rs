//! Retention: what was deleted is in no file, what ended takes no room, and nobody who reads can
//! tell; whatever operation fails and wherever it is interrupted.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Clock, Command, Engine, ErrorKind, Key, ManualClock, Options, PostId, Retention,
    SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery, Timestamp, UserId, WriteOptions,
    check_storage,
};

const AUTHOR: UserId = UserId(7);
const READER: UserId = UserId(8);

/// What is older is packed. It is so long that an engine begins no round by itself while a test runs,
/// however slowly: there are the rounds that the tests ask for, and no others.
const COLD_AFTER: Duration = Duration::from_secs(1_000_000);

/// An engine and the hand that sets its clock.
struct Aging {
    engine: Engine,
    clock: Arc<ManualClock>,
}

impl Aging {
    fn open(storage: &MemoryStorage) -> Self {
        Self::open_with(storage, Options::default())
    }

    fn open_with(storage: &MemoryStorage, options: Options) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
        let (segment_bytes, cold_after) = (SEGMENT_BYTES_MIN, COLD_AFTER);
        let options =
            Options { segment_bytes, cold_after, clock: Arc::clone(&clock) as _, ..options };
        let storage = Arc::new(storage.clone()) as Arc<dyn Storage>;
        Self { engine: Engine::open_on(storage, options).unwrap(), clock }
    }

    /// A round for which all that is sealed is old.
    fn pack(&self) -> fanfold_engine::Result<Retention> {
        let age = u64::try_from(COLD_AFTER.as_millis()).unwrap() + 1;
        self.clock.set(Timestamp(self.clock.now().0 + age));
        self.engine.retain()
    }
}

impl Deref for Aging {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

fn text(number: u64) -> String {
    format!("<text number {number} of the test>")
}

/// Publishes `count` posts; each has its own text.
fn publish(engine: &Engine, count: u64) -> Vec<PostId> {
    let publish = |number| Command::publish(AUTHOR, text(number));
    (0..count).map(|number| engine.write(publish(number)).unwrap().post.unwrap()).collect()
}

fn home(engine: &Engine) -> Vec<PostId> {
    let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 200 };
    engine.home(&query).unwrap().posts.iter().map(|post| post.id).collect()
}

fn check_that_a_deleted_text_is_in_no_file(retain: impl Fn(&Aging) -> Retention) {
    let storage = MemoryStorage::default();
    let engine = Aging::open(&storage);
    engine.write(Command::follow(READER, AUTHOR)).unwrap();
    let posts = publish(&engine, 90);
    // Packed once before anything is deleted: erasing must find its way into packed segments.
    retain(&engine);
    let deleted = |number: &u64| number.is_multiple_of(3);
    for number in (0..90).filter(deleted) {
        let post = posts[usize::try_from(number).unwrap()];
        engine.write(Command::delete(post)).unwrap();
    }
    assert!(storage.has_text(&text(3)), "the search finds what is there");
    let before = home(&engine);
    let done = retain(&engine);
    assert!(0 < done.segments, "{done:?}");
    for number in 0..90 {
        let is_there = storage.has_text(&text(number));
        assert_eq!(is_there, !deleted(&number), "text {number}, {done:?}");
    }
    assert_eq!(home(&engine), before);
    let again = engine.retain().unwrap();
    assert_eq!(again.segments, 0, "nothing is left to do: {again:?}");
    engine.close().unwrap();
    let engine = Aging::open(&storage);
    assert_eq!(home(&engine), before);
}

#[test]
fn a_deleted_text_is_in_no_file_and_the_others_are() {
    check_that_a_deleted_text_is_in_no_file(|engine| engine.retain().unwrap());
}

#[test]
fn a_deleted_text_is_in_no_packed_file_and_the_others_are() {
    check_that_a_deleted_text_is_in_no_file(|engine| engine.pack().unwrap());
}

/// A rebuild flushed all that the log still has, and yet the log goes further: its last records were
/// dropped. A round of retention has the views cover that too, and does not wait for it in vain.
#[test]
fn rebuilt_views_cover_what_was_dropped_at_the_end() {
    let storage = MemoryStorage::default();
    let engine = Aging::open(&storage);
    publish(&engine, 3);
    for _ in 0..3 {
        engine.write(Command::new(Action::Mute { user: READER, author: AUTHOR })).unwrap();
        engine.write(Command::new(Action::Unmute { user: READER, author: AUTHOR })).unwrap();
    }
    assert_ne!(engine.pack().unwrap().segments, 0);
    engine.close().unwrap();
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    let recovery = Aging::open(&storage.image()).recovery().clone();
    assert!(recovery.rebuilt.is_some() && recovery.records < 9, "some were dropped: {recovery:?}");
    let options = Options { flush_records: 1, ..Options::default() };
    let engine = Aging::open_with(&storage, options);
    engine.retain().unwrap();
    assert_eq!(engine.counters().unwrap().unflushed, 0, "the end is covered too");
}

#[test]
fn what_was_erased_still_answers_as_deleted() {
    let storage = MemoryStorage::default();
    let engine = Aging::open(&storage);
    let post = publish(&engine, 3)[1];
    let key = Some(Key([5; 16]));
    let delete = |actor, key| Command {
        action: Action::Delete { post },
        options: WriteOptions { key, actor },
    };
    let first = engine.write(delete(Some(AUTHOR), key)).unwrap();
    engine.pack().unwrap();
    let engine = {
        engine.close().unwrap();
        Aging::open(&storage)
    };
    assert_eq!(engine.write(delete(Some(AUTHOR), key)).unwrap(), first, "under the same key");
    assert!(!engine.write(delete(Some(AUTHOR), None)).unwrap().changed);
    let stranger = engine.write(delete(Some(READER), None)).unwrap_err();
    assert_eq!(stranger.kind(), ErrorKind::Denied);
    assert_eq!(engine.post(post, None).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn what_ended_takes_no_room() {
    let storage = MemoryStorage::default();
    let engine = Aging::open(&storage);
    let authors: Vec<UserId> = (100..1_100).map(UserId).collect();
    for author in &authors {
        engine.write(Command::follow(READER, *author)).unwrap();
        engine.write(Command::new(Action::Unfollow { user: READER, author: *author })).unwrap();
    }
    let digests = engine.digests().unwrap();
    let done = engine.pack().unwrap();
    let more = engine.pack().unwrap();
    // 1,000 new users are named once each; nothing else is left of 2,000 records.
    assert!(done.bytes_after < 20_000, "{done:?} {more:?}");
    assert_eq!(engine.digests().unwrap(), digests);
    engine.close().unwrap();
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    assert_eq!(Aging::open(&storage).digests().unwrap(), digests, "out of the log alone");
}

/// A closed database of many small segments, some of whose posts were deleted.
fn many_segments() -> MemoryStorage {
    let storage = MemoryStorage::default();
    for round in 0..6 {
        let engine = Aging::open(&storage);
        engine.write(Command::follow(READER, AUTHOR)).unwrap();
        let posts = publish(&engine, 10);
        let post = posts[round];
        engine.write(Command::new(Action::Delete { post })).unwrap();
        engine.close().unwrap();
    }
    storage
}

#[test]
fn a_failure_at_any_operation_loses_nothing() {
    for kind in [io::ErrorKind::Other, io::ErrorKind::StorageFull] {
        check_that_a_failure_at_any_operation_loses_nothing(kind);
    }
}

fn check_that_a_failure_at_any_operation_loses_nothing(kind: io::ErrorKind) {
    let whole = many_segments();
    let (digests, expected) = {
        let engine = Aging::open(&whole.image());
        (engine.digests().unwrap(), home(&engine))
    };
    let mut completed = false;
    for count in 0..400 {
        let storage = whole.image();
        let engine = Aging::open(&storage);
        storage.fail_after(count, kind);
        let done = engine.pack();
        completed |= done.is_ok();
        assert_eq!(home(&engine), expected, "failure after {count}: {done:?}");
        // What the disk has now, as after kill -9 at this moment.
        let left = storage.image();
        storage.heal();
        let report = check_storage(&left).unwrap();
        assert!(report.is_clean(), "failure after {count}: {:?}", report.damage);
        let engine = Aging::open(&left);
        assert_eq!(engine.digests().unwrap(), digests, "failure after {count}: {done:?}");
        engine.pack().unwrap();
        assert_eq!(engine.digests().unwrap(), digests, "retained after failure {count}");
        if done.is_ok() && 40 < count {
            break;
        }
    }
    assert!(completed, "some round got through");
}

/// What takes the place of a segment is written before the segment goes, and before that the view
/// files that cover it: on a full disk only the reserve has room for either. `flush_records` says how
/// much of it the view files cover before the disk is full.
fn check_that_erasing_frees_a_full_disk(flush_records: u64) {
    let storage = MemoryStorage::default();
    let engine = Aging::open_with(&storage, Options { flush_records, ..Options::default() });
    let big = |number| format!("{}{}", text(number), "x".repeat(30_000));
    let write = |number| engine.write(Command::publish(AUTHOR, big(number)));
    let posts: Vec<_> = (0..20).map(|number| write(number).unwrap().post.unwrap()).collect();
    posts.iter().take(8).for_each(|post| {
        engine.write(Command::delete(*post)).unwrap();
    });
    // To the last segment that there is room for, and then to the last byte.
    storage.set_capacity(Some(storage.used() + 2 * SEGMENT_BYTES_MIN));
    while write(100).is_ok() {}
    let before = storage.used();
    storage.set_capacity(Some(before));
    let done = engine.retain().unwrap();
    assert!(0 < done.segments, "{done:?}");
    let left = storage.used();
    assert!(left + 200_000 < before, "{left} of {before}");
    assert!(!storage.has_text(&text(3)));
    assert!(storage.has_text(&text(9)));
    let names = storage.list().unwrap();
    assert!(names.iter().any(|name| name == "reserve.tmp"), "for the next time: {names:?}");
}

#[test]
fn erasing_frees_a_full_disk() {
    check_that_erasing_frees_a_full_disk(4);
}

#[test]
fn erasing_frees_a_disk_that_was_full_before_the_first_flush() {
    check_that_erasing_frees_a_full_disk(1_000_000);
}

/// Each try of a flush that found no room left what it had written so far, until the next opening.
#[test]
fn a_flush_that_finds_no_room_leaves_nothing_behind() {
    let storage = MemoryStorage::default();
    let engine = Aging::open_with(&storage, Options { flush_records: 4, ..Options::default() });
    storage.set_capacity(Some(storage.used()));
    publish(&engine, 12);
    let patience = Instant::now() + Duration::from_secs(60);
    while engine.counters().unwrap().background_faults == 0 {
        assert!(Instant::now() < patience, "no flush finds room");
        std::thread::sleep(Duration::from_millis(1));
    }
    // A try that is under way has something.
    let is_of_view = |name: &String| name.contains(".view");
    while storage.list().unwrap().iter().any(is_of_view) {
        assert!(Instant::now() < patience, "{:?}", storage.list().unwrap());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn small_old_segments_become_one() {
    let storage = many_segments();
    assert!(6 <= storage.segments().len(), "{:?}", storage.segments());
    let engine = Aging::open(&storage);
    engine.pack().unwrap();
    assert!(storage.segments().len() <= 3, "{:?}", storage.segments());
}
