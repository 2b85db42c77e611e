//! A digest of lines, one after the other: tells whether the beginning of an input is still what it
//! was.
//!
//! It guards against accidents such as an edit in the wrong place, not against forgery.

use serde::{Deserialize, Serialize};

use super::lines::Line;
use crate::files::fnv1a;

/// The digest of a line, or of a sequence of lines.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Digest(u64);

impl Digest {
    /// Of a line without its end. A line that is too long is known by its length only.
    pub(crate) fn of(line: &Line<'_>) -> Self {
        Self(match line {
            Line::Whole(line) => fnv1a(line),
            Line::TooLong { bytes } => fnv1a(format!("{bytes} bytes").as_bytes()),
        })
    }

    /// Of these lines and one more.
    pub(crate) fn then(self, line: Self) -> Self {
        let mut both = [0; 16];
        let (first, second) = both.split_at_mut(8);
        first.copy_from_slice(&self.0.to_le_bytes());
        second.copy_from_slice(&line.0.to_le_bytes());
        Self(fnv1a(&both))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sees_the_content_the_order_and_the_number_of_lines() {
        let of = |lines: &[&[u8]]| {
            let lines = lines.iter().map(|line| Digest::of(&Line::Whole(line)));
            lines.fold(Digest::default(), Digest::then)
        };
        let original = of(&[b"a", b"b"]);
        assert_eq!(of(&[b"a", b"b"]), original);
        for other in [
            of(&[b"b", b"a"]),
            of(&[b"x", b"b"]),
            of(&[b"ab"]),
            of(&[b"a", b"b", b""]),
            of(&[b"a"]),
        ] {
            assert_ne!(other, original);
        }
        assert_ne!(
            Digest::of(&Line::TooLong { bytes: 1 }),
            Digest::of(&Line::TooLong { bytes: 2 })
        );
    }
}
