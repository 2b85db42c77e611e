//! What `advise` says of a policy is what a run under that policy does: the same seeded workload under
//! each, compared by counters.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::seed::Random;
use fanfold_engine::{
    Advice, Command, DeliveryOptions, Engine, ManualClock, Options, Policy, PolicyCost,
    SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery, Timestamp, UserId,
};

const READERS: u64 = 200;
const AUTHORS: u64 = 30;

/// How much of each there is.
#[derive(Clone, Copy)]
struct Load {
    posts: u64,
    pages: u64,
}

fn read(engine: &Engine, user: u64) {
    let query = TimelineQuery { user: UserId(user), viewer: None, span: Span::Newest, limit: 20 };
    engine.home(&query).unwrap();
}

/// Readers 1 to 200; author 1,000 is followed by all, the others by some. One reader in four never
/// reads. Half of the posts are by the first few authors.
fn run(policy: Policy, load: Load) -> (Engine, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(Timestamp(1_000_000_000)));
    let delivery =
        DeliveryOptions { policy, big_author: 100, active_fans: 40, ..DeliveryOptions::default() };
    let options = Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        clock: Arc::clone(&clock) as _,
        delivery,
        ..Options::default()
    };
    let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
    let engine = Engine::open_on(storage, options).unwrap();
    let mut random = Random::new(7);
    for reader in 1..=READERS {
        engine.write(Command::follow(UserId(reader), UserId(1_000))).unwrap();
        for author in 1_001..1_000 + AUTHORS {
            if random.one_in(3) {
                engine.write(Command::follow(UserId(reader), UserId(author))).unwrap();
            }
        }
    }
    (1..=READERS).filter(|reader| reader % 4 != 0).for_each(|reader| read(&engine, reader));
    for _ in 0..load.posts {
        let few = random.one_in(2);
        let author = 1_000 + random.below(if few { 3 } else { AUTHORS });
        engine.write(Command::publish(UserId(author), "post")).unwrap();
    }
    assert!(engine.settle_delivery(Duration::from_secs(60)));
    for page in 0..load.pages {
        read(&engine, 1 + page % 6 / 3 * 4 + page % 3);
    }
    clock.set(Timestamp(1_000_000_000 + 60_000));
    (engine, clock)
}

fn cost(advice: &Advice, policy: Policy) -> PolicyCost {
    *advice.policies.iter().find(|cost| cost.policy == policy).unwrap()
}

/// Stated tolerance: a hundredth. Fewer readers than the sample holds, so nothing is left to chance.
#[test]
fn the_estimates_are_what_a_run_under_the_policy_does() {
    let load = Load { posts: 600, pages: 300 };
    let measured = [Policy::Pull, Policy::Push, Policy::Threshold, Policy::ActiveFans];
    let runs = measured.map(|policy| (policy, run(policy, load).0));
    for (running, engine) in &runs {
        let advice = engine.advise().unwrap();
        assert_eq!((advice.running, advice.posts), (*running, load.posts));
        assert_eq!((advice.readers, advice.sampled), (READERS / 4 * 3, READERS / 4 * 3));
        assert_eq!(advice.pages, load.pages + READERS / 4 * 3);
        assert_eq!(advice.window, Duration::from_secs(60));
        assert!((advice.per_second(advice.posts) - 10.0).abs() < 1e-9);
        for (policy, other) in &runs {
            let counters = other.counters().unwrap();
            let estimate = cost(&advice, *policy);
            let what = format!("{policy} while {running} runs: {estimate:?}");
            let off = estimate.deliveries.abs_diff(counters.deliveries);
            assert!(off * 100 <= counters.deliveries, "{what}, really {}", counters.deliveries);
            assert_eq!(estimate.deliveries == 0, *policy == Policy::Pull, "{what}");
            let off = estimate.inbox_bytes.abs_diff(counters.inbox_bytes);
            assert!(off * 2 <= counters.inbox_bytes, "{what}, really {}", counters.inbox_bytes);
        }
        let [pull, push, threshold, fans, _] = advice.policies.try_into().unwrap();
        assert_eq!(push.pulled_authors, 0);
        assert!(threshold.pulled_authors < pull.pulled_authors);
        assert!(0 < fans.pulled_authors && fans.pulled_authors < threshold.pulled_authors);
        assert!(threshold.deliveries < fans.deliveries && fans.deliveries < push.deliveries);
    }
}

#[test]
fn many_reads_are_pushed_and_many_posts_are_pulled() {
    for running in [Policy::Pull, Policy::Push, Policy::Adaptive] {
        let (engine, _) = run(running, Load { posts: 5, pages: 1_000 });
        let advice = engine.advise().unwrap();
        let is_push = |policy| matches!(policy, Policy::Push | Policy::Adaptive);
        assert!(advice.cheapest.is_some_and(is_push), "{running}: {advice:?}");
        let (engine, _) = run(running, Load { posts: 2_000, pages: 20 });
        let advice = engine.advise().unwrap();
        assert_eq!(advice.cheapest, Some(Policy::Pull), "{running}: {advice:?}");
    }
}

/// More readers than the sample holds: within a tenth, and the sample says how large it is.
#[test]
fn many_readers_are_sampled() {
    let options = Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        delivery: DeliveryOptions { policy: Policy::Push, ..DeliveryOptions::default() },
        ..Options::default()
    };
    let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
    let engine = Engine::open_on(storage, options).unwrap();
    let readers = 4_000;
    for reader in 1..=readers {
        for author in 0..=reader % 5 {
            engine.submit(Command::follow(UserId(reader), UserId(10_000 + author))).unwrap();
        }
    }
    engine.write(Command::follow(UserId(1), UserId(10_009))).unwrap();
    (1..=readers).for_each(|reader| read(&engine, reader));
    for author in (0..5).cycle().take(50) {
        engine.write(Command::publish(UserId(10_000 + author), "post")).unwrap();
    }
    assert!(engine.settle_delivery(Duration::from_secs(60)));
    let advice = engine.advise().unwrap();
    assert_eq!((advice.readers, advice.sampled), (readers, 1_024));
    let (estimate, real) =
        (cost(&advice, Policy::Push).deliveries, engine.counters().unwrap().deliveries);
    assert!(estimate.abs_diff(real) * 10 <= real, "{estimate}, really {real}");
}

#[test]
fn a_database_that_was_not_used_gets_no_advice() {
    let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
    let engine = Engine::open_on(storage, Options::default()).unwrap();
    let advice = engine.advise().unwrap();
    assert_eq!((advice.posts, advice.pages, advice.readers, advice.cheapest), (0, 0, 0, None));
}
