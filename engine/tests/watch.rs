//! Watches against the oracle: what a watch was told, folded, is the home at every position it was
//! told up to, through bursts, returns, reopens, crashes and retention; and no entry is told twice.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "common/watching.rs"]
mod watching;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use common::users;
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::{Expected, Model};
use fanfold_engine::testing::removals::forget_some;
use fanfold_engine::testing::seed::seed_or;
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{
    Action, Command, Durability, Engine, ErrorKind, Options, Position, SEGMENT_BYTES_MIN, Sequence,
    Span, Storage, TimelineQuery, UserId, Watch, WatchBatch, WatchEvent, WatchQuery,
};
use watching::{query, settle};

const USERS: u64 = 9;

/// More than a watch holds.
const BURST: u64 = 300;

fn options() -> Options {
    Options {
        durability: Durability::Os,
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 6,
        // When something is removed is for the test to say.
        forget_at_once: 0,
        ..Options::default()
    }
}

/// What is sealed is packed at once: retention drops what holds no longer.
fn open(storage: &MemoryStorage, flush_records: u64) -> Engine {
    open_packing(storage, flush_records, Duration::ZERO)
}

fn open_packing(storage: &MemoryStorage, flush_records: u64, cold_after: Duration) -> Engine {
    let options = Options { flush_records, memory_budget: 1_000, cold_after, ..options() };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

/// The home as a set of ids.
fn home(model: &Model, user: UserId) -> BTreeSet<u64> {
    let query = TimelineQuery { user, viewer: Some(user), span: Span::Newest, limit: usize::MAX };
    model.home(&query).0.into_iter().collect()
}

/// What the oracle shows after each record.
#[derive(Default)]
struct History(BTreeMap<u64, Model>);

impl History {
    fn at(&self, position: Position) -> &Model {
        self.0.range(..=position.sequence.0).next_back().map(|(_, model)| model).unwrap()
    }

    fn note(&mut self, model: &Model) {
        self.0.insert(model.last, model.shown().into_owned());
    }

    /// Nobody asks for anything below any more. Whole oracles are many bytes: a thousand posts, a thousand
    /// times.
    fn forget_below(&mut self, position: Position) {
        if let Some(oldest) = self.0.range(..=position.sequence.0).next_back().map(|(at, _)| *at) {
            self.0 = self.0.split_off(&oldest);
        }
    }
}

/// What somebody knows who follows a watch.
struct Reader {
    user: UserId,
    watch: Option<Watch>,
    position: Position,
    feed: BTreeSet<u64>,
    /// What the posts said that were told.
    texts: BTreeMap<u64, (u32, Vec<u8>)>,
    /// Authors to be read anew once the catch-up is over.
    changed: BTreeSet<u64>,
    told: HashSet<u64>,
    gaps: u64,
    entries: u64,
}

impl Reader {
    fn begin(engine: &Engine, user: UserId, history: &History) -> Self {
        let mut watch = engine.watch(&query(user, None)).unwrap();
        let position = watch.position();
        let feed = home(history.at(position), user);
        let (changed, told, texts) = (BTreeSet::new(), HashSet::new(), BTreeMap::new());
        let watch = Some(watch);
        let (gaps, entries) = (0, 0);
        let mut reader = Self { user, watch, position, feed, texts, changed, told, gaps, entries };
        reader.read_texts(history);
        reader
    }

    fn resume(&mut self, engine: &Engine) {
        self.watch = None;
        self.watch = Some(engine.watch(&query(self.user, Some(self.position))).unwrap());
    }

    /// Takes one batch, if there is one by then.
    fn take(&mut self, history: &History, timeout: Duration, context: &str) -> bool {
        let batch = self.watch.as_mut().unwrap().wait(timeout).unwrap();
        let Some(batch) = batch else { return false };
        self.fold(batch, history, context);
        true
    }

    fn fold(&mut self, batch: WatchBatch, history: &History, context: &str) {
        assert!(self.position <= batch.position, "{context}: positions never go back");
        let known = std::mem::replace(&mut self.position, batch.position);
        for event in batch.events {
            match event {
                WatchEvent::Entry(post) => {
                    assert!(self.told.insert(post.id.0), "{context}: {} is told twice", post.id);
                    let expected = &history.at(batch.position).posts[&post.id.0];
                    assert_eq!(post.author, expected.author);
                    self.feed.insert(post.id.0);
                    self.texts.insert(post.id.0, (post.revision, post.text.to_vec()));
                    self.entries += 1;
                }
                WatchEvent::Changed(post) => {
                    self.texts.insert(post.id.0, (post.revision, post.text.to_vec()));
                }
                WatchEvent::Removed(post) => {
                    let could = history.0.range(known.sequence.0..);
                    let mut could =
                        history.0.range(..=known.sequence.0).next_back().into_iter().chain(could);
                    let was_seen = could.any(|(_, model)| home(model, self.user).contains(&post.0));
                    assert!(was_seen, "{context}: user {} is told of {post}", self.user);
                    self.feed.remove(&post.0);
                }
                WatchEvent::FeedChanged(author) => {
                    self.changed.insert(author.0);
                }
                WatchEvent::Gap => {
                    self.feed = home(history.at(batch.position), self.user);
                    self.position = batch.position;
                    self.read_texts(history);
                    self.gaps += 1;
                }
                told @ (WatchEvent::Presence { .. } | WatchEvent::PresenceAnew) => {
                    panic!("{context}: nobody asked for {told:?}")
                }
            }
        }
        if !batch.more {
            self.check(history, context);
        }
    }

    /// Reads the whole home.
    fn read_texts(&mut self, history: &History) {
        let posts = &history.at(self.position).posts;
        let text = |id: &u64| (*id, (posts[id].revision, posts[id].text.clone()));
        self.texts = self.feed.iter().map(text).collect();
    }

    /// Reads the changed authors anew; then all is as the oracle has it.
    fn check(&mut self, history: &History, context: &str) {
        let model = history.at(self.position);
        let expected = home(model, self.user);
        // Whoever changed: their posts, and what others repost of theirs.
        let is_changed = |id: &u64| {
            let post = &model.posts[id];
            let root = post.repost.map(|(_, root)| model.posts[&root].author.0);
            self.changed.contains(&post.author.0)
                || root.is_some_and(|of| self.changed.contains(&of))
        };
        self.feed.retain(|id| !is_changed(id));
        self.feed.extend(expected.iter().filter(|id| is_changed(id)));
        let text = |id: &u64| (model.posts[id].revision, model.posts[id].text.clone());
        let read = expected.iter().filter(|id| is_changed(id));
        self.texts.extend(read.map(|id| (*id, text(id))));
        self.changed.clear();
        for id in &expected {
            assert_eq!(self.texts.get(id), Some(&text(id)), "{context}: what {id} says");
        }
        assert_eq!(self.feed, expected, "{context}: user {} at {}", self.user, self.position);
    }
}

/// An engine, the oracle after each record, and who watches.
struct Scene {
    storage: MemoryStorage,
    engine: Engine,
    model: Model,
    history: History,
    workload: Workload,
    readers: Vec<Reader>,
    /// Users are forgotten where retention does not drop by itself what was removed of them: the oracle has to see
    /// it. Else it does, and nobody is forgotten.
    cold_after: Duration,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let storage = MemoryStorage::default();
        let forgets = seed.is_multiple_of(2);
        let cold_after = Duration::from_secs(if forgets { 1_000_000 } else { 0 });
        let engine = open_packing(&storage, 50, cold_after);
        let model = Model::new(6);
        let history = History(BTreeMap::from([(0, model.clone())]));
        let plain = Workload::new(seed, USERS);
        let workload = if forgets { plain.forgetting() } else { plain };
        let readers = Vec::new();
        let mut scene = Self { storage, engine, model, history, workload, readers, cold_after };
        for user in users(USERS).into_iter().take(5) {
            let reader = Reader::begin(&scene.engine, user, &scene.history);
            scene.readers.push(reader);
        }
        scene
    }

    fn write(&mut self, command: &Command) {
        let expected = self.model.expect(command);
        let Ok(receipt) = self.engine.write(command.clone()) else { return };
        if expected == Expected::Changed {
            self.model.apply(command, receipt.position.sequence.0);
            self.history.note(&self.model);
        }
    }

    /// Removes some of what there is of those who are being forgotten, or all of it.
    fn forget(&mut self) {
        let all = self.workload.random.one_in(3);
        let most = if all { u64::MAX } else { self.workload.random.below(9) };
        let mut model = self.model.clone();
        for change in forget_some(&self.engine, &mut model, most).unwrap() {
            self.model.remove(&change);
            self.history.note(&self.model);
        }
    }

    fn step(&mut self, context: &str) {
        let oldest = self.readers.iter().map(|reader| reader.position).min();
        oldest.into_iter().for_each(|oldest| self.history.forget_below(oldest));
        let index = usize::try_from(self.workload.random.below(5)).unwrap();
        match self.workload.random.below(60) {
            0 => self.reopen(),
            1 => drop(self.engine.retain().unwrap()),
            2 => self.burst(index),
            25..=27 if !self.model.being_forgotten().is_empty() => self.forget(),
            3..=7 => {
                let reader = &mut self.readers[index];
                reader.resume(&self.engine);
            }
            8 => {
                let user = self.workload.user();
                self.readers[index] = Reader::begin(&self.engine, user, &self.history);
            }
            9..=24 => {
                let reader = &mut self.readers[index];
                reader.take(&self.history, Duration::from_millis(1), context);
            }
            _ => {
                self.workload.knows(self.model.some_broadcasts());
                let command = self.workload.command(self.model.last);
                self.write(&command);
            }
        }
    }

    /// More posts for one reader than their watch holds.
    fn burst(&mut self, index: usize) {
        let user = self.readers[index].user;
        let Some(author) = self.model.following(user).first().copied() else { return };
        for n in 0..BURST {
            self.write(&Command::publish(UserId(author), format!("burst {n}")));
        }
    }

    fn reopen(&mut self) {
        let crash = self.workload.random.one_in(2);
        let survivor = if crash { self.storage.image() } else { self.storage.clone() };
        let old = self.engine.position().unwrap();
        self.engine.close().unwrap();
        let flush_records = 1 + self.workload.random.below(200);
        self.engine = open_packing(&survivor, flush_records, self.cold_after);
        self.storage = survivor;
        let is_same = self.engine.position().unwrap().epoch == old.epoch;
        for reader in &mut self.readers {
            if is_same {
                reader.resume(&self.engine);
            } else {
                let error = self.engine.watch(&query(reader.user, Some(reader.position)));
                assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
                *reader = Reader::begin(&self.engine, reader.user, &self.history);
            }
        }
    }

    /// Everybody takes all; then everybody stands at the end.
    fn finish(&mut self, context: &str) -> (u64, u64) {
        for reader in &mut self.readers {
            while reader.position < self.engine.position().unwrap() {
                if !reader.take(&self.history, Duration::from_millis(5), context) {
                    reader.position = reader.watch.as_mut().unwrap().position();
                }
            }
            reader.check(&self.history, context);
            let newest = home(&self.model.shown(), reader.user);
            assert_eq!(reader.feed, newest, "{context}: {} at the end", reader.user);
        }
        let sum = |of: fn(&Reader) -> u64| self.readers.iter().map(of).sum();
        (sum(|reader| reader.entries), sum(|reader| reader.gaps))
    }
}

