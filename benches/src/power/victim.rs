//! A daemon whose data directory is the disk that can be broken.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::disk::{Cut, Disk};
use super::mount::Mounted;
use super::survival::Survival;
use crate::daemon::Launch;
use crate::exit::{Explain, Outcome};
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
    /// With a disk of `capacity` bytes, mounted at `data`.
    pub(super) fn new(
        programs: &'a Programs,
        data: PathBuf,
        log: PathBuf,
        capacity: usize,
    ) -> Outcome<Self> {
        let mounted = Mounted::new(data, capacity)?;
        let launch = Launch::serve(&programs.daemon, mounted.path(), log);
        Ok(Self { programs, launch, mounted })
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

    /// Writes the files that the newest cut left into `directory`: the evidence.
    pub(super) fn save(&self, directory: &Path) -> Outcome<()> {
        let failed = || format!("cannot write {}", directory.display());
        std::fs::create_dir_all(directory).explain(failed)?;
        for (name, bytes) in self.disk().image() {
            let mut file = std::fs::File::create(directory.join(name)).explain(failed)?;
            std::io::Write::write_all(&mut file, &bytes).explain(failed)?;
        }
        Ok(())
    }
}
