//! A daemon whose data directory is the disk that can be broken.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::disk::{Cut, Disk};
use super::mount::Mounted;
use super::scene::Scene;
use super::survival::Survival;
use crate::console::note;
use crate::daemon::Launch;
use crate::exit::{Explain, Failure, Outcome};
use crate::ledger::account::Account;
use crate::ledger::audit::{Audited, audit};
use crate::ledger::load::Shared;
use crate::programs::Programs;

/// Time for the load to book the answers that had come in before the cut. What it books later is
/// judged as open, which it may be.
const BOOKING: Duration = Duration::from_millis(4);

/// See the module.
#[derive(Debug)]
pub(super) struct Victim<'a> {
    pub(super) programs: &'a Programs,
    pub(super) launch: Launch,
    mounted: Mounted,
}

impl<'a> Victim<'a> {
    /// With a disk of `capacity` bytes.
    pub(super) fn new(scene: &'a Scene<'_>, name: &str, capacity: usize) -> Outcome<Self> {
        let path = |what: &str| scene.workplace.join(&format!("{what}-{name}"));
        let mounted = Mounted::new(path("disk"), capacity)?;
        let launch = Launch::serve(&scene.programs.daemon, mounted.path(), path("daemon-log"));
        Ok(Self { programs: &scene.programs, launch, mounted })
    }

    /// The same, started with more arguments.
    pub(super) fn with(mut self, arguments: &[&str]) -> Self {
        self.launch = self.launch.with(arguments);
        self
    }

    pub(super) fn disk(&self) -> &Arc<Disk> {
        &self.mounted.disk
    }

    pub(super) fn data(&self) -> &Path {
        self.mounted.path()
    }

    /// Cuts the power. `kill` sends the daemon its SIGKILL, calls what it is given, and waits.
    pub(super) async fn cut(
        &mut self,
        kill: impl FnOnce(&dyn Fn()),
        survival: &mut Survival,
    ) -> Outcome<Cut> {
        let disk = Arc::clone(self.disk());
        kill(&|| disk.off());
        disk.off();
        self.mounted.unmount()?;
        let cut = disk.cut(survival);
        sleep(BOOKING).await;
        self.mounted.mount()?;
        Ok(cut)
    }

    /// `fanfoldd check` must be content.
    pub(super) fn check(&self) -> Outcome<String> {
        crate::verify::checked(self.programs, self.data())
    }

    /// What the ledger of `shared` says against what the daemon at `url` holds.
    pub(super) async fn audit(&self, url: &str, shared: &Shared) -> Outcome<Audited> {
        let account = shared.book.read(Account::read)?;
        audit(url, &account, &shared.texts).await
    }

    /// Keeps the files that the newest cut left beside the rest: the evidence.
    pub(super) fn given_up(&self, failure: Failure, scene: &Scene<'_>) -> Failure {
        let directory = scene.workplace.join("disk-after-the-cut");
        match self.save(&directory) {
            Ok(()) => note(format!("the disk as the last cut left it: {}", directory.display())),
            Err(error) => note(error),
        }
        failure
    }

    fn save(&self, directory: &Path) -> Outcome<()> {
        let failed = || format!("cannot write {}", directory.display());
        std::fs::create_dir_all(directory).explain(failed)?;
        for (name, bytes) in self.disk().image() {
            let file = File::create(directory.join(name));
            file.and_then(|mut file| file.write_all(&bytes)).explain(failed)?;
        }
        Ok(())
    }
}
