//! What a collapsed page says beside its posts: how to go on, and for whom each post stands.
//!
//! | field | bytes |
//! |---|---|
//! | top | varint |
//! | of each post: others | varint: how many other users brought it |
//! | of each post: named | u8: at most three |
//! | of each post: users | varints: the first of them |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::limits::BROUGHT_BY_MAX;
use crate::reply::counts::check_as_many;
use crate::wire::{Cursor, put_varint};

/// What a collapsed page says beside its posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collapsed {
    /// The `top` to ask for the next pages with.
    pub top: u64,
    /// Of each post who else brought it.
    pub brought_by: Vec<BroughtBy>,
}

/// The other users who brought a post, or what it refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BroughtBy {
    /// How many there are.
    pub others: u64,
    /// The first of them, at most [`BROUGHT_BY_MAX`].
    pub users: Vec<u64>,
}

impl Collapsed {
    pub(crate) fn load(cursor: &mut Cursor, posts: usize) -> Result<Self, DecodeError> {
        let top = cursor.take_varint("top")?;
        let brought_by = (0..posts).map(|_| BroughtBy::load(cursor));
        Ok(Self { top, brought_by: brought_by.collect::<Result<_, _>>()? })
    }

    pub(crate) fn encode(&self, posts: usize, out: &mut BytesMut) -> Result<(), EncodeError> {
        check_as_many(self.brought_by.len(), posts)?;
        put_varint(out, self.top);
        self.brought_by.iter().try_for_each(|brought_by| brought_by.encode(out))
    }
}

impl BroughtBy {
    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let others = cursor.take_varint("others")?;
        let at = cursor.at();
        let named = cursor.take_tag("named", BROUGHT_BY_MAX)?;
        check(others, u64::from(named)).map_err(|problem| Cursor::refuse("named", at, problem))?;
        let users = (0..named).map(|_| cursor.take_varint("users"));
        Ok(Self { others, users: users.collect::<Result<_, _>>()? })
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let (value, limit) = (self.users.len() as u64, u64::from(BROUGHT_BY_MAX));
        let named = u8::try_from(value).ok().filter(|named| *named <= BROUGHT_BY_MAX);
        let too_large = || EncodeError::new("named", Problem::TooLarge { value, limit });
        let named = named.ok_or_else(too_large)?;
        check(self.others, value).map_err(|problem| EncodeError::new("named", problem))?;
        put_varint(out, self.others);
        out.put_u8(named);
        self.users.iter().for_each(|user| put_varint(out, *user));
        Ok(())
    }
}

/// Nobody is named who is not counted.
fn check(others: u64, named: u64) -> Result<(), Problem> {
    if named <= others {
        return Ok(());
    }
    Err(Problem::TooLarge { value: named, limit: others })
}
