//! `fanfold`: the command-line tool of a Fanfold server, built on the client library.
//!
//! Reading order: `arguments.rs` (what can be asked for) -> `session.rs` (the connection and the
//! options of a run) -> `dispatch.rs` (which file does what) -> one file per group of commands.
//!
//! It never opens a data directory: everything goes through a server.

#![forbid(unsafe_code)]

mod advice;
mod arguments;
mod broadcasts;
mod changes;
mod console;
mod dispatch;
mod edges;
mod exit;
mod export;
mod files;
mod forgets;
mod groups;
mod import;
mod lookups;
mod marks;
mod moderation;
mod notices;
mod present;
mod reposts;
mod response_arguments;
mod responses;
mod safe;
mod session;
mod shell;
mod time;
mod timelines;
mod watch;
mod words;
mod writes;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Cli, Command};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::session::Session;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.global.json;
    let outcome = run(cli);
    let exit = outcome.unwrap_or_else(|failure| {
        console::report(&failure, json);
        failure.exit()
    });
    exit.into()
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::local("cannot start the runtime", &error))?;
    runtime.block_on(async {
        let mut console = Console::of_process();
        let mut session = Session::new(cli.global);
        let outcome = match cli.command {
            Command::Shell => shell::run(&mut session, &mut console).await,
            command => {
                dispatch::run(&mut session, &mut console, command).await.map(|()| Exit::Success)
            }
        };
        let flushed = console.flush();
        session.close().await;
        let exit = outcome?;
        flushed?;
        Ok(exit)
    })
}
