//! The command line: what can be run.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::broadcasts::{self, BroadcastsArgs};
use crate::bytes::{self, BytesArgs};
use crate::celebrity::{self, CelebrityArgs};
use crate::console::note;
use crate::exit::Outcome;
use crate::extras::{self, ExtrasArgs};
use crate::fanout::{self, FanOutArgs};
use crate::figures::{self, FiguresArgs};
use crate::growth::{self, GrowthArgs};
use crate::hot::{self, HotArgs, InstructionsArgs};
use crate::inprocess::{DriverArgs, engine_driver};
use crate::ledger::{self, LedgerArgs};
use crate::limits::{self, LimitsArgs};
use crate::load::{self, LoadArgs};
use crate::peers::{self, PeersArgs};
use crate::policies::{self, PoliciesArgs};
use crate::power::{self, CutArgs, SceneArgs};
use crate::reactions::{self, ReactionsArgs};
use crate::report::{self, ReportArgs};
use crate::scale::{self, PagesArgs, ScaleArgs, WriterArgs};
use crate::simulate::{self, SimulateArgs};
use crate::verify::{self, VerifyArgs};
use crate::watchers::{self, WatchArgs};
use crate::wire;
use crate::workplace::WorkArgs;

/// The command line of `fanfold-benches`.
#[derive(Debug, Parser)]
#[command(
    name = "fanfold-benches",
    version,
    about = "Whole-system verification and measurements of Fanfold",
    after_help = "Exit codes: 0 done, 1 failure, 2 mistake in what was typed.",
    max_term_width = 100
)]
pub struct CommandLine {
    #[command(subcommand)]
    job: Job,
}

#[derive(Debug, Subcommand)]
enum Job {
    /// Import a graph and posts, then compare home feeds, page by page, with a naive merge
    #[command(name = "verify-main-job")]
    Verify(Box<VerifyArgs>),
    /// Kill the daemon during a load, again and again, and audit what it had acknowledged
    #[command(name = "kill-ledger")]
    Ledger(Box<LedgerArgs>),
    /// Cut the power of the daemon's disk during a load, again and again, and audit what is left
    #[command(name = "power-cuts")]
    Cuts(Box<CutArgs>),
    /// Fill the daemon's disk, make room again, and audit what was acknowledged
    #[command(name = "full-disk")]
    Full(Box<SceneArgs>),
    /// Fail a sync of the daemon's log, and audit what was acknowledged
    #[command(name = "failed-sync")]
    Failed(Box<SceneArgs>),
    /// Say whether the three above can run here, or what they lack
    #[command(name = "mount-check")]
    MountCheck(WorkArgs),
    /// Measure rates, latencies and sizes, each beside its physical limit
    Figures(Box<FiguresArgs>),
    /// Count what posts, follows and timelines cost on the disk
    Bytes(Box<BytesArgs>),
    /// Load a database far larger than memory, reopen it, read it with a tenth of its size in memory
    Scale(Box<ScaleArgs>),
    /// Measure how fast posts get into inboxes
    #[command(name = "fan-out")]
    FanOut(FanOutArgs),
    /// One author with a hundred million followers: memory, acknowledgement, delivery, and the others
    Celebrity(Box<CelebrityArgs>),
    /// Measure what this machine can do at most: loopback, memory, synced appends
    Limits(LimitsArgs),
    /// Ask a running daemon at a steady rate, whatever it answers, and measure how long it takes
    Load(LoadArgs),
    /// Measure what operations cost in worlds of several sizes
    Growth(GrowthArgs),
    /// Count the instructions of the hot functions, with valgrind
    Instructions(InstructionsArgs),
    /// One of these functions, again and again
    #[command(hide = true)]
    Hot(HotArgs),
    /// Measure Fanfold beside Redis, PostgreSQL and RocksDB, which are started and stopped here
    Peers(Box<PeersArgs>),
    /// Measure first pages of broadcast feeds, in the engine and over the wire
    Broadcasts(BroadcastsArgs),
    /// Measure what each delivery policy costs
    Policies(PoliciesArgs),
    /// Measure pages that bring counts, originals and groups along, beside plain ones
    Extras(ExtrasArgs),
    /// Measure what reactions cost: to one post beside many, their memory
    Reactions(ReactionsArgs),
    /// Make a page with tables and plots out of results
    Report(ReportArgs),
    /// A reader of `scale`
    #[command(hide = true, name = "scale-pages")]
    ScalePages(PagesArgs),
    /// The writer that `scale` kills
    #[command(hide = true, name = "scale-writer")]
    ScaleWriter(WriterArgs),
    /// Let thousands watch while others publish; compare what each was told, and measure how soon
    Watch(Box<WatchArgs>),
    /// Run seeds of the simulator: power cuts, kills, failing disks and rot, beside a naive model
    Simulate(SimulateArgs),
    /// The other side of the bare echo that `figures` measures beside the daemon
    #[command(hide = true)]
    Echo(wire::echo::EchoArgs),
    /// The engine in a process of its own, measured as its input asks
    #[command(hide = true, name = "engine-driver")]
    EngineDriver(DriverArgs),
    /// The process whose memory `figures` measures
    #[command(hide = true)]
    Memory(figures::MemoryArgs),
}

impl CommandLine {
    /// Runs what was asked for; failures are told on standard error.
    #[must_use]
    pub fn run(self) -> ExitCode {
        if let Job::EngineDriver(args) = &self.job {
            return engine_driver(args);
        }
        match self.job.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                note(&failure);
                failure.code()
            }
        }
    }
}

impl Job {
    fn run(self) -> Outcome<()> {
        match self {
            Self::Verify(args) => verify::run(&args),
            Self::Ledger(args) => ledger::run(&args),
            Self::Cuts(args) => power::power_cuts(&args),
            Self::Full(args) => power::full_disk(&args),
            Self::Failed(args) => power::failed_sync(&args),
            Self::MountCheck(args) => power::try_out(&args),
            Self::Figures(args) => figures::run(&args),
            Self::Broadcasts(args) => broadcasts::run(&args),
            Self::Bytes(args) => bytes::run(&args),
            Self::Scale(args) => scale::run(&args),
            Self::FanOut(args) => fanout::run(&args),
            Self::Celebrity(args) => celebrity::run(&args),
            Self::Limits(args) => limits::run(&args),
            Self::Load(args) => load::run(&args),
            Self::Growth(args) => growth::run(&args),
            Self::Instructions(args) => hot::instructions(&args),
            Self::Hot(args) => hot::repeat(&args),
            Self::Peers(args) => peers::run(&args),
            Self::Policies(args) => policies::run(&args),
            Self::Extras(args) => extras::run(&args),
            Self::Reactions(args) => reactions::run(&args),
            Self::Report(args) => report::run(&args),
            Self::ScalePages(args) => scale::pages(&args),
            Self::ScaleWriter(args) => scale::writer(&args),
            Self::Watch(args) => watchers::run(&args),
            Self::Simulate(args) => simulate::run(&args),
            Self::Echo(args) => wire::echo::echo(&args),
            Self::EngineDriver(_) => Ok(()),
            Self::Memory(args) => figures::memory(&args),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
