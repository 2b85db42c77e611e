//! `following`, `followers`, `mutes` and `blocks` list users, newest edge first. The kind of the
//! frame says which.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | user | varint |
//! | before | option, varint: the sequence of an edge |
//! | limit | varint; 0 is the server's default |

use bytes::BytesMut;

use crate::error::DecodeError;
use crate::options::ReadOptions;
use crate::wire::{Cursor, put_option, put_varint};

/// A page of the users at the other end of one user's edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    /// Who looks.
    pub options: ReadOptions,
    /// Whose edges.
    pub user: u64,
    /// Only edges below this sequence; absent starts at the newest.
    pub before: Option<u64>,
    /// How many edges at most; 0 is the server's default.
    pub limit: u32,
}

impl Edges {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            before: cursor.take_option("before", Cursor::take_varint)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        put_option(out, self.before, put_varint);
        put_varint(out, u64::from(self.limit));
    }
}
