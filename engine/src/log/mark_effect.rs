//! What a record does to a read mark, and its fields.
//!
//! ```text
//! mark    | user varint | post varint | device varint | group varint | name length varint | name |
//! ```
//!
//! The home has group 0 and no name behind it. A group's name stands in the record, so that whoever
//! follows the log needs no state to know what it means.

use super::bytes::{Cursor, put_varint};
use super::record::put_pair;
use crate::group_name::GroupName;
use crate::ids::{GroupId, PostId, UserId};

/// A device has seen a feed up to a post. Which group has the name is open until the committer
/// decides: 0 until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MarkEffect {
    pub(crate) user: UserId,
    pub(crate) feed: MarkedFeed,
    pub(crate) device: u64,
    pub(crate) post: PostId,
}

/// The feed of a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MarkedFeed {
    Home,
    Group(GroupId, GroupName),
}

impl MarkedFeed {
    /// The group; 0 for the home.
    pub(crate) fn id(&self) -> GroupId {
        match self {
            Self::Home => GroupId(0),
            Self::Group(id, _) => *id,
        }
    }
}

impl MarkEffect {
    /// What the caller said, and nothing that was decided since: for the fingerprint.
    pub(crate) fn put_said(&self, out: &mut Vec<u8>) {
        put_pair(out, self.user.0, self.post.0);
        put_varint(out, self.device);
        if let MarkedFeed::Group(_, name) = &self.feed {
            out.extend_from_slice(name.as_str().as_bytes());
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_pair(out, self.user.0, self.post.0);
        put_pair(out, self.device, self.feed.id().0);
        if let MarkedFeed::Group(_, name) = &self.feed {
            put_varint(out, name.as_str().len() as u64);
            out.extend_from_slice(name.as_str().as_bytes());
        }
    }

    /// Reads what follows the two numbers; `None` if it makes no sense.
    pub(super) fn load(user: u64, post: u64, rest: &mut Cursor<'_>) -> Option<Self> {
        let device = rest.varint()?;
        let feed = match rest.varint()? {
            0 => MarkedFeed::Home,
            group => {
                let len = rest.varint_as()?;
                MarkedFeed::Group(GroupId(group), GroupName::load(rest.take(len)?)?)
            }
        };
        Some(Self { user: UserId(user), feed, device, post: PostId(post) })
    }
}
