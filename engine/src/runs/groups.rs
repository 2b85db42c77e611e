//! Groups and members in a file: two arrays, each in the order of the log, read as a whole.

use super::file::ViewFile;
use super::layout::{GROUP_HEAD_BYTES, MEMBER_BYTES, family, group, member, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::group_name::GroupName;
use crate::ids::{GroupId, Sequence};
use crate::log::bytes::{Cursor, Fields, put_u16, put_u32, put_u64};
use crate::views::groups::{GroupRow, MemberRow};
use crate::views::users::Ordinal;

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
        let mut bytes = Vec::new();
        self.groups.iter().for_each(|row| put_group(row, &mut bytes));
        array(file, family::GROUPS, self.groups.len(), &bytes)?;
        bytes.clear();
        self.members.iter().for_each(|row| put_member(row, &mut bytes));
        array(file, family::MEMBERS, self.members.len(), &bytes)
    }

    /// Reads a file and verifies all of it. Owners and members are among `users` users.
    pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Self> {
        file.verify_all()?;
        let part = |family| match file.section(family, section_part::ARRAY) {
            Some(section) => Ok((section.count, file.section_bytes(section)?)),
            None => Err(file.damaged(0, "a file of groups lacks an array")),
        };
        let ((groups_len, groups), (members_len, members)) =
            (part(family::GROUPS)?, part(family::MEMBERS)?);
        let found = Self::load(&groups, &members)
            .filter(|found| found.groups.len() as u64 == groups_len)
            .filter(|found| found.members.len() as u64 == members_len)
            .filter(|found| found.makes_sense(file, users));
        found.ok_or_else(|| file.damaged(0, "the groups in the file make no sense"))
    }

    fn load(groups: &[u8], members: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        let mut rest = Cursor::new(groups);
        while !rest.is_empty() {
            found.groups.push(load_group(&mut rest)?);
        }
        if !members.len().is_multiple_of(MEMBER_BYTES) {
            return None;
        }
        found.members = members.chunks_exact(MEMBER_BYTES).map(load_member).collect();
        Some(found)
    }

    fn makes_sense(&self, file: &ViewFile, users: usize) -> bool {
        let range = file.header.first..=file.header.last;
        let is_user = |user: Ordinal| user.index() < users;
        self.groups.is_sorted_by(|one, next| one.id < next.id)
            && self.members.is_sorted_by(|one, next| one.at < next.at)
            && self.groups.iter().all(|row| is_user(row.owner) && range.contains(&row.id.into()))
            && self
                .members
                .iter()
                .all(|row| is_user(row.owner) && is_user(row.author) && range.contains(&row.at))
    }
}

fn array(file: &mut ViewWriter, family: u8, count: usize, bytes: &[u8]) -> Result<()> {
    let offset = file.offset();
    file.write(bytes)?;
    let (part, count) = (section_part::ARRAY, count as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
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

fn load_member(bytes: &[u8]) -> MemberRow {
    let fields = Fields(bytes);
    MemberRow {
        owner: Ordinal(fields.u32(member::OWNER_AT)),
        author: Ordinal(fields.u32(member::AUTHOR_AT)),
        group: GroupId(fields.u64(member::GROUP_AT)),
        at: Sequence(fields.u64(member::ADDED_AT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DatabaseId;
    use crate::runs::layout::view_kind;
    use crate::runs::writer::ViewHeader;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

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

    fn written() -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::GROUPS, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "groups", &header).unwrap();
        sample().write(&mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("groups").unwrap()
    }

    fn read(bytes: bytes::Bytes, users: usize) -> Result<GroupFile> {
        GroupFile::read(&ViewFile::load("groups", bytes)?, users)
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read(written(), 4).unwrap(), sample());
        assert!(read(written(), 3).is_err(), "the fourth user is unknown");
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let bytes = written();
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            assert!(read(damaged.into(), 4).is_err(), "byte {at} of {}", bytes.len());
        }
    }
}
