//! Kept inboxes come back slice by slice, with changes of all kinds in between.

use std::sync::Arc;

use super::*;
use crate::command::{Action, Command};
use crate::delivery::keep::{Kept, keep, load};
use crate::delivery::policy::DeliveryOptions;
use crate::engine::Engine;
use crate::group_name::GroupName;
use crate::ids::{PostId, UserId};
use crate::options::Options;
use crate::query::{Span, TimelineQuery};
use crate::storage::{Storage, names};
use crate::testing::memory::MemoryStorage;
use crate::testing::seed::Random;

const READERS: u64 = 40;
const AUTHORS: u64 = 20;

fn author(number: u64) -> UserId {
    UserId(1_000 + number)
}

/// An engine whose inboxes have just been kept and are to come back, and whose fan-out stands still; the
/// storage they were kept in, and the engine's own.
fn frozen(random: &mut Random, policy: Policy) -> (Engine, MemoryStorage, MemoryStorage) {
    let delivery = DeliveryOptions { policy, big_author: 15, ..DeliveryOptions::default() };
    let options = Options { delivery, ..Options::default() };
    let home = MemoryStorage::default();
    let engine = Engine::open_on(Arc::new(home.clone()), options).unwrap();
    for reader in 1..=READERS {
        for number in (0..AUTHORS).filter(|_| random.below(3) == 0) {
            engine.write(Command::follow(UserId(reader), author(number))).unwrap();
        }
        let (user, name) = (UserId(reader), GroupName::new("apart"));
        engine.write(Command::new(Action::GroupCreate { user, name, exclusive: true })).unwrap();
    }
    (0..100).for_each(|_| publish(&engine, random));
    (1..=READERS).for_each(|reader| read(&engine, reader));
    assert!(engine.settle_delivery(std::time::Duration::from_secs(60)));
    engine.stop_fan_out();
    let shared = engine.shared();
    let kept = Kept { database: shared.database, position: shared.state().unwrap().position };
    let storage = MemoryStorage::default();
    keep(&storage, &shared.state().unwrap().delivery, kept).unwrap();
    shared
        .change(|state| {
            state.restart_delivery(delivery);
            load(&storage, state, kept);
        })
        .unwrap();
    (engine, storage, home)
}

fn publish(engine: &Engine, random: &mut Random) {
    let command = Command::publish(author(random.below(AUTHORS)), "post");
    engine.write(command).unwrap();
}

fn read(engine: &Engine, reader: u64) {
    let query = TimelineQuery { user: UserId(reader), viewer: None, span: Span::Newest, limit: 20 };
    engine.home(&query).unwrap();
}

/// Something that changes homes.
fn change(engine: &Engine, random: &mut Random) {
    let (user, author) = (UserId(1 + random.below(READERS)), author(random.below(AUTHORS)));
    let name = GroupName::new("apart");
    let action = match random.below(11) {
        0 => Action::Follow { user, author, weight: None },
        1 => Action::Unfollow { user, author },
        2 => Action::Mute { user, author },
        3 => Action::Unmute { user, author },
        4 => Action::Block { user, other: author },
        5 => Action::GroupAdd { user, name, author },
        6 => Action::GroupRemove { user, name, author },
        7 => return engine.tidy_inboxes().unwrap(),
        8 => Action::Delete { post: PostId(random.below(engine.position().unwrap().sequence.0)) },
        _ => return publish(engine, random),
    };
    // What is refused changes nothing.
    let _ = engine.write(Command::new(action));
}

fn check(engine: &Engine, seed: u64) {
    for reader in 1..=READERS {
        let mismatch = engine.verify(UserId(reader)).unwrap().mismatch;
        assert_eq!(mismatch, None, "reader {reader}, seed {seed}");
    }
}

#[test]
fn every_page_is_exact_while_inboxes_come_back() {
    for (seed, policy) in (0..30).zip(Policy::ALL.iter().copied().cycle()) {
        let mut random = Random::new(seed);
        let (engine, ..) = frozen(&mut random, policy);
        let comes_back = matches!(policy, Policy::Push | Policy::Threshold | Policy::Adaptive);
        assert_eq!(engine.shared().state().unwrap().delivery.is_thawing(), comes_back);
        let mut slices = 0;
        loop {
            (0..random.below(12)).for_each(|_| change(&engine, &mut random));
            check(&engine, seed);
            if !thaw(engine.shared()).unwrap() {
                break;
            }
            slices += 1;
        }
        assert!(!comes_back || 3 < slices, "{slices} slices, seed {seed}");
        engine.resume_fan_out();
        assert!(engine.settle_delivery(std::time::Duration::from_secs(60)));
        check(&engine, seed);
    }
}

/// A start that is stopped at once loses none.
#[test]
fn a_stop_keeps_what_has_not_come_back() {
    let (engine, _, home) = frozen(&mut Random::new(9), Policy::Push);
    engine.close().unwrap();
    assert!(home.list().unwrap().contains(&names::INBOXES.to_owned()));
    let delivery = DeliveryOptions { policy: Policy::Push, big_author: 15, ..Default::default() };
    let engine =
        Engine::open_on(Arc::new(home), Options { delivery, ..Options::default() }).unwrap();
    assert!(engine.settle_delivery(std::time::Duration::from_secs(60)));
    assert_eq!(engine.counters().unwrap().inboxes, READERS);
}

#[test]
fn untouched_inboxes_come_back_and_a_changed_one_does_not() {
    let mut random = Random::new(7);
    let (engine, storage, _) = frozen(&mut random, Policy::Push);
    assert!(!storage.list().unwrap().contains(&names::INBOXES.to_owned()), "it is taken");
    let query = TimelineQuery { user: UserId(1), viewer: None, span: Span::Newest, limit: 20 };
    let before = engine.explain_home(&query).unwrap();
    assert!(!before.from_inbox && !before.inbox_built, "pulled: {before:?}");
    engine.write(Command::follow(UserId(2), UserId(9_999))).unwrap();
    while thaw(engine.shared()).unwrap() {}
    assert_eq!(engine.counters().unwrap().inboxes, READERS - 1);
    let after = engine.explain_home(&query).unwrap();
    assert!(after.from_inbox && !after.inbox_built, "{after:?}");
    let changed = engine.explain_home(&TimelineQuery { user: UserId(2), ..query }).unwrap();
    assert!(changed.inbox_built, "{changed:?}");
}
