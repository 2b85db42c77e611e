//! Recovery, row by row of its decision table, and byte by byte: the log cut at every byte, every
//! byte of a sealed segment flipped, every storage operation failing once.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use fanfold_engine::layout::{GROUP_HEADER_BYTES, GROUP_MAGIC, SEGMENT_HEADER_BYTES};
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Command, Durability, Engine, ErrorKind, Options, Page, PostId, Result, SEGMENT_BYTES_MIN,
    ScanItems, ScanOf, ScanQuery, Sequence, Span, Storage, TimelineQuery, UserId, check_storage,
};

const ANN: UserId = UserId(11);
const BEN: UserId = UserId(22);

fn options(durability: Durability) -> Options {
    Options { durability, segment_bytes: SEGMENT_BYTES_MIN, ..Options::default() }
}

fn open_as(storage: &MemoryStorage, durability: Durability) -> Result<Engine> {
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options(durability))
}

fn open(storage: &MemoryStorage) -> Result<Engine> {
    open_as(storage, Durability::Fsync)
}

fn publish(engine: &Engine, text: &str) -> u64 {
    engine.write(Command::publish(BEN, text.to_owned())).unwrap().post.unwrap().0
}

fn home(engine: &Engine) -> Result<Page> {
    engine.home(&TimelineQuery { user: ANN, viewer: None, span: Span::Newest, limit: 200 })
}

fn texts(engine: &Engine) -> Vec<String> {
    let page = home(engine).unwrap();
    page.posts.iter().map(|post| String::from_utf8(post.text.to_vec()).unwrap()).collect()
}

/// A database of one follow and `posts` posts, killed after each was acknowledged. The log has a group for
/// each, and no other: after a pause there is one that only marks how far it is durable.
fn killed(durability: Durability, posts: usize) -> MemoryStorage {
    let images = (0..1_000).map(|_| killed_once(durability, posts));
    let is_plain = |image: &MemoryStorage| groups(&last_segment(image).1).len() == posts + 1;
    images.into_iter().find(is_plain).expect("a try without a pause")
}

fn killed_once(durability: Durability, posts: usize) -> MemoryStorage {
    let storage = MemoryStorage::default();
    let engine = open_as(&storage, durability).unwrap();
    engine.write(Command::follow(ANN, BEN)).unwrap();
    (0..posts).for_each(|n| assert!(0 < publish(&engine, &format!("post {n}"))));
    let image = storage.image();
    engine.close().unwrap();
    image
}

/// The name of the last segment and where its groups end.
fn last_segment(storage: &MemoryStorage) -> (String, Vec<u8>, usize) {
    let name = storage.segments().pop().unwrap();
    let bytes = storage.bytes(&name);
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    (name, bytes, end)
}

