//! Who gets a post with many readers first: slice by slice, with the thread standing still in between.

use super::*;
use crate::clock::ManualClock;
use crate::command::{Action, Command};
use crate::delivery::policy::DeliveryOptions;
use crate::engine::Engine;
use crate::ids::UserId;
use crate::options::Options;
use crate::query::{Span, TimelineQuery};
use crate::testing::memory::MemoryStorage;

const BEGAN: u64 = 1_000_000_000;
const HOUR: u64 = 60 * 60 * 1_000;
const READERS: u64 = 2_400;
const AUTHOR: UserId = UserId(9_999);
const OTHER: UserId = UserId(9_998);

struct World {
    engine: Engine,
    worker: Worker,
    clock: Arc<ManualClock>,
}

fn read(engine: &Engine, user: u64) {
    let query = TimelineQuery { user: UserId(user), viewer: None, span: Span::Newest, limit: 1 };
    engine.home(&query).unwrap();
}

impl World {
    /// Readers 1 to 2,400 follow both authors and have read, five hours ago.
    fn new(delivery: DeliveryOptions) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(BEGAN)));
        let options = Options {
            delivery,
            clock: Arc::clone(&clock) as _,
            tag_weights: vec![("vip".to_owned(), 15), ("nobody".to_owned(), 0)],
            ..Options::default()
        };
        let engine = Engine::open_on(Arc::new(MemoryStorage::default()), options).unwrap();
        engine.stop_fan_out();
        for reader in 1..=READERS {
            engine.submit(Command::follow(UserId(reader), AUTHOR)).unwrap();
            engine.submit(Command::follow(UserId(reader), OTHER)).unwrap();
        }
        engine.write(Command::publish(UserId(1), "a first post")).unwrap();
        (1..=READERS).for_each(|reader| read(&engine, reader));
        clock.set(Timestamp(BEGAN + 5 * HOUR));
        let worker = Worker::new(engine.shared_arc(), Arc::default());
        Self { engine, worker, clock }
    }

    fn publish(&self, author: UserId) -> Sequence {
        let receipt = self.engine.write(Command::publish(author, "post")).unwrap();
        receipt.post.unwrap().into()
    }

    fn weigh(&self, reader: u64, weight: u8) -> bool {
        let (user, weight) = (UserId(reader), Some(weight));
        let follow = Action::Follow { user, author: AUTHOR, weight };
        self.engine.write(Command::new(follow)).unwrap().changed
    }

    fn tag(&self, reader: u64, tag: &str, is_set: bool) {
        let (user, tag) = (UserId(reader), tag.to_owned());
        self.engine.write(Command::new(Action::Tag { user, tag, is_set })).unwrap();
    }

    /// Which readers have the post in their inbox.
    fn holders(&self, post: Sequence) -> Vec<u64> {
        let state = self.engine.shared().state().unwrap();
        let has = |reader: &u64| {
            let ordinal = state.users.find(UserId(*reader)).unwrap();
            state.delivery.has_pushed(ordinal, post)
        };
        (1..=READERS).filter(has).collect()
    }

    fn done(&self, post: Sequence) -> Option<usize> {
        self.engine.fan_out(post.into()).unwrap().map(|progress| progress.done)
    }
}

fn push() -> DeliveryOptions {
    DeliveryOptions { policy: Policy::Push, ..DeliveryOptions::default() }
}

#[test]
fn the_readers_of_a_huge_author_are_found_before_they_post() {
    let mut world = World::new(push());
    while world.worker.turn().unwrap() {}
    let ordinal = |world: &World, user| world.engine.shared().state().unwrap().users.find(user);
    let author = ordinal(&world, AUTHOR).unwrap();
    let listed =
        |world: &World| world.engine.shared().state().unwrap().delivery.audiences().list(author);
    let all = listed(&world).expect("the readers were wanted when they got their inboxes");
    assert_eq!(all.len() as u64, READERS);
    let late = UserId(READERS + 1);
    world.engine.write(Command::follow(late, AUTHOR)).unwrap();
    read(&world.engine, late.0);
    let late = ordinal(&world, late).unwrap();
    assert!(listed(&world).unwrap().contains(&late.0));
}

