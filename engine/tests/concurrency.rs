//! Concurrent readers and writers: each page equals the contract at the position it carries, and
//! positions never go back for one reader.
//!
//! Readers note what they saw; afterwards the oracle walks through the accepted commands and is
//! asked at each noted position.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use fanfold_engine::testing::delivery::random_delivery;
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::Model;
use fanfold_engine::testing::seed::{Random, seed_or};
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{
    Action, Command, DeliveryOptions, Durability, Engine, Options, PageEnd, Policy,
    SEGMENT_BYTES_MIN, Storage, TimelineQuery, UserId,
};

const USERS: u64 = 12;

/// Reads of a reader at one position that are compared.
const READS_PER_POSITION: u64 = 20;

/// What a reader saw.
struct Seen {
    query: TimelineQuery,
    position: u64,
    ids: Vec<u64>,
    end: PageEnd,
}

fn engine(seed: u64, policy: Policy) -> Engine {
    let options = Options {
        delivery: DeliveryOptions { policy, ..random_delivery(&mut Random::new(seed)) },
        durability: Durability::Os,
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 8,
        flush_records: 300,
        memory_budget: 2_000,
        ..Options::default()
    };
    let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
    Engine::open_on(storage, options).unwrap()
}

/// Writes until `commands` were sent; answers the accepted ones by sequence.
fn write(engine: &Engine, seed: u64, commands: u64, last: &AtomicU64) -> BTreeMap<u64, Command> {
    let mut workload = Workload::new(seed, USERS);
    workload.text_bytes_max = 2_000;
    let mut accepted = BTreeMap::new();
    for _ in 0..commands {
        let mut command = workload.command(last.load(Ordering::Relaxed));
        command.options.key = None;
        let Ok(receipt) = engine.write(command.clone()) else { continue };
        last.fetch_max(receipt.position.sequence.0, Ordering::Relaxed);
        if receipt.changed && !matches!(command.action, Action::Touch { .. } | Action::Tag { .. }) {
            accepted.insert(receipt.position.sequence.0, command);
        }
    }
    accepted
}

fn read(engine: &Engine, seed: u64, last: &AtomicU64, done: &AtomicBool) -> Vec<Seen> {
    let mut workload = Workload::new(seed, USERS);
    let mut seen = Vec::new();
    let (mut newest, mut reads) = (0, 0);
    while !done.load(Ordering::Relaxed) {
        // A read that starts after an acknowledgement sees it.
        let acknowledged = last.load(Ordering::Relaxed);
        let query = workload.timeline(acknowledged);
        let page = engine.home(&query).unwrap();
        let position = page.position.sequence.0;
        assert!(newest <= position, "positions never go back: {newest}, then {position}");
        assert!(acknowledged <= position, "{acknowledged} was acknowledged, the page is older");
        // Some reads of each position, so that fast readers and slow writers still cover all.
        reads = if newest == position { reads + 1 } else { 0 };
        newest = position;
        if READS_PER_POSITION <= reads {
            continue;
        }
        let ids = page.posts.iter().map(|post| post.id.0).collect();
        seen.push(Seen { query, position, ids, end: page.end });
    }
    seen
}

#[test]
fn every_page_equals_the_contract_at_its_position() {
    let seed = seed_or(7);
    Policy::ALL.into_iter().for_each(|policy| read_and_write(seed, policy));
}

fn read_and_write(seed: u64, policy: Policy) {
    let engine = engine(seed, policy);
    let (last, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let (accepted, seen) = thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|n| {
                scope.spawn({
                    let (e, l) = (&engine, &last);
                    move || write(e, seed + n, 3_000, l)
                })
            })
            .collect();
        let readers: Vec<_> = (0..3)
            .map(|n| {
                let (engine, last, done) = (&engine, &last, &done);
                scope.spawn(move || read(engine, seed + 100 + n, last, done))
            })
            .collect();
        let mut accepted = BTreeMap::new();
        writers.into_iter().for_each(|writer| accepted.extend(writer.join().unwrap()));
        done.store(true, Ordering::Relaxed);
        let seen: Vec<_> = readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect();
        (accepted, seen)
    });
    assert!(1_000 < accepted.len() && 1_000 < seen.len(), "the run was worth something");
    compare(accepted, seen);
    engine.close().unwrap();
}

fn compare(accepted: BTreeMap<u64, Command>, mut seen: Vec<Seen>) {
    seen.sort_by_key(|seen| seen.position);
    let mut model = Model::new(8);
    let mut commands = accepted.into_iter().peekable();
    let mut spread = 0;
    for Seen { query, position, ids, end } in seen {
        while let Some((sequence, command)) =
            commands.next_if(|(sequence, _)| *sequence <= position)
        {
            model.apply(&command, sequence);
            spread += 1;
        }
        assert_eq!((ids, end), model.home(&query), "at {position}: {query:?}");
    }
    assert!(100 < spread, "reads were spread over the history");
}

/// A command that came in between the last look at the queue and its end was never answered, and its
/// writer waited for ever; so did whoever asked for a round of retention then.
#[test]
fn closing_leaves_nobody_waiting() {
    for round in 0..300 {
        let storage = Arc::new(MemoryStorage::default());
        let options = Options { segment_bytes: SEGMENT_BYTES_MIN, ..Options::default() };
        let engine = Engine::open_on(storage, options).unwrap();
        let (done, all_done) = std::sync::mpsc::channel();
        for writer in 0..4 {
            let (engine, done) = (engine.clone(), done.clone());
            thread::spawn(move || {
                while engine.write(Command::publish(UserId(writer), "post")).is_ok() {}
                done.send(()).unwrap();
            });
        }
        let retained = engine.clone();
        thread::spawn(move || {
            while retained.retain().is_ok() {}
            done.send(()).unwrap();
        });
        thread::sleep(Duration::from_micros(round * 7));
        engine.close().unwrap();
        for _ in 0..5 {
            let waited = all_done.recv_timeout(Duration::from_secs(60));
            assert!(waited.is_ok(), "round {round}: somebody is still waiting");
        }
    }
}
