//! What the three jobs have in common: the programs, the texts, a place to work, and an end that
//! leaves nothing mounted.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use crate::console::say;
use crate::exit::{Explain, Failure, Outcome};
use crate::input::{Input, InputArgs};
use crate::ledger::load::Shared;
use crate::ledger::token::Texts;
use crate::machine::Machine;
use crate::programs::{ProgramArgs, Programs};
use crate::workplace::{WorkArgs, Workplace, in_workplace};

/// The arguments that all jobs take.
#[derive(Args, Clone, Debug)]
pub(crate) struct SceneArgs {
    /// Where the texts of the posts come from
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    programs: ProgramArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) programs: Programs,
    pub(super) workplace: &'a Workplace,
    texts: Arc<Texts>,
}

impl SceneArgs {
    /// Prepares the scene and plays the job on it.
    pub(super) fn play(&self, job: impl AsyncFnOnce(&Scene<'_>) -> Outcome<()>) -> Outcome<()> {
        in_workplace(&self.work, |workplace| {
            let posts = Input::load(&self.input, workplace)?.posts;
            let texts = Arc::new(Texts::new(posts.into_iter().map(|post| post.text).collect()));
            let programs = Programs::find(&self.programs)?;
            say(Machine::of(workplace.path()));
            let scene = Scene { programs, workplace, texts };
            let runtime = tokio::runtime::Runtime::new().explain(|| "no runtime".to_owned())?;
            let done = runtime.block_on(async {
                tokio::select! {
                    done = job(&scene) => done,
                    // What the job holds is dropped, so that nothing stays mounted.
                    told = told_to_end() => Err(told),
                }
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
            done
        })
    }
}

/// Waits for SIGINT or SIGTERM.
async fn told_to_end() -> Failure {
    let terminated = signal(SignalKind::terminate());
    match terminated {
        Ok(mut terminated) => tokio::select! {
            _ = ctrl_c() => {}
            _ = terminated.recv() => {}
        },
        Err(error) => return Failure::failed(format!("cannot listen for SIGTERM: {error}")),
    }
    Failure::failed("interrupted")
}

impl Scene<'_> {
    /// A new ledger, and what a load shares.
    pub(super) fn ledger(&self, name: &str) -> Outcome<Arc<Shared>> {
        let path = self.workplace.join(&format!("ledger-{name}"));
        Ok(Arc::new(Shared::new(path, Arc::clone(&self.texts))?))
    }
}
