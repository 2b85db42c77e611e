//! Exit codes, and the errors that lead to them.
//!
//! A mistake of the user (arguments, an id that does not exist, a limit) exits with 2, everything
//! that failed on its own with 1. A reader that closed the pipe is neither.

use std::fmt;
use std::io;
use std::process::ExitCode;

use fanfold_client::{Error, ErrorKind};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All was done.
    Success = 0,
    /// Something failed: the server, the network, a file.
    Failure = 1,
    /// The user asked for something that cannot be.
    Mistake = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client or the server refused or failed.
    Client(Error),
    /// The arguments make no sense; the message says which and what to do.
    Mistake(String),
    /// A file or the system failed.
    Local(String),
    /// Nobody reads our output any more.
    BrokenPipe,
}

impl Failure {
    pub(crate) fn local(action: &str, error: &dyn fmt::Display) -> Self {
        Self::Local(format!("{action}: {error}"))
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => exit_of(error.kind()),
            Self::Mistake(_) => Exit::Mistake,
            Self::Local(_) => Exit::Failure,
            Self::BrokenPipe => Exit::Success,
        }
    }

    /// A word for machines.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Client(error) => word_of(error.kind()),
            Self::Mistake(_) => "invalid",
            Self::Local(_) => "local",
            Self::BrokenPipe => "broken_pipe",
        }
    }
}

fn exit_of(kind: ErrorKind) -> Exit {
    if is_mistake(kind) { Exit::Mistake } else { Exit::Failure }
}

/// Whether the request was wrong, rather than the world.
pub(crate) fn is_mistake(kind: ErrorKind) -> bool {
    use ErrorKind::{Conflict, Denied, Invalid, Limit, NotFound};
    matches!(kind, Conflict | Denied | Invalid | Limit | NotFound)
}

/// The kind as one word.
pub(crate) fn word_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid => "invalid",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Denied => "denied",
        ErrorKind::Limit => "limit",
        ErrorKind::Trimmed => "trimmed",
        ErrorKind::Busy => "busy",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::StorageFull => "storage_full",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::Disconnected => "disconnected",
        ErrorKind::TimedOut => "timed_out",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Closed => "closed",
        _ => "internal",
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => error.fmt(f),
            Self::Mistake(message) | Self::Local(message) => f.write_str(message),
            Self::BrokenPipe => f.write_str("the reader of the output has gone"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

/// An error while writing the output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::local("cannot write the output", &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_exit_with_2_and_failures_with_1() {
        let exit = |kind| Failure::from(Error::new(kind, "x")).exit();
        for kind in [
            ErrorKind::Invalid,
            ErrorKind::NotFound,
            ErrorKind::Conflict,
            ErrorKind::Denied,
            ErrorKind::Limit,
        ] {
            assert_eq!(exit(kind), Exit::Mistake, "{kind:?}");
        }
        for kind in [ErrorKind::Busy, ErrorKind::Disconnected, ErrorKind::Corrupt] {
            assert_eq!(exit(kind), Exit::Failure, "{kind:?}");
        }
    }

    #[test]
    fn a_broken_pipe_is_no_failure() {
        let gone = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(Failure::from(gone).exit(), Exit::Success);
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(Failure::from(full).exit(), Exit::Failure);
    }
}
