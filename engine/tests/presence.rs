//! Who comes and goes, as watches are told: once each, in the end as it is, however they flap.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Command, Engine, ManualClock, Options, SEGMENT_BYTES_MIN, Storage, Timestamp, UserId,
    Watch, WatchEvent, WatchQuery,
};

const BEGAN: u64 = 1_000_000_000;
const LEASE: u64 = 60_000;
const GRACE: u64 = 5_000;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than a look at who came and went.
const LOOK: Duration = Duration::from_millis(600);

struct World {
    engine: Engine,
    clock: Arc<ManualClock>,
}

impl World {
    /// User 1 and those from 100 to 199 follow users 7 and 8.
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(BEGAN)));
        let options = Options {
            segment_bytes: SEGMENT_BYTES_MIN,
            clock: Arc::clone(&clock) as _,
            ..Options::default()
        };
        let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
        let engine = Engine::open_on(storage, options).unwrap();
        for user in [1].into_iter().chain(100..200) {
            engine.write(Command::follow(UserId(user), UserId(7))).unwrap();
            engine.write(Command::follow(UserId(user), UserId(8))).unwrap();
        }
        Self { engine, clock }
    }

    fn at(&self, millis: u64) {
        self.clock.set(Timestamp(BEGAN + millis));
    }

    fn watch(&self, user: u64, presence: bool) -> Watch {
        let query = WatchQuery { user: UserId(user), viewer: None, after: None, presence };
        self.engine.watch(&query).unwrap()
    }

    fn act(&self, action: Action) {
        self.engine.write(Command::new(action)).unwrap();
    }

    fn touch(&self, user: u64) {
        self.act(Action::Touch { user: UserId(user) });
    }
}

fn told(user: u64, online: bool) -> WatchEvent {
    WatchEvent::Presence { user: UserId(user), online }
}

/// The next events, waiting for them.
fn next(watch: &mut Watch) -> Vec<WatchEvent> {
    watch.wait(PATIENCE).unwrap().map(|batch| batch.events).unwrap_or_default()
}

fn is_quiet(watch: &mut Watch) -> bool {
    std::thread::sleep(LOOK);
    watch.take().unwrap().is_none()
}

#[test]
fn a_lease_is_told_when_it_begins_and_when_it_ends() {
    let world = World::new();
    world.touch(8);
    let mut watch = world.watch(1, true);
    let mut other = world.watch(100, false);
    assert_eq!(next(&mut watch), [WatchEvent::PresenceAnew, told(8, true)], "who is there");
    world.touch(7);
    assert_eq!(next(&mut watch), [told(7, true)]);
    world.at(LEASE - 1);
    world.touch(7);
    world.at(LEASE);
    assert_eq!(next(&mut watch), [told(8, false)], "a lease ended, another was renewed");
    world.at(2 * LEASE - 1);
    assert_eq!(next(&mut watch), [told(7, false)]);
    assert!(other.take().unwrap().is_none(), "nobody asked");
}

#[test]
fn who_watches_is_online_and_who_comes_back_at_once_was_never_gone() {
    let world = World::new();
    let mut watch = world.watch(1, true);
    assert_eq!(next(&mut watch), [WatchEvent::PresenceAnew]);
    let seen = world.watch(7, false);
    assert_eq!(next(&mut watch), [told(7, true)]);
    drop(seen);
    world.at(GRACE - 1);
    assert!(is_quiet(&mut watch));
    let again = world.watch(7, false);
    world.at(2 * GRACE);
    assert!(is_quiet(&mut watch), "back in time");
    drop(again);
    world.at(4 * GRACE);
    assert_eq!(next(&mut watch), [told(7, false)]);
}

#[test]
fn who_is_suspended_is_offline_for_the_others() {
    let world = World::new();
    let mut watch = world.watch(1, true);
    world.touch(7);
    assert_eq!(next(&mut watch), [WatchEvent::PresenceAnew]);
    assert_eq!(next(&mut watch), [told(7, true)]);
    for (action, is_online) in [
        (Action::Suspend { user: UserId(7) }, false),
        (Action::Unsuspend { user: UserId(7) }, true),
    ] {
        world.act(action);
        let told = (0..3).any(|_| next(&mut watch).contains(&told(7, is_online)));
        assert!(told, "{is_online}");
        let online = world.engine.online(UserId(1), Some(UserId(1))).unwrap();
        assert_eq!(online.followees.contains(&UserId(7)), is_online);
    }
}

/// A hundred watchers who do not take, and two authors who come and go a hundred times: one event each.
#[test]
fn flapping_floods_nobody() {
    let world = World::new();
    let mut watches: Vec<Watch> = (100..200).map(|user| world.watch(user, true)).collect();
    for turn in 0..100 {
        world.at(turn * 2 * LEASE);
        world.touch(7);
        drop(world.watch(8, false));
    }
    world.at(1_000 * LEASE);
    world.touch(8);
    for watch in &mut watches {
        let mut events = next(watch);
        while !events.contains(&told(8, true)) {
            events.extend(next(watch));
        }
        assert_eq!(events.first(), Some(&WatchEvent::PresenceAnew));
        assert!(events.len() <= 4, "{events:?}");
    }
}

#[test]
fn edges_decide_whose_presence_is_told() {
    let world = World::new();
    world.engine.write(Command::publish(UserId(9), "somebody")).unwrap();
    let mut watch = world.watch(1, true);
    world.touch(7);
    world.touch(9);
    assert_eq!(next(&mut watch), [WatchEvent::PresenceAnew]);
    assert_eq!(next(&mut watch), [told(7, true)], "not of a stranger");
    let changed = |author| WatchEvent::FeedChanged(UserId(author));
    world.act(Action::Follow { user: UserId(1), author: UserId(9), weight: None });
    assert_eq!(next(&mut watch), [changed(9)]);
    assert_eq!(next(&mut watch), [told(9, true)], "of one who is there already");
    world.act(Action::Mute { user: UserId(1), author: UserId(7) });
    assert_eq!(next(&mut watch), [changed(7)]);
    world.at(2 * LEASE);
    assert_eq!(next(&mut watch), [told(9, false)], "not of one who is muted");
    world.act(Action::Unmute { user: UserId(1), author: UserId(7) });
    world.touch(7);
    let mut events = next(&mut watch);
    while !events.contains(&told(7, true)) {
        events.extend(next(&mut watch));
    }
    assert_eq!(events, [changed(7), told(7, true)]);
}

/// A watch that fell behind is rebuilt from the log; what it was told of presence goes on.
#[test]
fn a_watch_that_lagged_is_told_what_changed_meanwhile() {
    let world = World::new();
    let mut watch = world.watch(1, true);
    world.touch(7);
    assert_eq!(next(&mut watch), [WatchEvent::PresenceAnew]);
    assert_eq!(next(&mut watch), [told(7, true)]);
    for _ in 0..400 {
        world.engine.write(Command::publish(UserId(8), "post")).unwrap();
    }
    while !watch.is_behind() {
        std::thread::sleep(Duration::from_millis(5));
    }
    world.at(LEASE);
    world.touch(8);
    std::thread::sleep(LOOK);
    let mut presence = Vec::new();
    while presence.len() < 2 {
        let events = next(&mut watch).into_iter();
        presence.extend(events.filter(|event| !matches!(event, WatchEvent::Entry(_))));
    }
    presence.sort_by_key(|event| *event == told(8, true));
    assert_eq!(presence, [told(7, false), told(8, true)]);
}
