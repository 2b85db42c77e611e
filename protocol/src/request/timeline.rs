//! `home` and `outbox` read a page of posts, newest first.
//!
//! | field | bytes |
//! |---|---|
//! | options | read prefix |
//! | user | varint |
//! | span | u8: 0 newest, 1 before, 2 after |
//! | span_id | varint, unless the span is newest |
//! | limit | varint; 0 is the server's default |

use bytes::{BufMut, BytesMut};

use crate::error::DecodeError;
use crate::options::ReadOptions;
use crate::wire::{Cursor, put_varint};

/// Which part of a timeline. The id is compared by order: it need not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The newest entries.
    Newest,
    /// The newest entries below this id.
    Before(u64),
    /// The entries nearest above this id; also listed newest first.
    After(u64),
}

/// A page of a user's home or outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Who looks.
    pub options: ReadOptions,
    /// Whose home or outbox.
    pub user: u64,
    /// Which part.
    pub span: Span,
    /// How many posts at most; 0 is the server's default.
    pub limit: u32,
}

impl Span {
    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(match cursor.take_tag("span", 2)? {
            0 => Self::Newest,
            1 => Self::Before(cursor.take_varint("span_id")?),
            _ => Self::After(cursor.take_varint("span_id")?),
        })
    }

    fn encode(self, out: &mut BytesMut) {
        let (tag, id) = match self {
            Self::Newest => (0, None),
            Self::Before(id) => (1, Some(id)),
            Self::After(id) => (2, Some(id)),
        };
        out.put_u8(tag);
        if let Some(id) = id {
            put_varint(out, id);
        }
    }
}

impl Timeline {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: ReadOptions::load_page(cursor)?,
            user: cursor.take_varint("user")?,
            span: Span::load(cursor)?,
            limit: cursor.take_varint_u32("limit")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.options.encode(out);
        put_varint(out, self.user);
        self.span.encode(out);
        put_varint(out, u64::from(self.limit));
    }
}
