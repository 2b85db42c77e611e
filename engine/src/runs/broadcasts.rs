//! Boards and replays in a file: two arrays, each in the order of the log, read as a whole.

use super::file::ViewFile;
use super::layout::{PLACE_BYTES, REPLAY_BYTES, family, place, replay, section_part};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{BroadcastId, PostId, Sequence, Timestamp};
use crate::log::bytes::{Fields, put_u32, put_u64};
use crate::views::broadcasts::{Place, PlaceRow, Replay, ReplayRow};
use crate::views::users::Ordinal;

/// Everything in one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BroadcastFile {
    pub(crate) places: Vec<PlaceRow>,
    pub(crate) replays: Vec<ReplayRow>,
}

impl BroadcastFile {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.replays.is_empty()
    }

    /// Writes both sections.
    pub(crate) fn write(&self, file: &mut ViewWriter) -> Result<()> {
        let mut bytes = Vec::new();
        self.places.iter().for_each(|row| put_place(row, &mut bytes));
        array(file, family::BOARDS, self.places.len(), &bytes)?;
        bytes.clear();
        self.replays.iter().for_each(|row| put_replay(row, &mut bytes));
        array(file, family::REPLAYS, self.replays.len(), &bytes)
    }

    /// Reads a file and verifies all of it. Authors are among `users` users.
    pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Self> {
        file.verify_all()?;
        let part = |family| match file.section(family, section_part::ARRAY) {
            Some(section) => Ok((section.count, file.section_bytes(section)?)),
            None => Err(file.damaged(0, "a file of broadcasts lacks an array")),
        };
        let ((places_len, places), (replays_len, replays)) =
            (part(family::BOARDS)?, part(family::REPLAYS)?);
        let found = Self::load(&places, &replays)
            .filter(|found| found.places.len() as u64 == places_len)
            .filter(|found| found.replays.len() as u64 == replays_len)
            .filter(|found| found.makes_sense(file, users));
        found.ok_or_else(|| file.damaged(0, "the broadcasts in the file make no sense"))
    }

    fn load(places: &[u8], replays: &[u8]) -> Option<Self> {
        let is_whole =
            places.len().is_multiple_of(PLACE_BYTES) && replays.len().is_multiple_of(REPLAY_BYTES);
        is_whole.then(|| Self {
            places: places.chunks_exact(PLACE_BYTES).map(load_place).collect(),
            replays: replays.chunks_exact(REPLAY_BYTES).map(load_replay).collect(),
        })
    }

    fn makes_sense(&self, file: &ViewFile, users: usize) -> bool {
        let range = file.header.first..=file.header.last;
        let is_user = |user: Ordinal| user.index() < users;
        let is_place = |row: &PlaceRow| {
            is_user(row.owner)
                && row.place.key != i64::MIN
                && range.contains(&row.place.began)
                && Sequence::from(row.place.broadcast) <= row.place.began
        };
        let is_replay = |row: &ReplayRow| {
            is_user(row.owner)
                && range.contains(&row.replay.post.into())
                && row.replay.broadcast.0 < row.replay.post.0
        };
        self.places.is_sorted_by(|one, next| one.place.began < next.place.began)
            && self.replays.is_sorted_by(|one, next| one.replay.post < next.replay.post)
            && self.places.iter().all(is_place)
            && self.replays.iter().all(is_replay)
    }
}

fn array(file: &mut ViewWriter, family: u8, count: usize, bytes: &[u8]) -> Result<()> {
    let offset = file.offset();
    file.write(bytes)?;
    let (part, count) = (section_part::ARRAY, count as u64);
    file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}

fn put_place(row: &PlaceRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    put_u64(out, row.place.key.cast_unsigned());
    put_u64(out, row.place.broadcast.0);
    put_u64(out, row.place.began.0);
}

fn load_place(bytes: &[u8]) -> PlaceRow {
    let fields = Fields(bytes);
    let place = Place {
        key: fields.u64(place::KEY_AT).cast_signed(),
        broadcast: BroadcastId(fields.u64(place::BROADCAST_AT)),
        began: Sequence(fields.u64(place::BEGAN_AT)),
    };
    PlaceRow { owner: Ordinal(fields.u32(place::OWNER_AT)), place }
}

fn put_replay(row: &ReplayRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    put_u64(out, row.replay.post.0);
    put_u64(out, row.replay.broadcast.0);
    put_u64(out, row.replay.started.0);
}

fn load_replay(bytes: &[u8]) -> ReplayRow {
    let fields = Fields(bytes);
    let replay = Replay {
        post: PostId(fields.u64(replay::POST_AT)),
        broadcast: BroadcastId(fields.u64(replay::BROADCAST_AT)),
        started: Timestamp(fields.u64(replay::STARTED_AT)),
    };
    ReplayRow { owner: Ordinal(fields.u32(replay::OWNER_AT)), replay }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DatabaseId;
    use crate::runs::layout::view_kind;
    use crate::runs::writer::ViewHeader;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

    fn sample() -> BroadcastFile {
        let place = |owner, key, broadcast, began| {
            let (broadcast, began) = (BroadcastId(broadcast), Sequence(began));
            PlaceRow { owner: Ordinal(owner), place: Place { key, broadcast, began } }
        };
        let replay = |owner, post, broadcast, started| {
            let (post, broadcast) = (PostId(post), BroadcastId(broadcast));
            let replay = Replay { post, broadcast, started: Timestamp(started) };
            ReplayRow { owner: Ordinal(owner), replay }
        };
        BroadcastFile {
            places: vec![place(3, -1_000, 10, 10), place(0, 70, 5, 12)],
            replays: vec![replay(3, 15, 11, 60), replay(0, 90, 80, 80)],
        }
    }

    fn written() -> bytes::Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let (database, view, salt) = (DatabaseId([3; 16]), view_kind::BROADCASTS, 7);
        let header = ViewHeader { database, view, first, last, salt };
        let mut writer = ViewWriter::create(&storage, "broadcasts", &header).unwrap();
        sample().write(&mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("broadcasts").unwrap()
    }

    fn read(bytes: bytes::Bytes, users: usize) -> Result<BroadcastFile> {
        BroadcastFile::read(&ViewFile::load("broadcasts", bytes)?, users)
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read(written(), 4).unwrap(), sample());
        assert!(read(written(), 3).is_err(), "the fourth user is unknown");
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let bytes = written();
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            assert!(read(damaged.into(), 4).is_err(), "byte {at} of {}", bytes.len());
        }
    }
}
