//! Where output goes: standard output, buffered and flushed after each command; errors and notes to
//! standard error.
//!
//! So a pipe behind `--json` sees objects and nothing else.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::exit::Failure;

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
        Ok(writeln!(self.out, "{line}")?)
    }

    /// One JSON object on its line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|error| Failure::local("cannot print the answer as JSON", &error))?;
        self.line(&text)
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
        Ok(text) if json => note(&text),
        _ => note(&format!("fanfold: {failure}")),
    }
}

/// A line on standard error. Nothing can be done if that fails.
pub(crate) fn note(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}