/// Where each group of a segment starts.
fn groups(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = SEGMENT_HEADER_BYTES;
    while bytes.get(at..at + 4) == Some(&GROUP_MAGIC[..]) {
        found.push(at);
        at += GROUP_HEADER_BYTES + u32_at(bytes, at + 4) as usize;
    }
    found
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
fn the_log_cut_at_every_byte_then_written_on_and_cut_again() {
    let killed = killed(Durability::Fsync, 3);
    let (name, bytes, end) = last_segment(&killed);
    let starts = groups(&bytes);
    assert!(3 < starts.len(), "one group for each write");
    for cut in starts[1]..=end {
        let image = killed.image();
        image.set_bytes(&name, bytes[..cut].to_vec());
        let whole = starts.iter().skip(2).chain([&end]).filter(|end| **end <= cut).count();
        let survivors: Vec<_> = (0..whole).rev().map(|n| format!("post {n}")).collect();

        let engine = open(&image).unwrap();
        assert_eq!(texts(&engine), survivors, "cut at {cut}");
        let torn = !starts.contains(&cut) && cut != end;
        assert_eq!(engine.recovery().torn.is_some(), torn, "cut at {cut}");
        // A tear leaves the length alone; a shorter file may have lost what was acknowledged.
        assert!(engine.recovery().new_epoch, "cut at {cut}");
        publish(&engine, "written on");
        let again = image.image();
        engine.close().unwrap();

        // Cut again: the group that was written on, in the middle.
        let (second, more, second_end) = last_segment(&again);
        again.set_bytes(&second, more[..second_end - 5].to_vec());
        let engine = open(&again).unwrap();
        assert_eq!(texts(&engine), survivors, "cut at {cut} and again");
        publish(&engine, "at last");
        assert_eq!(texts(&engine)[0], "at last");
        engine.close().unwrap();
        assert!(check_storage(&again).unwrap().is_clean());
    }
}

/// A tear may leave any bytes behind the last durable group, not only a short file.
#[test]
fn garbage_in_the_last_group_is_a_tear() {
    let killed = killed(Durability::Fsync, 3);
    let (name, bytes, end) = last_segment(&killed);
    let last = *groups(&bytes).last().unwrap();
    for at in last..end {
        let image = killed.image();
        let mut torn = bytes.clone();
        torn[at] ^= 0xff;
        image.set_bytes(&name, torn);
        assert!(check_storage(&image).unwrap().is_clean(), "a tear is no damage");
        let engine = open(&image).unwrap();
        assert_eq!(texts(&engine), ["post 1", "post 0"], "flipped {at}");
        assert_eq!(engine.recovery().torn.as_ref().unwrap().1, last as u64);
        assert!(!engine.recovery().new_epoch, "a tear in fsync mode loses nothing acknowledged");
    }
}

/// The next group says that the log was durable beyond this one: no tear, but rot.
#[test]
fn damage_below_the_durable_mark_refuses_to_open() {
    let killed = killed(Durability::Fsync, 3);
    let (name, bytes, _) = last_segment(&killed);
    let starts = groups(&bytes);
    for at in starts[1]..starts[2] {
        let image = killed.image();
        let mut rotten = bytes.clone();
        rotten[at] ^= 0x01;
        image.set_bytes(&name, rotten);
        let error = open(&image).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "flipped {at}: {error}");
        assert!(error.to_string().contains(&name), "{error}");
        assert!(error.to_string().contains("offset"), "{error}");
        assert!(!check_storage(&image).unwrap().is_clean(), "flipped {at}");
        // Refusing changes nothing: the bytes are still there for a repair.
        assert_eq!(image.bytes(&name)[starts[1]..starts[2]].len(), starts[2] - starts[1]);
    }
}

/// Unsynced writes may reach the disk in any order: in a weak mode a hole behind the durable mark
/// is a tear, even though whole groups follow it.
#[test]
fn a_hole_above_the_durable_mark_is_a_tear_and_begins_an_epoch() {
    let killed = killed(Durability::Os, 4);
    let (name, mut bytes, _) = last_segment(&killed);
    let starts = groups(&bytes);
    bytes[starts[2]..starts[3]].fill(0);
    killed.set_bytes(&name, bytes);
    let engine = open(&killed).unwrap();
    assert_eq!(texts(&engine), ["post 0"]);
    assert!(engine.recovery().new_epoch);
    assert_eq!(engine.position().unwrap().epoch, 2);
    // The ids of the lost posts never mean other posts.
    assert!(1 << 32 < publish(&engine, "later"));
    assert_eq!(texts(&engine), ["later", "post 0"]);
    let image = killed.image();
    engine.close().unwrap();
    let engine = open(&image).unwrap();
    assert_eq!(texts(&engine), ["later", "post 0"]);
    assert_eq!(engine.position().unwrap().epoch, 2, "a synced log keeps its epoch");
    let all = ScanQuery { of: ScanOf::Posts, after: Sequence(0), until: None, limit: 200 };
    let ScanItems::Posts(posts) = engine.scan(&all).unwrap().items else { panic!("posts") };
    assert_eq!(posts.len(), 2, "a scan steps over the hole between the epochs");
}

#[test]
fn a_power_cut_keeps_what_was_synced() {
    let storage = MemoryStorage::default();
    let engine = open(&storage).unwrap();
    engine.write(Command::follow(ANN, BEN)).unwrap();
    for n in 0..20 {
        publish(&engine, &format!("post {n}"));
        let image = storage.durable_image();
        let reopened = open(&image).unwrap();
        assert_eq!(texts(&reopened).len(), n + 1);
        assert!(!reopened.recovery().new_epoch);
    }
}

