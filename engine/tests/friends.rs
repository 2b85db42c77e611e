//! Friends and private users: two follows of one record end one by one, whatever is rewritten meanwhile;
//! who may say what, and what a retry is told.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Audience, Changed, ChangesQuery, Command, ContentWanted, EdgeQuery, Engine, ErrorKind,
    Key, NewPost, Options, Receipt, Result, SEGMENT_BYTES_MIN, Storage, UserId, Watch, WatchEvent,
    WatchQuery, WriteOptions,
};

const ANN: UserId = UserId(7);
const BOB: UserId = UserId(8);
const EVE: UserId = UserId(9);

fn open(storage: &MemoryStorage) -> Engine {
    let cold_after = Duration::from_secs(1_000_000);
    let options = Options { segment_bytes: SEGMENT_BYTES_MIN, cold_after, ..Options::default() };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

/// The same database out of its log alone.
fn rebuilt(storage: &MemoryStorage, engine: Engine) -> Engine {
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    let engine = open(storage);
    assert_eq!(engine.digests().unwrap(), digests, "out of the log alone");
    engine
}

fn write(engine: &Engine, action: Action, options: WriteOptions) -> Result<Receipt> {
    engine.write(Command { action, options })
}

fn by(actor: UserId, key: u8) -> WriteOptions {
    WriteOptions { key: Some(Key([key; 16])), actor: Some(actor) }
}

fn asks(engine: &Engine, user: UserId) -> Vec<UserId> {
    let query = EdgeQuery { user, viewer: Some(user), before: None, limit: 20 };
    engine.requests(&query).unwrap().edges.into_iter().map(|edge| edge.user).collect()
}

fn follows(engine: &Engine, user: UserId, author: UserId) -> bool {
    engine.relation(user, author, None).unwrap().follows
}

#[test]
fn the_halves_of_a_befriending_end_one_by_one() {
    for first_ends in [ANN, BOB] {
        let storage = MemoryStorage::default();
        let engine = open(&storage);
        let befriend = Action::Befriend { user: ANN, other: BOB };
        write(&engine, befriend, WriteOptions::default()).unwrap();
        engine.retain().unwrap();
        let second_ends = if first_ends == ANN { BOB } else { ANN };
        engine.write(end(first_ends, second_ends)).unwrap();
        engine.retain().unwrap();
        let engine = rebuilt(&storage, engine);
        assert!(!follows(&engine, first_ends, second_ends), "what ended stays ended");
        assert!(follows(&engine, second_ends, first_ends), "the other half stands");
        engine.write(end(second_ends, first_ends)).unwrap();
        engine.retain().unwrap();
        let engine = rebuilt(&storage, engine);
        assert!(!follows(&engine, first_ends, second_ends));
        assert!(!follows(&engine, second_ends, first_ends));
    }
}

fn end(user: UserId, author: UserId) -> Command {
    Command::new(Action::Unfollow { user, author })
}

#[test]
fn either_of_the_two_befriends_and_nobody_else() {
    let storage = MemoryStorage::default();
    let engine = open(&storage);
    let befriend = Action::Befriend { user: ANN, other: BOB };
    let error = write(&engine, befriend.clone(), by(EVE, 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    let receipt = write(&engine, befriend.clone(), by(BOB, 2)).unwrap();
    assert_eq!(write(&engine, befriend.clone(), by(BOB, 2)).unwrap(), receipt, "the same key");
    let by_ann = write(&engine, befriend, by(ANN, 2)).unwrap();
    assert!(!by_ann.changed, "another's key is another key, and both follows stand");
    let error = write(&engine, Action::Approve { user: ANN, follower: BOB }, by(BOB, 3));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Denied);
}

#[test]
fn a_retry_of_a_follow_is_told_of_the_request() {
    let storage = MemoryStorage::default();
    let engine = open(&storage);
    let private = |is_on| Action::Private { user: ANN, is_on };
    write(&engine, private(true), WriteOptions::default()).unwrap();
    let follow = || Action::Follow { user: BOB, author: ANN, weight: Some(3) };
    let asked = write(&engine, follow(), by(BOB, 1)).unwrap();
    assert!(asked.changed && asked.requested && asked.post.is_none());
    let again = write(&engine, follow(), WriteOptions::default()).unwrap();
    assert!(!again.changed && again.requested);
    assert_eq!(asks(&engine, ANN), [BOB]);
    let query = EdgeQuery { user: ANN, viewer: Some(BOB), before: None, limit: 20 };
    assert_eq!(engine.requests(&query).unwrap_err().kind(), ErrorKind::Denied);
    write(&engine, Action::Deny { user: ANN, follower: BOB }, by(ANN, 2)).unwrap();
    engine.retain().unwrap();
    let engine = rebuilt(&storage, engine);
    assert_eq!(write(&engine, follow(), by(BOB, 1)).unwrap(), asked, "the first answer");
    assert!(asks(&engine, ANN).is_empty());
    write(&engine, follow(), by(BOB, 3)).unwrap();
    write(&engine, private(false), WriteOptions::default()).unwrap();
    assert_eq!(asks(&engine, ANN), [BOB], "requests stay");
    let followed = write(&engine, follow(), by(BOB, 4)).unwrap();
    assert!(followed.changed && !followed.requested);
    assert!(asks(&engine, ANN).is_empty() && follows(&engine, BOB, ANN));
}

#[test]
fn the_change_stream_says_which_follows_are_new() {
    let engine = open(&MemoryStorage::default());
    engine.write(Command::follow(ANN, BOB)).unwrap();
    let plain = WriteOptions::default();
    write(&engine, Action::Befriend { user: ANN, other: BOB }, plain).unwrap();
    write(&engine, Action::Befriend { user: EVE, other: BOB }, plain).unwrap();
    let content = ContentWanted::No;
    let query = ChangesQuery { after: None, begun: None, limit: 9, content };
    let changes = engine.changes(&query, None).unwrap().changes;
    let befriended = |user, other, forth, back| Changed::Befriended { user, other, forth, back };
    let told: Vec<&Changed> = changes.iter().map(|change| &change.what).collect();
    assert_eq!(told[1..], [&befriended(ANN, BOB, false, true), &befriended(EVE, BOB, true, true)]);
}

#[test]
fn who_is_suspended_ties_nothing_and_is_not_listed() {
    let engine = open(&MemoryStorage::default());
    let act = |action| write(&engine, action, WriteOptions::default());
    let refused = |action| act(action).unwrap_err().kind() == ErrorKind::Denied;
    for user in [ANN, BOB] {
        act(Action::Private { user, is_on: true }).unwrap();
    }
    act(Action::Follow { user: BOB, author: ANN, weight: None }).unwrap();
    act(Action::Follow { user: EVE, author: BOB, weight: None }).unwrap();
    act(Action::Suspend { user: BOB }).unwrap();
    assert!(asks(&engine, ANN).is_empty(), "what they asked shows no more");
    assert!(!engine.relation(ANN, BOB, Some(ANN)).unwrap().requested_by);
    assert!(!engine.relation(BOB, ANN, Some(ANN)).unwrap().requested);
    assert!(refused(Action::Befriend { user: BOB, other: EVE }));
    assert!(refused(Action::Befriend { user: EVE, other: BOB }), "it is said of both");
    assert!(refused(Action::Follow { user: BOB, author: EVE, weight: None }));
    assert!(refused(Action::Approve { user: BOB, follower: EVE }));
    assert!(act(Action::Deny { user: BOB, follower: EVE }).unwrap().changed, "no writing");
    act(Action::Unsuspend { user: BOB }).unwrap();
    assert_eq!(asks(&engine, ANN), [BOB], "as it was");
}

#[test]
fn of_who_is_forgotten_no_tie_is_left() {
    let storage = MemoryStorage::default();
    let engine = open(&storage);
    let act = |action| write(&engine, action, WriteOptions::default()).unwrap();
    for user in [ANN, BOB, EVE] {
        act(Action::Private { user, is_on: true });
    }
    act(Action::Befriend { user: ANN, other: BOB });
    act(Action::Befriend { user: EVE, other: ANN });
    act(Action::Befriend { user: BOB, other: EVE });
    let other = UserId(10);
    act(Action::Follow { user: other, author: BOB, weight: None });
    act(Action::Private { user: other, is_on: true });
    act(Action::Follow { user: BOB, author: other, weight: None });
    act(Action::Forget { user: BOB });
    assert!(asks(&engine, other).is_empty());
    while !engine.forgotten(None).unwrap().users.is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    for user in [ANN, EVE, other] {
        let relation = engine.relation(user, BOB, None).unwrap();
        assert!(!relation.follows && !relation.followed_by, "{user}");
        assert!(!relation.requested && !relation.requested_by, "{user}");
    }
    assert!(!engine.user(BOB, None).unwrap().is_private, "somebody new");
    assert!(follows(&engine, ANN, EVE) && follows(&engine, EVE, ANN), "others stay friends");
    engine.retain().unwrap();
    let engine = rebuilt(&storage, engine);
    assert!(follows(&engine, ANN, EVE) && follows(&engine, EVE, ANN));
    assert!(engine.user(ANN, None).unwrap().is_private);
}

/// Who followed already sees what is for mutual follows once they are followed back: a watch says so at
/// once, and to who comes back.
#[test]
fn who_is_befriended_is_told_of_what_is_for_mutual_follows() {
    let engine = open(&MemoryStorage::default());
    engine.write(Command::follow(ANN, BOB)).unwrap();
    let post = NewPost {
        author: BOB,
        text: "for friends".into(),
        audience: Audience::Mutual,
        ..NewPost::default()
    };
    let query = WatchQuery { user: ANN, viewer: None, after: None, presence: false };
    let mut live = engine.watch(&query).unwrap();
    let written = engine.write(Command::new(Action::Publish(post))).unwrap();
    let befriend = Action::Befriend { user: ANN, other: BOB };
    engine.write(Command::new(befriend)).unwrap();
    let told = |watch: &mut Watch| watch.wait(Duration::from_secs(60)).unwrap().unwrap().events;
    let is_told = |events: &[WatchEvent]| {
        events
            .iter()
            .any(|event| matches!(event, WatchEvent::FeedChanged(author) if *author == BOB))
    };
    assert!(is_told(&told(&mut live)));
    let after = Some(written.position);
    let mut back = engine.watch(&WatchQuery { after, ..query }).unwrap();
    assert!(is_told(&told(&mut back)));
}

#[test]
fn who_is_befriended_by_another_is_told_of_what_comes_into_their_home() {
    let engine = open(&MemoryStorage::default());
    engine.write(Command::publish(ANN, "post")).unwrap();
    let watch = |user| {
        let query = WatchQuery { user, viewer: None, after: None, presence: false };
        engine.watch(&query).unwrap()
    };
    let (mut ann, mut bob) = (watch(ANN), watch(BOB));
    engine.write(Command::new(Action::Befriend { user: ANN, other: BOB })).unwrap();
    for (watch, author) in [(&mut ann, BOB), (&mut bob, ANN)] {
        let told = watch.wait(Duration::from_secs(60)).unwrap().unwrap().events;
        assert_eq!(told, [WatchEvent::FeedChanged(author)]);
    }
}

#[test]
fn limits_are_those_of_both_who_become_friends() {
    let options = Options { friends_max: 1, followees_max: 2, ..Options::default() };
    let engine = Engine::open_on(Arc::new(MemoryStorage::default()), options).unwrap();
    let act = |action| write(&engine, action, WriteOptions::default());
    let is_refused = |action| act(action).unwrap_err().kind() == ErrorKind::Limit;
    let follow = |user, author| Action::Follow { user, author, weight: None };
    act(Action::Befriend { user: ANN, other: BOB }).unwrap();
    for (user, other) in [(ANN, EVE), (EVE, ANN)] {
        assert!(is_refused(Action::Befriend { user, other }), "one of them has a friend");
    }
    // Who is approved follows, and has the limit of those who do.
    act(Action::Private { user: EVE, is_on: true }).unwrap();
    assert!(act(follow(ANN, EVE)).unwrap().requested);
    act(follow(ANN, UserId(10))).unwrap();
    assert!(is_refused(Action::Approve { user: EVE, follower: ANN }));
    act(Action::Unfollow { user: ANN, author: UserId(10) }).unwrap();
    assert!(act(Action::Approve { user: EVE, follower: ANN }).unwrap().changed);
}

#[test]
fn a_block_ends_what_either_asked_of_the_other() {
    for (user, other) in [(ANN, BOB), (BOB, ANN)] {
        let storage = MemoryStorage::default();
        let engine = open(&storage);
        let act = |action| write(&engine, action, WriteOptions::default()).unwrap();
        act(Action::Private { user: ANN, is_on: true });
        act(Action::Follow { user: BOB, author: ANN, weight: None });
        let asked = |viewer| engine.relation(BOB, ANN, Some(viewer)).unwrap().requested;
        assert_eq!([ANN, BOB, EVE].map(asked), [true, true, false], "nobody else's business");
        act(Action::Block { user, other });
        act(Action::Unblock { user, other });
        assert!(asks(&engine, ANN).is_empty());
        assert!(rebuilt(&storage, engine).user(ANN, None).unwrap().is_private);
    }
}

/// The record that began it goes before the one that ended it.
#[test]
fn what_was_taken_back_stays_so_whatever_is_rewritten_meanwhile() {
    let storage = MemoryStorage::default();
    let mut engine = open(&storage);
    let act = |engine: &Engine, action| write(engine, action, WriteOptions::default()).unwrap();
    act(&engine, Action::Private { user: ANN, is_on: true });
    for _ in 0..3 {
        act(&engine, Action::Follow { user: BOB, author: ANN, weight: None });
        engine.retain().unwrap();
        act(&engine, Action::Unfollow { user: BOB, author: ANN });
        engine.retain().unwrap();
        engine = rebuilt(&storage, engine);
        assert!(asks(&engine, ANN).is_empty());
    }
}

/// All of it is flushed at once.
#[test]
fn a_request_that_a_block_ended_is_in_no_file() {
    let storage = MemoryStorage::default();
    let open = |storage: &MemoryStorage| {
        let options = Options { flush_records: 4, ..Options::default() };
        Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
    };
    let engine = open(&storage);
    let do_it = |action| engine.write(Command::new(action)).unwrap();
    do_it(Action::Private { user: ANN, is_on: true });
    do_it(Action::Follow { user: BOB, author: ANN, weight: None });
    do_it(Action::Follow { user: EVE, author: ANN, weight: None });
    do_it(Action::Block { user: ANN, other: BOB });
    assert_eq!(asks(&engine, ANN), [EVE]);
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    let engine = open(&storage);
    assert_eq!(asks(&engine, ANN), [EVE]);
    assert_eq!(engine.digests().unwrap(), digests);
}
