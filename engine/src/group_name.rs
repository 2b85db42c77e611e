//! The name of a group: what its owner calls it, and what commands and queries find it by.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits::GROUP_NAME_BYTES_MAX;

/// The name of a user's group: 1 to 64 bytes of UTF-8 without control characters, compared byte by
/// byte. Unique among the groups that its owner has; two users' groups may share one. Cheap to clone.
///
/// Anything may be made into one: a command under a name that is none is refused, and no group has it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(Arc<str>);

impl GroupName {
    /// The text as a name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Refuses what is no name: [`Invalid`](crate::ErrorKind::Invalid), or
    /// [`Limit`](crate::ErrorKind::Limit) if it is too long.
    pub(crate) fn check(&self) -> Result<()> {
        let name = self.as_str();
        if name.is_empty() {
            return Err(Error::invalid("a group's name has at least one byte"));
        }
        if GROUP_NAME_BYTES_MAX < name.len() {
            let len = name.len();
            let what = format!("group name of {len} bytes; the limit is {GROUP_NAME_BYTES_MAX}");
            return Err(Error::limit(what));
        }
        if name.chars().any(char::is_control) {
            return Err(Error::invalid(format!("group name {name:?} has a control character")));
        }
        Ok(())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in stored bytes; `None` if these are none.
    pub(crate) fn load(bytes: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(bytes).ok().map(Self::new)?;
        name.check().is_ok().then_some(name)
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn names_have_bounds() {
        let kind = |name: &str| GroupName::new(name).check().map_err(|error| error.kind());
        assert_eq!(GroupName::new("friends").as_str(), "friends");
        assert!(kind(&"n".repeat(GROUP_NAME_BYTES_MAX)).is_ok());
        assert_eq!(kind(&"n".repeat(GROUP_NAME_BYTES_MAX + 1)), Err(ErrorKind::Limit));
        assert_eq!(kind(""), Err(ErrorKind::Invalid));
        assert_eq!(kind("a\tb"), Err(ErrorKind::Invalid));
        assert_eq!(GroupName::load(&[0xff]), None);
    }
}
