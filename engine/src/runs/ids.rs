//! User ids in a file: an array from ordinal to id, and a hash table from id to ordinal.
//!
//! The table has 32-bit slots, 0 for an empty one, else the index in the array plus one, by open
//! addressing: a user is looked for from slot `hash x slots / 2^64` on, upwards and around. The hash
//! is [`hash`]. The whole file is verified when it is opened, so that finding a user cannot fail.

use ::bytes::Bytes;

use super::file::ViewFile;
use super::layout::section_part;
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{Sequence, UserId};
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::views::users::Ordinal;

/// Slots of the table for ten users: at most 70 % are taken.
const SLOTS_PER_TEN: usize = 15;

/// An open file of user ids.
#[derive(Debug)]
pub(crate) struct IdFile {
    /// The first sequence that the file covers.
    pub(crate) first: Sequence,
    start: u32,
    ids: Bytes,
    table: Bytes,
}

/// Writes both sections.
pub(crate) fn write(file: &mut ViewWriter, ids: &[UserId]) -> Result<()> {
    let section = |part, count: usize, offset| Section {
        family: 0,
        part,
        payload_bits: 0,
        count: count as u64,
        offset,
        len: 0,
    };
    let array_at = file.offset();
    let mut array = Vec::with_capacity(8 * ids.len());
    ids.iter().for_each(|id| put_u64(&mut array, id.0));
    file.write(&array)?;
    file.end_section(section(section_part::ARRAY, ids.len(), array_at));
    let table_at = file.offset();
    let table = table(ids);
    let mut bytes = Vec::with_capacity(4 * table.len());
    table.iter().for_each(|slot| put_u32(&mut bytes, *slot));
    file.write(&bytes)?;
    file.end_section(section(section_part::TABLE, table.len(), table_at));
    Ok(())
}

fn table(ids: &[UserId]) -> Vec<u32> {
    let mut table = vec![0; (ids.len() * SLOTS_PER_TEN).div_ceil(10)];
    for (number, id) in (1u32..).zip(ids) {
        let mut at = home_slot(*id, table.len());
        while table.get(at).is_some_and(|slot| *slot != 0) {
            at = (at + 1) % table.len();
        }
        *table.get_mut(at).expect("the table is larger than its content") = number;
    }
    table
}

fn home_slot(id: UserId, slots: usize) -> usize {
    let scaled = (u128::from(hash(id)) * slots as u128) >> 64;
    usize::try_from(scaled).expect("below the number of slots")
}

/// The finaliser of splitmix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014): ids that applications count up spread evenly.
pub(crate) fn hash(id: UserId) -> u64 {
    let mut bits = id.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl IdFile {
    /// Opens the file whose first user has ordinal `start`.
    pub(crate) fn open(file: &ViewFile, start: Ordinal) -> Result<Self> {
        file.verify_all()?;
        let part = |part| match file.section(0, part) {
            Some(section) => Ok((section.count, file.section_bytes(section)?)),
            None => Err(file.damaged(0, "a file of users has no array or no table")),
        };
        let ((count, ids), (slots, table)) =
            (part(section_part::ARRAY)?, part(section_part::TABLE)?);
        let fits = ids.len() as u64 == count.saturating_mul(8)
            && table.len() as u64 == slots.saturating_mul(4)
            && count < slots
            && u64::from(start.0) + count <= u64::from(u32::MAX);
        if !fits {
            return Err(file.damaged(0, "the sizes of array and table make no sense"));
        }
        Ok(Self { first: file.header.first, start: start.0, ids, table })
    }

    /// The ordinal of the first user in the file.
    pub(crate) fn start(&self) -> Ordinal {
        Ordinal(self.start)
    }

    /// The ordinal after the last user in the file.
    pub(crate) fn end(&self) -> Ordinal {
        let count = u32::try_from(self.ids.len() / 8).expect("checked when it was opened");
        Ordinal(self.start + count)
    }

    /// All users in the file.
    pub(crate) fn ids(&self) -> impl Iterator<Item = UserId> + '_ {
        self.ids.chunks_exact(8).map(|id| UserId(Fields(id).u64(0)))
    }

    /// The user with this ordinal, if it is in the file.
    pub(crate) fn id(&self, ordinal: Ordinal) -> Option<UserId> {
        self.id_at(ordinal.0.checked_sub(self.start)? as usize)
    }

    /// The ordinal of `user`, if they are in the file.
    pub(crate) fn find(&self, user: UserId) -> Option<Ordinal> {
        let slots = self.table.len() / 4;
        let home = home_slot(user, slots);
        for at in (home..slots).chain(0..home) {
            let slot = self.table.get(4 * at..4 * at + 4).map(|slot| Fields(slot).u32(0))?;
            let index = slot.checked_sub(1)?;
            if self.id_at(index as usize) == Some(user) {
                return Some(Ordinal(self.start + index));
            }
        }
        None
    }

    fn id_at(&self, index: usize) -> Option<UserId> {
        let slot = self.ids.get(index.checked_mul(8)?..)?.get(..8)?;
        Some(UserId(Fields(slot).u64(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DatabaseId;
    use crate::runs::layout::view_kind;
    use crate::runs::writer::ViewHeader;
    use crate::testing::memory::MemoryStorage;

    fn file_of(ids: &[UserId]) -> IdFile {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(1), Sequence(9));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::USERS, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "users", &header).unwrap();
        write(&mut writer, ids).unwrap();
        writer.finish(&storage).unwrap();
        let file = ViewFile::open(&storage, "users").unwrap();
        IdFile::open(&file, Ordinal(100)).unwrap()
    }

    #[test]
    fn ids_and_ordinals_find_each_other() {
        for count in [1u32, 2, 3, 100, 5_000] {
            let ids: Vec<UserId> = (0..u64::from(count)).map(|n| UserId(n * 3 + 1)).collect();
            let file = file_of(&ids);
            assert_eq!((file.start(), file.end()), (Ordinal(100), Ordinal(100 + count)));
            for (ordinal, id) in (100..).map(Ordinal).zip(&ids) {
                assert_eq!(file.find(*id), Some(ordinal));
                assert_eq!(file.id(ordinal), Some(*id));
                assert_eq!(file.find(UserId(id.0 + 1)), None);
            }
            assert_eq!(file.id(Ordinal(99)), None);
            assert_eq!(file.id(file.end()), None);
        }
    }
}
