//! Weights and tags in a file, written before each flush of the views and at an orderly stop, if
//! anything changed; the log holds what of the weights came later. The layout is specified in `FORMAT.md`.
//!
//! It is as of a position at which the log was durable, at or above what the view files cover: folding the
//! log over it gives the same weights again. A file that is damaged is ignored: the hints begin anew.

use super::ranks::{Shard, WEIGHT_MAX};
use crate::error::{Error, Result};
use crate::flush::gather::Lend;
use crate::ids::{DatabaseId, Sequence, UserId};
use crate::limits::TAG_NAME_BYTES_MAX;
use crate::log::bytes::{Cursor, Fields, put_u16, put_u32, put_u64, put_varint};
use crate::log::layout::ranks::{
    DATABASE_AT, HEAD_BYTES, KIND_AT, POSITION_AT, SPACE_AT, TAGGED_AT, VERSION_AT, WEIGHTS_AT,
};
use crate::log::layout::{FILE_KIND_RANKS, FORMAT_VERSION, MAGIC};
use crate::storage::{Storage, names, replace_atomically};
use crate::views::state::State;
use crate::views::users::{Ordinal, Users};

/// What the file holds. Users by their ids, which mean the same whatever becomes of the log.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// As of where.
    pub(crate) position: Sequence,
    /// Author, reader, weight.
    pub(crate) weights: Vec<(UserId, UserId, u8)>,
    pub(crate) tags: Vec<(UserId, Vec<String>)>,
}

/// Writes what was frozen, unless the file has it. `lend` shows the state a piece at a time.
pub(crate) fn write(storage: &dyn Storage, database: DatabaseId, lend: Lend<'_>) -> Result<()> {
    let mut frozen = None;
    lend(&mut |state| frozen = state.delivery.ranks.to_write())?;
    let Some(frozen) = frozen else { return Ok(()) };
    let mut kept = Kept { position: frozen.position, ..Kept::default() };
    for shard in &frozen.shards {
        lend(&mut |state| kept.add(shard, &frozen.names, &state.users))?;
    }
    kept.weights.sort_unstable();
    kept.tags.sort_unstable();
    replace_atomically(storage, names::RANKS, &kept.encode(database))
        .map_err(|error| Error::io(format!("write {}", names::RANKS), error))?;
    lend(&mut |state| state.delivery.ranks.note_written(frozen.version))
}

impl Kept {
    fn add(&mut self, shard: &Shard, names: &[String], users: &Users) {
        let id = |user: u32| users.id(Ordinal(user));
        let weights = shard.weights.iter();
        self.weights.extend(weights.map(|((author, reader), w)| (id(*author), id(*reader), *w)));
        let name = |tag: &u8| names.get(usize::from(*tag)).cloned();
        let tags = shard.tags.iter();
        self.tags
            .extend(tags.map(|(user, tags)| (id(*user), tags.iter().filter_map(name).collect())));
    }

    /// Reads the file; nothing if it is not there, not whole, or not of this database.
    pub(crate) fn read(storage: &dyn Storage, database: DatabaseId) -> Self {
        let found = storage.map(names::RANKS).ok();
        found.and_then(|bytes| Self::decode(&bytes, database)).unwrap_or_default()
    }

    /// Takes over what is about users that the views know. The others are named by the log later, with
    /// their weights.
    pub(crate) fn restore(&self, state: &mut State) {
        for (author, reader, weight) in &self.weights {
            let pair = state.users.find(*author).zip(state.users.find(*reader));
            let State { delivery, .. } = state;
            pair.into_iter().for_each(|(author, reader)| {
                delivery.ranks.set_weight(reader, author, *weight);
            });
        }
        self.restore_tags(state);
    }

    /// The tags alone, but for those of users who were forgotten since.
    pub(crate) fn restore_tags(&self, state: &mut State) {
        for (user, tags) in &self.tags {
            let known = state.users.find(*user);
            let has_them = |user: &Ordinal| state.forgotten.floor(*user) <= self.position;
            let Some(user) = known.filter(has_them) else { continue };
            for tag in tags {
                // Past a bound of this program the rest is left out.
                let _ = state.delivery.ranks.set_tag(user, tag, true);
            }
        }
    }

