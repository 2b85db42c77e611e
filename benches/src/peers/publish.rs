//! Posts that are acknowledged when they will survive a power cut: each in its author's list, none delivered.

use super::System;
use super::server::{Job, Way};
use super::stage::Stage;
use crate::exit::Outcome;
use crate::limits::best_synced;
use crate::noise::Watch;
use crate::results::Case;
use crate::world::Scene;

/// Clients that wait for each answer.
const CLIENTS: [(usize, &str); 2] = [(1, "1 client"), (64, "64 clients")];

const UNIT: &str = "posts/s";

pub(super) fn measure(stage: &mut Stage) -> Outcome<()> {
    let given = stage.given(Scene::Empty)?;
    let servers = stage.servers(Scene::Empty, &given)?;
    let mut libraries = stage.libraries(Scene::Empty)?;
    let mut limit = if stage.has(System::Echo) { Some(best_synced(stage.place())?) } else { None };
    let (seconds, time) = (stage.seconds(), stage.settings.time);
    for run in 0..=stage.settings.runs {
        // The first time nothing counts.
        if let Some((form, file)) = &mut limit {
            let watch = Watch::start();
            let done = file.run(time)?;
            if run != 0 {
                let name = format!("append and sync, {}", form.name());
                stage.recorder.run(
                    Case::new("publish", "1 client", &name, UNIT),
                    run,
                    &done,
                    watch,
                )?;
            }
        }
        for (clients, case) in CLIENTS {
            for library in &mut libraries {
                let watch = Watch::start();
                let answer = library.ask(&format!("publish {clients} {seconds}"))?;
                if run != 0 {
                    let case = Case::new("publish", case, library.kind.name, UNIT);
                    stage.answered(case, run, &answer, watch)?;
                }
            }
            for server in &servers {
                let ways: Vec<Way> = server.ways(Job::Publish, &given);
                for way in ways {
                    let watch = Watch::start();
                    let way = way.shaped((clients, 1));
                    let done = stage.load(&**server, &way, time, run as u64 + 1)?;
                    if run != 0 {
                        let case = Case::new("publish", case, &way.name, UNIT);
                        stage.recorder.run(case, run, &done, watch)?;
                    }
                }
            }
        }
    }
    Ok(())
}
