//! Read marks in a file: one array, in the order of owner, feed and device, read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{MARK_BYTES, mark};
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{GroupId, PostId, Sequence};
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64};
use crate::views::marks::{Mark, MarkRow};
use crate::views::users::Ordinal;

/// The family of an array that is alone in its file.
const FAMILY: u8 = 0;

const ARRAY: Array<MarkRow> = Array { family: FAMILY, what: "marks", put, load };

/// Writes the array.
pub(crate) fn write(rows: &[MarkRow], file: &mut ViewWriter) -> Result<()> {
    ARRAY.write(rows, file)
}

/// Reads a file and verifies all of it. Owners are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<MarkRow>> {
    file.verify_all()?;
    let range = file.header.first..=file.header.last;
    ARRAY.read(file, |rows| {
        rows.is_sorted_by(|one, next| key(one) < key(next))
            && rows.iter().all(|row| row.owner.index() < users && range.contains(&row.mark.at))
    })
}

/// Of each device its greatest mark, in the order of a file.
pub(crate) fn settle(rows: &mut Vec<MarkRow>) {
    rows.sort_unstable_by_key(|row| (key(row), std::cmp::Reverse(row.mark.post)));
    rows.dedup_by_key(|row| key(row));
}

/// What rows are in the order of.
pub(crate) fn key(row: &MarkRow) -> (Ordinal, GroupId, u64) {
    (row.owner, row.mark.feed, row.mark.device)
}

fn put(row: &MarkRow, out: &mut Vec<u8>) {
    let Mark { feed, device, post, at } = row.mark;
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    [feed.0, device, post.0, at.0].into_iter().for_each(|number| put_u64(out, number));
}

fn load(rest: &mut Cursor<'_>) -> Option<MarkRow> {
    let fields = Fields(rest.take(MARK_BYTES)?);
    Some(MarkRow {
        owner: Ordinal(fields.u32(mark::OWNER_AT)),
        mark: Mark {
            feed: GroupId(fields.u64(mark::GROUP_AT)),
            device: fields.u64(mark::DEVICE_AT),
            post: PostId(fields.u64(mark::POST_AT)),
            at: Sequence(fields.u64(mark::MARKED_AT)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

    fn sample() -> Vec<MarkRow> {
        let row = |owner, feed, device, post, at| MarkRow {
            owner: Ordinal(owner),
            mark: Mark { feed: GroupId(feed), device, post: PostId(post), at: Sequence(at) },
        };
        vec![row(1, 0, 0, 7, 20), row(1, 0, u64::MAX, 3, 11), row(3, 12, 5, 80, 90)]
    }

    fn file() -> bytes::Bytes {
        written(view_kind::MARKS, |file| write(&sample(), file))
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
