//! Who sees a post, and what a write says of that.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use fanfold_protocol as wire;

use crate::ids::Sequence;
use crate::write::{NewPost, Write};

/// Who sees a post, as the graph is when somebody looks. Its author always does, and so does the trusted
/// application, which gives no viewer.
///
/// Reads and is read as `everybody`, `followers`, `mutual`, `self` or `group:NAME`.
///
/// Complete for version 1 of the protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Everybody.
    #[default]
    Everybody,
    /// Who follows the author.
    Followers,
    /// Who follows the author and is followed by the author.
    Mutual,
    /// The author alone.
    Author,
    /// Who is in a group of the author's. If the group is deleted, the author alone.
    Group {
        /// What it was called when the post was published.
        name: String,
        /// The group, of a post that was read; in a write the name says which it is.
        group: Option<Sequence>,
    },
}

impl Audience {
    /// The author's group of that name.
    #[must_use]
    pub fn group(name: impl Into<String>) -> Self {
        Self::Group { name: name.into(), group: None }
    }

    /// The word for it, without the group.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Followers => "followers",
            Self::Mutual => "mutual",
            Self::Author => "self",
            Self::Group { .. } => "group",
        }
    }

    pub(crate) fn said(self) -> wire::Audience {
        match self {
            Self::Everybody => wire::Audience::Everybody,
            Self::Followers => wire::Audience::Followers,
            Self::Mutual => wire::Audience::Mutual,
            Self::Author => wire::Audience::Author,
            Self::Group { name, .. } => wire::Audience::Group { group: 0, name: Bytes::from(name) },
        }
    }

    pub(crate) fn of(body: &wire::Audience) -> Self {
        match body {
            wire::Audience::Everybody => Self::Everybody,
            wire::Audience::Followers => Self::Followers,
            wire::Audience::Mutual => Self::Mutual,
            wire::Audience::Author => Self::Author,
            wire::Audience::Group { group, .. } => {
                Self::Group { name: body.name().to_owned(), group: Some(Sequence(*group)) }
            }
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { name, .. } => write!(f, "group:{name}"),
            other => f.write_str(other.word()),
        }
    }
}

/// A word that is no audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnAudience(String);

impl fmt::Display for NotAnAudience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = &self.0;
        write!(f, "`{word}` is none of everybody, followers, mutual, self and group:NAME")
    }
}

impl std::error::Error for NotAnAudience {}

impl FromStr for Audience {
    type Err = NotAnAudience;

    fn from_str(word: &str) -> Result<Self, NotAnAudience> {
        Ok(match word {
            "everybody" => Self::Everybody,
            "followers" => Self::Followers,
            "mutual" => Self::Mutual,
            "self" => Self::Author,
            other => match other.strip_prefix("group:") {
                Some(name) => Self::group(name),
                None => return Err(NotAnAudience(other.to_owned())),
            },
        })
    }
}

impl NewPost {
    /// Who sees it. Default: everybody. A repost without a text has no other.
    #[must_use]
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }
}

impl Write {
    /// Who sees the post or quote. Other writes stay as they are.
    #[must_use]
    pub fn audience(mut self, audience: Audience) -> Self {
        match &mut self.request {
            wire::Request::Publish(publish) => publish.audience = audience.said(),
            wire::Request::Repost(repost) => repost.audience = audience.said(),
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_audiences() {
        for word in ["everybody", "followers", "mutual", "self", "group:a b"] {
            assert_eq!(word.parse::<Audience>().unwrap().to_string(), word);
        }
        let wrong = "friends".parse::<Audience>().unwrap_err().to_string();
        assert!(wrong.contains("`friends`") && wrong.contains("group:NAME"), "{wrong}");
    }
}
