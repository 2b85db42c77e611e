//! `error` refuses a request or ends a session, and says what to do about it.
//!
//! | field | bytes |
//! |---|---|
//! | code | u16 |
//! | radius | u8: 0 request, 1 session |
//! | fault | u8: 0 peer, 1 us, 2 resource |
//! | retry | u8: 0 never, 1 after, 2 elsewhere |
//! | retry_ms | varint, if retry is after |
//! | message | bytes, at most 1,024, UTF-8 |
//! | oldest | varint, if the code is trimmed |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::MESSAGE_BYTES_MAX;
use crate::status::{Code, Fault, Radius, Retry};
use crate::wire::{Cursor, put_text, put_varint, text_of};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReply {
    /// What went wrong.
    pub code: Code,
    /// What ends with it.
    pub radius: Radius,
    /// Whose fault it is.
    pub fault: Fault,
    /// Whether the same request may succeed later.
    pub retry: Retry,
    /// For people: the value, the limit, the way out; UTF-8.
    pub message: Bytes,
    /// Of what is trimmed: the oldest sequence from which one can go on; else 0.
    pub oldest: u64,
}

impl ErrorReply {
    /// A refusal with the defaults of `code`. A message above
    /// [`MESSAGE_BYTES_MAX`] is cut at a character.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let mut message = message.into();
        let end = (0..=MESSAGE_BYTES_MAX).rev().find(|at| message.is_char_boundary(*at));
        message.truncate(end.unwrap_or(0));
        Self {
            code,
            radius: code.radius(),
            fault: code.fault(),
            retry: code.retry(),
            message: Bytes::from(message),
            oldest: 0,
        }
    }

    /// The message as text.
    #[must_use]
    pub fn message(&self) -> &str {
        text_of(&self.message)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let code = Code::from(cursor.take_u16("code")?);
        Ok(Self {
            code,
            radius: load_radius(cursor)?,
            fault: load_fault(cursor)?,
            retry: load_retry(cursor)?,
            message: cursor.take_text("message", MESSAGE_BYTES_MAX)?,
            oldest: if code == Code::Trimmed { cursor.take_varint("oldest")? } else { 0 },
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u16_le(self.code.number());
        out.put_u8(match self.radius {
            Radius::Request => 0,
            Radius::Session => 1,
        });
        out.put_u8(match self.fault {
            Fault::Peer => 0,
            Fault::Us => 1,
            Fault::Resource => 2,
        });
        encode_retry(self.retry, out);
        put_text(out, "message", &self.message, MESSAGE_BYTES_MAX)?;
        if self.code == Code::Trimmed {
            put_varint(out, self.oldest);
        }
        Ok(())
    }
}

fn load_radius(cursor: &mut Cursor) -> Result<Radius, DecodeError> {
    Ok(if cursor.take_bool("radius")? { Radius::Session } else { Radius::Request })
}

fn load_fault(cursor: &mut Cursor) -> Result<Fault, DecodeError> {
    Ok(match cursor.take_tag("fault", 2)? {
        0 => Fault::Peer,
        1 => Fault::Us,
        _ => Fault::Resource,
    })
}

fn load_retry(cursor: &mut Cursor) -> Result<Retry, DecodeError> {
    Ok(match cursor.take_tag("retry", 2)? {
        0 => Retry::Never,
        1 => Retry::After(cursor.take_varint_u32("retry_ms")?),
        _ => Retry::Elsewhere,
    })
}

fn encode_retry(retry: Retry, out: &mut BytesMut) {
    match retry {
        Retry::Never => out.put_u8(0),
        Retry::After(ms) => {
            out.put_u8(1);
            put_varint(out, u64::from(ms));
        }
        Retry::Elsewhere => out.put_u8(2),
    }
}
