//! Who is or was forgotten in a file: one array, in the order of owners, read as a whole.

use super::file::ViewFile;
use super::layout::{FORGOTTEN_BYTES, family, forgotten, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::Sequence;
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::views::forgotten::{ForgottenRow, Oblivion};
use crate::views::users::Ordinal;

/// Writes the array.
pub(crate) fn write(rows: &[ForgottenRow], file: &mut ViewWriter) -> Result<()> {
    let offset = file.offset();
    let mut bytes = Vec::with_capacity(rows.len() * FORGOTTEN_BYTES);
    rows.iter().for_each(|row| put(row, &mut bytes));
    file.write(&bytes)?;
    let (family, part, count) = (family::FORGOTTEN, section_part::ARRAY, rows.len() as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

/// Reads a file and verifies all of it. Owners are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<ForgottenRow>> {
    file.verify_all()?;
    let section = file.section(family::FORGOTTEN, section_part::ARRAY);
    let section =
        section.ok_or_else(|| file.damaged(0, "a file of the forgotten lacks its array"))?;
    let bytes = file.section_bytes(section)?;
    let rows: Vec<ForgottenRow> = bytes.chunks_exact(FORGOTTEN_BYTES).map(load).collect();
    let range = file.header.first..=file.header.last;
    let is_sound = |row: &ForgottenRow| {
        row.owner.index() < users
            && range.contains(&row.oblivion.newest())
            && Sequence(0) < row.oblivion.since
    };
    let makes_sense = bytes.len().is_multiple_of(FORGOTTEN_BYTES)
        && rows.len() as u64 == section.count
        && rows.is_sorted_by(|one, next| one.owner < next.owner)
        && rows.iter().all(is_sound);
    match makes_sense {
        true => Ok(rows),
        false => Err(file.damaged(0, "the forgotten in the file make no sense")),
    }
}

/// Of each user one row, in the order of a file.
pub(crate) fn settle(rows: &mut Vec<ForgottenRow>) {
    rows.sort_by_key(|row| row.owner);
    rows.dedup_by(|next, one| {
        let is_same = next.owner == one.owner;
        if is_same {
            one.oblivion.join(next.oblivion);
        }
        is_same
    });
}

fn put(row: &ForgottenRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    put_u64(out, row.oblivion.since.0);
    put_u64(out, row.oblivion.done.0);
}

fn load(bytes: &[u8]) -> ForgottenRow {
    let fields = Fields(bytes);
    ForgottenRow {
        owner: Ordinal(fields.u32(forgotten::OWNER_AT)),
        oblivion: Oblivion {
            since: Sequence(fields.u64(forgotten::SINCE_AT)),
            done: Sequence(fields.u64(forgotten::DONE_AT)),
        },
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

    fn row(owner: u32, since: u64, done: u64) -> ForgottenRow {
        let oblivion = Oblivion { since: Sequence(since), done: Sequence(done) };
        ForgottenRow { owner: Ordinal(owner), oblivion }
    }

    fn sample() -> Vec<ForgottenRow> {
        vec![row(1, 7, 20), row(3, 12, 0), row(4, 90, 30)]
    }

    fn written() -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::FORGOTTEN, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "forgotten", &header).unwrap();
        write(&sample(), &mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("forgotten").unwrap()
    }

    fn read_back(bytes: bytes::Bytes, users: usize) -> Result<Vec<ForgottenRow>> {
        read(&ViewFile::load("forgotten", bytes)?, users)
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read_back(written(), 5).unwrap(), sample());
        assert!(read_back(written(), 4).is_err(), "the fifth user is unknown");
    }

    #[test]
    fn rows_of_one_user_become_one() {
        let mut rows = vec![row(4, 90, 0), row(1, 7, 0), row(4, 10, 30), row(1, 7, 20)];
        rows.push(row(3, 12, 0));
        settle(&mut rows);
        assert_eq!(rows, sample());
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let bytes = written();
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            assert!(read_back(damaged.into(), 5).is_err(), "byte {at} of {}", bytes.len());
        }
    }
}
