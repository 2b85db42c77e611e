//! Notices, one behaviour a test: what the random histories of `model.rs` meet too seldom.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Command, Engine, ErrorKind, Key, Mentions, NOTICES_MAX, NewPost, NoticeKind,
    NoticesPage, NoticesQuery, Options, PostId, Receipt, Result, SEGMENT_BYTES_MIN, Sequence,
    Storage, UserId, WriteOptions,
};

const ANN: UserId = UserId(1_000_001);
const BEN: UserId = UserId(1_000_002);

fn open(storage: &MemoryStorage) -> Engine {
    let options = Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        cold_after: Duration::ZERO,
        flush_records: 400,
        memory_budget: 0,
        ..Options::default()
    };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

fn fresh() -> Engine {
    open(&MemoryStorage::default())
}

fn post(engine: &Engine, author: UserId) -> PostId {
    engine.write(Command::publish(author, "a post")).unwrap().post.unwrap()
}

fn mention(engine: &Engine, author: UserId, mentions: Mentions) -> Result<Receipt> {
    let post = NewPost { author, text: "look".into(), mentions, ..NewPost::default() };
    engine.write(Command::new(Action::Publish(post)))
}

fn notices(engine: &Engine, user: UserId) -> NoticesPage {
    engine.notices(&NoticesQuery { user, viewer: None, before: None, limit: 200 }).unwrap()
}

fn read(user: UserId, up_to: Option<Sequence>) -> Command {
    Command::new(Action::NoticesRead { user, up_to })
}

/// What retention dropped must not bring back what had left the window: the places of what was undone
/// stay taken, in the log too.
#[test]
fn the_window_is_the_newest_thousand_whatever_was_undone() {
    let storage = MemoryStorage::default();
    let engine = open(&storage);
    let target = post(&engine, ANN);
    let all = NOTICES_MAX as u64 + 100;
    let react = |user: u64| Action::React { user: UserId(user), target, kind: 0 };
    let unreact = |user: u64| Action::Unreact { user: UserId(user), target, kind: 0 };
    (1..=all).for_each(|user| assert!(engine.write(Command::new(react(user))).unwrap().changed));
    let count = |engine: &Engine| notices(engine, ANN).groups[0].count;
    assert_eq!(count(&engine), 1_000);
    // Some inside of the window, and some that had left it.
    for user in (1..=all).filter(|user| user % 3 == 0) {
        engine.write(Command::new(unreact(user))).unwrap();
    }
    let left = (101..=all).filter(|user| user % 3 != 0).count();
    assert_eq!(count(&engine) as usize, left);
    let digests = engine.digests().unwrap();
    for _ in 0..2 {
        engine.retain().unwrap();
    }
    assert_eq!(engine.digests().unwrap(), digests);
    engine.close().unwrap();
    drop(engine);
    let engine = open(&storage);
    assert_eq!(engine.digests().unwrap(), digests, "out of the view files");
    assert_eq!(count(&engine) as usize, left);
    engine.close().unwrap();
    drop(engine);
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    let engine = open(&storage);
    assert_eq!(engine.digests().unwrap(), digests, "out of the log alone");
    assert_eq!(count(&engine) as usize, left);
}

#[test]
fn who_follows_again_and_again_is_told_once() {
    let engine = fresh();
    let first = engine.write(Command::follow(BEN, ANN)).unwrap().position.sequence;
    engine.write(read(ANN, None)).unwrap();
    engine.write(Command::new(Action::Unfollow { user: BEN, author: ANN })).unwrap();
    assert!(notices(&engine, ANN).groups.is_empty(), "withdrawn");
    engine.write(Command::follow(BEN, ANN)).unwrap();
    let page = notices(&engine, ANN);
    assert_eq!((page.groups.len(), page.unread), (1, 0));
    assert_eq!((page.groups[0].newest, page.groups[0].count), (first, 1));
}

#[test]
fn a_comment_that_mentions_tells_each_once() {
    let engine = fresh();
    let (cat, dan) = (UserId(3), UserId(4));
    let target = post(&engine, ANN);
    let comment = |user, answers, mentions: &[UserId]| {
        let mentions = mentions.iter().copied().collect();
        let text = "so".into();
        let action = Action::Comment { user, post: target, answers, text, mentions };
        engine.write(Command::new(action)).unwrap().post.unwrap()
    };
    let asked = comment(BEN, None, &[]);
    let answer = comment(cat, Some(asked), &[ANN, cat, dan]);
    let of = |user| -> Vec<_> {
        let groups = notices(&engine, user).groups.into_iter();
        groups.map(|group| (group.kind, group.post, group.comment, group.newest.0)).collect()
    };
    let (target, answer) = (Some(target), answer.0);
    let mention = (NoticeKind::Mention, target, None, answer);
    assert_eq!(of(ANN), [mention, (NoticeKind::Comment, target, None, asked.0)]);
    assert_eq!(of(BEN), [(NoticeKind::Comment, target, Some(asked), answer)]);
    assert_eq!((of(cat), of(dan)), (vec![], vec![mention]));
}

