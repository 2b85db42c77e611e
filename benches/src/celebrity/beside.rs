//! What other users meet while something goes on: their reads and posts, at a fixed pace.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fanfold_engine::testing::seed::Random;
use fanfold_engine::{Command, Engine, Span, TimelineQuery, UserId};
use hdrhistogram::Histogram;

use super::world::World;
use crate::exit::{Explain, Failure, Outcome};
use crate::number::float;

/// Between two reads of others.
const READ_EVERY: Duration = Duration::from_micros(500);

/// Of the reads one in so many is followed by a post.
const POST_EVERY: u64 = 4;

/// Microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latencies {
    pub(super) read_p50: f64,
    pub(super) read_p99: f64,
    pub(super) post_p50: f64,
    pub(super) post_p99: f64,
}

/// Reads and posts of others until `is_over`. Each is due at its time: one that comes late because the
/// one before took long counts as late.
pub(super) fn beside(engine: &Engine, world: World, is_over: &AtomicBool) -> Outcome<Latencies> {
    let histogram = || Histogram::<u64>::new(3).explain(|| "no histogram".to_owned());
    let (mut reads, mut posts) = (histogram()?, histogram()?);
    let mut random = Random::new(77);
    let started = Instant::now();
    let mut number = 0;
    while !is_over.load(Ordering::Relaxed) {
        let due = started + READ_EVERY * number;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        // What the timer lets through late is not the engine's.
        let due = due.max(Instant::now() - READ_EVERY / 4);
        newest(engine, world.any_reader(&mut random))?;
        note(&mut reads, due);
        if u64::from(number).is_multiple_of(POST_EVERY) {
            let begun = Instant::now();
            publish(engine, world.any_reader(&mut random))?;
            note(&mut posts, begun);
        }
        number += 1;
    }
    let at = |histogram: &Histogram<u64>, part| float(histogram.value_at_quantile(part)) / 1e3;
    Ok(Latencies {
        read_p50: at(&reads, 0.5),
        read_p99: at(&reads, 0.99),
        post_p50: at(&posts, 0.5),
        post_p99: at(&posts, 0.99),
    })
}

fn note(histogram: &mut Histogram<u64>, since: Instant) {
    let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
    // It grows with what it is given.
    let _ = histogram.record(nanos);
}

/// The newest page of a home: the id of its first post.
pub(super) fn newest(engine: &Engine, user: UserId) -> Outcome<Option<u64>> {
    let query = TimelineQuery { user, viewer: None, span: Span::Newest, limit: 20 };
    let page = engine.home(&query).explain(|| format!("cannot read the home of {user}"))?;
    Ok(page.posts.first().map(|post| post.id.0))
}

/// Publishes and waits for the answer: the post's id.
pub(super) fn publish(engine: &Engine, author: UserId) -> Outcome<u64> {
    let receipt = engine.write(Command::publish(author, "p".repeat(280)));
    let receipt = receipt.explain(|| "cannot publish".to_owned())?;
    receipt.post.map(|post| post.0).ok_or_else(|| Failure::failed("a post without an id"))
}
