//! Home pages inside the engine, on one thread: what a page costs before any socket is involved.
//!
//! The reader of many authors is also measured while others write without a pause: that shows
//! whether readers wait for the committer.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fanfold_engine::testing::seed::Random;
use fanfold_engine::{Command, Durability, Engine, Options, Span, TimelineQuery, UserId};
use serde_json::json;

use super::Bench;
use super::dataset::{Dataset, Loader, TEXT_BYTES};
use crate::console::grouped;
use crate::exit::{Explain, Failure, Outcome};
use crate::number::{rate, whole};
use crate::population::Words;
use crate::sample::{Latencies, Run, Sample};

/// Recent posts of each author.
const POSTS_EACH: u64 = 10;

/// Entries of a page.
const PAGE: usize = 20;

/// The reader who follows all authors; above their ids.
const READER: UserId = UserId(1_000_000);

/// The targets of the reader of many authors, at p99: alone, beside a writer, on waking up.
const ALONE_US: f64 = 200.0;
const BESIDE_US: f64 = 500.0;
const WAKING_US: f64 = 1_000.0;

/// Writes in flight of the disturbing writer.
const WRITES_IN_FLIGHT: usize = 256;

pub(super) fn measure(bench: &mut Bench<'_>, dataset: &Dataset) -> Outcome<()> {
    let engine = open(&dataset.directory, Durability::Fsync)?;
    let mut random = Random::new(1);
    let sample = sampled(bench, || page(&engine, UserId(1 + random.below(dataset.users))))?;
    engine.close().explain(|| "cannot close".to_owned())?;
    bench.report.sample("engine", "a page of anybody, one thread", &sample, None)?;

    let authors = bench.scale.authors;
    let directory = bench.workplace.join("many-authors");
    load(&directory, authors)?;
    let engine = open(&directory, Durability::Fsync)?;
    let case = format!("a page of {} authors, on waking up", grouped(authors));
    let sample = waking(bench, &engine)?;
    engine.close().explain(|| "cannot close".to_owned())?;
    report(bench, &case, WAKING_US, &sample, None)?;
    for (writer, durability) in [
        (None, Durability::Fsync),
        (Some("synced"), Durability::Fsync),
        (Some("unsynced"), Durability::Os),
    ] {
        let engine = open(&directory, durability)?;
        let case = match writer {
            None => format!("a page of {} authors", grouped(authors)),
            Some(how) => format!("a page of {} authors, {how} writes", grouped(authors)),
        };
        let (sample, written) = match writer {
            None => (sampled(bench, || page(&engine, READER))?, None),
            Some(_) => {
                let (sample, written) = beside_a_writer(bench, &engine, authors)?;
                (sample, Some(written))
            }
        };
        engine.close().explain(|| "cannot close".to_owned())?;
        let target = if writer.is_none() { ALONE_US } else { BESIDE_US };
        report(bench, &case, target, &sample, written)?;
    }
    Ok(())
}

fn report(
    bench: &mut Bench<'_>,
    case: &str,
    target: f64,
    sample: &Sample,
    written: Option<f64>,
) -> Outcome<()> {
    let p99 = sample.latencies.p99();
    let verdict = if p99 <= target { "within" } else { "OVER" };
    let mut shown = format!("{sample}  p99 is {verdict} the target of {target:.0} us");
    let mut value = sample.json();
    if let (Some(written), Some(fields)) = (written, value.as_object_mut()) {
        shown.push_str(&format!(", beside {} writes/s", grouped(whole(written))));
        fields.insert("writes_per_second".to_owned(), json!(written));
    }
    bench.report.row("engine", case, shown, value)
}

fn open(directory: &Path, durability: Durability) -> Outcome<Engine> {
    let options = Options { durability, ..Options::default() };
    Engine::open(directory, options).explain(|| "cannot open".to_owned())
}

/// A reader of `authors` authors, who published in turn.
fn load(directory: &Path, authors: u64) -> Outcome<()> {
    let mut loader = Loader::open(directory)?;
    let mut words = Words::new(2);
    for author in 1..=authors {
        loader.write(Command::follow(READER, UserId(author)))?;
    }
    for number in 0..authors * POSTS_EACH {
        let author = UserId(1 + number % authors);
        loader.write(Command::publish(author, words.text(TEXT_BYTES)))?;
    }
    loader.finish(authors, authors * POSTS_EACH)
}

fn page(engine: &Engine, user: UserId) -> Outcome<()> {
    let query = TimelineQuery { user, viewer: None, span: Span::Newest, limit: PAGE };
    let page = engine.home(&query).explain(|| "cannot read".to_owned())?;
    match page.posts.len() {
        PAGE => Ok(()),
        got => Err(Failure::failed(format!("the page of user {user} has {got} posts"))),
    }
}

/// The first page of a reader whose inbox is gone, again and again.
fn waking(bench: &Bench<'_>, engine: &Engine) -> Outcome<Sample> {
    let options = engine.delivery().explain(|| "cannot ask".to_owned())?;
    let mut sample = Sample::new()?;
    for _ in 0..bench.scale.runs {
        let (mut count, mut latencies) = (0, Latencies::new()?);
        let mut time = Duration::ZERO;
        while time < bench.scale.time {
            // The same policy again drops all inboxes.
            engine.set_delivery(options).explain(|| "cannot drop inboxes".to_owned())?;
            let asked = Instant::now();
            page(engine, READER)?;
            latencies.add(asked.elapsed());
            time += asked.elapsed();
            count += 1;
        }
        sample.add(&Run { count, time, latencies })?;
    }
    Ok(sample)
}

/// Runs `read` over and over, on this thread.
fn sampled(bench: &Bench<'_>, mut read: impl FnMut() -> Outcome<()>) -> Outcome<Sample> {
    let mut sample = Sample::new()?;
    let warm = Instant::now();
    while warm.elapsed() < Duration::from_millis(200) {
        read()?;
    }
    for _ in 0..bench.scale.runs {
        let (mut count, mut latencies) = (0, Latencies::new()?);
        let started = Instant::now();
        while started.elapsed() < bench.scale.time {
            let asked = Instant::now();
            read()?;
            latencies.add(asked.elapsed());
            count += 1;
        }
        sample.add(&Run { count, time: started.elapsed(), latencies })?;
    }
    Ok(sample)
}

/// The same while another thread publishes, half of it by followed authors. The sample, and writes
/// a second.
fn beside_a_writer(bench: &Bench<'_>, engine: &Engine, authors: u64) -> Outcome<(Sample, f64)> {
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let started = Instant::now();
    let (sample, writer) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_on(engine, authors, &stop, &written));
        let sample = sampled(bench, || page(engine, READER));
        stop.store(true, Ordering::Relaxed);
        (sample, writer.join())
    });
    writer.unwrap_or_else(|_| Err(Failure::failed("the writer panicked")))?;
    Ok((sample?, rate(written.load(Ordering::Relaxed), started.elapsed())))
}

fn write_on(engine: &Engine, authors: u64, stop: &AtomicBool, written: &AtomicU64) -> Outcome<()> {
    let mut random = Random::new(3);
    let text = Words::new(3).text(TEXT_BYTES);
    let write = || "cannot write".to_owned();
    while !stop.load(Ordering::Relaxed) {
        let mut tickets = Vec::with_capacity(WRITES_IN_FLIGHT);
        for _ in 0..WRITES_IN_FLIGHT {
            let author = UserId(1 + random.below(authors * 2));
            let command = Command::publish(author, text.clone());
            tickets.push(engine.submit(command).explain(write)?);
        }
        for ticket in tickets {
            ticket.wait().explain(write)?;
            written.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
