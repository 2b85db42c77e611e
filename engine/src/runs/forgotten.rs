//! Who is or was forgotten in a file: one array, in the order of owners, read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{FORGOTTEN_BYTES, family, forgotten};
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::Sequence;
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64};
use crate::views::forgotten::{ForgottenRow, Oblivion};
use crate::views::users::Ordinal;

const ARRAY: Array<ForgottenRow> =
    Array { family: family::FORGOTTEN, what: "forgotten users", put, load };

/// Writes the array.
pub(crate) fn write(rows: &[ForgottenRow], file: &mut ViewWriter) -> Result<()> {
    ARRAY.write(rows, file)
}

/// Reads a file and verifies all of it. Owners are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<ForgottenRow>> {
    file.verify_all()?;
    let range = file.header.first..=file.header.last;
    let is_sound = |row: &ForgottenRow| {
        row.owner.index() < users
            && range.contains(&row.oblivion.newest())
            && Sequence(0) < row.oblivion.since
    };
    ARRAY.read(file, |rows| {
        rows.is_sorted_by(|one, next| one.owner < next.owner) && rows.iter().all(is_sound)
    })
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

fn load(rest: &mut Cursor<'_>) -> Option<ForgottenRow> {
    let fields = Fields(rest.take(FORGOTTEN_BYTES)?);
    Some(ForgottenRow {
        owner: Ordinal(fields.u32(forgotten::OWNER_AT)),
        oblivion: Oblivion {
            since: Sequence(fields.u64(forgotten::SINCE_AT)),
            done: Sequence(fields.u64(forgotten::DONE_AT)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

    fn row(owner: u32, since: u64, done: u64) -> ForgottenRow {
        let oblivion = Oblivion { since: Sequence(since), done: Sequence(done) };
        ForgottenRow { owner: Ordinal(owner), oblivion }
    }

    fn sample() -> Vec<ForgottenRow> {
        vec![row(1, 7, 20), row(3, 12, 0), row(4, 90, 30)]
    }

    fn file() -> bytes::Bytes {
        written(view_kind::FORGOTTEN, |file| write(&sample(), file))
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read_back(file(), |file| read(file, 5)).unwrap(), sample());
        assert!(read_back(file(), |file| read(file, 4)).is_err(), "the fifth user is unknown");
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
        assert_damage_is_noticed(&file(), |file| read(file, 5));
    }
}
