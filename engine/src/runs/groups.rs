//! Groups and members in a file: two arrays, each in the order of the log, read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{GROUP_HEAD_BYTES, MEMBER_BYTES, family, group, member};
use super::writer::ViewWriter;
use crate::error::Result;
use crate::group_name::GroupName;
use crate::ids::{GroupId, Sequence};
use crate::log::bytes::{Cursor, Fields, put_u16, put_u32, put_u64};
use crate::views::groups::{GroupRow, MemberRow};
use crate::views::users::Ordinal;

const GROUPS: Array<GroupRow> =
    Array { family: family::GROUPS, what: "groups", put: put_group, load: load_group };
const MEMBERS: Array<MemberRow> =
    Array { family: family::MEMBERS, what: "members", put: put_member, load: load_member };

/// Everything in one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupFile {
    pub(crate) groups: Vec<GroupRow>,
    pub(crate) members: Vec<MemberRow>,
}

impl GroupFile {
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.members.is_empty()
    }

    /// Writes both sections.
    pub(crate) fn write(&self, file: &mut ViewWriter) -> Result<()> {
        GROUPS.write(&self.groups, file)?;
        MEMBERS.write(&self.members, file)
    }

    /// Reads a file and verifies all of it. Owners and members are among `users` users.
    pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Self> {
        file.verify_all()?;
        let range = file.header.first..=file.header.last;
        let is_user = |user: Ordinal| user.index() < users;
        let groups = GROUPS.read(file, |rows| {
            rows.is_sorted_by(|one, next| one.id < next.id)
                && rows.iter().all(|row| is_user(row.owner) && range.contains(&row.id.into()))
        })?;
        let is_member =
            |row: &MemberRow| is_user(row.owner) && is_user(row.author) && range.contains(&row.at);
        let members = MEMBERS.read(file, |rows| {
            rows.is_sorted_by(|one, next| one.at < next.at) && rows.iter().all(is_member)
        })?;
        Ok(Self { groups, members })
    }
}

fn put_group(row: &GroupRow, out: &mut Vec<u8>) {
    let name = row.name.as_str().as_bytes();
    put_u32(out, row.owner.0);
    out.push(u8::from(row.exclusive));
    out.push(u8::try_from(name.len()).expect("a group's name is short"));
    put_u16(out, 0);
    put_u64(out, row.id.0);
    out.extend_from_slice(name);
}

fn load_group(rest: &mut Cursor<'_>) -> Option<GroupRow> {
    let head = Fields(rest.take(GROUP_HEAD_BYTES)?);
    let name = rest.take(usize::from(head.u8(group::NAME_LEN_AT)))?;
    let exclusive = head.u8(group::IS_EXCLUSIVE_AT);
    Some(GroupRow {
        owner: Ordinal(head.u32(group::OWNER_AT)),
        id: GroupId(head.u64(group::ID_AT)),
        name: GroupName::load(name)?,
        exclusive: (exclusive <= 1).then_some(exclusive == 1)?,
    })
}

fn put_member(row: &MemberRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, row.author.0);
    put_u64(out, row.group.0);
    put_u64(out, row.at.0);
}

fn load_member(rest: &mut Cursor<'_>) -> Option<MemberRow> {
    let fields = Fields(rest.take(MEMBER_BYTES)?);
    Some(MemberRow {
        owner: Ordinal(fields.u32(member::OWNER_AT)),
        author: Ordinal(fields.u32(member::AUTHOR_AT)),
        group: GroupId(fields.u64(member::GROUP_AT)),
        at: Sequence(fields.u64(member::ADDED_AT)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

    fn sample() -> GroupFile {
        let group = |owner, id, name: &str, exclusive| {
            let (owner, id, name) = (Ordinal(owner), GroupId(id), GroupName::new(name));
            GroupRow { owner, id, name, exclusive }
        };
        let member = |owner, author, group, at| {
            let (owner, author) = (Ordinal(owner), Ordinal(author));
            MemberRow { owner, author, group: GroupId(group), at: Sequence(at) }
        };
        GroupFile {
            groups: vec![group(3, 10, "friends", false), group(0, 12, "work \u{2764}", true)],
            members: vec![member(3, 1, 10, 11), member(0, 2, 12, 13), member(3, 3, 4, 90)],
        }
    }

    fn file() -> bytes::Bytes {
        written(view_kind::GROUPS, |file| sample().write(file))
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read_back(file(), |file| GroupFile::read(file, 4)).unwrap(), sample());
        assert!(
            read_back(file(), |file| GroupFile::read(file, 3)).is_err(),
            "the fourth user is unknown"
        );
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        assert_damage_is_noticed(&file(), |file| GroupFile::read(file, 4));
    }
}
