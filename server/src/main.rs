//! `fanfoldd`: what was typed, to what is meant, to what is done, to the exit code.
//!
//! Everything else is in the library, where tests reach it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use fanfold_server::args::{Command, CommandLine};
use fanfold_server::{Exit, Failure, console, restore, run, tools};

fn main() -> ExitCode {
    let done = match CommandLine::try_parse() {
        Ok(line) => obey(line),
        Err(error) => run::answer_usage(&error),
    };
    match done {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            console::complain(&failure);
            failure.exit().into()
        }
    }
}

fn obey(line: CommandLine) -> Result<(), Failure> {
    match line.command {
        None => run::serve(&line.serve),
        Some(Command::Serve(serve)) => run::serve(&serve),
        Some(Command::Quickstart(settings)) => run::quickstart(&settings),
        Some(Command::Check(check)) if check.repair => tools::repair(&check.directory, check.json),
        Some(Command::Check(check)) => tools::check(&check.directory, check.json),
        Some(Command::Inspect(inspect)) => tools::inspect(&inspect.file),
        Some(Command::Restore(args)) => restore::run(&args),
    }
}
