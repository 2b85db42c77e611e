//! Read marks in a file: one array, in the order of owner, feed and device, read as a whole.

use super::file::ViewFile;
use super::layout::{MARK_BYTES, mark, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{GroupId, PostId, Sequence};
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::views::marks::{Mark, MarkRow};
use crate::views::users::Ordinal;

/// The family of an array that is alone in its file.
const FAMILY: u8 = 0;

/// Writes the array.
pub(crate) fn write(rows: &[MarkRow], file: &mut ViewWriter) -> Result<()> {
    let offset = file.offset();
    let mut bytes = Vec::with_capacity(rows.len() * MARK_BYTES);
    rows.iter().for_each(|row| put(row, &mut bytes));
    file.write(&bytes)?;
    let (part, count) = (section_part::ARRAY, rows.len() as u64);
    file.end_section(Section { family: FAMILY, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

/// Reads a file and verifies all of it. Owners are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<MarkRow>> {
    file.verify_all()?;
    let section = file.section(FAMILY, section_part::ARRAY);
    let section = section.ok_or_else(|| file.damaged(0, "a file of marks lacks its array"))?;
    let bytes = file.section_bytes(section)?;
    let rows: Vec<MarkRow> = bytes.chunks_exact(MARK_BYTES).map(load).collect();
    let range = file.header.first..=file.header.last;
    let makes_sense = bytes.len().is_multiple_of(MARK_BYTES)
        && rows.len() as u64 == section.count
        && rows.is_sorted_by(|one, next| key(one) < key(next))
        && rows.iter().all(|row| row.owner.index() < users && range.contains(&row.mark.at));
    match makes_sense {
        true => Ok(rows),
        false => Err(file.damaged(0, "the marks in the file make no sense")),
    }
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

fn load(bytes: &[u8]) -> MarkRow {
    let fields = Fields(bytes);
    MarkRow {
        owner: Ordinal(fields.u32(mark::OWNER_AT)),
        mark: Mark {
            feed: GroupId(fields.u64(mark::GROUP_AT)),
            device: fields.u64(mark::DEVICE_AT),
            post: PostId(fields.u64(mark::POST_AT)),
            at: Sequence(fields.u64(mark::MARKED_AT)),
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

    fn sample() -> Vec<MarkRow> {
        let row = |owner, feed, device, post, at| MarkRow {
            owner: Ordinal(owner),
            mark: Mark { feed: GroupId(feed), device, post: PostId(post), at: Sequence(at) },
        };
        vec![row(1, 0, 0, 7, 20), row(1, 0, u64::MAX, 3, 11), row(3, 12, 5, 80, 90)]
    }

    fn written() -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::MARKS, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "marks", &header).unwrap();
        write(&sample(), &mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("marks").unwrap()
    }

    fn read_back(bytes: bytes::Bytes, users: usize) -> Result<Vec<MarkRow>> {
        read(&ViewFile::load("marks", bytes)?, users)
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read_back(written(), 4).unwrap(), sample());
        assert!(read_back(written(), 3).is_err(), "the fourth user is unknown");
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let bytes = written();
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            assert!(read_back(damaged.into(), 4).is_err(), "byte {at} of {}", bytes.len());
        }
    }
}