/// Every byte of a sealed segment counts: flipped, it is refused at open, or at the first read that
/// needs it, and always by `check`, with file and offset.
#[test]
fn every_flipped_byte_of_a_sealed_segment_is_found() {
    let storage = MemoryStorage::default();
    let engine = open(&storage).unwrap();
    engine.write(Command::follow(ANN, BEN)).unwrap();
    (0..5).for_each(|n| assert!(0 < publish(&engine, &format!("post {n}"))));
    engine.close().unwrap();
    let name = storage.segments().pop().unwrap();
    let bytes = storage.bytes(&name);
    // With the clean mark and without: then a damaged end must not pass for an unfinished segment.
    for (at, marked) in (0..bytes.len()).flat_map(|at| [(at, true), (at, false)]) {
        let image = storage.image();
        let mut rotten = bytes.clone();
        rotten[at] ^= 1 << (at % 8);
        image.set_bytes(&name, rotten);
        if !marked {
            image.remove("MANIFEST").unwrap();
        }
        let report = check_storage(&image).unwrap();
        assert!(!report.is_clean(), "check misses byte {at}");
        let damage = report.damage[0].to_string();
        assert!(damage.contains(&name) || damage.contains("version"), "byte {at}: {damage}");
        let error = open(&image).map(|engine| home(&engine)).unwrap_err();
        let refused = matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unusable);
        assert!(refused, "byte {at}: {error}");
    }
}

/// Rot that appears while the engine runs: the read that needs the record fails, the rest serves.
#[test]
fn rot_beneath_an_open_engine_fails_only_the_reads_that_need_it() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::open(directory.path(), options(Durability::Fsync)).unwrap();
    engine.write(Command::follow(ANN, BEN)).unwrap();
    let damaged = publish(&engine, "damaged later");
    let sound = publish(&engine, "sound");
    engine.close().unwrap();
    drop(engine);
    // Nothing of it is held in memory.
    let options = Options { memory_budget: 0, ..options(Durability::Fsync) };
    let engine = Engine::open(directory.path(), options).unwrap();
    let name = format!("log-{:020}.seg", 1);
    let path = directory.path().join(&name);
    let mut file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    let at = bytes.windows(7).position(|window| window == b"damaged").unwrap();
    file.seek(io::SeekFrom::Start(at as u64)).unwrap();
    file.write_all(b"D").unwrap();

    let error = engine.post(PostId(damaged), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains(&name), "{error}");
    assert!(error.to_string().contains("offset"), "{error}");
    assert_eq!(home(&engine).unwrap_err().kind(), ErrorKind::Corrupt);
    let above = Span::After(PostId(damaged));
    let query = TimelineQuery { user: ANN, viewer: None, span: above, limit: 20 };
    assert_eq!(engine.home(&query).unwrap().posts[0].id, PostId(sound));
    publish(&engine, "writes go on");
}

/// Fails the n-th changing operation, for every n until a run completes: whatever fails, nothing
/// acknowledged is lost and nothing appears twice.
#[test]
fn every_failing_operation_loses_nothing_acknowledged() {
    for n in 0.. {
        let storage = MemoryStorage::default();
        storage.fail_after(n, io::ErrorKind::Other);
        let mut acknowledged = Vec::new();
        let completed = history(&storage, &mut acknowledged);
        let image = storage.image();
        let engine = open(&image).unwrap_or_else(|error| panic!("operation {n}: {error}"));
        let found = texts(&engine);
        for text in &acknowledged {
            let times = found.iter().filter(|found| *found == text).count();
            assert_eq!(times, 1, "operation {n}: {text}");
        }
        engine.write(Command::follow(ANN, BEN)).unwrap();
        engine.close().unwrap();
        assert!(check_storage(&image).unwrap().is_clean(), "operation {n}");
        if completed {
            assert!(30 < n, "the run has that many operations");
            return;
        }
    }
}

