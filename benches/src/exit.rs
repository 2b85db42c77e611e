//! How a run ends: the exit codes, and the one-line message that goes with each.
//!
//! Invariants:
//! * 0 is success, 1 is a failure (of what is tested, or of the world), 2 is a mistake of whoever
//!   typed the command.
//! * A message is lower case, names the thing and the value, and ends without a full stop.

use std::fmt::{self, Display};
use std::process::ExitCode;

/// Why a run did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Exit code 1.
    Failed(String),
    /// Exit code 2.
    Mistake(String),
}

/// `Result` with a [`Failure`].
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    pub(crate) fn mistake(message: impl Into<String>) -> Self {
        Self::Mistake(message.into())
    }

    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Mistake(_) => ExitCode::from(2),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Failed(message) | Self::Mistake(message)) = self;
        f.write_str(message)
    }
}

/// Says what was being done when something failed.
pub(crate) trait Explain<T> {
    /// A failure that reads `what: cause`.
    fn explain(self, what: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: Display> Explain<T> for Result<T, E> {
    fn explain(self, what: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::Failed(format!("{}: {error}", what())))
    }
}
