//! Home pages of 20 with text over TCP, beside a bare echo that sends as many bytes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::dataset::Dataset;
use super::{Bench, Scale};
use crate::console::grouped;
use crate::daemon::{Daemon, Launch};
use crate::exit::{Explain, Failure, Outcome};
use crate::machine::kilobytes;
use crate::number::to_usize;
use crate::sample::Sample;
use crate::wire::echo::Echo;
use crate::wire::fanfold::{Fanfold, PAGE, probe};
use crate::wire::{Dialect, Load};

/// Connections, and requests in flight on each.
const SHAPES: [(usize, u32); 3] = [(1, 1), (50, 1), (50, 16)];

/// Users whose page is decoded and measured before anything is timed.
const PROBED: u64 = 200;

/// The first runs of a process pay for cold caches.
const WARM_UP: Duration = Duration::from_millis(500);

pub(super) fn measure(bench: &mut Bench<'_>, dataset: &Dataset) -> Outcome<()> {
    let log = bench.workplace.join("daemon.log");
    let launch = Launch::serve(&bench.programs.daemon, &dataset.directory, log);
    let daemon = launch.start(0)?;
    let reply_bytes = probe_pages(&daemon, dataset.users)?;
    let this = std::env::current_exe().explain(|| "cannot find this program".to_owned())?;
    let size = reply_bytes.to_string();
    let echo = Launch::of(&this, &["echo", "--reply-bytes", &size]).start(0)?;
    let shown = format!("{} bytes in a reply, {}", grouped(reply_bytes as u64), launch.shown());
    bench.report.row("page", "settings", shown, json!({ "reply_bytes": reply_bytes }))?;
    for (connections, depth) in SHAPES {
        let home = Arc::new(Fanfold::homes(dataset.users));
        let daemon_load = load(&bench.scale, &daemon, home, (connections, depth));
        let question = Arc::new(Echo { reply_bytes });
        let echo_load = load(&bench.scale, &echo, question, (connections, depth));
        let (of_daemon, of_echo) = alternate(bench, &daemon_load, &echo_load)?;
        let case = shape(connections, depth);
        bench.report.sample("page", &format!("bare echo, {case}"), &of_echo, None)?;
        bench.report.sample("page", &format!("fanfoldd, {case}"), &of_daemon, Some(&of_echo))?;
    }
    report_memory(bench, &daemon, dataset)?;
    daemon.stop().map(drop)
}

fn load(scale: &Scale, to: &Daemon, dialect: Arc<dyn Dialect>, shape: (usize, u32)) -> Load {
    let (connections, depth) = shape;
    Load { address: to.address(), dialect, connections, depth, time: scale.time, seed: 1 }
}

fn shape(connections: usize, depth: u32) -> String {
    match (connections, depth) {
        (1, 1) => "1 connection".to_owned(),
        (_, 1) => format!("{connections} connections"),
        _ => format!("{connections} connections x {depth} pipelined"),
    }
}

/// A B A B, after a warm-up of both.
fn alternate(bench: &Bench<'_>, a: &Load, b: &Load) -> Outcome<(Sample, Sample)> {
    let (mut of_a, mut of_b) = (Sample::new()?, Sample::new()?);
    for load in [a, b] {
        let time = WARM_UP.min(load.time);
        bench.runtime.block_on(Load { time, ..load.clone() }.run())?;
    }
    for run in 0..bench.scale.runs {
        for (load, sample) in [(a, &mut of_a), (b, &mut of_b)] {
            let load = Load { seed: run as u64 + 2, ..load.clone() };
            sample.add(&bench.runtime.block_on(load.run())?)?;
        }
    }
    Ok((of_a, of_b))
}

/// Decodes pages and verifies that they are what is to be measured. The mean size of a reply.
fn probe_pages(daemon: &Daemon, users: u64) -> Outcome<usize> {
    let mut total = 0;
    let step = (users / PROBED).max(1);
    for number in 0..PROBED {
        let user = 1 + number * step % users;
        let (page, bytes) = probe(daemon.address(), user)?;
        let is_full = page.posts.len() == to_usize(u64::from(PAGE));
        if !is_full {
            let got = page.posts.len();
            return Err(Failure::failed(format!("the page of user {user} has {got} posts")));
        }
        total += bytes as u64;
    }
    Ok(to_usize(total / PROBED))
}

/// What the daemon holds in memory with all of this in it.
fn report_memory(bench: &mut Bench<'_>, daemon: &Daemon, dataset: &Dataset) -> Outcome<()> {
    let status = format!("/proc/{}/status", daemon.process());
    let resident = kilobytes(&status, "VmRSS:").unwrap_or_default() / 1024;
    let anonymous = kilobytes(&status, "RssAnon:").unwrap_or_default() / 1024;
    let Dataset { users, posts, follows, .. } = dataset;
    let shown = format!(
        "{anonymous} MiB anonymous, {resident} MiB with mapped log: {} users, {} follows, {} posts",
        grouped(*users),
        grouped(*follows),
        grouped(*posts)
    );
    let value = json!({ "anonymous_mib": anonymous, "resident_mib": resident });
    bench.report.row("memory", "fanfoldd serving all of it", shown, value)
}
