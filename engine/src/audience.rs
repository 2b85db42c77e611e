//! Who sees a post, beside what blocks hide: everybody, or whom the author means.
//!
//! Three shapes of one thing: [`Audience`] is what an author says, with a group's name; [`AudienceRef`]
//! is that, borrowed from a record; [`Circle`] is what a judgement needs of it, in eight bytes.
//!
//! Judged by the graph as it is when somebody looks, never as it was when the post was published.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::group_name::GroupName;
use crate::ids::{GroupId, Sequence};
use crate::log::bytes::{Cursor, put_varint};

/// Who sees a post. Its author always does, and so does the trusted application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever shows a post must know all of them")]
pub enum Audience {
    /// Whoever comes by.
    #[default]
    Everybody,
    /// Who follows the author now.
    Followers,
    /// Who follows the author now, and is followed by the author.
    Mutual,
    /// Who is in that group of the author's now. If the group is deleted, only the author.
    Group(Arc<AudienceGroup>),
    /// Only the author.
    Author,
}

/// A group of an author's that sees a post.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain description")]
pub struct AudienceGroup {
    /// The group; 0 in a command, where the name says which it is.
    pub id: GroupId,
    /// What it was called when the post was published.
    pub name: GroupName,
}

/// The same as [`Audience`], borrowed from wherever the engine keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever shows a post must know all of them")]
pub enum AudienceRef<'a> {
    /// Whoever comes by.
    #[default]
    Everybody,
    /// Who follows the author.
    Followers,
    /// Who follows the author, and is followed by the author.
    Mutual,
    /// A group of the author's, and its name when the post was published.
    Group(GroupId, &'a str),
    /// Only the author.
    Author,
}

/// An audience without the name of a group, for the engine's own judgement. The default is everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Circle(u64);

/// Codes from here on are groups.
const GROUPS: u64 = 4;

impl Audience {
    /// The author's group of that name.
    #[must_use]
    pub fn group(name: GroupName) -> Self {
        Self::Group(Arc::new(AudienceGroup { id: GroupId(0), name }))
    }

    /// Whether everybody sees the post whom a block does not part from its author.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        matches!(self, Self::Everybody)
    }

    /// The same, borrowed.
    #[must_use]
    pub fn borrow(&self) -> AudienceRef<'_> {
        match self {
            Self::Everybody => AudienceRef::Everybody,
            Self::Followers => AudienceRef::Followers,
            Self::Mutual => AudienceRef::Mutual,
            Self::Group(group) => AudienceRef::Group(group.id, group.name.as_str()),
            Self::Author => AudienceRef::Author,
        }
    }

    /// Refuses a name that is none.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Group(group) => group.name.check(),
            Self::Everybody | Self::Followers | Self::Mutual | Self::Author => Ok(()),
        }
    }

    pub(crate) fn circle(&self) -> Circle {
        self.borrow().circle()
    }

    /// What the caller said, and nothing that was decided since: for the fingerprint.
    pub(crate) fn put_said(&self, out: &mut Vec<u8>) {
        match self {
            Self::Everybody => {}
            Self::Group(group) => {
                put_varint(out, GROUPS);
                out.extend_from_slice(group.name.as_str().as_bytes());
            }
            other => put_varint(out, other.circle().0),
        }
    }
}

impl<'a> AudienceRef<'a> {
    /// The same with memory of its own.
    #[must_use]
    pub fn own(self) -> Audience {
        match self {
            Self::Everybody => Audience::Everybody,
            Self::Followers => Audience::Followers,
            Self::Mutual => Audience::Mutual,
            Self::Group(id, name) => {
                Audience::Group(Arc::new(AudienceGroup { id, name: GroupName::new(name) }))
            }
            Self::Author => Audience::Author,
        }
    }

    pub(crate) fn circle(self) -> Circle {
        match self {
            Self::Everybody => Circle::EVERYBODY,
            Self::Followers => Circle::FOLLOWERS,
            Self::Mutual => Circle::MUTUAL,
            Self::Group(id, _) => Circle::of_group(id),
            Self::Author => Circle::AUTHOR,
        }
    }

    /// What a record gets: a code, and a group's name.
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        put_varint(out, self.circle().0);
        if let Self::Group(_, name) = self {
            out.extend_from_slice(name.as_bytes());
        }
    }

    /// What a record has; `None` if it makes no sense.
    pub(crate) fn load(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let circle = Circle(cursor.varint()?);
        let name = cursor.rest();
        Some(match circle.among() {
            Among::Everybody => return None,
            Among::Group(id) => {
                GroupName::load(name)?;
                Self::Group(id, std::str::from_utf8(name).ok()?)
            }
            _ if !name.is_empty() => return None,
            Among::Followers => Self::Followers,
            Among::Mutual => Self::Mutual,
            Among::Author => Self::Author,
        })
    }
}

/// A [`Circle`] taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Among {
    Everybody,
    Followers,
    Mutual,
    Author,
    Group(GroupId),
}

impl Circle {
    pub(crate) const EVERYBODY: Self = Self(0);
    pub(crate) const FOLLOWERS: Self = Self(1);
    const MUTUAL: Self = Self(2);
    const AUTHOR: Self = Self(3);

    fn of_group(id: GroupId) -> Self {
        Self(GROUPS.saturating_add(id.0))
    }

    /// A number that a file or a record has.
    pub(crate) fn of_code(code: u64) -> Self {
        Self(code)
    }

    pub(crate) fn code(self) -> u64 {
        self.0
    }

    pub(crate) fn is_everybody(self) -> bool {
        self == Self::EVERYBODY
    }

    pub(crate) fn among(self) -> Among {
        match self {
            Self::EVERYBODY => Among::Everybody,
            Self::FOLLOWERS => Among::Followers,
            Self::MUTUAL => Among::Mutual,
            Self::AUTHOR => Among::Author,
            Self(code) => Among::Group(Sequence(code - GROUPS).into()),
        }
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.among() {
            Among::Everybody => f.write_str("everybody"),
            Among::Followers => f.write_str("followers"),
            Among::Mutual => f.write_str("mutual"),
            Among::Author => f.write_str("self"),
            Among::Group(group) => write!(f, "group:{group}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_survive_the_way_there_and_back() {
        let group = AudienceRef::Group(GroupId(77), "family").own();
        for audience in [Audience::Followers, Audience::Mutual, Audience::Author, group] {
            let mut bytes = Vec::new();
            audience.borrow().put(&mut bytes);
            let found = AudienceRef::load(&bytes).unwrap();
            assert_eq!(found.own(), audience);
            assert_eq!(Circle::of_code(found.circle().code()), audience.circle());
            assert!(!audience.circle().is_everybody());
        }
        assert!(Audience::default().circle().is_everybody());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in [&b""[..], &[0], &[1, b'x'], &[9], &[9, 0xff], &[0x80]] {
            assert_eq!(AudienceRef::load(wrong), None, "{wrong:?}");
        }
        assert!(Audience::group(GroupName::new("")).check().is_err());
    }

    #[test]
    fn a_group_is_said_by_its_name() {
        let said = |audience: &Audience| {
            let mut out = Vec::new();
            audience.put_said(&mut out);
            out
        };
        let decided = AudienceRef::Group(GroupId(9), "family").own();
        assert_eq!(said(&decided), said(&Audience::group(GroupName::new("family"))));
        assert_ne!(said(&decided), said(&Audience::group(GroupName::new("work"))));
        assert_eq!(said(&Audience::Everybody), b"");
    }
}