#[test]
fn what_a_watch_tells_is_the_home_at_every_position() {
    let first = seed_or(1);
    let count = std::env::var("FANFOLD_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(24);
    let (mut entries, mut gaps) = (0, 0);
    for seed in first..first + count {
        let mut scene = Scene::new(seed);
        for step in 0..600 {
            scene.step(&format!("seed {seed} step {step}"));
        }
        let (told, missed) = scene.finish(&format!("seed {seed} end"));
        (entries, gaps) = (entries + told, gaps + missed);
        let counters = scene.engine.counters().unwrap();
        assert!(counters.watches == 5 && counters.watched_users <= 5);
        scene.readers.clear();
        assert_eq!(scene.engine.counters().unwrap().watches, 0);
        scene.engine.close().unwrap();
    }
    if 10 < count {
        assert!(1_000 < entries && 0 < gaps, "{entries} entries, {gaps} gaps: worth something");
    }
}

fn start() -> (Engine, UserId, UserId) {
    let engine = open(&MemoryStorage::default(), 1_000_000);
    let (reader, author) = (UserId(1), UserId(2));
    engine.write(Command::follow(reader, author)).unwrap();
    (engine, reader, author)
}

#[test]
fn what_a_read_has_shown_is_not_told_behind_its_position() {
    let (engine, reader, author) = start();
    let _keeps_the_hub_busy = engine.watch(&query(reader, None)).unwrap();
    for n in 0..300 {
        let post = engine.write(Command::publish(author, format!("{n}"))).unwrap().post.unwrap();
        // The position is above what the watches were told yet, most of the time.
        let position = engine.position().unwrap();
        let mut watch = engine.watch(&query(reader, Some(position))).unwrap();
        let next = engine.write(Command::publish(author, "next")).unwrap().post.unwrap();
        let batch = watch.wait(Duration::from_secs(60)).unwrap().unwrap();
        let WatchEvent::Entry(told) = &batch.events[0] else { panic!("{batch:?}") };
        assert_eq!(told.id, next, "post {post} was read");
    }
    engine.close().unwrap();
}

#[test]
fn a_stuck_watch_is_rebuilt_from_the_log_and_too_much_is_a_gap() {
    let (engine, reader, author) = start();
    let mut watch = engine.watch(&query(reader, None)).unwrap();
    let publish = |n: u64| assert!(engine.write(Command::publish(author, format!("{n}"))).is_ok());
    (0..1_000).for_each(publish);
    settle(&engine, reader);
    assert!(watch.is_behind());
    assert_eq!(watch.take_resident().unwrap(), None);
    let mut ids = Vec::new();
    let mut batches = 0;
    while ids.len() < 1_000 {
        let batch = watch.take().unwrap().unwrap();
        assert_eq!(batch.more, ids.len() + batch.events.len() < 1_000);
        for event in batch.events {
            let WatchEvent::Entry(post) = event else { panic!("{event:?}") };
            ids.push(post.id.0);
        }
        batches += 1;
    }
    assert_eq!((ids, batches), ((2..1_002).collect(), 5));
    let last = watch.position();
    (0..5_000).for_each(publish);
    settle(&engine, reader);
    let batch = watch.wait(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(batch.events, [WatchEvent::Gap]);
    assert!(last < batch.position);
    let counters = engine.counters().unwrap();
    assert_eq!((counters.watch_lags, counters.watch_gaps), (2, 1));
    engine.close().unwrap();
}

#[test]
fn a_post_that_is_erased_during_a_catch_up_is_announced_as_left_out() {
    let (engine, reader, author) = start();
    let before = engine.position().unwrap();
    let post = engine.write(Command::publish(author, "soon gone")).unwrap().post.unwrap();
    let mut watch = engine.watch(&query(reader, Some(before))).unwrap();
    assert!(watch.is_behind());
    engine.write(Command::new(Action::Delete { post })).unwrap();
    engine.retain().unwrap();
    let batch = watch.take().unwrap().unwrap();
    assert_eq!((batch.events, batch.more), (vec![], true));
    let batch = watch.wait(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!((batch.events, batch.more), (vec![WatchEvent::Removed(post)], false));
    engine.close().unwrap();
}

#[test]
fn a_watch_may_begin_at_no_position_of_another_history_and_for_nobody_else() {
    let (engine, reader, author) = start();
    let kind = |query| engine.watch(&query).unwrap_err().kind();
    let newest = engine.position().unwrap();
    let above = Position { sequence: Sequence(newest.sequence.0 + 1), ..newest };
    assert_eq!(kind(query(reader, Some(above))), ErrorKind::Invalid);
    let other = Position { epoch: newest.epoch + 1, ..newest };
    assert_eq!(kind(query(reader, Some(other))), ErrorKind::Conflict);
    let stranger = WatchQuery { viewer: Some(author), ..query(reader, None) };
    assert_eq!(kind(stranger), ErrorKind::Denied);
    let mut own =
        engine.watch(&WatchQuery { viewer: Some(reader), ..query(reader, None) }).unwrap();
    assert_eq!(own.wait(Duration::ZERO).unwrap(), None);
    engine.close().unwrap();
    assert_eq!(own.wait(Duration::ZERO).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(engine.watch(&query(reader, None)).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn an_edge_is_told_once_and_never_the_history() {
    let (engine, reader, author) = start();
    let other = UserId(3);
    for n in 0..10 {
        engine.write(Command::publish(other, format!("{n}"))).unwrap();
    }
    let mut watch = engine.watch(&query(reader, None)).unwrap();
    let mut told = |action: Action| {
        let changed = engine.write(Command::new(action)).unwrap().changed;
        let batch = watch.wait(Duration::from_millis(if changed { 10_000 } else { 20 })).unwrap();
        batch.map(|batch| batch.events)
    };
    let changed = |author| Some(vec![WatchEvent::FeedChanged(author)]);
    let pair = (reader, other);
    assert_eq!(told(Action::Follow { user: pair.0, author: pair.1, weight: None }), changed(other));
    assert_eq!(told(Action::Follow { user: pair.0, author: pair.1, weight: None }), None);
    assert_eq!(told(Action::Mute { user: reader, author }), changed(author));
    let hidden = engine.write(Command::publish(author, "unseen")).unwrap().post.unwrap();
    assert_eq!(told(Action::Unmute { user: reader, author }), changed(author));
    assert_eq!(told(Action::Delete { post: hidden }), Some(vec![WatchEvent::Removed(hidden)]));
    assert_eq!(told(Action::Block { user: other, other: reader }), changed(other));
    assert_eq!(told(Action::Unfollow { user: reader, author }), changed(author));
    engine.close().unwrap();
}

#[test]
fn who_is_online_around_a_user() {
    let (engine, reader, author) = start();
    let (fan, absent) = (UserId(5), UserId(6));
    engine.write(Command::follow(fan, author)).unwrap();
    engine.write(Command::follow(reader, absent)).unwrap();
    let online = engine.online(author, None).unwrap();
    assert_eq!((online.user, online.followers), (false, 0));
    let watch = engine.watch(&query(author, None)).unwrap();
    let online = engine.online(reader, None).unwrap();
    assert_eq!((online.user, online.followees), (false, vec![author]));
    let reading = engine.watch(&query(reader, None)).unwrap();
    engine.write(Command::new(Action::Touch { user: fan })).unwrap();
    let online = engine.online(author, None).unwrap();
    assert_eq!((online.user, online.followers), (true, 2));
    drop((watch, reading));
    let online = engine.online(author, None).unwrap();
    assert_eq!((online.user, online.followers), (false, 1));
    assert_eq!(engine.online(reader, None).unwrap().followees, []);
    engine.close().unwrap();
}

/// Watches that begin, take, stall and come back while several threads write.
#[test]
fn concurrent_watches_miss_and_repeat_nothing() {
    let (engine, reader, author) = start();
    // Fewer than a watch may be behind and still be told each of them.
    let posts: u64 = 3_900;
    let begin = engine.position().unwrap();
    let follow = |seed: u64| {
        let mut pause = Workload::new(seed, 2).random;
        // Above the follow: an entry is told as such, not with its author's whole history.
        let mut position = begin;
        let mut ids: Vec<u64> = Vec::new();
        while (ids.len() as u64) < posts {
            let mut watch = engine.watch(&query(reader, Some(position))).unwrap();
            for _ in 0..pause.below(20) {
                let Some(batch) = watch.wait(Duration::from_millis(20)).unwrap() else { break };
                position = batch.position;
                for event in batch.events {
                    match event {
                        WatchEvent::Entry(post) => ids.push(post.id.0),
                        other => panic!("{other:?}"),
                    }
                }
            }
            thread::sleep(Duration::from_millis(pause.below(4)));
        }
        ids
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|_| {
                let engine = &engine;
                scope.spawn(move || {
                    let publish = |_| engine.write(Command::publish(author, "x")).unwrap();
                    let ids = (0..posts / 3).map(publish).map(|receipt| receipt.post.unwrap().0);
                    ids.collect::<Vec<_>>()
                })
            })
            .collect();
        let readers: Vec<_> = (0..3)
            .map(|n| {
                let follow = &follow;
                scope.spawn(move || follow(n))
            })
            .collect();
        let mut expected: Vec<u64> = writers.into_iter().flat_map(|w| w.join().unwrap()).collect();
        expected.sort_unstable();
        for reader in readers {
            assert_eq!(reader.join().unwrap(), expected);
        }
    });
    engine.close().unwrap();
}
