//! Repair of damaged logs: what is left equals the history without the records that it says are
//! lost, and it says so of no more than a record or a header covers.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{compare, users};
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::{Expected, Model};
use fanfold_engine::testing::seed::{Random, seed_or};
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{
    Action, BroadcastAction, Command, Engine, ErrorKind, NewPost, Options, PostId,
    SEGMENT_BYTES_MIN, Storage, UserId, check_storage, repair_storage,
};

const USERS: u64 = 8;

fn open(storage: &MemoryStorage) -> Engine {
    let options = Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 5,
        flush_records: 100,
        memory_budget: 0,
        ..Options::default()
    };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

/// A closed database of several segments, and which command each sequence was; but for weights.
fn history(seed: u64, is_packed: bool) -> (MemoryStorage, BTreeMap<u64, Command>) {
    let storage = MemoryStorage::default();
    let mut model = Model::new(5);
    let mut workload = Workload::new(seed, USERS);
    let mut commands = BTreeMap::new();
    for _ in 0..3 {
        let engine = open(&storage);
        for _ in 0..150 {
            workload.knows(model.some_broadcasts());
            let command = workload.command(model.last);
            // Whether a follow became a request depends on records that may be lost.
            if matches!(command.action, Action::Private { .. }) {
                continue;
            }
            let expected = model.expect(&command);
            let stands =
                |user: UserId, author: UserId| model.follows.contains_key(&(user.0, author.0));
            let is_weight = matches!(
                command.action,
                Action::Follow { user, author, .. } if stands(user, author)
            );
            if let (Expected::Changed, Ok(receipt)) = (expected, engine.write(command.clone())) {
                model.apply(&command, receipt.position.sequence.0);
                // Another weight begins no follow, should the one that stood be lost.
                if !is_weight {
                    commands.insert(receipt.position.sequence.0, command);
                }
            }
        }
        if is_packed {
            engine.retain().unwrap();
        }
        engine.close().unwrap();
    }
    (storage, commands)
}

/// The oracle of what is left.
fn without(commands: &BTreeMap<u64, Command>, lost: &[(u64, u64)]) -> Model {
    let (mut model, mut whole) = (Model::new(5), Model::new(5));
    commands.iter().for_each(|(sequence, command)| whole.apply(command, *sequence));
    let is_lost = |at: u64| lost.iter().any(|(first, last)| (*first..=*last).contains(&at));
    for (sequence, command) in commands {
        if is_lost(*sequence) {
            continue;
        }
        match &command.action {
            Action::Repost { post, .. } => {
                let (_, root) = whole.posts[sequence].repost.unwrap();
                repost(&mut model, command, (*sequence, root), (post, is_lost(root)));
                if let Some(known) = model.posts.get_mut(sequence).filter(|_| !is_lost(root)) {
                    // The parent may be lost.
                    known.repost = whole.posts[sequence].repost;
                }
            }
            Action::Unrepost { user, post } => {
                let root = whole.posts[&post.0].repost.map_or(post.0, |(_, root)| root);
                let action = Action::Unrepost { user: *user, post: PostId(root) };
                model.apply(&Command::new(action), *sequence);
            }
            _ => model.apply(&left_of(command, commands, is_lost), *sequence),
        }
    }
    model
}

/// Of a repost whose original is lost nothing is left, or a post of its own. Of two bare ones the later.
fn repost(
    model: &mut Model,
    command: &Command,
    (sequence, root): (u64, u64),
    (post, is_lost): (&NewPost, bool),
) {
    let is_bare = post.text.is_empty();
    if is_lost && !is_bare {
        model.apply(&Command::new(Action::Publish(post.clone())), sequence);
    }
    if is_lost {
        return;
    }
    if let Some(before) = model.bare_repost(post.author, root).filter(|_| is_bare) {
        model.posts.get_mut(&before).unwrap().deleted = true;
    }
    model.apply(command, sequence);
}

/// Of a broadcast whose beginning is lost the replay is left: a post.
fn left_of(
    command: &Command,
    commands: &BTreeMap<u64, Command>,
    is_lost: impl Fn(u64) -> bool,
) -> Command {
    if let Action::Broadcast(BroadcastAction::End { broadcast, .. }) = &command.action
        && is_lost(broadcast.0)
        && let Some(author) = commands.get(&broadcast.0).and_then(|begun| begun.action.subject())
    {
        return Command::publish(author, "a replay");
    }
    command.clone()
}

#[test]
fn what_is_left_equals_the_history_without_what_is_lost() {
    for round in 0..60 {
        let seed = seed_or(1) + round;
        let (storage, commands) = history(seed, false);
        let mut random = Random::new(seed);
        let segments = storage.segments();
        for _ in 0..=random.below(2) {
            let index = usize::try_from(random.below(segments.len() as u64)).unwrap();
            let name = segments.get(index).unwrap();
            let mut bytes = storage.bytes(name);
            let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
            *bytes.get_mut(at).unwrap() ^= 0x41;
            storage.set_bytes(name, bytes);
        }
        let was_damaged = !check_storage(&storage).unwrap().is_clean();
        let done = repair_storage(&storage).unwrap();
        let lost: Vec<_> = done.lost.iter().map(|(first, last)| (first.0, last.0)).collect();
        let context = format!("seed {seed}: {lost:?} of {:?}", done.before.damage);
        let report = check_storage(&storage).unwrap();
        assert!(report.is_clean(), "{context}: {:?}", report.damage);
        let engine = open(&storage);
        compare(&engine, &without(&commands, &lost), &users(USERS)).unwrap();
        assert_eq!(was_damaged, !done.set_aside.is_empty(), "{context}");
        // The ids that were lost are not given again.
        let receipt = engine.write(Command::publish(UserId(1), "after")).unwrap();
        assert!(*commands.keys().last().unwrap() < receipt.position.sequence.0, "{context}");
    }
}

#[test]
fn packed_segments_lose_the_damaged_block_only() {
    let (storage, _) = history(seed_or(3), true);
    let posts = |engine: &Engine| -> u64 {
        users(USERS).iter().map(|user| engine.user(*user, None).unwrap().posts).sum()
    };
    let before = posts(&open(&storage.image()));
    let name = storage.segments().first().unwrap().clone();
    let mut bytes = storage.bytes(&name);
    *bytes.get_mut(4_200).unwrap() ^= 1;
    storage.set_bytes(&name, bytes);
    assert!(!check_storage(&storage).unwrap().is_clean());
    repair_storage(&storage).unwrap();
    assert!(check_storage(&storage).unwrap().is_clean());
    assert!(posts(&open(&storage)) <= before);
}

#[test]
fn a_missing_segment_becomes_a_declared_hole() {
    let (storage, commands) = history(seed_or(5), false);
    let segments = storage.segments();
    let gone = segments.get(1).unwrap();
    storage.remove(gone).unwrap();
    let refused = Engine::open_on(Arc::new(storage.clone()), Options::default()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Corrupt);
    let done = repair_storage(&storage).unwrap();
    let lost: Vec<_> = done.lost.iter().map(|(first, last)| (first.0, last.0)).collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    compare(&open(&storage), &without(&commands, &lost), &users(USERS)).unwrap();
}

#[test]
fn a_sound_directory_is_left_alone() {
    let (storage, commands) = history(seed_or(7), false);
    let before: Vec<_> = storage.list().unwrap();
    let done = repair_storage(&storage).unwrap();
    assert!(done.before.is_clean() && done.set_aside.is_empty() && done.lost.is_empty());
    assert_eq!(storage.list().unwrap(), before);
    compare(&open(&storage), &without(&commands, &[]), &users(USERS)).unwrap();
}
