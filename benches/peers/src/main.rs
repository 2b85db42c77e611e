//! RocksDB in the process, measured as its input asks: see `fanfold_benches::drive`.
//!
//! It is a program of its own, so that nobody who builds or tests Fanfold compiles RocksDB. The graph is
//! free for it: it is in this program's memory, as it would be in that of an application.

#![forbid(unsafe_code)]

mod keys;
mod options;
mod store;

use std::process::ExitCode;

use clap::Parser;
use fanfold_benches::{DriverArgs, drive};

use store::Rocks;

fn main() -> ExitCode {
    drive(&DriverArgs::parse(), Rocks::open)
}
