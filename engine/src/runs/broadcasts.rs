//! Boards and replays in a file: two arrays, each in the order of the log, read as a whole.

use super::array::Array;
use super::file::ViewFile;
use super::layout::{PLACE_BYTES, REPLAY_BYTES, family, place, replay};
use super::writer::ViewWriter;
use crate::error::Result;
use crate::ids::{BroadcastId, PostId, Sequence, Timestamp};
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64};
use crate::views::broadcasts::{Place, PlaceRow, Replay, ReplayRow};
use crate::views::users::Ordinal;

const PLACES: Array<PlaceRow> =
    Array { family: family::BOARDS, what: "places", put: put_place, load: load_place };
const REPLAYS: Array<ReplayRow> =
    Array { family: family::REPLAYS, what: "replays", put: put_replay, load: load_replay };

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
        PLACES.write(&self.places, file)?;
        REPLAYS.write(&self.replays, file)
    }

    /// Reads a file and verifies all of it. Authors are among `users` users.
    pub(crate) fn read(file: &ViewFile, users: usize) -> Result<Self> {
        file.verify_all()?;
        let range = file.header.first..=file.header.last;
        let is_place = |row: &PlaceRow| {
            row.owner.index() < users
                && row.place.key != i64::MIN
                && range.contains(&row.place.began)
                && Sequence::from(row.place.broadcast) <= row.place.began
        };
        let is_replay = |row: &ReplayRow| {
            row.owner.index() < users
                && range.contains(&row.replay.post.into())
                && row.replay.broadcast.0 < row.replay.post.0
        };
        let places = PLACES.read(file, |rows| {
            rows.is_sorted_by(|one, next| one.place.began < next.place.began)
                && rows.iter().all(is_place)
        })?;
        let replays = REPLAYS.read(file, |rows| {
            rows.is_sorted_by(|one, next| one.replay.post < next.replay.post)
                && rows.iter().all(is_replay)
        })?;
        Ok(Self { places, replays })
    }
}

fn put_place(row: &PlaceRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    put_u64(out, row.place.key.cast_unsigned());
    put_u64(out, row.place.broadcast.0);
    put_u64(out, row.place.began.0);
}

fn load_place(rest: &mut Cursor<'_>) -> Option<PlaceRow> {
    let fields = Fields(rest.take(PLACE_BYTES)?);
    let place = Place {
        key: fields.u64(place::KEY_AT).cast_signed(),
        broadcast: BroadcastId(fields.u64(place::BROADCAST_AT)),
        began: Sequence(fields.u64(place::BEGAN_AT)),
    };
    Some(PlaceRow { owner: Ordinal(fields.u32(place::OWNER_AT)), place })
}

fn put_replay(row: &ReplayRow, out: &mut Vec<u8>) {
    put_u32(out, row.owner.0);
    put_u32(out, 0);
    put_u64(out, row.replay.post.0);
    put_u64(out, row.replay.broadcast.0);
    put_u64(out, row.replay.started.0);
}

fn load_replay(rest: &mut Cursor<'_>) -> Option<ReplayRow> {
    let fields = Fields(rest.take(REPLAY_BYTES)?);
    let replay = Replay {
        post: PostId(fields.u64(replay::POST_AT)),
        broadcast: BroadcastId(fields.u64(replay::BROADCAST_AT)),
        started: Timestamp(fields.u64(replay::STARTED_AT)),
    };
    Some(ReplayRow { owner: Ordinal(fields.u32(replay::OWNER_AT)), replay })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::array::tests::{assert_damage_is_noticed, read_back, written};
    use crate::runs::layout::view_kind;

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

    fn file() -> bytes::Bytes {
        written(view_kind::BROADCASTS, |file| sample().write(file))
    }

    #[test]
    fn rows_survive_the_way_there_and_back() {
        assert_eq!(read_back(file(), |file| BroadcastFile::read(file, 4)).unwrap(), sample());
        assert!(
            read_back(file(), |file| BroadcastFile::read(file, 3)).is_err(),
            "the fourth user is unknown"
        );
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        assert_damage_is_noticed(&file(), |file| BroadcastFile::read(file, 4));
    }
}
