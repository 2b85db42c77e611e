//! Retention: what was deleted is in no file, what ended takes no room, and nobody who reads can
//! tell; whatever operation fails and wherever it is interrupted.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Command, Engine, ErrorKind, Key, Options, PostId, SEGMENT_BYTES_MIN, Span, Storage,
    TimelineQuery, UserId, WriteOptions, check_storage,
};

const AUTHOR: UserId = UserId(7);
const READER: UserId = UserId(8);

fn options(cold_after: Duration) -> Options {
    Options { segment_bytes: SEGMENT_BYTES_MIN, cold_after, ..Options::default() }
}

fn open(storage: &MemoryStorage, cold_after: Duration) -> Engine {
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options(cold_after)).unwrap()
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

#[test]
fn a_deleted_text_is_in_no_file_and_the_others_are() {
    for cold_after in [Duration::ZERO, Duration::from_secs(1_000_000)] {
        let storage = MemoryStorage::default();
        let engine = open(&storage, cold_after);
        engine.write(Command::follow(READER, AUTHOR)).unwrap();
        let posts = publish(&engine, 90);
        // Packed once before anything is deleted: erasing must find its way into packed segments.
        engine.retain().unwrap();
        let deleted = |number: &u64| number.is_multiple_of(3);
        for number in (0..90).filter(deleted) {
            let post = posts[usize::try_from(number).unwrap()];
            engine.write(Command::new(Action::Delete { post })).unwrap();
        }
        assert!(storage.has_text(&text(3)), "the search finds what is there");
        let before = home(&engine);
        // What is old is older than this millisecond.
        std::thread::sleep(Duration::from_millis(2));
        let done = engine.retain().unwrap();
        assert!(0 < done.segments, "{done:?}");
        for number in 0..90 {
            let is_there = storage.has_text(&text(number));
            assert_eq!(is_there, !deleted(&number), "text {number}, {cold_after:?}, {done:?}");
        }
        assert_eq!(home(&engine), before);
        let again = engine.retain().unwrap();
        // With nothing to pack, that is: what is sealed meanwhile becomes old at once.
        let is_idle = again.segments == 0 || cold_after == Duration::ZERO;
        assert!(is_idle, "nothing is left to do: {again:?}");
        engine.close().unwrap();
        let engine = open(&storage, cold_after);
        assert_eq!(home(&engine), before);
    }
}

/// A rebuild flushed all that the log still has, and yet the log goes further: its last records were
/// dropped. A round of retention has the views cover that too, and does not wait for it in vain.
#[test]
fn rebuilt_views_cover_what_was_dropped_at_the_end() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, Duration::ZERO);
    publish(&engine, 3);
    for _ in 0..3 {
        engine.write(Command::new(Action::Mute { user: READER, author: AUTHOR })).unwrap();
        engine.write(Command::new(Action::Unmute { user: READER, author: AUTHOR })).unwrap();
    }
    // What is old is older than this millisecond.
    std::thread::sleep(Duration::from_millis(2));
    assert_ne!(engine.retain().unwrap().segments, 0);
    engine.close().unwrap();
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    let options = Options { flush_records: 1, ..options(Duration::ZERO) };
    let engine = Engine::open_on(Arc::new(storage) as Arc<dyn Storage>, options).unwrap();
    assert!(engine.recovery().rebuilt.is_some(), "{:?}", engine.recovery());
    assert_ne!(engine.counters().unwrap().unflushed, 0, "the end is not covered yet");
    engine.retain().unwrap();
    assert_eq!(engine.counters().unwrap().unflushed, 0, "now it is");
}

#[test]
fn what_was_erased_still_answers_as_deleted() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, Duration::ZERO);
    let post = publish(&engine, 3)[1];
    let key = Some(Key([5; 16]));
    let delete = |actor, key| Command {
        action: Action::Delete { post },
        options: WriteOptions { key, actor },
    };
    let first = engine.write(delete(Some(AUTHOR), key)).unwrap();
    engine.retain().unwrap();
    let engine = {
        engine.close().unwrap();
        open(&storage, Duration::ZERO)
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
    let engine = open(&storage, Duration::ZERO);
    let authors: Vec<UserId> = (100..1_100).map(UserId).collect();
    for author in &authors {
        engine.write(Command::follow(READER, *author)).unwrap();
        engine.write(Command::new(Action::Unfollow { user: READER, author: *author })).unwrap();
    }
    let digests = engine.digests().unwrap();
    let done = engine.retain().unwrap();
    let more = engine.retain().unwrap();
    // 1,000 new users are named once each; nothing else is left of 2,000 records.
    assert!(done.bytes_after < 20_000, "{done:?} {more:?}");
    assert_eq!(engine.digests().unwrap(), digests);
    engine.close().unwrap();
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    assert_eq!(open(&storage, Duration::ZERO).digests().unwrap(), digests, "out of the log alone");
}

/// A closed database of many small segments, some of whose posts were deleted.
fn many_segments() -> MemoryStorage {
    let storage = MemoryStorage::default();
    for round in 0..6 {
        let engine = open(&storage, Duration::from_secs(1_000_000));
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
    let whole = many_segments();
    let (digests, expected) = {
        let engine = open(&whole.image(), Duration::from_secs(1_000_000));
        (engine.digests().unwrap(), home(&engine))
    };
    let mut completed = false;
    for count in 0..400 {
        let storage = whole.image();
        let engine = open(&storage, Duration::ZERO);
        let before = storage.operations();
        storage.fail_after(before + count - storage.operations(), io::ErrorKind::Other);
        let done = engine.retain();
        completed |= done.is_ok();
        assert_eq!(home(&engine), expected, "failure after {count}: {done:?}");
        // What the disk has now, as after kill -9 at this moment.
        let left = storage.image();
        storage.heal();
        let report = check_storage(&left).unwrap();
        assert!(report.is_clean(), "failure after {count}: {:?}", report.damage);
        let engine = open(&left, Duration::ZERO);
        assert_eq!(engine.digests().unwrap(), digests, "failure after {count}: {done:?}");
        engine.retain().unwrap();
        assert_eq!(engine.digests().unwrap(), digests, "retained after failure {count}");
        if done.is_ok() && 40 < count {
            break;
        }
    }
    assert!(completed, "some round got through");
}

/// What takes the place of a segment is written before the segment goes: on a full disk only the
/// reserve has room for it.
#[test]
fn erasing_frees_a_full_disk() {
    let storage = MemoryStorage::default();
    let options = Options { flush_records: 4, ..options(Duration::from_secs(1_000_000)) };
    let open = || Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options.clone());
    let engine = open().unwrap();
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
}

#[test]
fn small_old_segments_become_one() {
    let storage = many_segments();
    assert!(6 <= storage.segments().len(), "{:?}", storage.segments());
    let engine = open(&storage, Duration::ZERO);
    engine.retain().unwrap();
    assert!(storage.segments().len() <= 3, "{:?}", storage.segments());
}