    fn encode(&self, database: DatabaseId) -> Vec<u8> {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        put_u16(&mut out, FORMAT_VERSION);
        out.extend_from_slice(&[FILE_KIND_RANKS, 0]);
        put_u32(&mut out, 0);
        out.extend_from_slice(&database.0);
        put_u32(&mut out, count(self.weights.len()));
        put_u32(&mut out, count(self.tags.len()));
        put_u64(&mut out, self.position.0);
        for (author, reader, weight) in &self.weights {
            put_varint(&mut out, author.0);
            put_varint(&mut out, reader.0);
            put_varint(&mut out, u64::from(*weight));
        }
        for (user, tags) in &self.tags {
            put_varint(&mut out, user.0);
            put_varint(&mut out, tags.len() as u64);
            for tag in tags {
                put_varint(&mut out, tag.len() as u64);
                out.extend_from_slice(tag.as_bytes());
            }
        }
        let crc = crc32fast::hash(&out);
        put_u32(&mut out, crc);
        out
    }

    /// What is in a file of whichever database; `None` if it is damaged.
    pub(crate) fn decode_any(bytes: &[u8]) -> Option<(DatabaseId, Self)> {
        let database = DatabaseId(Fields(bytes.get(..HEAD_BYTES)?).array(DATABASE_AT));
        Some((database, Self::decode(bytes, database)?))
    }

    /// `None` if the file is damaged or about something else.
    fn decode(bytes: &[u8], database: DatabaseId) -> Option<Self> {
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        let (head, body) = content.split_at_checked(HEAD_BYTES)?;
        let fields = Fields(head);
        let fits = fields.array(0) == MAGIC
            && fields.u16(VERSION_AT) == FORMAT_VERSION
            && fields.u8(KIND_AT) == FILE_KIND_RANKS
            && fields.u32(SPACE_AT) == 0
            && fields.array(DATABASE_AT) == database.0
            && u32::from_le_bytes(*crc) == crc32fast::hash(content);
        if !fits {
            return None;
        }
        let position = Sequence(fields.u64(POSITION_AT));
        let (mut found, mut body) = (Self { position, ..Self::default() }, Cursor::new(body));
        for _ in 0..fields.u32(WEIGHTS_AT) {
            let (author, reader) = (UserId(body.varint()?), UserId(body.varint()?));
            let weight = body.varint_as().filter(|weight| (1..=WEIGHT_MAX).contains(weight))?;
            found.weights.push((author, reader, weight));
        }
        for _ in 0..fields.u32(TAGGED_AT) {
            let (user, count) = (UserId(body.varint()?), body.varint_as::<u8>()?);
            let tags = (0..count).map(|_| name(&mut body)).collect::<Option<_>>()?;
            found.tags.push((user, tags));
        }
        body.is_empty().then_some(found)
    }
}

fn name(body: &mut Cursor<'_>) -> Option<String> {
    let len = body.varint_as().filter(|len| *len <= TAG_NAME_BYTES_MAX)?;
    String::from_utf8(body.take(len)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_damaged_is_not() {
        let database = DatabaseId([7; 16]);
        let kept = Kept {
            position: Sequence(77),
            weights: vec![(UserId(2), UserId(300), 15), (UserId(u64::MAX), UserId(1), 1)],
            tags: vec![(UserId(5), vec!["vip".to_owned(), "press".to_owned()])],
        };
        let bytes = kept.encode(database);
        let read = Kept::decode(&bytes, database).unwrap();
        assert_eq!((&read.weights, &read.tags), (&kept.weights, &kept.tags));
        assert_eq!(read.position, kept.position);
        assert!(Kept::decode(&bytes, DatabaseId([8; 16])).is_none(), "of another database");
        for at in 0..bytes.len() {
            assert!(Kept::decode(&bytes[..at], database).is_none(), "cut at {at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            assert!(Kept::decode(&flipped, database).is_none(), "flipped {at}");
        }
    }
}
