//! How far users have read their notices, in a file: an array in the order of owners, read as a whole.

use super::file::ViewFile;
use super::layout::{READ_MARK_BYTES, family, read_mark, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::Sequence;
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::views::notices::{ReadMark, ReadMarkRow};
use crate::views::users::Ordinal;

/// Writes the array.
pub(crate) fn write(file: &mut ViewWriter, rows: &[ReadMarkRow]) -> Result<()> {
    let offset = file.offset();
    let mut bytes = Vec::with_capacity(rows.len() * READ_MARK_BYTES);
    rows.iter().for_each(|row| put(row, &mut bytes));
    file.write(&bytes)?;
    let (family, part, count) = (family::READ_MARKS, section_part::ARRAY, rows.len() as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

/// Reads the array. Owners are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<ReadMarkRow>> {
    let Some(section) = file.section(family::READ_MARKS, section_part::ARRAY) else {
        return Err(file.damaged(0, "a file of notices lacks its array of read marks"));
    };
    let bytes = file.section_bytes(section)?;
    let rows: Vec<ReadMarkRow> = bytes.chunks_exact(READ_MARK_BYTES).map(load).collect();
    let range = file.header.first..=file.header.last;
    let makes_sense = bytes.len().is_multiple_of(READ_MARK_BYTES)
        && rows.len() as u64 == section.count
        && rows.is_sorted_by(|one, next| one.owner < next.owner)
        && rows.iter().all(|row| row.owner.index() < users && range.contains(&row.mark.at));
    if makes_sense {
        return Ok(rows);
    }
    let at = usize::try_from(section.offset).unwrap_or(usize::MAX);
    Err(file.damaged(at, "the read marks in the file make no sense"))
}

/// Of each user the greatest mark, in the order of a file.
pub(crate) fn settle(rows: &mut Vec<ReadMarkRow>) {
    rows.sort_unstable_by_key(|row| (row.owner, std::cmp::Reverse(row.mark.up_to), row.mark.at));
    rows.dedup_by_key(|row| row.owner);
}

fn put(row: &ReadMarkRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    put_u64(out, row.mark.up_to.0);
    put_u64(out, row.mark.at.0);
}

fn load(bytes: &[u8]) -> ReadMarkRow {
    let fields = Fields(bytes);
    let owner = Ordinal(fields.u32(read_mark::OWNER_AT));
    let up_to = Sequence(fields.u64(read_mark::UP_TO_AT));
    ReadMarkRow { owner, mark: ReadMark { up_to, at: Sequence(fields.u64(read_mark::SAID_AT)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DatabaseId;
    use crate::runs::layout::view_kind;
    use crate::runs::writer::ViewHeader;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

    fn row(owner: u32, up_to: u64, at: u64) -> ReadMarkRow {
        let mark = ReadMark { up_to: Sequence(up_to), at: Sequence(at) };
        ReadMarkRow { owner: Ordinal(owner), mark }
    }

    fn written(rows: &[ReadMarkRow]) -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::NOTICES, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "notices", &header).unwrap();
        write(&mut writer, rows).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("notices").unwrap()
    }

    fn read_back(bytes: bytes::Bytes) -> Result<Vec<ReadMarkRow>> {
        let file = ViewFile::load("notices", bytes)?;
        file.verify_all()?;
        read(&file, 5)
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        let mut rows = vec![row(4, 3, 90), row(0, 9, 10), row(4, 8, 20)];
        settle(&mut rows);
        assert_eq!(rows, [row(0, 9, 10), row(4, 8, 20)]);
        assert_eq!(read_back(written(&rows)).unwrap(), rows);
        assert_eq!(read_back(written(&[])).unwrap(), []);
        for wrong in [row(5, 3, 20), row(4, 3, 91), row(4, 3, 9)] {
            assert!(read_back(written(&[wrong])).is_err(), "{wrong:?}");
        }
        assert!(read_back(written(&[row(2, 1, 20), row(2, 1, 20)])).is_err());
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let bytes = written(&[row(1, 2, 30), row(3, 80, 70)]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            assert!(read_back(damaged.into()).is_err(), "byte {at} of {}", bytes.len());
        }
    }
}
