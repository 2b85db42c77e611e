//! The program: see the library for what it measures.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use fanfold_benches::CommandLine;

fn main() -> ExitCode {
    CommandLine::parse().run()
}