/// Two opens, some big posts so that the log rolls, a close. True if nothing failed.
fn history(storage: &MemoryStorage, acknowledged: &mut Vec<String>) -> bool {
    let mut flawless = true;
    for round in 0..2 {
        let Ok(engine) = open(storage) else { return false };
        flawless &= engine.write(Command::follow(ANN, BEN)).is_ok();
        for n in 0..6 {
            let text = format!("{round}.{n} {}", "x".repeat(60_000));
            match engine.write(Command::publish(BEN, text.clone())) {
                Ok(_) => acknowledged.push(text),
                Err(error) => {
                    flawless = false;
                    assert_ne!(error.kind(), ErrorKind::Invalid);
                    // Reads go on.
                    home(&engine).unwrap();
                }
            }
        }
        flawless &= engine.close().is_ok();
    }
    flawless
}

#[test]
fn a_failed_sync_stops_writes_and_not_reads() {
    let storage = MemoryStorage::default();
    let engine = open(&storage).unwrap();
    engine.write(Command::follow(ANN, BEN)).unwrap();
    publish(&engine, "before");
    storage.fail_after(1, io::ErrorKind::Other);
    let error = engine.write(Command::publish(BEN, "lost")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    storage.heal();
    let error = engine.write(Command::publish(BEN, "after")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "never retried: {error}");
    assert_eq!(texts(&engine), ["before"]);
    assert!(engine.unavailable_reason().is_some());
    assert!(engine.close().is_err(), "not a clean stop");
}

#[test]
fn a_full_disk_refuses_writes_until_space_returns() {
    let storage = MemoryStorage::default();
    let engine = open(&storage).unwrap();
    engine.write(Command::follow(ANN, BEN)).unwrap();
    storage.set_capacity(Some(3 * SEGMENT_BYTES_MIN));
    let big = "x".repeat(60_000);
    let mut acknowledged = 0;
    let error = loop {
        match engine.write(Command::publish(BEN, big.clone())) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 100, "the disk never fills");
    };
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    assert_eq!(texts(&engine).len(), acknowledged);
    storage.set_capacity(None);
    let resumed = (0..3).any(|_| engine.write(Command::publish(BEN, "back")).is_ok());
    assert!(resumed, "writes resume by themselves");
    engine.close().unwrap();
    assert!(check_storage(&storage).unwrap().is_clean());
}

/// Not a byte is left, and opening needs a manifest and a segment: the reserve has room for them.
#[test]
fn a_full_disk_can_be_opened_after_a_kill() {
    let storage = MemoryStorage::default();
    let engine = open(&storage).unwrap();
    engine.write(Command::follow(ANN, BEN)).unwrap();
    storage.set_capacity(Some(5 * SEGMENT_BYTES_MIN));
    let big = "x".repeat(60_000);
    while engine.write(Command::publish(BEN, big.clone())).is_ok() {}
    let expected = texts(&engine);
    let left = storage.image();
    left.set_capacity(Some(left.used()));
    let reopened = open(&left).unwrap();
    assert_eq!(texts(&reopened), expected);
    reopened.close().unwrap();
    assert!(check_storage(&left).unwrap().is_clean());
}

#[test]
fn a_missing_segment_is_named() {
    let storage = MemoryStorage::default();
    for _ in 0..3 {
        let engine = open(&storage).unwrap();
        publish(&engine, "post");
        engine.close().unwrap();
    }
    let segments = storage.segments();
    assert_eq!(segments.len(), 3);
    for missing in &segments {
        let image = storage.image();
        image.remove(missing).unwrap();
        let error = open(&image).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "without {missing}: {error}");
        assert!(!check_storage(&image).unwrap().is_clean());
    }
}

