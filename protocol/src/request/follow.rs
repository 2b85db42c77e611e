//! `follow` lets a user follow an author.
//!
//! | field | bytes |
//! |---|---|
//! | options | write prefix |
//! | user | varint: who follows |
//! | other | varint: who is followed |
//! | weight | option, varint |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::WriteOptions;
use crate::wire::{Cursor, put_option, put_varint};

/// Somebody is to be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewFollow {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Who follows.
    pub user: u64,
    /// Who is followed.
    pub other: u64,
    /// How much it matters that posts come early, 0 to 15; absent leaves it as it is.
    pub weight: Option<u8>,
}

impl NewFollow {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let weight = |cursor: &mut Cursor, name| {
            let weight = cursor.take_varint_max(name, u64::from(u8::MAX))?;
            Ok(u8::try_from(weight).unwrap_or(u8::MAX))
        };
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            other: cursor.take_varint("other")?,
            weight: cursor.take_option("weight", weight)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_varint(out, self.other);
        put_option(out, self.weight, |out, weight| put_varint(out, u64::from(weight)));
    }
}
