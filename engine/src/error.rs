//! The one error of the engine: a kind that says what the caller should do, a message that names
//! the value and the limit, and the cause beneath it.
//!
//! A kind is added only if a caller would act differently on it.

use std::error::Error as StdError;
use std::fmt;

use crate::ids::Sequence;

/// `Result` with the engine's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong. See [`ErrorKind`] for what to do about it.
///
/// `Display` is one line: what happened, the value, the limit, the place. The cause, if any, is in
/// [`source`](StdError::source). Cheap to clone: one failed sync answers many tickets.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    place: Option<std::sync::Arc<(String, u64)>>,
    oldest: Option<Sequence>,
    source: Option<std::sync::Arc<dyn StdError + Send + Sync>>,
}

/// What the caller should do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request makes no sense (muting oneself, text that is not UTF-8). Fix the caller.
    Invalid,
    /// The post does not exist, or not for this viewer. Do not retry.
    NotFound,
    /// The state forbids it: a block stands between the users, or the key was used for other
    /// content. Do not retry unchanged.
    Conflict,
    /// The acting user may not do this, such as deleting somebody else's post.
    Denied,
    /// A limit would be exceeded; the message names limit and value. Nothing changed.
    Limit,
    /// What was asked for is not in the log any more; [`Error::oldest`] says what is. Begin anew.
    Trimmed,
    /// Too much is in flight. Nothing changed; retry after a pause.
    Busy,
    /// The engine takes no writes any more (a write or sync failed). Reads go on. Restart it.
    Unavailable,
    /// The disk is full. Nothing changed; writes resume by themselves when space returns.
    StorageFull,
    /// Stored bytes are damaged; the message names file and offset. Run `fanfoldd check`.
    Corrupt,
    /// The data directory is in use, foreign, unreadable, or of another version.
    Unusable,
    /// The engine was closed.
    Closed,
    /// A fault of ours or of the operating system that fits nothing else.
    Internal,
}

impl Error {
    /// An error of `kind` that says `message`: lower case, with the value and the limit, no full
    /// stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None, oldest: None, source: None }
    }

    /// The same error with the cause beneath it.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(std::sync::Arc::new(source));
        self
    }

    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Busy | ErrorKind::StorageFull)
    }

    /// The message without the cause.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    /// The file and the byte offset in it that the error is about, where it is about one.
    #[must_use]
    pub fn place(&self) -> Option<(&str, u64)> {
        self.place.as_deref().map(|(file, offset)| (file.as_str(), *offset))
    }

    /// Of what is [`Trimmed`](ErrorKind::Trimmed): the oldest sequence from which one can go on.
    #[must_use]
    pub fn oldest(&self) -> Option<Sequence> {
        self.oldest
    }

    pub(crate) fn trimmed(oldest: Sequence, message: String) -> Self {
        Self { oldest: Some(oldest), ..Self::new(ErrorKind::Trimmed, message) }
    }

    pub(crate) fn corrupt(file: &str, offset: u64, what: impl fmt::Display) -> Self {
        let message = format!("{what}, in {file} at offset {offset}");
        let place = Some(std::sync::Arc::new((file.to_owned(), offset)));
        Self { kind: ErrorKind::Corrupt, message, place, oldest: None, source: None }
    }

    pub(crate) fn io(action: impl fmt::Display, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                ErrorKind::StorageFull
            }
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::NotFound => {
                ErrorKind::Unusable
            }
            _ => ErrorKind::Internal,
        };
        Self::new(kind, format!("cannot {action}: {source}")).because(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
