//! Revised posts in a file: one array, in the order of the log, read as a whole.

use super::file::ViewFile;
use super::layout::{REVISION_BYTES, family, revision, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{PostId, Sequence};
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::views::revisions::{Revised, RevisedRow};
use crate::views::users::Ordinal;

/// Writes the array.
pub(crate) fn write(rows: &[RevisedRow], file: &mut ViewWriter) -> Result<()> {
    let offset = file.offset();
    let mut bytes = Vec::with_capacity(rows.len() * REVISION_BYTES);
    rows.iter().for_each(|row| put(row, &mut bytes));
    file.write(&bytes)?;
    let (family, part, count) = (family::REVISIONS, section_part::ARRAY, rows.len() as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

/// Reads a file and verifies all of it. Authors are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<RevisedRow>> {
    file.verify_all()?;
    let section = file.section(family::REVISIONS, section_part::ARRAY);
    let section = section.ok_or_else(|| file.damaged(0, "a file of revisions lacks its array"))?;
    let bytes = file.section_bytes(section)?;
    let rows: Vec<RevisedRow> = bytes.chunks_exact(REVISION_BYTES).map(load).collect();
    let range = file.header.first..=file.header.last;
    let is_sound = |row: &RevisedRow| {
        row.owner.index() < users
            && range.contains(&row.revised.at)
            && Sequence::from(row.post) < row.revised.at
    };
    let makes_sense = bytes.len().is_multiple_of(REVISION_BYTES)
        && rows.len() as u64 == section.count
        && rows.is_sorted_by(|one, next| one.revised.at < next.revised.at)
        && rows.iter().all(is_sound);
    match makes_sense {
        true => Ok(rows),
        false => Err(file.damaged(0, "the revisions in the file make no sense")),
    }
}

fn put(row: &RevisedRow, out: &mut Vec<u8>) {
    let Revised { revision, at } = row.revised;
    put_u32(out, row.owner.0);
    put_u32(out, revision);
    put_u64(out, row.post.0);
    put_u64(out, at.0);
}

fn load(bytes: &[u8]) -> RevisedRow {
    let fields = Fields(bytes);
    RevisedRow {
        owner: Ordinal(fields.u32(revision::AUTHOR_AT)),
        post: PostId(fields.u64(revision::POST_AT)),
        revised: Revised {
            revision: fields.u32(revision::REVISION_AT),
            at: Sequence(fields.u64(revision::REVISED_AT)),
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

    fn sample() -> Vec<RevisedRow> {
        let row = |owner, post, revision, at| RevisedRow {
            owner: Ordinal(owner),
            post: PostId(post),
            revised: Revised { revision, at: Sequence(at) },
        };
        vec![row(1, 7, 1, 10), row(3, 12, 5, 80), row(1, 70, u32::MAX, 90)]
    }

    fn written() -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::REVISIONS, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "revisions", &header).unwrap();
        write(&sample(), &mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("revisions").unwrap()
    }

    fn read_back(bytes: bytes::Bytes, users: usize) -> Result<Vec<RevisedRow>> {
        read(&ViewFile::load("revisions", bytes)?, users)
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
