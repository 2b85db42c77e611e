//! What can be wrong with bytes that came in, and with values that should go out.
//!
//! A [`DecodeError`] names the field, the byte within the body (or the header) and the problem. It
//! also says how a server answers it: [`DecodeError::code`] is a session code if the two sides no
//! longer agree on the language, and a request code if the frame was well formed but the value is
//! not acceptable, so that one bad text does not end a connection.
//!
//! It is not the error of a server's answer: that is [`ErrorReply`].

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::reply::ErrorReply;
use crate::status::Code;

/// Why bytes are not a frame, a request or a reply.
///
/// `Display` is one line that names field, value, limit and byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    field: &'static str,
    at: usize,
    problem: Problem,
}

/// What is wrong with a field. Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes end within the field.
    Truncated {
        /// How many bytes the field needs, as far as that is known.
        needed: u64,
        /// How many are left.
        left: u64,
    },
    /// A varint is longer than it has to be, or does not fit into 64 bits.
    Varint,
    /// A number is larger than its field allows.
    TooLarge {
        /// The number found.
        value: u64,
        /// The largest allowed.
        limit: u64,
    },
    /// Text or bytes are longer than their field allows.
    TooLong {
        /// The length found.
        bytes: u64,
        /// The longest allowed.
        limit: u64,
    },
    /// Text is not UTF-8.
    NotUtf8,
    /// A byte that selects an alternative has a value without meaning, or a reserved bit is set.
    Unknown {
        /// The value found.
        value: u64,
    },
    /// Ids or sequences are not in their strict order, or run out of 64 bits.
    Order,
    /// Bytes are left over behind the last field.
    Trailing {
        /// How many.
        bytes: u64,
    },
    /// A checksum differs.
    Checksum {
        /// The checksum in the header.
        stored: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// A body is larger than this side accepts; known from the header alone.
    BodyTooLarge {
        /// The size in the header.
        bytes: u64,
        /// The largest accepted.
        limit: u64,
    },
    /// The kind of the frame has no meaning here.
    UnknownKind {
        /// The number found.
        kind: u8,
    },
}

impl DecodeError {
    #[cold]
    pub(crate) const fn new(field: &'static str, at: usize, problem: Problem) -> Self {
        Self { field, at, problem }
    }

    /// The field, by its name in `PROTOCOL.md`.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// Where the field begins: a byte of the body, or of the header for fields of the header.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// What is wrong.
    #[must_use]
    pub const fn problem(&self) -> Problem {
        self.problem
    }

    /// The status a server answers with; [`Code::radius`] says whether the session ends with it.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self.problem {
            Problem::TooLarge { .. } | Problem::TooLong { .. } => Code::Limit,
            Problem::NotUtf8 => Code::Invalid,
            Problem::UnknownKind { .. } => Code::UnknownRequest,
            Problem::BodyTooLarge { .. } => Code::FrameTooLarge,
            Problem::Truncated { .. }
            | Problem::Varint
            | Problem::Unknown { .. }
            | Problem::Order
            | Problem::Trailing { .. }
            | Problem::Checksum { .. } => Code::BadFrame,
        }
    }

    /// The whole answer of a server: [`DecodeError::code`] with its defaults and this message.
    #[must_use]
    pub fn reply(&self) -> ErrorReply {
        ErrorReply::new(self.code(), self.to_string())
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.field, self.at, self.problem)
    }
}

impl StdError for DecodeError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, left } => {
                write!(f, "cut off, {left} bytes are left and at least {needed} are needed")
            }
            Self::Varint => write!(f, "a varint that is over-long or exceeds 64 bits"),
            Self::TooLarge { value, limit } => write!(f, "{value} is above the limit of {limit}"),
            Self::TooLong { bytes, limit } => {
                write!(f, "{bytes} bytes are above the limit of {limit}")
            }
            Self::NotUtf8 => write!(f, "not UTF-8"),
            Self::Unknown { value } => write!(f, "the value {value} has no meaning here"),
            Self::Order => write!(f, "not in strict order"),
            Self::Trailing { bytes } => write!(f, "{bytes} bytes are left over"),
            Self::Checksum { stored, computed } => {
                write!(f, "checksum differs, stored {stored:08x}, computed {computed:08x}")
            }
            Self::BodyTooLarge { bytes, limit } => {
                write!(f, "a body of {bytes} bytes is above the limit of {limit}")
            }
            Self::UnknownKind { kind } => {
                write!(f, "the kind {kind:#04x} is unknown to version {}", crate::VERSION_MAX)
            }
        }
    }
}

/// Why a value cannot be encoded. Nothing was written then: the buffer is as long as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeError {
    field: &'static str,
    problem: Problem,
}

impl EncodeError {
    #[cold]
    pub(crate) const fn new(field: &'static str, problem: Problem) -> Self {
        Self { field, problem }
    }

    /// The field, by its name in `PROTOCOL.md`.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong: `TooLarge`, `TooLong`, `NotUtf8`, `Order`, `Unknown` or `BodyTooLarge`.
    #[must_use]
    pub const fn problem(&self) -> Problem {
        self.problem
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be sent: {}", self.field, self.problem)
    }
}

impl StdError for EncodeError {}

/// Why a [`FrameCodec`](crate::FrameCodec) stopped.
#[derive(Debug)]
#[non_exhaustive]
pub enum FrameError {
    /// The stream beneath failed.
    Io(io::Error),
    /// What came in is not a frame. The stream is out of step: close it.
    Decode(DecodeError),
    /// What should go out does not fit into a frame.
    Encode(EncodeError),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => write!(f, "the connection failed"),
            Self::Decode(error) => write!(f, "bad frame: {error}"),
            Self::Encode(error) => write!(f, "frame not sent: {error}"),
        }
    }
}

impl StdError for FrameError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Decode(_) | Self::Encode(_) => None,
        }
    }
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<DecodeError> for FrameError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<EncodeError> for FrameError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}
