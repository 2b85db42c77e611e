//! The programs under test: `fanfoldd` and `fanfold`, as they are run by everybody else.
//!
//! Unless named on the command line they are built by cargo, in the profile of this program and
//! beside it; that is a moment if they are up to date, and keeps a run from measuring yesterday's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use crate::console::note;
use crate::exit::{Explain, Failure, Outcome};

/// Which programs to run.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ProgramArgs {
    /// The daemon [default: built by cargo, beside this program]
    #[arg(long, value_name = "PATH")]
    fanfoldd: Option<PathBuf>,
    /// The command-line tool [default: built by cargo, beside this program]
    #[arg(long, value_name = "PATH")]
    fanfold: Option<PathBuf>,
}

/// Where the programs are.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) daemon: PathBuf,
    pub(crate) tool: PathBuf,
}

impl Programs {
    /// Takes what was named, builds what was not.
    pub(crate) fn find(named: &ProgramArgs) -> Outcome<Self> {
        for (flag, path) in [("--fanfoldd", &named.fanfoldd), ("--fanfold", &named.fanfold)] {
            if let Some(path) = path.as_ref().filter(|path| !path.is_file()) {
                let message = format!("{flag} {}: there is no such file", path.display());
                return Err(Failure::mistake(message));
            }
        }
        match (&named.fanfoldd, &named.fanfold) {
            (Some(daemon), Some(tool)) => Ok(Self { daemon: daemon.clone(), tool: tool.clone() }),
            (daemon, tool) => {
                let built = Self::build()?;
                Ok(Self {
                    daemon: daemon.clone().unwrap_or(built.daemon),
                    tool: tool.clone().unwrap_or(built.tool),
                })
            }
        }
    }

    fn build() -> Outcome<Self> {
        let this = std::env::current_exe().explain(|| "cannot find this program".to_owned())?;
        let beside = this.parent().unwrap_or_else(|| Path::new(".")).to_owned();
        let programs = Self { daemon: beside.join("fanfoldd"), tool: beside.join("fanfold") };
        let mut cargo = cargo(&beside);
        note(format!("bringing {} up to date", beside.join("fanfold{,d}").display()));
        match cargo.status() {
            Ok(status) if status.success() => programs.checked(),
            Ok(status) => Err(Failure::failed(format!("cargo build of the programs: {status}"))),
            Err(error) => {
                note(format!("cannot run cargo ({error}), taking the programs as they are"));
                programs.checked()
            }
        }
    }

    fn checked(self) -> Outcome<Self> {
        for path in [&self.daemon, &self.tool] {
            if !path.is_file() {
                let shown = path.display();
                return Err(Failure::mistake(format!(
                    "{shown} is missing; build it, or name it with --fanfoldd and --fanfold"
                )));
            }
        }
        Ok(self)
    }
}

/// The build of both programs into the folder of this one.
fn cargo(beside: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut cargo = Command::new(program);
    cargo.args(["build", "--quiet", "-p", "fanfold-server", "-p", "fanfold-client", "--bins"]);
    cargo.arg("--manifest-path").arg(workspace().join("Cargo.toml"));
    if let Some(target) = beside.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    match beside.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(profile) => {
            cargo.args(["--profile", profile]);
        }
    }
    cargo.stdin(Stdio::null());
    cargo
}

/// The root of the workspace, as it was when this program was built.
pub(crate) fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
