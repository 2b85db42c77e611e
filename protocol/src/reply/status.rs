//! `status` is the server's state in named numbers and texts. Names come and go between releases: a
//! client shows what it does not know.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | count | varint, at most 1,024 |
//! | each: name | bytes, at most 64, UTF-8 |
//! | each: tag | u8: 0 number, 1 value |
//! | each: number | varint |
//! | each: value | bytes, at most 4,096, UTF-8 |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::limits::{STATUS_FIELDS_MAX, STATUS_NAME_BYTES_MAX, STATUS_TEXT_BYTES_MAX};
use crate::reply::Position;
use crate::wire::{Cursor, put_text, put_varint, text_of};

/// The fewest bytes of a field: an empty name, a tag, a short value.
const FIELD_BYTES_MIN: usize = 3;

/// The value of a status field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusValue {
    /// A count, a size, a time.
    Number(u64),
    /// Anything else; UTF-8.
    Text(Bytes),
}

/// The server's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The position of the answer.
    pub position: Position,
    /// Name and value of each field, in the server's order. Names are UTF-8.
    pub fields: Vec<(Bytes, StatusValue)>,
}

impl StatusValue {
    /// The number, if it is one.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Number(_) => None,
            Self::Text(text) => Some(text_of(text)),
        }
    }

    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        if cursor.take_bool("tag")? {
            return cursor.take_text("value", STATUS_TEXT_BYTES_MAX).map(Self::Text);
        }
        cursor.take_varint("number").map(Self::Number)
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Number(number) => {
                out.put_u8(0);
                put_varint(out, *number);
                Ok(())
            }
            Self::Text(text) => {
                out.put_u8(1);
                put_text(out, "value", text, STATUS_TEXT_BYTES_MAX)
            }
        }
    }
}

impl Status {
    /// The fields with their names as text.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &StatusValue)> {
        self.fields.iter().map(|(name, value)| (text_of(name), value))
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let count = cursor.take_varint_max("count", STATUS_FIELDS_MAX as u64)?;
        let count = usize::try_from(count).expect("at most the limit, which is a usize");
        let count = cursor.check_count("count", count, FIELD_BYTES_MIN)?;
        let mut fields = Vec::with_capacity(count);
        for _ in 0..count {
            let name = cursor.take_text("name", STATUS_NAME_BYTES_MAX)?;
            fields.push((name, StatusValue::load(cursor)?));
        }
        Ok(Self { position, fields })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let (value, limit) = (self.fields.len() as u64, STATUS_FIELDS_MAX as u64);
        if limit < value {
            return Err(EncodeError::new("count", Problem::TooLarge { value, limit }));
        }
        self.position.encode(out);
        put_varint(out, value);
        for (name, value) in &self.fields {
            put_text(out, "name", name, STATUS_NAME_BYTES_MAX)?;
            value.encode(out)?;
        }
        Ok(())
    }
}
