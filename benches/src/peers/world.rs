//! The large world: pages, deliveries, sizes, and starting again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::library::{Kind, Library};
use super::server::{Given, Job, Server, Way};
use super::stage::Stage;
use super::{Measure, System, restart};
use crate::exit::{Failure, Outcome};
use crate::limits::{SHAPES, start_echo};
use crate::noise::Watch;
use crate::number::{float, to_usize};
use crate::results::Case;
use crate::wire::Load;
use crate::wire::echo::Echo;
use crate::wire::fanfold::probe;
use crate::world::Scene;

/// Threads that read pages in process.
const THREADS: [(u64, &str); 2] = [(1, "in process, 1 thread"), (2, "in process, 2 threads")];

/// If nobody says how large a page is.
const REPLY_BYTES: usize = 6_070;

pub(super) fn measure(stage: &mut Stage, wanted: &dyn Fn(Measure) -> bool) -> Outcome<()> {
    use Measure::{FanOut, Pages, Restart, Sizes};
    if ![FanOut, Pages, Restart, Sizes].into_iter().any(wanted) {
        return Ok(());
    }
    let given = stage.given(Scene::World)?;
    let mut servers = stage.servers(Scene::World, &given)?;
    let mut libraries = stage.libraries(Scene::World)?;
    if wanted(Pages) {
        pages_over_tcp(stage, &given, &servers)?;
        pages_in_process(stage, &mut libraries)?;
    }
    let watch = Watch::start();
    if wanted(Sizes) {
        for server in &servers {
            stage.sizes(server.name(), &server.sizes(&given)?, watch)?;
        }
    }
    if wanted(FanOut) || wanted(Sizes) {
        // Fanfold pushes here what it would not push by itself: its inboxes are made anew.
        let needs_own = |kind: &Kind| kind.pushed() == Scene::Pushed;
        let (own, rest): (Vec<Library>, Vec<Library>) =
            libraries.into_iter().partition(|library| needs_own(&library.kind));
        let mut pushed = stage.libraries_of(Scene::Pushed, needs_own)?;
        pushed.extend(rest);
        if wanted(Sizes) {
            sizes_of_libraries(stage, &mut pushed, watch)?;
        }
        if wanted(FanOut) {
            fan_out(stage, &given, &servers, &mut pushed)?;
        }
        let keeps = |library: &Library| !needs_own(&library.kind);
        libraries = own.into_iter().chain(pushed.into_iter().filter(keeps)).collect();
    }
    if wanted(Restart) {
        restart::measure(stage, &given, &mut servers, libraries)?;
    }
    Ok(())
}

fn sizes_of_libraries(stage: &mut Stage, libraries: &mut [Library], watch: Watch) -> Outcome<()> {
    for library in libraries {
        let answer = library.ask("sizes")?;
        let sizes: Vec<(String, f64)> = serde_json::from_value(answer)
            .map_err(|error| Failure::failed(format!("sizes of {}: {error}", library.kind.name)))?;
        stage.sizes(library.kind.name, &sizes, watch)?;
    }
    Ok(())
}

fn pages_over_tcp(stage: &mut Stage, given: &Given, servers: &[Box<dyn Server>]) -> Outcome<()> {
    let ways: Vec<(&dyn Server, Way)> = servers
        .iter()
        .flat_map(|server| {
            server.ways(Job::Page, given).into_iter().map(move |way| (&**server, way))
        })
        .collect();
    let reply_bytes = reply_bytes(given, servers);
    let echo = if stage.has(System::Echo) { Some(start_echo(reply_bytes)?) } else { None };
    for (connections, depth, case) in SHAPES {
        for run in 0..=stage.settings.runs {
            // The first time nothing counts.
            let time = if run == 0 { stage.settings.time / 5 } else { stage.settings.time };
            let seed = run as u64 + 1;
            if let Some(echo) = &echo {
                let (address, dialect) = (echo.address(), Arc::new(Echo { reply_bytes }));
                let watch = Watch::start();
                let load = Load { address, dialect, connections, depth, time, seed };
                let done = stage.load_on(&load)?;
                if run != 0 {
                    let case = Case::new("pages", case, "echo", "pages/s");
                    stage.recorder.run(case, run, &done, watch)?;
                }
            }
            for (server, way) in &ways {
                let watch = Watch::start();
                let done = stage.load(*server, &way.shaped((connections, depth)), time, seed)?;
                if run != 0 {
                    let case = Case::new("pages", case, &way.name, "pages/s");
                    stage.recorder.run(case, run, &done, watch)?;
                }
            }
        }
    }
    Ok(())
}

/// What a page of the daemon has, on average: the echo answers as much.
fn reply_bytes(given: &Given, servers: &[Box<dyn Server>]) -> usize {
    let Some(server) = servers.iter().find(|server| server.name() == "fanfold") else {
        return REPLY_BYTES;
    };
    let users = given.world.users();
    let asked = (1..=users).step_by(to_usize((users / 200).max(1)));
    let sizes = asked.filter_map(|user| Some(probe(server.address(), user).ok()?.1 as u64));
    let (total, count) = sizes.fold((0, 0), |(total, count), size| (total + size, count + 1));
    total.checked_div(count).map_or(REPLY_BYTES, to_usize)
}

fn pages_in_process(stage: &mut Stage, libraries: &mut [Library]) -> Outcome<()> {
    let seconds = stage.seconds();
    for (threads, case) in THREADS {
        for library in libraries.iter_mut() {
            library.ask(&format!("pages {threads} {}", seconds / 5.0))?;
        }
        for run in 1..=stage.settings.runs {
            for library in libraries.iter_mut() {
                let watch = Watch::start();
                let answer = library.ask(&format!("pages {threads} {seconds}"))?;
                let case = Case::new("pages", case, library.kind.name, "pages/s");
                stage.answered(case, run, &answer, watch)?;
            }
        }
    }
    Ok(())
}

fn fan_out(
    stage: &mut Stage,
    given: &Given,
    servers: &[Box<dyn Server>],
    libraries: &mut [Library],
) -> Outcome<()> {
    let seconds = stage.seconds();
    for run in 1..=stage.settings.runs {
        for library in libraries.iter_mut() {
            let watch = Watch::start();
            let answer = library.ask(&format!("fan-out {seconds}"))?;
            let name = library.kind.name;
            let case = Case::new("fan-out", "by the clock", name, "deliveries/s");
            stage.answered(case, run, &answer, watch)?;
            if let Some(spent) = answer.get("core_seconds").and_then(serde_json::Value::as_f64) {
                let count = super::library::field(&answer, "count")?;
                let case = Case::new("fan-out", "one core", name, "deliveries/s");
                stage.recorder.value(case, run, count / spent.max(0.01), watch)?;
            }
        }
        for server in servers {
            for way in server.ways(Job::Deliver, given) {
                let watch = Watch::start();
                let first = given.next.load(Ordering::Relaxed);
                let time = stage.settings.time;
                let took = stage.load(&**server, &way, time, run as u64)?.time.as_secs_f64();
                let posts = first..given.next.load(Ordering::Relaxed);
                let rate = float(given.world.entries(posts)) / took;
                let case = Case::new("fan-out", "by the clock", &way.name, "deliveries/s");
                stage.recorder.value(case, run, rate, watch)?;
            }
        }
    }
    Ok(())
}
