//! What is moderated, in a file: one array, in the order of the log, read as a whole.

use super::file::ViewFile;
use super::layout::{MODERATED_BYTES, family, moderated, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{PostId, Sequence};
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::views::moderation::ModeratedRow;
use crate::views::users::Ordinal;

/// Writes the array.
pub(crate) fn write(rows: &[ModeratedRow], file: &mut ViewWriter) -> Result<()> {
    let offset = file.offset();
    let mut bytes = Vec::with_capacity(rows.len() * MODERATED_BYTES);
    rows.iter().for_each(|row| put(row, &mut bytes));
    file.write(&bytes)?;
    let (family, part, count) = (family::MODERATED, section_part::ARRAY, rows.len() as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

/// Reads a file and verifies all of it. Owners are among `users` users.
pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Vec<ModeratedRow>> {
    file.verify_all()?;
    let section = file.section(family::MODERATED, section_part::ARRAY);
    let section = section.ok_or_else(|| file.damaged(0, "a file of moderation lacks its array"))?;
    let bytes = file.section_bytes(section)?;
    let loaded: Option<Vec<ModeratedRow>> = bytes.chunks_exact(MODERATED_BYTES).map(load).collect();
    let range = file.header.first..=file.header.last;
    let is_sound = |row: &ModeratedRow| {
        row.owner.index() < users
            && range.contains(&row.at)
            && row.post.is_none_or(|post| Sequence::from(post) < row.at)
    };
    let makes_sense = |rows: &Vec<ModeratedRow>| {
        bytes.len().is_multiple_of(MODERATED_BYTES)
            && rows.len() as u64 == section.count
            && rows.is_sorted_by(|one, next| one.at < next.at)
            && rows.iter().all(is_sound)
    };
    let damaged = || file.damaged(0, "what the file says of moderation makes no sense");
    loaded.filter(makes_sense).ok_or_else(damaged)
}

fn put(row: &ModeratedRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    put_u64(out, row.post.unwrap_or_default().0);
    put_u64(out, row.at.0);
}

/// `None` if the reserved bytes are not 0.
fn load(bytes: &[u8]) -> Option<ModeratedRow> {
    let fields = Fields(bytes);
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
    use crate::ids::DatabaseId;
    use crate::runs::layout::view_kind;
    use crate::runs::writer::ViewHeader;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

    fn sample() -> Vec<ModeratedRow> {
        let row = |owner, post, at| ModeratedRow {
            owner: Ordinal(owner),
            post: Some(PostId(post)).filter(|post| *post != PostId(0)),
            at: Sequence(at),
        };
        vec![row(1, 7, 10), row(3, 0, 80), row(1, 70, 90)]
    }

    fn written() -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::MODERATION, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "moderation", &header).unwrap();
        write(&sample(), &mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("moderation").unwrap()
    }

    fn read_back(bytes: bytes::Bytes, users: usize) -> Result<Vec<ModeratedRow>> {
        read(&ViewFile::load("moderation", bytes)?, users)
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
