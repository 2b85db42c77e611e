//! Reposts in a file: an array of them in the order of the log, and one of the roots that are gone. Both
//! are read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{GONE_BYTES, REPOST_BYTES, family, gone, repost};
use super::writer::ViewWriter;
use crate::audience::Circle;
use crate::error::Result;
use crate::ids::{PostId, Sequence, Timestamp};
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64};
use crate::views::reposts::RepostRow;
use crate::views::users::Ordinal;

const REPOSTS: Array<RepostRow> =
    Array { family: family::REPOSTS, what: "reposts", put: put_repost, load: load_repost };
const GONE: Array<GoneRow> =
    Array { family: family::GONE, what: "roots that are gone", put: put_gone, load: load_gone };

/// A root, and the record that deleted it.
type GoneRow = (PostId, Sequence);

/// Everything in one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RepostFile {
    pub(crate) reposts: Vec<RepostRow>,
    pub(crate) gone: Vec<GoneRow>,
}

impl RepostFile {
    pub(crate) fn is_empty(&self) -> bool {
        self.reposts.is_empty() && self.gone.is_empty()
    }

    /// Writes both sections.
    pub(crate) fn write(&self, file: &mut ViewWriter) -> Result<()> {
        REPOSTS.write(&self.reposts, file)?;
        GONE.write(&self.gone, file)
    }

    /// Reads a file and verifies all of it. Authors are among `users` users.
    pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Self> {
        file.verify_all()?;
        let range = file.header.first..=file.header.last;
        let is_user = |user: Ordinal| user.index() < users;
        let is_sound = |row: &RepostRow| {
            is_user(row.author)
                && is_user(row.root_author)
                && range.contains(&row.at)
                && (1..row.at.0).contains(&row.root.0)
        };
        let reposts = REPOSTS.read(file, |rows| {
            rows.is_sorted_by(|one, next| one.at < next.at) && rows.iter().all(is_sound)
        })?;
        let gone = GONE.read(file, |rows| {
            rows.is_sorted_by(|one, next| one.1 < next.1)
                && rows.iter().all(|(root, at)| range.contains(at) && root.0 < at.0)
        })?;
        Ok(Self { reposts, gone })
    }
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

fn load_repost(rest: &mut Cursor<'_>) -> Option<RepostRow> {
    let fields = Fields(rest.take(REPOST_BYTES)?);
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

fn put_gone((root, at): &GoneRow, out: &mut Vec<u8>) {
    put_u64(out, root.0);
    put_u64(out, at.0);
}

fn load_gone(rest: &mut Cursor<'_>) -> Option<GoneRow> {
    let fields = Fields(rest.take(GONE_BYTES)?);
    Some((PostId(fields.u64(gone::ROOT_AT)), Sequence(fields.u64(gone::DELETED_AT))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

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

    fn file(sample: &RepostFile) -> bytes::Bytes {
        written(view_kind::REPOSTS, |file| sample.write(file))
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read_back(file(&sample()), |file| RepostFile::read(file, 4)).unwrap(), sample());
        assert!(
            read_back(file(&sample()), |file| RepostFile::read(file, 3)).is_err(),
            "the fourth user is unknown"
        );
        for wrong in [row(9, 1, 3), row(10, 1, 10), row(10, 1, 0)] {
            let wrongly = RepostFile { reposts: vec![wrong], gone: Vec::new() };
            assert!(
                read_back(file(&wrongly), |file| RepostFile::read(file, 4)).is_err(),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        assert_damage_is_noticed(&file(&sample()), |file| RepostFile::read(file, 4));
    }
}
