//! Durable publishes: acknowledged after the sync, in the engine and over TCP, by one and by many,
//! beside what the disk can do.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanfold_engine::{Command, Engine, Options, UserId};

use super::Bench;
use super::dataset::TEXT_BYTES;
use crate::daemon::{Daemon, Launch};
use crate::exit::{Explain, Failure, Outcome};
use crate::limits::synced::{Form, SyncedFile};
use crate::population::Words;
use crate::sample::{Latencies, Run, Sample};
use crate::wire::Load;
use crate::wire::fanfold::Fanfold;

/// One, and many.
const WRITERS: [usize; 2] = [1, 64];

/// Authors of the published posts.
const USERS: u64 = 10_000;

pub(super) fn measure(bench: &mut Bench<'_>) -> Outcome<()> {
    let text = Bytes::from(Words::new(1).text(TEXT_BYTES));
    let mut file = SyncedFile::create(bench.workplace.join("synced"), Form::Zeroed)?;
    let engine = open(&bench.workplace.join("publish-engine"))?;
    let data = bench.workplace.join("publish-daemon");
    let log = bench.workplace.join("daemon.log");
    let daemon = Launch::serve(&bench.programs.daemon, &data, log).start(0)?;
    let mut disk = Sample::new()?;
    let mut in_engine = [Sample::new()?, Sample::new()?];
    let mut over_tcp = [Sample::new()?, Sample::new()?];
    for _ in 0..bench.scale.runs {
        let time = bench.scale.time;
        disk.add(&file.run(time)?)?;
        for (sample, writers) in in_engine.iter_mut().zip(WRITERS) {
            sample.add(&publish(&engine, &text, writers, time)?)?;
        }
        for (sample, clients) in over_tcp.iter_mut().zip(WRITERS) {
            let load = load(&daemon, &text, clients, time);
            sample.add(&bench.runtime.block_on(load.run())?)?;
        }
    }
    engine.close().explain(|| "cannot close".to_owned())?;
    daemon.stop()?;
    bench.report.sample("publish", "bare fdatasync of 4 KiB, preallocated", &disk, None)?;
    let cases = ["engine, 1 thread", "engine, 64 threads", "TCP, 1 client", "TCP, 64 clients"];
    for (case, sample) in cases.into_iter().zip(in_engine.iter().chain(&over_tcp)) {
        // Many share a sync: one sync each is no limit for them.
        let limit = (!case.contains("64")).then_some(&disk);
        bench.report.sample("publish", case, sample, limit)?;
    }
    Ok(())
}

fn open(directory: &Path) -> Outcome<Engine> {
    Engine::open(directory, Options::default()).explain(|| "cannot open".to_owned())
}

fn load(daemon: &Daemon, text: &Bytes, connections: usize, time: Duration) -> Load {
    let dialect = Arc::new(Fanfold::publishes(USERS, text.clone()));
    let address = daemon.address();
    Load { address, dialect, connections, depth: 1, time, seed: 1 }
}

/// `threads` threads, each of which waits for its publish before the next.
fn publish(engine: &Engine, text: &Bytes, threads: usize, time: Duration) -> Outcome<Run> {
    let started = Instant::now();
    let runs: Vec<Outcome<(u64, Latencies)>> = std::thread::scope(|scope| {
        let spawn = |thread: usize| {
            scope.spawn(move || publish_alone(engine, text, thread as u64, started + time))
        };
        let threads: Vec<_> = (0..threads).map(spawn).collect();
        let panicked = || Err(Failure::failed("a publishing thread panicked"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| panicked())).collect()
    });
    let (mut count, mut latencies) = (0, Latencies::new()?);
    for run in runs {
        let (of_thread, its_latencies) = run?;
        count += of_thread;
        latencies.merge(&its_latencies)?;
    }
    Ok(Run { count, time: started.elapsed(), latencies })
}

fn publish_alone(
    engine: &Engine,
    text: &Bytes,
    thread: u64,
    deadline: Instant,
) -> Outcome<(u64, Latencies)> {
    let (mut count, mut latencies) = (0, Latencies::new()?);
    while Instant::now() < deadline {
        let author = UserId(1 + (thread * 1_009 + count) % USERS);
        let sent = Instant::now();
        let command = Command::publish(author, text.clone());
        engine.write(command).explain(|| "cannot publish".to_owned())?;
        latencies.add(sent.elapsed());
        count += 1;
    }
    Ok((count, latencies))
}
