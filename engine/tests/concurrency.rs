//! Concurrent readers and writers: each page, plain or collapsed, equals the contract at the position it
//! carries, and positions never go back for one reader.
//!
//! Readers note what they saw; afterwards the oracle walks through the accepted commands and is
//! asked at each noted position.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, HashMap};
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
    Action, BROUGHT_BY_MAX, BroughtBy, Collapse, Command, CountedQuery, DeliveryOptions,
    Durability, Engine, FullQuery, ManualClock, Options, PageEnd, Policy, PostId,
    SEGMENT_BYTES_MIN, Storage, TimelineQuery, Timestamp, UserId,
};

const USERS: u64 = 12;

/// Reads of a reader at one position that are compared.
const READS_PER_POSITION: u64 = 20;

/// When everything is published that says nothing else.
const NOW: Timestamp = Timestamp(1_000_030_000);

/// What a reader saw.
struct Seen {
    query: TimelineQuery,
    collapse: Option<Collapse>,
    position: u64,
    ids: Vec<u64>,
    /// Of each post of a collapsed page, who else brought it.
    brought_by: Vec<(Vec<u64>, u32)>,
    end: PageEnd,
}

impl Seen {
    fn read(engine: &Engine, query: TimelineQuery, collapse: Option<Collapse>) -> Self {
        let of = CountedQuery::Home(query);
        let full = engine.full_page(&FullQuery { collapse, ..FullQuery::of(of) }).unwrap();
        let collapsed = full.collapsed.unwrap_or_default();
        let brought = |by: &BroughtBy| (by.users.iter().map(|user| user.0).collect(), by.count);
        Self {
            query,
            collapse,
            position: full.page.position.sequence.0,
            ids: full.page.posts.iter().map(|post| post.id.0).collect(),
            brought_by: collapsed.brought_by.iter().map(brought).collect(),
            end: full.page.end,
        }
    }

    /// `shown` are the times of posts that say when they were published.
    fn check(&self, model: &Model, shown: &HashMap<u64, u64>) {
        let Self { query, collapse, position, ids, end, .. } = self;
        let Some(collapse) = collapse else {
            assert_eq!((ids.clone(), *end), model.home(query), "at {position}: {query:?}");
            return;
        };
        let shown = |post| shown.get(&post).copied().unwrap_or(NOW.0);
        let expected = model.collapsed_page(&CountedQuery::Home(*query), collapse, shown);
        let (expected, expected_end) = expected.unwrap();
        let (expected_ids, others): (Vec<u64>, Vec<Vec<u64>>) = expected.into_iter().unzip();
        let named = |others: Vec<u64>| {
            let count = u32::try_from(others.len()).unwrap();
            (others.into_iter().take(BROUGHT_BY_MAX).collect(), count)
        };
        let others: Vec<_> = others.into_iter().map(named).collect();
        let found = (ids, *end, &self.brought_by);
        assert_eq!(
            found,
            (&expected_ids, expected_end, &others),
            "at {position}: {query:?}, {collapse:?}"
        );
    }
}

/// Horizons that separate what says when it was published, or nothing.
fn collapse(workload: &mut Workload, acknowledged: u64) -> Collapse {
    let horizon = Duration::from_millis(workload.random.below(60_000) + 1);
    let is_topped = workload.random.one_in(3);
    let top = is_topped.then(|| PostId(workload.random.below(acknowledged + 3)));
    Collapse { horizon, top }
}

fn engine(seed: u64, policy: Policy) -> Engine {
    let options = Options {
        delivery: DeliveryOptions { policy, ..random_delivery(&mut Random::new(seed)) },
        durability: Durability::Os,
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 8,
        flush_records: 300,
        memory_budget: 2_000,
        // Nearly every page lets go of the state before it is full.
        hold_entries: 4,
        clock: Arc::new(ManualClock::new(NOW)),
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
        // What was published lately is what others repost.
        receipt.post.into_iter().for_each(|id| workload.note(id));
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
        let is_collapsed = workload.random.one_in(2);
        let collapse = is_collapsed.then(|| collapse(&mut workload, acknowledged));
        let page = Seen::read(engine, query, collapse);
        let position = page.position;
        assert!(newest <= position, "positions never go back: {newest}, then {position}");
        assert!(acknowledged <= position, "{acknowledged} was acknowledged, the page is older");
        // Some reads of each position, so that fast readers and slow writers still cover all.
        reads = if newest == position { reads + 1 } else { 0 };
        newest = position;
        if READS_PER_POSITION <= reads {
            continue;
        }
        seen.push(page);
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

/// When a post was published, if it says so.
fn said_time(command: &Command) -> Option<Timestamp> {
    match &command.action {
        Action::Publish(post) | Action::Repost { post, .. } => post.created_at,
        _ => None,
    }
}

fn compare(accepted: BTreeMap<u64, Command>, mut seen: Vec<Seen>) {
    seen.sort_by_key(|seen| seen.position);
    let mut model = Model::new(8);
    let mut commands = accepted.into_iter().peekable();
    let (mut spread, mut stood_for) = (0, 0);
    let mut shown = HashMap::new();
    for page in seen {
        while let Some((sequence, command)) =
            commands.next_if(|(sequence, _)| *sequence <= page.position)
        {
            model.apply(&command, sequence);
            shown.extend(said_time(&command).map(|time| (sequence, time.0)));
            spread += 1;
        }
        page.check(&model, &shown);
        stood_for += page.brought_by.iter().filter(|(_, count)| 0 < *count).count();
    }
    assert!(100 < spread, "reads were spread over the history");
    assert!(10 < stood_for, "some entries stood for others");
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
