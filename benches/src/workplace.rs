//! A fresh directory for everything a run writes. It is removed at the end, unless the run failed:
//! then what is in it is the evidence.

use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::TempDir;

use crate::console::note;
use crate::exit::{Explain, Failure, Outcome};

/// Where to work.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WorkArgs {
    /// Make the temporary directory in here: a real disk, if figures matter [default: the system's
    /// directory for temporary files]
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Keep the temporary directory
    #[arg(long)]
    keep: bool,
}

/// The directory of one run.
#[derive(Debug)]
pub(crate) struct Workplace {
    directory: TempDir,
}

impl Workplace {
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A path in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

/// Does `job` in a fresh directory.
pub(crate) fn in_workplace<T>(
    args: &WorkArgs,
    job: impl FnOnce(&Workplace) -> Outcome<T>,
) -> Outcome<T> {
    let parent = args.work.clone().unwrap_or_else(std::env::temp_dir);
    if !parent.is_dir() {
        let shown = parent.display();
        return Err(Failure::mistake(format!("--work {shown}: there is no such directory")));
    }
    let directory = tempfile::Builder::new()
        .prefix("fanfold-benches-")
        .tempdir_in(&parent)
        .explain(|| format!("cannot make a directory in {}", parent.display()))?;
    let workplace = Workplace { directory };
    let done = job(&workplace);
    if args.keep || matches!(done, Err(Failure::Failed(_))) {
        note(format!("keeping {}", workplace.directory.keep().display()));
    }
    done
}
