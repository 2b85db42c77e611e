//! Status codes: number, blast radius, fault and retry hint of each. Numbers are explicit and never
//! reused; an unknown one is a value (`Other`).
//!
//! The defaults here are what a server sends unless it knows better, such as a longer pause. A
//! client obeys the fields of the reply, not these defaults.

use std::fmt;

/// How much an error ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Radius {
    /// This request alone; the session goes on.
    Request,
    /// The session: the server closes the connection after this frame.
    Session,
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Who asked.
    Peer,
    /// Who answered.
    Us,
    /// Nobody: something is used up.
    Resource,
}

/// Whether the same request may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Not unless something is changed first.
    Never,
    /// Here, after this many milliseconds.
    After(u32),
    /// On a new connection: to this server once it was restarted, or to another one.
    Elsewhere,
}

/// Declares [`Code`] from one table: number, word, radius, fault, retry.
macro_rules! codes {
    ($(
        $(#[$doc:meta])*
        $code:ident = $number:literal, $word:literal, $radius:ident, $fault:ident, $retry:expr;
    )+) => {
        /// What went wrong, by what the client should do about it. Complete for version 1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $code,)+
            /// A number that this version does not know: trust the reply's other fields.
            Other(u16),
        }

        impl Code {
            /// Every code of this version, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$code),+];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self {
                    $(Self::$code => $number,)+
                    Self::Other(number) => number,
                }
            }

            /// The word for it in documents, logs and metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $word,)+
                    Self::Other(_) => "unknown",
                }
            }

            /// What ends with it.
            #[must_use]
            pub const fn radius(self) -> Radius {
                match self {
                    $(Self::$code => Radius::$radius,)+
                    Self::Other(_) => Radius::Request,
                }
            }

            /// Whose fault it is.
            #[must_use]
            pub const fn fault(self) -> Fault {
                match self {
                    $(Self::$code => Fault::$fault,)+
                    Self::Other(_) => Fault::Us,
                }
            }

            /// The retry hint, unless the server knows a better one.
            #[must_use]
            pub const fn retry(self) -> Retry {
                match self {
                    $(Self::$code => $retry,)+
                    Self::Other(_) => Retry::Never,
                }
            }
        }

        impl From<u16> for Code {
            fn from(number: u16) -> Self {
                match number {
                    $($number => Self::$code,)+
                    other => Self::Other(other),
                }
            }
        }
    };
}

codes! {
    /// The request makes no sense. Fix the caller.
    Invalid = 1, "invalid", Request, Peer, Retry::Never;
    /// There is no such post, or not for this viewer.
    NotFound = 2, "not_found", Request, Peer, Retry::Never;
    /// The state forbids it, or the key was used for other content.
    Conflict = 3, "conflict", Request, Peer, Retry::Never;
    /// The acting user may not do this.
    Denied = 4, "denied", Request, Peer, Retry::Never;
    /// A limit would be exceeded; the message names limit and value.
    Limit = 5, "limit", Request, Peer, Retry::Never;
    /// Too much is waiting. Nothing changed; see the generation rule before a retry.
    Busy = 6, "busy", Request, Resource, Retry::After(50);
    /// The server takes no writes until it is restarted. Reads go on.
    Unavailable = 7, "unavailable", Request, Us, Retry::Elsewhere;
    /// The disk is full. Nothing changed; writes resume by themselves when space returns.
    StorageFull = 8, "storage_full", Request, Resource, Retry::After(5000);
    /// Stored bytes are damaged; the message names file and offset. Tell the operator.
    Corrupt = 9, "corrupt", Request, Us, Retry::Elsewhere;
    /// The server is stopping and takes no new requests.
    Closed = 10, "closed", Request, Us, Retry::Elsewhere;
    /// A fault of the server that fits nothing else. Tell the operator.
    Internal = 11, "internal", Request, Us, Retry::Never;
    /// What was asked for is not in the log any more; the reply says from where one can go on.
    Trimmed = 12, "trimmed", Request, Us, Retry::Never;
    /// A header or a body breaks the rules of the protocol. Fix the client.
    BadFrame = 32, "bad_frame", Session, Peer, Retry::Never;
    /// No version in common; the message names both ranges.
    UnsupportedVersion = 33, "unsupported_version", Session, Peer, Retry::Never;
    /// The hello named another epoch than the server's. Drop what was learned under the old one.
    EpochMismatch = 34, "epoch_mismatch", Session, Peer, Retry::Never;
    /// The kind of the frame is unknown to the session's version.
    UnknownRequest = 35, "unknown_request", Request, Peer, Retry::Never;
    /// The first frame was no hello, or a second hello came.
    HelloExpected = 36, "hello_expected", Session, Peer, Retry::Never;
    /// A hello or the rest of a frame did not come in time.
    TimedOut = 37, "timed_out", Session, Peer, Retry::Elsewhere;
    /// The server has as many connections as it takes.
    TooManyConnections = 38, "too_many_connections", Session, Resource, Retry::After(1000);
    /// More requests are in flight than the welcome allowed.
    TooManyRequests = 39, "too_many_requests", Request, Peer, Retry::After(10);
    /// A body is larger than the server accepts.
    FrameTooLarge = 40, "frame_too_large", Session, Peer, Retry::Never;
    /// The token gives no access. Reserved until there is access control.
    Access = 41, "access", Session, Peer, Retry::Never;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_survives_the_way_there_and_back() {
        for number in 0..=u16::MAX {
            assert_eq!(Code::from(number).number(), number);
        }
        assert_eq!(Code::from(999), Code::Other(999));
        assert_eq!(Code::Busy.to_string(), "busy (6)");
    }
}
