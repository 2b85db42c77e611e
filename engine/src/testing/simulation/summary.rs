//! What a run tells: how much it exercised, or what went wrong.

use std::fmt;
use std::ops::AddAssign;

/// What one run, or many, exercised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Commands sent.
    pub commands: u64,
    /// Of these, how many nobody answered before a crash.
    pub in_flight: u64,
    /// Of these, how many the log had all the same.
    pub survived: u64,
    /// Records by which the engine removed something of users who are being forgotten.
    pub removals: u64,
    /// Reads compared with the oracle.
    pub reads: u64,
    /// Reads of the second thread, each consistent in itself; some compared with the oracle.
    pub snapshots: u64,
    /// Engines opened.
    pub opens: u64,
    /// Openings that were cut short or failed.
    pub broken_opens: u64,
    /// Orderly closes.
    pub closes: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Kills.
    pub kills: u64,
    /// Operations of the disk that were made to fail, power cuts aside.
    pub faults: u64,
    /// Times that the disk was full.
    pub full_disks: u64,
    /// Bits flipped and reads misdirected.
    pub rotted: u64,
    /// Of these, how many were answered with `Corrupt` somewhere.
    pub corrupt: u64,
    /// Databases rebuilt from the log alone and compared by digest.
    pub rebuilds: u64,
}

impl Summary {
    /// The counts with their names.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, u64); 16] {
        [
            ("commands", self.commands),
            ("in_flight", self.in_flight),
            ("survived", self.survived),
            ("removals", self.removals),
            ("reads", self.reads),
            ("snapshots", self.snapshots),
            ("opens", self.opens),
            ("broken_opens", self.broken_opens),
            ("closes", self.closes),
            ("power_cuts", self.power_cuts),
            ("kills", self.kills),
            ("faults", self.faults),
            ("full_disks", self.full_disks),
            ("rotted", self.rotted),
            ("corrupt", self.corrupt),
            ("rebuilds", self.rebuilds),
        ]
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.commands += other.commands;
        self.in_flight += other.in_flight;
        self.survived += other.survived;
        self.removals += other.removals;
        self.reads += other.reads;
        self.snapshots += other.snapshots;
        self.opens += other.opens;
        self.broken_opens += other.broken_opens;
        self.closes += other.closes;
        self.power_cuts += other.power_cuts;
        self.kills += other.kills;
        self.faults += other.faults;
        self.full_disks += other.full_disks;
        self.rotted += other.rotted;
        self.corrupt += other.corrupt;
        self.rebuilds += other.rebuilds;
    }
}

/// The first thing in a run that was not as it should be.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What replays the run.
    pub seed: u64,
    /// What differed.
    pub what: String,
    /// What was done before, step by step; the last one is where it differed.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "FANFOLD_SEED={}", self.seed)?;
        for (step, done) in self.trace.iter().enumerate() {
            writeln!(f, "  step {step}: {done}")?;
        }
        write!(f, "{}", self.what)
    }
}

impl std::error::Error for Failure {}