#[test]
fn mentions_have_their_limits() {
    let engine = fresh();
    engine.write(Command::new(Action::Block { user: BEN, other: ANN })).unwrap();
    let refused = |mentions: Mentions| mention(&engine, ANN, mentions).unwrap_err();
    let blocked = refused([UserId(7), BEN].into_iter().collect());
    assert_eq!(blocked.kind(), ErrorKind::Conflict);
    assert!(blocked.to_string().contains(&BEN.to_string()), "{blocked}");
    assert_eq!(refused((0..51).map(UserId).collect()).kind(), ErrorKind::Limit);
    assert_eq!(refused([UserId(7); 2].into_iter().collect()).kind(), ErrorKind::Invalid);
    let most: Mentions = (0..49).map(UserId).chain([ANN]).collect();
    let id = mention(&engine, ANN, most.clone()).unwrap().post.unwrap();
    assert_eq!(engine.post(id, None).unwrap().1.mentions, most);
    assert!(notices(&engine, ANN).groups.is_empty(), "of oneself");
    assert_eq!(notices(&engine, UserId(48)).unread, 1);
}

#[test]
fn muted_and_blocked_actors_are_left_out_while_they_are() {
    let engine = fresh();
    mention(&engine, BEN, [ANN].into_iter().collect()).unwrap();
    let unread = || notices(&engine, ANN).unread;
    for (begin, end) in [
        (Action::Mute { user: ANN, author: BEN }, Action::Unmute { user: ANN, author: BEN }),
        (Action::Block { user: ANN, other: BEN }, Action::Unblock { user: ANN, other: BEN }),
        (Action::Block { user: BEN, other: ANN }, Action::Unblock { user: BEN, other: ANN }),
    ] {
        assert_eq!(unread(), 1);
        engine.write(Command::new(begin)).unwrap();
        assert_eq!(unread(), 0);
        engine.write(Command::new(end)).unwrap();
    }
    assert_eq!(unread(), 1);
}

#[test]
fn a_read_mark_rises_only_and_a_retry_gets_its_first_answer() {
    let engine = fresh();
    mention(&engine, BEN, [ANN].into_iter().collect()).unwrap();
    let key = WriteOptions { key: Some(Key([7; 16])), actor: Some(ANN) };
    let first = engine.write(read(ANN, None).with(key)).unwrap();
    assert!(first.changed);
    assert_eq!(notices(&engine, ANN).unread, 0);
    assert!(!engine.write(read(ANN, None)).unwrap().changed);
    let newest = mention(&engine, BEN, [ANN].into_iter().collect()).unwrap().position.sequence;
    assert_eq!(engine.write(read(ANN, None).with(key)).unwrap(), first, "not up to the new one");
    assert_eq!(notices(&engine, ANN).unread, 1);
    let other = engine.write(read(ANN, Some(newest)).with(key)).unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Conflict, "the key was for another write");
    assert!(!engine.write(read(ANN, Some(Sequence(1)))).unwrap().changed);
    let above = engine.write(read(ANN, Some(newest.next().next()))).unwrap_err();
    assert_eq!(above.kind(), ErrorKind::Invalid);
    assert!(engine.write(read(ANN, Some(newest))).unwrap().changed);
    assert_eq!(notices(&engine, ANN).unread, 0);
}

#[test]
fn notices_are_nobody_elses_business() {
    let engine = fresh();
    let query = NoticesQuery { user: ANN, viewer: Some(BEN), before: None, limit: 20 };
    assert_eq!(engine.notices(&query).unwrap_err().kind(), ErrorKind::Denied);
    let query = NoticesQuery { viewer: Some(ANN), limit: 201, ..query };
    assert_eq!(engine.notices(&query).unwrap_err().kind(), ErrorKind::Invalid);
    let query = NoticesQuery { limit: 0, ..query };
    assert_eq!(engine.notices(&query).unwrap().groups, []);
}

/// What an edit erases is the text alone: whom the post mentions stands in it, in what is left of its
/// publish, and in the log without view files.
#[test]
fn a_revised_post_goes_on_mentioning() {
    let storage = MemoryStorage::default();
    let engine = open(&storage);
    let mentions: Mentions = [ANN, UserId(3)].into_iter().collect();
    let post = mention(&engine, BEN, mentions.clone()).unwrap().post.unwrap();
    let told = notices(&engine, ANN).groups;
    assert_eq!((told.len(), told[0].post), (1, Some(post)));
    let revise = |revision| {
        let (text, meta) = ("look again".into(), None);
        engine.write(Command::new(Action::Revise { post, revision, text, meta })).unwrap();
    };
    revise(0);
    engine.retain().unwrap();
    revise(1);
    let check = |engine: &Engine| {
        let found = engine.post(post, None).unwrap().1;
        assert_eq!((found.revision, &found.mentions), (2, &mentions));
        assert_eq!(notices(engine, ANN).groups, told, "not told anew");
    };
    check(&engine);
    engine.retain().unwrap();
    check(&engine);
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    drop(engine);
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    let engine = open(&storage);
    assert_eq!(engine.digests().unwrap(), digests, "out of the log alone");
    check(&engine);
}
