//! From the start of a process to its first page: after an orderly stop, and after a kill in the middle of
//! writing.
//!
//! Each system keeps what it would keep in use: Redis its last snapshot (what came later is lost to it),
//! the others their logs.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::library::Library;
use super::server::{Given, Job, Server};
use super::stage::Stage;
use crate::exit::Outcome;
use crate::noise::Watch;
use crate::results::Case;
use crate::world::Scene;

pub(super) fn measure(
    stage: &mut Stage,
    given: &Given,
    servers: &mut [Box<dyn Server>],
    mut libraries: Vec<Library>,
) -> Outcome<()> {
    let user = given.world.users() / 2 + 1;
    for run in 1..=stage.settings.runs {
        for server in servers.iter_mut() {
            server.stop()?;
            started_again(stage, server, (run, "clean stop"), user)?;
        }
        let mut again = Vec::new();
        for library in libraries {
            let kind = library.kind.clone();
            library.stop()?;
            again.push(opened_again(stage, &kind, (run, "clean stop"))?);
        }
        libraries = again;
    }
    for run in 1..=stage.settings.runs {
        for server in servers.iter_mut() {
            write_to(stage, given, &**server, run as u64)?;
            server.kill();
            started_again(stage, server, (run, "kill"), user)?;
        }
        let mut again = Vec::new();
        for mut library in libraries {
            let kind = library.kind.clone();
            library.ask(&format!("fan-out {}", stage.seconds().min(1.0)))?;
            library.kill();
            again.push(opened_again(stage, &kind, (run, "kill"))?);
        }
        libraries = again;
    }
    Ok(())
}

/// Posts that no snapshot has.
fn write_to(stage: &Stage, given: &Given, server: &dyn Server, seed: u64) -> Outcome<()> {
    let time = stage.settings.time.min(Duration::from_secs(1));
    let ways = server.ways(Job::Deliver, given);
    if let Some(way) = ways.first() {
        stage.load(server, way, time, seed)?;
        return Ok(());
    }
    for way in server.ways(Job::Publish, given) {
        stage.load(server, &way.shaped((64, 1)), time, seed)?;
    }
    // Others number their posts by this, too.
    given.next.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

fn started_again(
    stage: &mut Stage,
    server: &mut Box<dyn Server>,
    (run, case): (usize, &str),
    user: u64,
) -> Outcome<()> {
    let watch = Watch::start();
    let started = Instant::now();
    server.start()?;
    server.wait_for_page(user)?;
    let seconds = started.elapsed().as_secs_f64();
    let case = Case::new("restart", case, server.name(), "s");
    stage.recorder.value(case, run, seconds, watch)
}

fn opened_again(
    stage: &mut Stage,
    kind: &super::library::Kind,
    (run, case): (usize, &str),
) -> Outcome<Library> {
    let watch = Watch::start();
    let mut library = stage.open(kind, Scene::World)?;
    let answer = library.ask("first-page")?;
    let seconds = super::library::field(&answer, "open_seconds")?;
    let case = Case::new("restart", case, kind.name, "s");
    stage.recorder.value(case, run, seconds, watch)?;
    Ok(library)
}
