//! Opening a large database: after an orderly stop, and after a kill in the middle of a load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanfold_engine::{Engine, Options, Span, TimelineQuery, UserId};
use serde_json::json;

use super::Bench;
use super::dataset::{Dataset, TEXT_BYTES};
use crate::console::grouped;
use crate::daemon::Launch;
use crate::exit::{Explain, Failure, Outcome};
use crate::population::Words;
use crate::wire::Load;
use crate::wire::fanfold::Fanfold;

pub(super) fn measure(bench: &mut Bench<'_>, dataset: &mut Dataset) -> Outcome<()> {
    dataset.top_up(bench.scale.reopen_follows)?;
    for _ in 0..bench.scale.runs {
        open(bench, dataset, "after an orderly stop", true)?;
    }
    for _ in 0..bench.scale.runs {
        kill_under_load(bench, dataset)?;
        open(bench, dataset, "after a kill under load", false)?;
    }
    Ok(())
}

/// Opens, reads one page, closes.
fn open(bench: &mut Bench<'_>, dataset: &Dataset, case: &str, clean: bool) -> Outcome<()> {
    let started = Instant::now();
    let engine = Engine::open(&dataset.directory, Options::default());
    let engine = engine.explain(|| "cannot open".to_owned())?;
    let opened = started.elapsed().as_secs_f64();
    let query = TimelineQuery { user: UserId(1), viewer: None, span: Span::Newest, limit: 20 };
    engine.home(&query).explain(|| "cannot read".to_owned())?;
    let first_page = started.elapsed().as_secs_f64();
    let recovery = engine.recovery().clone();
    let counters = engine.counters().explain(|| "cannot count".to_owned())?;
    engine.close().explain(|| "cannot close".to_owned())?;
    if recovery.clean != clean {
        return Err(Failure::failed(format!("opened {case}, but the stop counts as {recovery:?}")));
    }
    let (posts, follows, records) = (counters.posts, counters.follows, recovery.records);
    let shown = format!(
        "{opened:.2} s, first page after {first_page:.2} s: {} posts, {} follows, {} records",
        grouped(posts),
        grouped(follows),
        grouped(records)
    );
    let value = json!({
        "seconds": opened, "first_page_seconds": first_page,
        "posts": posts, "follows": follows, "records": records,
    });
    bench.report.row("reopen", case, shown, value)
}

/// Leaves the directory as a `kill -9` of a writing daemon does.
fn kill_under_load(bench: &Bench<'_>, dataset: &Dataset) -> Outcome<()> {
    let log = bench.workplace.join("daemon.log");
    let daemon = Launch::serve(&bench.programs.daemon, &dataset.directory, log).start(0)?;
    let text = Bytes::from(Words::new(4).text(TEXT_BYTES));
    let dialect = Arc::new(Fanfold::publishes(dataset.users, text));
    let (address, time) = (daemon.address(), bench.scale.time);
    // It ends with the kill.
    let most = Duration::from_secs(60).max(time * 4);
    let load = Load { address, dialect, connections: 64, depth: 1, time: most, seed: 5 };
    bench.runtime.block_on(async {
        // The kill comes in the middle: that the load fails is the point of it.
        let load = tokio::spawn(async move { load.run().await.map(|run| run.count) });
        tokio::time::sleep(time).await;
        daemon.kill();
        match load.await {
            Ok(Err(_)) => Ok(()),
            Ok(Ok(_)) => Err(Failure::failed("the load did not notice the kill")),
            Err(panicked) => Err(Failure::failed(format!("the load panicked: {panicked}"))),
        }
    })
}