#[test]
fn who_is_online_or_has_weight_is_in_the_first_slice() {
    let mut world = World::new(push());
    read(&world.engine, 1_290);
    assert!(world.weigh(1_291, 15) && world.weigh(1_292, 9) && world.weigh(1_293, 1));
    assert!(!world.weigh(1_291, 15), "it has that weight");
    world.tag(1_294, "vip", true);
    world.tag(1_295, "nobody", true);
    world.tag(1_296, "vip", true);
    world.tag(1_296, "vip", false);
    // What was written counts as activity.
    world.clock.set(Timestamp(BEGAN + 5 * HOUR + 50_000));
    let post = world.publish(AUTHOR);
    world.worker.turn().unwrap();
    assert_eq!(world.done(post), Some(SLICE), "a slice is delivered, and the others wait");
    let first = world.holders(post);
    assert_eq!(first.len(), SLICE);
    for reader in [1_290, 1_291, 1_292, 1_293, 1_294] {
        assert!(first.contains(&reader), "reader {reader}");
    }
    assert!(!first.contains(&1_295) && !first.contains(&1_296), "tags that say nothing");
    while world.done(post).is_some() {
        world.worker.turn().unwrap();
    }
    assert_eq!(world.holders(post).len() as u64, READERS);
}

#[test]
fn a_weight_alone_lifts_a_reader_who_is_away() {
    let mut world = World::new(push());
    for (reader, weight) in [(1_297, 15), (1_298, 1)] {
        world.weigh(reader, weight);
    }
    // Two days later nobody is there; the follow of one weighs as much as having been.
    world.clock.set(Timestamp(BEGAN + 2 * 24 * HOUR));
    let post = world.publish(AUTHOR);
    world.worker.turn().unwrap();
    let first = world.holders(post);
    assert!(first.contains(&1_297) && !first.contains(&1_298), "{}", first.len());
}

#[test]
fn authors_take_turns() {
    let mut world = World::new(push());
    let posts = [world.publish(AUTHOR), world.publish(OTHER)];
    for _ in 0..3 {
        world.worker.turn().unwrap();
    }
    let done = posts.map(|post| world.done(post).unwrap());
    assert!(done.iter().all(|done| SLICE <= *done), "{done:?}");
}

#[test]
fn of_a_full_list_those_with_weight_stay() {
    let delivery = DeliveryOptions {
        policy: Policy::ActiveFans,
        big_author: 100,
        active_fans: 10,
        ..DeliveryOptions::default()
    };
    let mut world = World::new(delivery);
    world.weigh(7, 15);
    world.tag(8, "vip", true);
    world.clock.set(Timestamp(BEGAN + 24 * HOUR));
    // These are told that they pull, or are on the list.
    while world.worker.turn().unwrap() {}
    (1..=READERS)
        .filter(|reader| *reader % 100 == 0)
        .for_each(|reader| read(&world.engine, reader));
    for reader in [7, 8, 500, 600, 700, 800, 900, 1_000, 1_100, 1_200, 1_300] {
        // A new inbox asks for a place on the list.
        let state = world.engine.shared().state().unwrap();
        state.delivery.inboxes.remove(state.users.find(UserId(reader)).unwrap());
        drop(state);
        if 100 < reader {
            read(&world.engine, reader);
        }
    }
    let state = world.engine.shared().state().unwrap();
    let author = state.users.find(AUTHOR).unwrap();
    let list = state.delivery.fans().list(author).unwrap();
    let is_listed = |reader| list.contains(&state.users.find(UserId(reader)).unwrap().0);
    assert!(list.len() <= 10);
    let listed = (is_listed(7), is_listed(8));
    assert!(is_listed(1_300) && listed == (true, true), "{list:?}");
}
