//! The only door to the daemon's standard output and standard error.
//!
//! Logging goes through `tracing` (see `logging.rs`). Here is what a person or a script reads: the
//! `ready` line, the quickstart's text, the reports of `check` and `inspect`, the final error.
//!
//! Invariant: a closed pipe is not an error; whoever closed it does not want to read on.

use std::fmt::{self, Display};
use std::io::{BufWriter, IsTerminal, StdoutLock, Write};

/// Writes one line to standard output.
pub fn say(line: impl Display) {
    let mut stdout = std::io::stdout().lock();
    let _closed_pipe = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes one `fanfoldd: ...` line to standard error.
pub fn complain(message: impl Display) {
    let _closed_pipe = writeln!(std::io::stderr().lock(), "fanfoldd: {message}");
}

/// Writes one `warning: ...` line to standard error: something odd that stops nothing.
pub fn warn(message: impl Display) {
    let _closed_pipe = writeln!(std::io::stderr().lock(), "warning: {message}");
}

/// Whether colours and progress make sense on standard error.
#[must_use]
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Standard output for long text, buffered. Remembers whether the reader went away.
#[derive(Debug)]
pub struct Printer {
    out: BufWriter<StdoutLock<'static>>,
    is_open: bool,
}

impl Printer {
    /// A printer to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self { out: BufWriter::new(std::io::stdout().lock()), is_open: true }
    }

    /// Prints the rest. False if the reader went away before the end.
    #[must_use]
    pub fn finish(mut self) -> bool {
        self.is_open && self.out.flush().is_ok()
    }
}

impl fmt::Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.is_open = self.is_open && self.out.write_all(text.as_bytes()).is_ok();
        if self.is_open { Ok(()) } else { Err(fmt::Error) }
    }
}
