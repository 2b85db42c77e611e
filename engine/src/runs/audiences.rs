//! Restricted posts in a file: one array, in the order of the log, read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{AUDIENCE_BYTES, audience, family};
use super::writer::ViewWriter;
use crate::audience::Circle;
use crate::error::Result;
use crate::ids::Sequence;
use crate::log::bytes::{Cursor, Fields, put_u64};
use crate::views::audiences::AudienceRow;
use crate::views::users::Ordinal;

const ARRAY: Array<AudienceRow> = Array { family: family::AUDIENCES, what: "audiences", put, load };

/// Writes the array.
pub(crate) fn write(rows: &[AudienceRow], file: &mut ViewWriter) -> Result<()> {
    ARRAY.write(rows, file)
}

/// Reads a file and verifies all of it. Authors are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<AudienceRow>> {
    file.verify_all()?;
    let range = file.header.first..=file.header.last;
    let is_sound = |row: &AudienceRow| {
        row.author.index() < users && range.contains(&row.at) && !row.circle.is_everybody()
    };
    ARRAY.read(file, |rows| {
        rows.is_sorted_by(|one, next| one.at < next.at) && rows.iter().all(is_sound)
    })
}

fn put(row: &AudienceRow, out: &mut Vec<u8>) {
    put_u64(out, row.at.0);
    put_u64(out, row.circle.code());
    put_u64(out, u64::from(row.author.0));
}

fn load(rest: &mut Cursor<'_>) -> Option<AudienceRow> {
    let fields = Fields(rest.take(AUDIENCE_BYTES)?);
    Some(AudienceRow {
        at: Sequence(fields.u64(audience::SEQUENCE_AT)),
        author: Ordinal(fields.u32(audience::AUTHOR_AT)),
        circle: Circle::of_code(fields.u64(audience::AUDIENCE_AT)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

    fn sample() -> Vec<AudienceRow> {
        let row = |at, author, code| AudienceRow {
            at: Sequence(at),
            author: Ordinal(author),
            circle: Circle::of_code(code),
        };
        vec![row(10, 1, 1), row(80, 3, 90), row(90, 1, 3)]
    }

    fn file() -> bytes::Bytes {
        written(view_kind::AUDIENCES, |file| write(&sample(), file))
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read_back(file(), |file| read(file, 4)).unwrap(), sample());
        assert!(read_back(file(), |file| read(file, 3)).is_err(), "the fourth user is unknown");
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        assert_damage_is_noticed(&file(), |file| read(file, 4));
    }
}
