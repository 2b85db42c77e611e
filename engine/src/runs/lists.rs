//! What lists of responses are of, in a file: an array in the order of their numbers, read as a whole.

use super::file::ViewFile;
use super::layout::{LIST_BYTES, family, list, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{PostId, Sequence};
use crate::log::bytes::{Fields, put_u64};
use crate::views::responses::{COMMENTS, ListRow};

/// Writes the array.
pub(crate) fn write(file: &mut ViewWriter, rows: &[ListRow]) -> Result<()> {
    let offset = file.offset();
    let mut bytes = Vec::with_capacity(LIST_BYTES);
    for row in rows {
        bytes.clear();
        put(row, &mut bytes);
        file.write(&bytes)?;
    }
    let (family, part, count) = (family::LISTS, section_part::ARRAY, rows.len() as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

/// Reads the array.
pub(crate) fn read(file: &ViewFile) -> Result<Vec<ListRow>> {
    let Some(section) = file.section(family::LISTS, section_part::ARRAY) else {
        return Err(file.damaged(0, "a file of responses lacks its array of lists"));
    };
    let bytes = file.section_bytes(section)?;
    let damaged = || {
        let at = usize::try_from(section.offset).unwrap_or(usize::MAX);
        file.damaged(at, "the lists in the file make no sense")
    };
    if bytes.len() as u64 != section.count.saturating_mul(LIST_BYTES as u64) {
        return Err(damaged());
    }
    let rows: Option<Vec<ListRow>> = bytes.chunks_exact(LIST_BYTES).map(load).collect();
    let rows = rows.ok_or_else(damaged)?;
    let range = file.header.first..=file.header.last;
    let is_sound = rows.is_sorted_by(|one, next| one.made <= next.made)
        && rows.iter().all(|row| range.contains(&row.made));
    if is_sound { Ok(rows) } else { Err(damaged()) }
}

fn put(row: &ListRow, out: &mut Vec<u8>) {
    put_u64(out, row.made.0);
    put_u64(out, row.target.0);
    put_u64(out, row.post.0);
    put_u64(out, u64::from(row.sort));
}

fn load(bytes: &[u8]) -> Option<ListRow> {
    let fields = Fields(bytes);
    let made = Sequence(fields.u64(list::MADE_AT));
    let (target, post) = (PostId(fields.u64(list::TARGET_AT)), PostId(fields.u64(list::POST_AT)));
    let sort = fields.u8(list::SORT_AT);
    if target == PostId(0) {
        return Some(ListRow::dead(made));
    }
    let is_sound = sort <= COMMENTS && post != PostId(0) && post <= target && target.0 < made.0;
    is_sound.then_some(ListRow { made, target, post, sort, is_dead: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DatabaseId;
    use crate::runs::layout::view_kind;
    use crate::runs::writer::ViewHeader;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

    fn sample() -> Vec<ListRow> {
        let row = |made, target, post, sort| ListRow {
            made: Sequence(made),
            target: PostId(target),
            post: PostId(post),
            sort,
            is_dead: false,
        };
        vec![
            row(10, 3, 3, 15),
            row(11, 3, 3, COMMENTS),
            ListRow::dead(Sequence(12)),
            row(90, 11, 3, 0),
        ]
    }

    fn written(rows: &[ListRow]) -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::RESPONSES, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "responses", &header).unwrap();
        write(&mut writer, rows).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("responses").unwrap()
    }

    fn read_back(bytes: bytes::Bytes) -> Result<Vec<ListRow>> {
        let file = ViewFile::load("responses", bytes)?;
        file.verify_all()?;
        read(&file)
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read_back(written(&sample())).unwrap(), sample());
        for wrong in [
            ListRow { sort: COMMENTS + 1, ..sample()[0] },
            ListRow { target: PostId(10), ..sample()[0] },
            ListRow { post: PostId(4), ..sample()[0] },
            ListRow { made: Sequence(9), ..sample()[0] },
        ] {
            assert!(read_back(written(&[wrong])).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let bytes = written(&sample());
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            assert!(read_back(damaged.into()).is_err(), "byte {at} of {}", bytes.len());
        }
    }
}
