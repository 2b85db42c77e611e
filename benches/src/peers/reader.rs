//! A page of somebody who follows thousands and has no inbox: merged when it is read, out of what each
//! author published.

use super::server::Job;
use super::stage::Stage;
use crate::console::grouped;
use crate::exit::Outcome;
use crate::noise::Watch;
use crate::results::Case;
use crate::world::Scene;

pub(super) fn measure(stage: &mut Stage) -> Outcome<()> {
    let given = stage.given(Scene::Reader)?;
    let servers = stage.servers(Scene::Reader, &given)?;
    let mut libraries = stage.libraries(Scene::Reader)?;
    let case =
        format!("{} authors", grouped(given.world.followees(given.world.users()).len() as u64));
    let seconds = stage.seconds();
    for run in 0..=stage.settings.runs {
        // The first time nothing counts.
        for library in &mut libraries {
            let watch = Watch::start();
            let answer = library.ask(&format!("reader {seconds}"))?;
            if run != 0 {
                let case = Case::new("reader", &case, library.kind.name, "pages/s");
                stage.answered(case, run, &answer, watch)?;
            }
        }
        for server in &servers {
            for way in server.ways(Job::Merged, &given) {
                let watch = Watch::start();
                let time = stage.settings.time;
                let done = stage.load(&**server, &way, time, run as u64)?;
                if run != 0 {
                    let case = Case::new("reader", &case, &way.name, "pages/s");
                    stage.recorder.run(case, run, &done, watch)?;
                }
            }
        }
    }
    Ok(())
}
