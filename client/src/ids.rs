//! The client's own words for ids, positions and times.
//!
//! They are newtypes, so that a post id is never taken for a user id. The fields are public: an
//! application chooses user ids itself and may store any of these numbers.

use std::fmt;
use std::str::FromStr;

/// A text that should be an id and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotANumber;

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a whole number, 0 to 2^64 - 1")
    }
}

impl std::error::Error for NotANumber {}

/// Declares a newtype over `u64` that prints and parses as its number.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotANumber;

            fn from_str(text: &str) -> Result<Self, NotANumber> {
                text.parse().map(Self).map_err(|_| NotANumber)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }
    };
}

number! {
    /// A user or author, chosen by the application. A user nobody wrote about reads as empty.
    UserId
}
number! {
    /// A post: the sequence of the log record that made it. Unique, ascending, never reused.
    PostId
}
number! {
    /// A place in the database's log.
    Sequence
}
number! {
    /// Unix time in milliseconds.
    Timestamp
}

/// Counts the recoveries after which acknowledged writes may be missing. It changes only then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A point in the history of the database. Every answer carries the one it holds for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The epoch of the log.
    pub epoch: Epoch,
    /// The last sequence that is part of the answer.
    pub sequence: Sequence,
}

/// Which database answers. It stays the same for the life of a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseId(pub [u8; 16]);

impl fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_le_bytes(self.0).swap_bytes())
    }
}

/// An idempotency key: the same key again, by the same acting user, gets the first answer instead
/// of a second effect. Not all of its bytes may be zero: such a write is refused as invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 16]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse_as_numbers() {
        assert_eq!(UserId(17).to_string(), "17");
        assert_eq!("18446744073709551615".parse(), Ok(PostId(u64::MAX)));
        let error = "-1".parse::<UserId>().unwrap_err();
        assert_eq!(error.to_string(), "expected a whole number, 0 to 2^64 - 1");
    }

    #[test]
    fn a_database_id_prints_its_bytes_in_order() {
        let mut bytes = [0; 16];
        bytes[0] = 0xab;
        bytes[15] = 0x01;
        assert_eq!(DatabaseId(bytes).to_string(), "ab000000000000000000000000000001");
    }
}
