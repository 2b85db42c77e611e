//! Weights of follows and tags of users: what changes them, what survives, and that no answer depends on them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Command, EdgeQuery, Engine, ErrorKind, Key, Options, Receipt, Result,
    SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery, UserId, WriteOptions, inspect_file,
};

const READER: UserId = UserId(7);
const AUTHOR: UserId = UserId(9);

fn open(storage: &MemoryStorage, flush_records: u64) -> Engine {
    let options = Options { segment_bytes: SEGMENT_BYTES_MIN, flush_records, ..Options::default() };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

fn follow(engine: &Engine, weight: Option<u8>) -> Result<Receipt> {
    engine.write(Command::new(Action::Follow { user: READER, author: AUTHOR, weight }))
}

/// Whether the follow had another weight, or did not stand.
fn changed(engine: &Engine, weight: u8) -> bool {
    follow(engine, Some(weight)).unwrap().changed
}

fn unfollow(engine: &Engine) {
    engine.write(Command::new(Action::Unfollow { user: READER, author: AUTHOR })).unwrap();
}

fn tag(engine: &Engine, user: UserId, tag: &str, is_set: bool) -> Result<bool> {
    let tag = tag.to_owned();
    engine.write(Command::new(Action::Tag { user, tag, is_set })).map(|receipt| receipt.changed)
}

#[test]
fn a_follow_has_the_weight_it_was_given_last() {
    let engine = open(&MemoryStorage::default(), 1_000_000);
    assert!(follow(&engine, None).unwrap().changed);
    assert!(!changed(&engine, 0), "none is 0");
    assert!(changed(&engine, 5) && !changed(&engine, 5) && changed(&engine, 15));
    assert!(!follow(&engine, None).unwrap().changed, "a follow without a weight leaves it");
    assert!(!changed(&engine, 15));
    unfollow(&engine);
    assert!(follow(&engine, None).unwrap().changed);
    assert!(!changed(&engine, 0), "it went with the follow");
    changed(&engine, 3);
    engine.write(Command::new(Action::Block { user: AUTHOR, other: READER })).unwrap();
    engine.write(Command::new(Action::Unblock { user: AUTHOR, other: READER })).unwrap();
    follow(&engine, None).unwrap();
    assert!(!changed(&engine, 0), "and with a block");
    let refused = follow(&engine, Some(16)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!(refused.to_string(), "weight 16 is out of range; give 0 to 15");
}

/// Commands of one group see each other.
#[test]
fn weights_of_a_group_are_decided_in_order() {
    let engine = open(&MemoryStorage::default(), 1_000_000);
    let unfollow = Action::Unfollow { user: READER, author: AUTHOR };
    let follow = |weight| Action::Follow { user: READER, author: AUTHOR, weight };
    let actions = [
        (follow(Some(4)), true),
        (follow(Some(4)), false),
        (follow(Some(6)), true),
        (follow(Some(6)), false),
        (follow(None), false),
        (unfollow, true),
        (follow(None), true),
        (follow(Some(0)), false),
    ];
    for _ in 0..20 {
        let submit = |(action, _): &(Action, bool)| engine.submit(Command::new(action.clone()));
        let tickets: Vec<_> = actions.iter().map(|one| submit(one).unwrap()).collect();
        for ((action, expected), ticket) in actions.iter().zip(tickets) {
            assert_eq!(ticket.wait().unwrap().changed, *expected, "{action:?}");
        }
        engine.write(Command::new(Action::Unfollow { user: READER, author: AUTHOR })).unwrap();
    }
}

#[test]
fn a_key_is_for_one_weight() {
    let engine = open(&MemoryStorage::default(), 1_000_000);
    follow(&engine, Some(2)).unwrap();
    let keyed = |weight| {
        let options = WriteOptions { key: Some(Key([5; 16])), actor: None };
        let action = Action::Follow { user: READER, author: AUTHOR, weight };
        engine.write(Command::new(action).with(options))
    };
    let first = keyed(Some(8)).unwrap();
    assert_eq!(keyed(Some(8)).unwrap(), first, "a retry gets the first answer");
    assert_eq!(keyed(Some(9)).unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(keyed(None).unwrap_err().kind(), ErrorKind::Conflict);
}

/// Edges keep their place and their digest.
#[test]
fn a_weight_is_no_part_of_an_answer() {
    let engine = open(&MemoryStorage::default(), 1_000_000);
    follow(&engine, None).unwrap();
    engine.write(Command::follow(READER, UserId(10))).unwrap();
    let query = EdgeQuery { user: READER, viewer: None, before: None, limit: 20 };
    let (edges, digest) = (engine.following(&query).unwrap().edges, engine.digests().unwrap());
    assert!(changed(&engine, 11));
    assert_eq!(engine.following(&query).unwrap().edges, edges);
    assert_eq!(engine.digests().unwrap(), digest);
    assert_eq!(engine.user(READER, None).unwrap().followees, 2);
}

/// Over an orderly stop, over a crash (the log), and once view files cover the records.
#[test]
fn weights_and_tags_survive() {
    for (flush_records, is_orderly) in
        [(1_000_000, true), (1_000_000, false), (1, true), (1, false)]
    {
        let context = format!("flushed every {flush_records}, orderly {is_orderly}");
        let storage = MemoryStorage::default();
        let engine = open(&storage, flush_records);
        follow(&engine, Some(2)).unwrap();
        assert!(changed(&engine, 12));
        assert!(tag(&engine, READER, "vip", true).unwrap());
        engine.write(Command::publish(AUTHOR, "last")).unwrap();
        while flush_records == 1 && 0 < engine.counters().unwrap().unflushed {
            std::thread::sleep(Duration::from_millis(5));
        }
        if is_orderly {
            engine.close().unwrap();
        }
        let copy = storage.image();
        let engine = open(&copy, flush_records);
        assert!(!changed(&engine, 12), "{context}");
        if is_orderly || flush_records == 1 {
            assert!(!tag(&engine, READER, "vip", true).unwrap(), "{context}");
        }
    }
}

#[test]
fn tags_are_given_and_taken() {
    let engine = open(&MemoryStorage::default(), 1_000_000);
    assert!(!tag(&engine, READER, "vip", true).unwrap(), "nobody has written about them");
    follow(&engine, None).unwrap();
    assert!(tag(&engine, READER, "vip", true).unwrap());
    assert!(!tag(&engine, READER, "vip", true).unwrap());
    assert!(tag(&engine, READER, "vip", false).unwrap());
    for n in 0..8 {
        assert!(tag(&engine, READER, &format!("t{n}"), true).unwrap());
    }
    assert_eq!(tag(&engine, READER, "t8", true).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(tag(&engine, READER, "two words", true).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(tag(&engine, READER, "", true).unwrap_err().kind(), ErrorKind::Invalid);
}

/// A backup takes them along.
#[test]
fn a_backup_has_weights_and_tags() {
    let engine = open(&MemoryStorage::default(), 1_000_000);
    follow(&engine, Some(9)).unwrap();
    tag(&engine, READER, "vip", true).unwrap();
    let target = MemoryStorage::default();
    engine.backup_to(&target).unwrap();
    let restored = open(&target, 1_000_000);
    assert!(!changed(&restored, 9));
    assert!(!tag(&restored, READER, "vip", true).unwrap());
}

/// What deliveries go by can be looked at, as every other file.
#[test]
fn ranks_and_inboxes_are_shown_as_text() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, 1_000_000);
    engine.write(Command::publish(AUTHOR, "hello")).unwrap();
    follow(&engine, Some(5)).unwrap();
    tag(&engine, READER, "vip", true).unwrap();
    let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 20 };
    engine.home(&query).unwrap();
    assert!(engine.settle_delivery(Duration::from_secs(60)));
    let database = engine.database_id();
    engine.close().unwrap();
    let shown = |name| {
        let mut text = String::new();
        inspect_file(&storage, name, &mut text).map(|()| text)
    };
    let expected = format!(
        "weights of follows and tags of users\n  database {database}\n  as of 2\n1 weights\n  user 7 \
         follows 9: 5\n1 users with tags\n  user 7: vip\n"
    );
    assert_eq!(shown("RANKS").unwrap(), expected);
    let inboxes = shown("INBOXES").unwrap();
    assert!(inboxes.contains("\n  as of 1:2\n") && inboxes.contains("\n1 inboxes\n"), "{inboxes}");
    assert_eq!(shown("NOTES").unwrap_err().kind(), ErrorKind::Invalid);
    for name in ["RANKS", "INBOXES"] {
        let file = storage.open(name).unwrap();
        file.write_at(20, &[0xff; 2]).unwrap();
        assert_eq!(shown(name).unwrap_err().kind(), ErrorKind::Corrupt, "{name}");
    }
}
