//! How far users have read their notices, in a file: an array in the order of owners, read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{READ_MARK_BYTES, family, read_mark};
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::Sequence;
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64};
use crate::views::notices::{ReadMark, ReadMarkRow};
use crate::views::users::Ordinal;

const ARRAY: Array<ReadMarkRow> =
    Array { family: family::READ_MARKS, what: "read marks", put, load };

/// Writes the array.
pub(crate) fn write(rows: &[ReadMarkRow], file: &mut ViewWriter) -> Result<()> {
    ARRAY.write(rows, file)
}

/// Reads the array. Owners are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<ReadMarkRow>> {
    let range = file.header.first..=file.header.last;
    ARRAY.read(file, |rows| {
        rows.is_sorted_by(|one, next| one.owner < next.owner)
            && rows.iter().all(|row| row.owner.index() < users && range.contains(&row.mark.at))
    })
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

fn load(rest: &mut Cursor<'_>) -> Option<ReadMarkRow> {
    let fields = Fields(rest.take(READ_MARK_BYTES)?);
    let owner = Ordinal(fields.u32(read_mark::OWNER_AT));
    let up_to = Sequence(fields.u64(read_mark::UP_TO_AT));
    Some(ReadMarkRow {
        owner,
        mark: ReadMark { up_to, at: Sequence(fields.u64(read_mark::SAID_AT)) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

    fn row(owner: u32, up_to: u64, at: u64) -> ReadMarkRow {
        let mark = ReadMark { up_to: Sequence(up_to), at: Sequence(at) };
        ReadMarkRow { owner: Ordinal(owner), mark }
    }

    fn file(rows: &[ReadMarkRow]) -> bytes::Bytes {
        written(view_kind::NOTICES, |file| write(rows, file))
    }

    fn read_all(file: &ViewFile) -> Result<Vec<ReadMarkRow>> {
        file.verify_all()?;
        read(file, 5)
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        let mut rows = vec![row(4, 3, 90), row(0, 9, 10), row(4, 8, 20)];
        settle(&mut rows);
        assert_eq!(rows, [row(0, 9, 10), row(4, 8, 20)]);
        assert_eq!(read_back(file(&rows), read_all).unwrap(), rows);
        assert_eq!(read_back(file(&[]), read_all).unwrap(), []);
        for wrong in [row(5, 3, 20), row(4, 3, 91), row(4, 3, 9)] {
            assert!(read_back(file(&[wrong]), read_all).is_err(), "{wrong:?}");
        }
        assert!(read_back(file(&[row(2, 1, 20), row(2, 1, 20)]), read_all).is_err());
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        assert_damage_is_noticed(&file(&[row(1, 2, 30), row(3, 80, 70)]), read_all);
    }
}
