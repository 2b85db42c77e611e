//! Load generators, measurements and whole-system verification for Fanfold.
//!
//! Everything here drives the real programs, `fanfoldd` and `fanfold`, as processes of their own, or
//! the engine as a library. Nothing here is part of the database.
//!
//! * `verify` - the main job end to end: import, every page against a naive merge, changes, restart;
//! * `ledger` - `kill -9` again and again, audited against a ledger of acknowledgements;
//! * `power` - power cuts, a full disk, a failed sync, on a file system of our own;
//! * `broadcasts` - first pages of broadcast feeds;
//! * `watchers` - thousands of watchers, what each was told and how soon;
//! * `simulate` - the engine on a simulated disk that fails as disks do, beside a naive model;
//! * `policies` - what each delivery policy costs;
//! * `celebrity` - one author whom a hundred million follow;
//! * `fanout` - how fast posts get into inboxes;
//! * `limits` - what this machine can do at most;
//! * `load` - an open load on a running daemon;
//! * `peers`, `growth` - Fanfold beside other systems, and in worlds of several sizes;
//! * `hot` - single functions, in time and in instructions;
//! * `extras` - pages with counts, originals and groups, beside plain ones;
//! * `reactions` - one post with a million reactions beside a million posts;
//! * `figures`, `bytes`, `scale` - rates, latencies and sizes, each beside its physical limit;
//! * `results`, `report` - rows of all of these, and the page that is made of them.
//!
//! What the figures mean, and how to read them: `benches/README.md`.

#![forbid(unsafe_code)]

mod broadcasts;
mod bytes;
mod celebrity;
mod churn;
mod cli;
mod console;
mod daemon;
mod exit;
mod extras;
mod fanout;
mod figures;
mod growth;
mod hot;
mod inprocess;
mod input;
mod ledger;
mod limits;
mod load;
mod machine;
mod meter;
mod naive;
mod noise;
mod number;
mod peers;
mod policies;
mod population;
mod power;
mod programs;
mod reactions;
mod report;
mod results;
mod sample;
mod scale;
mod simulate;
mod tool;
mod verify;
mod watchers;
mod wire;
mod workplace;
mod world;

pub use cli::CommandLine;
pub use hot::{Hot, hot};
pub use inprocess::{Done, DriverArgs, Store, anonymous_bytes, drive, file_bytes};
pub use population::{Population, Words};
pub use world::{Scene, World, WorldArgs};
