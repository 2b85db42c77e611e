//! Reposts in a file: an array of them in the order of the log, and one of the roots that are gone. Both
//! are read as a whole.

use super::file::ViewFile;
use super::layout::{GONE_BYTES, REPOST_BYTES, family, gone, repost, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::audience::Circle;
use crate::error::Result;
use crate::ids::{PostId, Sequence, Timestamp};
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::views::reposts::RepostRow;
use crate::views::users::Ordinal;

/// Everything in one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RepostFile {
    pub(crate) reposts: Vec<RepostRow>,
    /// Roots, with the records that deleted them.
    pub(crate) gone: Vec<(PostId, Sequence)>,
}

impl RepostFile {
    pub(crate) fn is_empty(&self) -> bool {
        self.reposts.is_empty() && self.gone.is_empty()
    }

    /// Writes both sections.
    pub(crate) fn write(&self, file: &mut ViewWriter) -> Result<()> {
        let mut bytes = Vec::with_capacity(self.reposts.len() * REPOST_BYTES);
        self.reposts.iter().for_each(|row| put_repost(row, &mut bytes));
        array(file, family::REPOSTS, self.reposts.len(), &bytes)?;
        bytes.clear();
        for (root, at) in &self.gone {
            put_u64(&mut bytes, root.0);
            put_u64(&mut bytes, at.0);
        }
        array(file, family::GONE, self.gone.len(), &bytes)
    }

    /// Reads a file and verifies all of it. Authors are among `users` users.
    pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Self> {
        file.verify_all()?;
        let part = |family, size: usize| match file.section(family, section_part::ARRAY) {
            Some(section) => {
                let bytes = file.section_bytes(section)?;
                let is_whole = bytes.len() as u64 == section.count.saturating_mul(size as u64);
                Ok(is_whole.then_some(bytes))
            }
            None => Err(file.damaged(0, "a file of reposts lacks an array")),
        };
        let (reposts, gone) =
            (part(family::REPOSTS, REPOST_BYTES)?, part(family::GONE, GONE_BYTES)?);
        let found = reposts.zip(gone).and_then(|(reposts, gone)| Self::load(&reposts, &gone));
        let found = found.filter(|found| found.makes_sense(file, users));
        found.ok_or_else(|| file.damaged(0, "the reposts in the file make no sense"))
    }

    fn load(reposts: &[u8], gone: &[u8]) -> Option<Self> {
        Some(Self {
            reposts: reposts.chunks_exact(REPOST_BYTES).map(load_repost).collect::<Option<_>>()?,
            gone: gone.chunks_exact(GONE_BYTES).map(load_gone).collect(),
        })
    }

    fn makes_sense(&self, file: &ViewFile, users: usize) -> bool {
        let range = file.header.first..=file.header.last;
        let is_user = |user: Ordinal| user.index() < users;
        let is_sound = |row: &RepostRow| {
            is_user(row.author)
                && is_user(row.root_author)
                && range.contains(&row.at)
                && (1..row.at.0).contains(&row.root.0)
        };
        self.reposts.is_sorted_by(|one, next| one.at < next.at)
            && self.gone.is_sorted_by(|one, next| one.1 < next.1)
            && self.reposts.iter().all(is_sound)
            && self.gone.iter().all(|(root, at)| range.contains(at) && root.0 < at.0)
    }
}

fn array(file: &mut ViewWriter, family: u8, count: usize, bytes: &[u8]) -> Result<()> {
    let offset = file.offset();
    file.write(bytes)?;
    let (part, count) = (section_part::ARRAY, count as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

fn put_repost(row: &RepostRow, out: &mut Vec<u8>) {
    put_u64(out, row.at.0);
    put_u64(out, row.root.0);
    put_u64(out, row.time.0);
    put_u64(out, row.root_at.0);
    put_u32(out, row.author.0);
    put_u32(out, row.root_author.0);
    put_u64(out, u64::from(row.is_bare));
    put_u64(out, row.root_circle.code());
}

fn load_repost(bytes: &[u8]) -> Option<RepostRow> {
    let fields = Fields(bytes);
    let is_bare = fields.u8(repost::IS_BARE_AT);
    Some(RepostRow {
        at: Sequence(fields.u64(repost::SEQUENCE_AT)),
        root: PostId(fields.u64(repost::ROOT_AT)),
        time: Timestamp(fields.u64(repost::TIME_AT)),
        root_at: Timestamp(fields.u64(repost::ROOT_TIME_AT)),
        author: Ordinal(fields.u32(repost::AUTHOR_AT)),
        root_author: Ordinal(fields.u32(repost::ROOT_AUTHOR_AT)),
        is_bare: (is_bare <= 1).then_some(is_bare == 1)?,
        root_circle: Circle::of_code(fields.u64(repost::ROOT_AUDIENCE_AT)),
    })
}

fn load_gone(bytes: &[u8]) -> (PostId, Sequence) {
    let fields = Fields(bytes);
    (PostId(fields.u64(gone::ROOT_AT)), Sequence(fields.u64(gone::DELETED_AT)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DatabaseId;
    use crate::runs::layout::view_kind;
    use crate::runs::writer::ViewHeader;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

    fn row(at: u64, author: u32, root: u64) -> RepostRow {
        RepostRow {
            at: Sequence(at),
            author: Ordinal(author),
            time: Timestamp(at + 1),
            is_bare: author == 1,
            root: PostId(root),
            root_author: Ordinal(2),
            root_at: Timestamp(root + 1),
            root_circle: Circle::of_code(root),
        }
    }

    fn sample() -> RepostFile {
        let gone = vec![(PostId(3), Sequence(20)), (PostId(15), Sequence(21))];
        RepostFile { reposts: vec![row(10, 1, 3), row(12, 3, 4), row(90, 1, 11)], gone }
    }

    fn written(sample: &RepostFile) -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::REPOSTS, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "reposts", &header).unwrap();
        sample.write(&mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("reposts").unwrap()
    }

    fn read(bytes: bytes::Bytes, users: usize) -> Result<RepostFile> {
        RepostFile::read(&ViewFile::load("reposts", bytes)?, users)
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read(written(&sample()), 4).unwrap(), sample());
        assert!(read(written(&sample()), 3).is_err(), "the fourth user is unknown");
        for wrong in [row(9, 1, 3), row(10, 1, 10), row(10, 1, 0)] {
            let file = RepostFile { reposts: vec![wrong], gone: Vec::new() };
            assert!(read(written(&file), 4).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let bytes = written(&sample());
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            assert!(read(damaged.into(), 4).is_err(), "byte {at} of {}", bytes.len());
        }
    }
}