/// After a kill nothing but the manifest knows that there was a newer segment.
#[test]
fn the_newest_segment_cannot_be_taken_away_unnoticed() {
    let image = killed(Durability::Fsync, 3);
    let name = image.segments().pop().unwrap();
    image.remove(&name).unwrap();
    let error = open(&image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(error.place(), Some((name.as_str(), 0)), "{error}");
    let report = check_storage(&image).unwrap();
    assert_eq!(report.damage.first().unwrap().file(), Some(name.as_str()));
}

#[test]
fn a_segment_of_another_database_is_refused() {
    let (ours, theirs) = (killed(Durability::Fsync, 1), killed(Durability::Fsync, 1));
    let name = ours.segments().pop().unwrap();
    let image = ours.image();
    image.set_bytes(&name, theirs.bytes(&name));
    let error = open(&image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unusable, "{error}");
    assert!(error.to_string().contains("belongs to database"), "{error}");
}

#[test]
fn a_lost_manifest_loses_nothing() {
    let storage = killed(Durability::Fsync, 2);
    let before = open(&storage.image()).unwrap().database_id();
    storage.remove("MANIFEST").unwrap();
    let engine = open(&storage).unwrap();
    assert_eq!(texts(&engine), ["post 1", "post 0"]);
    assert_eq!(engine.database_id(), before);
}

/// A crash between the new segment and the old one's footer leaves two segments without a footer.
#[test]
fn an_interrupted_seal_is_completed() {
    let storage = MemoryStorage::default();
    let engine = open(&storage).unwrap();
    engine.write(Command::follow(ANN, BEN)).unwrap();
    let big = "x".repeat(60_000);
    while storage.segments().len() < 2 {
        engine.write(Command::publish(BEN, big.clone())).unwrap();
    }
    let posts = texts(&engine).len();
    engine.close().unwrap();
    // Undo the first segment's seal: cut its footer and table off, fill up with zeros.
    let first = storage.segments()[0].clone();
    let sealed = storage.bytes(&first);
    let footer = &sealed[sealed.len() - 48..];
    let data_end = u32::from_le_bytes(footer[20..24].try_into().unwrap()) as usize;
    let mut unsealed = sealed[..data_end].to_vec();
    unsealed.resize(usize::try_from(SEGMENT_BYTES_MIN).unwrap(), 0);
    let image = storage.image();
    image.set_bytes(&first, unsealed.clone());
    let error = open(&image).unwrap_err();
    assert!(error.to_string().contains("cleanly closed"), "the clean mark forbids it: {error}");
    image.remove("MANIFEST").unwrap();
    let without_end = image.image();
    let engine = open(&image).unwrap();
    assert_eq!(texts(&engine).len(), posts);
    engine.close().unwrap();
    assert!(check_storage(&image).unwrap().is_clean());

    // The segment after it proves that its records were there: here no end is a tear.
    // Not a group that only marks how far the log is durable.
    let has_records = |at: &usize| 60_000 < u32_at(&unsealed, at + 4);
    let last = groups(&unsealed).into_iter().rfind(has_records).unwrap();
    unsealed[last..].fill(0);
    without_end.set_bytes(&first, unsealed);
    let error = open(&without_end).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("are missing"), "{error}");
    assert_eq!(image.bytes(&first), sealed, "the same bytes as the seal that was interrupted");
}

/// An epoch whose records were all lost had given out ids all the same.
#[test]
fn an_epoch_that_was_lost_whole_gives_its_ids_to_nobody() {
    let mut storage = MemoryStorage::default();
    let mut given = std::collections::BTreeSet::new();
    for epoch in 1..5 {
        let engine = open_as(&storage, Durability::Os).unwrap();
        assert_eq!(engine.position().unwrap().epoch, epoch);
        (0..3).for_each(|_| assert!(given.insert(publish(&engine, "lost")), "an id came twice"));
        storage = storage.durable_image();
    }
}

/// Recovery may be interrupted anywhere, again and again: it never gives an old id to a new post.
#[test]
fn an_interrupted_recovery_forgets_no_epoch() {
    let killed = killed(Durability::Os, 4);
    for n in 0.. {
        let image = killed.image();
        image.fail_after(n, io::ErrorKind::Other);
        let completed = match open_as(&image, Durability::Os) {
            Ok(engine) => engine.close().is_ok(),
            Err(_) => false,
        };
        let engine = open(&image.image()).unwrap();
        assert!(1 << 32 < publish(&engine, "later"), "interrupted at operation {n}");
        if completed {
            assert!(5 < n, "recovery has that many operations");
            return;
        }
    }
}
