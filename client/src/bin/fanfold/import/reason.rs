//! Why a line was refused.
//!
//! The word is stable and is counted in the summary and in the progress file. The message names the
//! value and may change.

use fanfold_client::ErrorKind;

use crate::exit::word_of;

/// A line that was not imported. The word is what is counted, the message is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// The server's refusal of a line.
    pub(crate) fn by_server(kind: ErrorKind, message: &str) -> Self {
        Self::new(word_of(kind), message)
    }
}
