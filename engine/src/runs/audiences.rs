//! Restricted posts in a file: one array, in the order of the log, read as a whole.

use super::file::ViewFile;
use super::layout::{AUDIENCE_BYTES, audience, family, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::audience::Circle;
use crate::error::Result;
use crate::ids::Sequence;
use crate::log::bytes::{Fields, put_u64};
use crate::views::audiences::AudienceRow;
use crate::views::users::Ordinal;

/// Writes the array.
pub(crate) fn write(rows: &[AudienceRow], file: &mut ViewWriter) -> Result<()> {
    let offset = file.offset();
    let mut bytes = Vec::with_capacity(rows.len() * AUDIENCE_BYTES);
    rows.iter().for_each(|row| put(row, &mut bytes));
    file.write(&bytes)?;
    let (family, part, count) = (family::AUDIENCES, section_part::ARRAY, rows.len() as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

/// Reads a file and verifies all of it. Authors are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<AudienceRow>> {
    file.verify_all()?;
    let section = file.section(family::AUDIENCES, section_part::ARRAY);
    let section = section.ok_or_else(|| file.damaged(0, "a file of audiences lacks its array"))?;
    let bytes = file.section_bytes(section)?;
    let rows: Vec<AudienceRow> = bytes.chunks_exact(AUDIENCE_BYTES).map(load).collect();
    let range = file.header.first..=file.header.last;
    let is_sound = |row: &AudienceRow| {
        row.author.index() < users && range.contains(&row.at) && !row.circle.is_everybody()
    };
    let makes_sense = bytes.len().is_multiple_of(AUDIENCE_BYTES)
        && rows.len() as u64 == section.count
        && rows.is_sorted_by(|one, next| one.at < next.at)
        && rows.iter().all(is_sound);
    match makes_sense {
        true => Ok(rows),
        false => Err(file.damaged(0, "the audiences in the file make no sense")),
    }
}

fn put(row: &AudienceRow, out: &mut Vec<u8>) {
    put_u64(out, row.at.0);
    put_u64(out, row.circle.code());
    put_u64(out, u64::from(row.author.0));
}

fn load(bytes: &[u8]) -> AudienceRow {
    let fields = Fields(bytes);
    AudienceRow {
        at: Sequence(fields.u64(audience::SEQUENCE_AT)),
        author: Ordinal(fields.u32(audience::AUTHOR_AT)),
        circle: Circle::of_code(fields.u64(audience::AUDIENCE_AT)),
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

    fn sample() -> Vec<AudienceRow> {
        let row = |at, author, code| AudienceRow {
            at: Sequence(at),
            author: Ordinal(author),
            circle: Circle::of_code(code),
        };
        vec![row(10, 1, 1), row(80, 3, 90), row(90, 1, 3)]
    }

    fn written() -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::AUDIENCES, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "audiences", &header).unwrap();
        write(&sample(), &mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("audiences").unwrap()
    }

    fn read_back(bytes: bytes::Bytes, users: usize) -> Result<Vec<AudienceRow>> {
        read(&ViewFile::load("audiences", bytes)?, users)
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
