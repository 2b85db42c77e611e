//! The one error of the client: a kind that says what the caller should do, a message that names
//! the value and the limit, and the cause beneath it.
//!
//! A kind is added only if a caller would act differently on it. Errors are cheap to clone,
//! because one lost connection may answer many requests.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::ids::Sequence;
use fanfold_protocol::{Code, ErrorReply, Fault, Retry};

/// `Result` with the client's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong. See [`ErrorKind`] for what to do about it.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    retry_after: Option<Duration>,
    oldest: Option<Sequence>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What the caller should do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request or the URL makes no sense. Fix the caller.
    Invalid,
    /// The post does not exist, or not for this viewer. Do not retry.
    NotFound,
    /// The state forbids it: a block stands between the users, or the key was used for other
    /// content. Do not retry unchanged.
    Conflict,
    /// The acting user or the token may not do this.
    Denied,
    /// A limit would be exceeded; the message names limit and value. Nothing changed.
    Limit,
    /// What was asked for is not in the log any more; [`Error::oldest`] says what is. Begin anew.
    Trimmed,
    /// The server has too much to do. Nothing changed; retry after [`Error::retry_after`].
    Busy,
    /// The server takes no writes any more. Reads go on. It has to be restarted.
    Unavailable,
    /// The server's disk is full. Nothing changed; writes resume by themselves later.
    StorageFull,
    /// Stored bytes of the server are damaged; the message names file and offset.
    Corrupt,
    /// No connection within the deadline. The effect of a write is unknown: repeat it under the
    /// same key.
    Disconnected,
    /// No answer within the deadline. The effect of a write is unknown: repeat it under the same
    /// key.
    TimedOut,
    /// The other side does not speak this protocol, or not this version of it.
    Protocol,
    /// The client was closed, or gave up because the server refused its token or became another
    /// database; the message and the source say which. Make a new client.
    Closed,
    /// A fault of the server or the operating system that fits nothing else.
    Internal,
}

impl Error {
    /// An error of `kind` that says `message`: lower case, with the value and the limit, no full
    /// stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, oldest: None, source: None }
    }

    /// The same error with the cause beneath it.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later without anybody changing the request. A write that
    /// ended as [`ErrorKind::TimedOut`] or [`ErrorKind::Disconnected`] may have happened: repeat
    /// it only under the same key.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        use ErrorKind::{Busy, Disconnected, StorageFull, TimedOut};
        self.retry_after.is_some()
            || matches!(self.kind, Busy | Disconnected | StorageFull | TimedOut)
    }

    /// How long to wait before a retry, if the server said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Of what is [`Trimmed`](ErrorKind::Trimmed): the oldest sequence from which one can go on.
    #[must_use]
    pub fn oldest(&self) -> Option<Sequence> {
        self.oldest
    }

    /// The message without the cause.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, message)
    }

    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, "the client was closed")
    }

    /// The error a server's error reply stands for.
    pub(crate) fn from_reply(reply: &ErrorReply) -> Self {
        let message = String::from_utf8_lossy(&reply.message).into_owned();
        let mut error = Self::new(kind_of(reply), message);
        error.oldest = (reply.code == Code::Trimmed).then_some(Sequence(reply.oldest));
        if let Retry::After(millis) = reply.retry {
            error.retry_after = Some(Duration::from_millis(u64::from(millis)));
        }
        error
    }
}

/// Which kind a status code is. An unknown code is judged by whose fault it is.
fn kind_of(reply: &ErrorReply) -> ErrorKind {
    match reply.code {
        Code::Invalid => ErrorKind::Invalid,
        Code::NotFound => ErrorKind::NotFound,
        Code::Conflict | Code::EpochMismatch => ErrorKind::Conflict,
        Code::Denied | Code::Access => ErrorKind::Denied,
        Code::Trimmed => ErrorKind::Trimmed,
        Code::Limit | Code::FrameTooLarge => ErrorKind::Limit,
        Code::Busy | Code::TooManyConnections | Code::TooManyRequests => ErrorKind::Busy,
        Code::Unavailable => ErrorKind::Unavailable,
        Code::StorageFull => ErrorKind::StorageFull,
        Code::Corrupt => ErrorKind::Corrupt,
        Code::Closed => ErrorKind::Closed,
        Code::Internal => ErrorKind::Internal,
        Code::TimedOut => ErrorKind::Disconnected,
        Code::BadFrame | Code::UnsupportedVersion | Code::UnknownRequest | Code::HelloExpected => {
            ErrorKind::Protocol
        }
        Code::Other(_) => match reply.fault {
            Fault::Peer => ErrorKind::Invalid,
            Fault::Us => ErrorKind::Internal,
            Fault::Resource => ErrorKind::Busy,
        },
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)?;
        match &self.source {
            Some(source) => write!(f, " (because: {source})"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.source.as_deref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use fanfold_protocol::Radius;

    fn reply(code: Code, retry: Retry) -> ErrorReply {
        let message = Bytes::from_static(b"limit is 2000");
        let (radius, fault) = (Radius::Request, Fault::Resource);
        ErrorReply { code, radius, fault, retry, message, oldest: 7 }
    }

    #[test]
    fn a_reply_keeps_its_kind_message_and_hint() {
        let error = Error::from_reply(&reply(Code::Limit, Retry::Never));
        assert_eq!((error.kind(), error.message()), (ErrorKind::Limit, "limit is 2000"));
        assert!(!error.is_retryable());
        let error = Error::from_reply(&reply(Code::Unavailable, Retry::After(250)));
        assert_eq!(error.retry_after(), Some(Duration::from_millis(250)));
        assert!(error.is_retryable());
    }

    #[test]
    fn what_is_trimmed_says_from_where_to_go_on() {
        let error = Error::from_reply(&reply(Code::Trimmed, Retry::Never));
        assert_eq!((error.kind(), error.oldest()), (ErrorKind::Trimmed, Some(Sequence(7))));
        assert_eq!(Error::from_reply(&reply(Code::Limit, Retry::Never)).oldest(), None);
    }

    #[test]
    fn an_unknown_code_is_judged_by_fault() {
        let error = Error::from_reply(&reply(Code::Other(999), Retry::Never));
        assert_eq!(error.kind(), ErrorKind::Busy);
    }

    #[test]
    fn the_cause_stays_reachable() {
        let cause = std::io::Error::other("cable cut");
        let error = Error::new(ErrorKind::Disconnected, "no connection").because(cause);
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("cable cut"));
        assert_eq!(format!("{error:?}"), "Disconnected: no connection (because: cable cut)");
    }
}
