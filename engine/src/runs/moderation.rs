//! What is moderated, in a file: one array, in the order of the log, read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{MODERATED_BYTES, family, moderated};
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{PostId, Sequence};
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64};
use crate::views::moderation::ModeratedRow;
use crate::views::users::Ordinal;

const ARRAY: Array<ModeratedRow> =
    Array { family: family::MODERATED, what: "facts of moderation", put, load };

/// Writes the array.
pub(crate) fn write(rows: &[ModeratedRow], file: &mut ViewWriter) -> Result<()> {
    ARRAY.write(rows, file)
}

/// Reads a file and verifies all of it. Owners are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<ModeratedRow>> {
    file.verify_all()?;
    let range = file.header.first..=file.header.last;
    let is_sound = |row: &ModeratedRow| {
        row.owner.index() < users
            && range.contains(&row.at)
            && row.post.is_none_or(|post| Sequence::from(post) < row.at)
    };
    ARRAY.read(file, |rows| {
        rows.is_sorted_by(|one, next| one.at < next.at) && rows.iter().all(is_sound)
    })
}

fn put(row: &ModeratedRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    put_u64(out, row.post.unwrap_or_default().0);
    put_u64(out, row.at.0);
}

/// `None` if the reserved bytes are not 0.
fn load(rest: &mut Cursor<'_>) -> Option<ModeratedRow> {
    let fields = Fields(rest.take(MODERATED_BYTES)?);
    let post = PostId(fields.u64(moderated::POST_AT));
    (fields.u32(moderated::RESERVED_AT) == 0).then_some(ModeratedRow {
        owner: Ordinal(fields.u32(moderated::OWNER_AT)),
        post: Some(post).filter(|post| *post != PostId(0)),
        at: Sequence(fields.u64(moderated::SINCE_AT)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

    fn sample() -> Vec<ModeratedRow> {
        let row = |owner, post, at| ModeratedRow {
            owner: Ordinal(owner),
            post: Some(PostId(post)).filter(|post| *post != PostId(0)),
            at: Sequence(at),
        };
        vec![row(1, 7, 10), row(3, 0, 80), row(1, 70, 90)]
    }

    fn file() -> bytes::Bytes {
        written(view_kind::MODERATION, |file| write(&sample(), file))
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
