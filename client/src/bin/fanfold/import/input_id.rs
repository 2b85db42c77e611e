//! The `id` of a post in the input: a number or a string, kept only to name it in the ids file.
//!
//! It has no meaning for the server. Control characters in it are escaped, so that the ids file
//! keeps one post a line.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// As it will stand in the ids file, without tabs and line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputId(pub(crate) String);

impl<'de> Deserialize<'de> for InputId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = InputId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a string")
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<InputId, E> {
        Ok(InputId(id.to_string()))
    }

    fn visit_i64<E: Error>(self, id: i64) -> Result<InputId, E> {
        Ok(InputId(id.to_string()))
    }

    fn visit_f64<E: Error>(self, id: f64) -> Result<InputId, E> {
        Ok(InputId(id.to_string()))
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<InputId, E> {
        let plain = !id.contains(char::is_control);
        Ok(InputId(if plain { id.to_owned() } else { id.escape_default().to_string() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_are_kept_on_one_line() {
        let id = |json: &str| serde_json::from_str::<InputId>(json).map(|id| id.0).ok();
        assert_eq!(id("17").as_deref(), Some("17"));
        assert_eq!(id("-1").as_deref(), Some("-1"));
        assert_eq!(id("\"t3_1x\"").as_deref(), Some("t3_1x"));
        assert_eq!(id("\"a\\tb\"").as_deref(), Some("a\\tb"));
        assert_eq!(id("[1]"), None);
    }
}
