//! Revised posts in a file: one array, in the order of the log, read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{REVISION_BYTES, family, revision};
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{PostId, Sequence};
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64};
use crate::views::revisions::{Revised, RevisedRow};
use crate::views::users::Ordinal;

const ARRAY: Array<RevisedRow> = Array { family: family::REVISIONS, what: "revisions", put, load };

/// Writes the array.
pub(crate) fn write(rows: &[RevisedRow], file: &mut ViewWriter) -> Result<()> {
    ARRAY.write(rows, file)
}

/// Reads a file and verifies all of it. Authors are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<RevisedRow>> {
    file.verify_all()?;
    let range = file.header.first..=file.header.last;
    let is_sound = |row: &RevisedRow| {
        row.owner.index() < users
            && range.contains(&row.revised.at)
            && Sequence::from(row.post) < row.revised.at
    };
    ARRAY.read(file, |rows| {
        rows.is_sorted_by(|one, next| one.revised.at < next.revised.at) && rows.iter().all(is_sound)
    })
}

fn put(row: &RevisedRow, out: &mut Vec<u8>) {
    let Revised { revision, at } = row.revised;
    put_u32(out, row.owner.0);
    put_u32(out, revision);
    put_u64(out, row.post.0);
    put_u64(out, at.0);
}

fn load(rest: &mut Cursor<'_>) -> Option<RevisedRow> {
    let fields = Fields(rest.take(REVISION_BYTES)?);
    Some(RevisedRow {
        owner: Ordinal(fields.u32(revision::AUTHOR_AT)),
        post: PostId(fields.u64(revision::POST_AT)),
        revised: Revised {
            revision: fields.u32(revision::REVISION_AT),
            at: Sequence(fields.u64(revision::REVISED_AT)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

    fn sample() -> Vec<RevisedRow> {
        let row = |owner, post, revision, at| RevisedRow {
            owner: Ordinal(owner),
            post: PostId(post),
            revised: Revised { revision, at: Sequence(at) },
        };
        vec![row(1, 7, 1, 10), row(3, 12, 5, 80), row(1, 70, u32::MAX, 90)]
    }

    fn file() -> bytes::Bytes {
        written(view_kind::REVISIONS, |file| write(&sample(), file))
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
