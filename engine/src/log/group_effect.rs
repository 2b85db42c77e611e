//! What a record does to a group, and its fields.
//!
//! ```text
//! create  | user varint | exclusive varint |                 name length varint | name |
//! delete  | user varint | group varint     | exclusive u8  | name length varint | name |
//! add     | user varint | author varint    | group varint  | exclusive u8 | name length | name |
//! remove  | user varint | author varint    | began varint  | group varint | exclusive u8 | .. |
//! ```
//!
//! The name and whether the group is exclusive stand in every record, so that whoever follows the log
//! needs no state to know what a record means for whom.

use super::bytes::{Cursor, put_varint};
use super::layout::record_kind;
use super::record::{Began, load_began, put_pair};
use crate::group_name::GroupName;
use crate::ids::{GroupId, UserId};

/// A group's effect. What the committer decides (which group has the name, whether it is exclusive)
/// is open until then: 0 and false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupEffect {
    /// The owner.
    pub(crate) user: UserId,
    pub(crate) name: GroupName,
    /// Its members are left out of the owner's home.
    pub(crate) exclusive: bool,
    pub(crate) act: GroupAct,
}

/// What happens to the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupAct {
    /// The record's own sequence becomes the group's id.
    Create,
    Delete {
        group: GroupId,
    },
    Add {
        group: GroupId,
        author: UserId,
    },
    Remove {
        group: GroupId,
        author: UserId,
        began: Began,
    },
}

impl GroupEffect {
    /// Who becomes a member, or ceases to be one.
    pub(crate) fn author(&self) -> Option<UserId> {
        match self.act {
            GroupAct::Create | GroupAct::Delete { .. } => None,
            GroupAct::Add { author, .. } | GroupAct::Remove { author, .. } => Some(author),
        }
    }

    pub(crate) fn kind(&self) -> u8 {
        match self.act {
            GroupAct::Create => record_kind::GROUP_CREATE,
            GroupAct::Delete { .. } => record_kind::GROUP_DELETE,
            GroupAct::Add { .. } => record_kind::GROUP_ADD,
            GroupAct::Remove { .. } => record_kind::GROUP_REMOVE,
        }
    }

    /// What the caller said, and nothing that was decided since: for the fingerprint.
    pub(crate) fn put_said(&self, out: &mut Vec<u8>) {
        let second = match self.act {
            GroupAct::Create => u64::from(self.exclusive),
            GroupAct::Delete { .. } => 0,
            GroupAct::Add { author, .. } | GroupAct::Remove { author, .. } => author.0,
        };
        put_pair(out, self.user.0, second);
        out.extend_from_slice(self.name.as_str().as_bytes());
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let second = match self.act {
            GroupAct::Create => u64::from(self.exclusive),
            GroupAct::Delete { group } => group.0,
            GroupAct::Add { author, .. } | GroupAct::Remove { author, .. } => author.0,
        };
        put_pair(out, self.user.0, second);
        match self.act {
            GroupAct::Create => {}
            GroupAct::Delete { .. } => out.push(u8::from(self.exclusive)),
            GroupAct::Add { group, .. } => self.put_group(group, out),
            GroupAct::Remove { group, began, .. } => {
                put_varint(out, began.unwrap_or_default().0);
                self.put_group(group, out);
            }
        }
        put_varint(out, self.name.as_str().len() as u64);
        out.extend_from_slice(self.name.as_str().as_bytes());
    }

    fn put_group(&self, group: GroupId, out: &mut Vec<u8>) {
        put_varint(out, group.0);
        out.push(u8::from(self.exclusive));
    }

    /// Reads what follows the two numbers; `None` if it makes no sense.
    pub(super) fn load(kind: u8, first: u64, second: u64, rest: &mut Cursor<'_>) -> Option<Self> {
        let (user, author) = (UserId(first), UserId(second));
        let (exclusive, act) = match kind {
            record_kind::GROUP_CREATE => (is_set(second)?, GroupAct::Create),
            record_kind::GROUP_DELETE => {
                (load_flag(rest)?, GroupAct::Delete { group: GroupId(second) })
            }
            record_kind::GROUP_ADD => {
                let group = GroupId(rest.varint()?);
                (load_flag(rest)?, GroupAct::Add { group, author })
            }
            record_kind::GROUP_REMOVE => {
                let began = load_began(rest)?;
                let group = GroupId(rest.varint()?);
                (load_flag(rest)?, GroupAct::Remove { group, author, began })
            }
            _ => return None,
        };
        let len = rest.varint_as()?;
        let name = GroupName::load(rest.take(len)?)?;
        Some(Self { user, name, exclusive, act })
    }
}

fn load_flag(rest: &mut Cursor<'_>) -> Option<bool> {
    let [flag] = rest.array()?;
    is_set(u64::from(flag))
}

fn is_set(flag: u64) -> Option<bool> {
    match flag {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}
