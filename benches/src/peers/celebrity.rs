//! One post by somebody whom a million follow, until it is in all their inboxes.

use std::time::Duration;

use super::server::Job;
use super::stage::Stage;
use crate::console::grouped;
use crate::exit::Outcome;
use crate::noise::Watch;
use crate::results::Case;
use crate::world::Scene;

pub(super) fn measure(stage: &mut Stage) -> Outcome<()> {
    let given = stage.given(Scene::Celebrity)?;
    let servers = stage.servers(Scene::Celebrity, &given)?;
    let mut libraries = stage.libraries(Scene::Celebrity)?;
    let case = format!("{} followers", grouped(given.world.follow_count()));
    for run in 0..=stage.settings.runs {
        // The first time nothing counts.
        for library in &mut libraries {
            let watch = Watch::start();
            let answer = library.ask("celebrity")?;
            if run != 0 {
                let seconds = super::library::field(&answer, "seconds")?;
                let case = Case::new("celebrity", &case, library.kind.name, "s");
                stage.recorder.value(case, run, seconds, watch)?;
            }
        }
        for server in &servers {
            // One connection: there is one post.
            if let Some(way) = server.ways(Job::Deliver, &given).first() {
                let watch = Watch::start();
                let way = way.shaped((1, 1));
                let done = stage.load(&**server, &way, Duration::ZERO, run as u64)?;
                let seconds = done.time.as_secs_f64();
                if run != 0 {
                    let case = Case::new("celebrity", &case, server.name(), "s");
                    stage.recorder.value(case, run, seconds, watch)?;
                }
            }
        }
    }
    Ok(())
}
