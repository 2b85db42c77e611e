//! By which of the reader's groups the posts of a page came.
//!
//! | field | bytes |
//! |---|---|
//! | group_count | u16 |
//! | each group | text: its name |
//! | of each post: count | varint |
//! | of each post: places | varints: the first as it is, each further one as its distance, rising |

use bytes::{Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::limits::GROUP_NAME_BYTES_MAX;
use crate::order::{Direction, Run};
use crate::reply::counts::check_as_many;
use crate::wire::{Cursor, put_count, put_text, put_varint};

/// The groups that have the authors of a page's posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CameBy {
    /// The names of the groups that have any of them, oldest group first.
    pub groups: Vec<Bytes>,
    /// Of each post places in `groups`, strictly rising.
    pub posts: Vec<Vec<u16>>,
}

impl CameBy {
    pub(crate) fn load(cursor: &mut Cursor, posts: usize) -> Result<Self, DecodeError> {
        let count = cursor.take_count("group_count", 1)?;
        let groups = (0..count).map(|_| cursor.take_text("groups", GROUP_NAME_BYTES_MAX));
        let groups = groups.collect::<Result<Vec<_>, _>>()?;
        let posts = (0..posts).map(|_| load_places(cursor, groups.len()));
        Ok(Self { posts: posts.collect::<Result<_, _>>()?, groups })
    }

    pub(crate) fn encode(&self, posts: usize, out: &mut BytesMut) -> Result<(), EncodeError> {
        check_as_many(self.posts.len(), posts)?;
        put_count(out, "group_count", self.groups.len())?;
        self.groups
            .iter()
            .try_for_each(|group| put_text(out, "groups", group, GROUP_NAME_BYTES_MAX))?;
        self.posts.iter().try_for_each(|places| put_places(places, self.groups.len(), out))
    }
}

fn load_places(cursor: &mut Cursor, groups: usize) -> Result<Vec<u16>, DecodeError> {
    let count = cursor.take_varint_u16("count")?;
    let mut run = Run::new(Direction::Rising);
    let mut places = Vec::new();
    for _ in 0..count {
        let at = cursor.at();
        let place = run.take(cursor, "places")?;
        let known = u16::try_from(place).ok().filter(|place| usize::from(*place) < groups);
        let limit = (groups as u64).saturating_sub(1);
        let too_large = || Cursor::refuse("places", at, Problem::TooLarge { value: place, limit });
        places.push(known.ok_or_else(too_large)?);
    }
    Ok(places)
}

fn put_places(places: &[u16], groups: usize, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_varint(out, places.len() as u64);
    let mut run = Run::new(Direction::Rising);
    for place in places {
        if groups <= usize::from(*place) {
            let (value, limit) = (u64::from(*place), (groups as u64).saturating_sub(1));
            return Err(EncodeError::new("places", Problem::TooLarge { value, limit }));
        }
        put_varint(out, run.put("places", u64::from(*place))?);
    }
    Ok(())
}
