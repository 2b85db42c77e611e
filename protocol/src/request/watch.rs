//! `watch` asks to be told what happens to a home.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | user | varint |
//! | after | option, position |
//! | presence | u8: 1 to be told of followees who come and go |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::ReadOptions;
use crate::reply::Position;
use crate::wire::{Cursor, put_bool, put_option, put_varint};

/// A home to be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Who looks: the user, or the trusted application.
    pub options: ReadOptions,
    /// Whose home.
    pub user: u64,
    /// Where an earlier watch ended, to go on behind it; absent starts now.
    pub after: Option<Position>,
    /// Whether to be told when followees come online and go offline.
    pub presence: bool,
}

impl Watch {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            after: cursor.take_option("after", |cursor, _| Position::load(cursor))?,
            presence: cursor.take_bool("presence")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_option(out, self.after, |out, after| after.encode(out));
        put_bool(out, self.presence);
    }
}
