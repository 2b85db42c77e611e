//! How the daemon ends: the exit codes, and the one-line message that goes with each.
//!
//! Not here: what is printed where; that is `console.rs`. Invariants:
//! * A message is one line, lower case, names the thing and the value, and ends with advice.
//! * 0 is success, 1 is a failure of the world or of ours, 2 is a mistake of whoever typed.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of `fanfoldd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "exit codes are a complete, documented list")]
pub enum Exit {
    /// Done as asked.
    Ok = 0,
    /// Something failed: a port or a data directory in use, somebody else's directory, damaged
    /// data, a full disk.
    Failure = 1,
    /// The command line, the environment or the configuration file makes no sense.
    Mistake = 2,
}

/// Why the daemon cannot do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// A failure of the world or of ours: exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failure, message: message.into() }
    }

    /// A mistake of whoever typed: exit code 2.
    pub fn mistake(message: impl Into<String>) -> Self {
        Self { exit: Exit::Mistake, message: message.into() }
    }

    /// The exit code to end with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<fanfold_engine::Error> for Failure {
    fn from(error: fanfold_engine::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
