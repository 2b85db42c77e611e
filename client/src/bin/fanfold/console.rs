//! Where output goes: standard output, buffered and flushed after each command; errors and notes to
//! standard error.
//!
//! So a pipe behind `--json` sees objects and nothing else. What people read goes through
//! `safe.rs`, all of it: answers, notes and errors hold text of servers and of other users.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::exit::Failure;
use crate::safe::safe;

/// The output of a run.
pub(crate) struct Console {
    out: Box<dyn Write>,
}

impl Console {
    /// Standard output.
    pub(crate) fn of_process() -> Self {
        Self { out: Box::new(BufWriter::new(io::stdout())) }
    }

    /// One line for people.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{}", safe(line))?)
    }

    /// One JSON object on its line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|error| Failure::local("cannot print the answer as JSON", &error))?;
        Ok(writeln!(self.out, "{text}")?)
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

#[derive(Serialize)]
struct Report<'a> {
    error: &'a str,
    message: String,
}

/// Tells standard error why a command failed: a line for people, an object for machines.
pub(crate) fn report(failure: &Failure, json: bool) {
    if matches!(failure, Failure::BrokenPipe) {
        return;
    }
    let report = Report { error: failure.word(), message: failure.to_string() };
    match serde_json::to_string(&report) {
        Ok(text) if json => complain(&text),
        _ => note(&format!("fanfold: {failure}")),
    }
}

/// A line for people on standard error.
pub(crate) fn note(line: &str) {
    complain(&safe(line));
}

/// Nothing can be done if that fails.
fn complain(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}
