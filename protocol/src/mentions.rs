//! Whom a post or a comment mentions: a part of requests and replies.
//!
//! | field | bytes |
//! |---|---|
//! | count | u8: 0 for nobody |
//! | each | varint, a user |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::wire::{Cursor, put_varint};

/// The list; nobody costs a byte and no allocation. How many there may be is checked by the server, so that
/// the refusal can name the number.
pub(crate) fn load(cursor: &mut Cursor) -> Result<Vec<u64>, DecodeError> {
    let count = usize::from(cursor.take_u8("mentions")?);
    let count = cursor.check_count("mentions", count, 1)?;
    (0..count).map(|_| cursor.take_varint("mentions")).collect()
}

/// Appends the list.
pub(crate) fn encode(users: &[u64], out: &mut BytesMut) -> Result<(), EncodeError> {
    let Ok(count) = u8::try_from(users.len()) else {
        let (value, limit) = (users.len() as u64, u64::from(u8::MAX));
        return Err(EncodeError::new("mentions", Problem::TooLarge { value, limit }));
    };
    out.put_u8(count);
    users.iter().for_each(|user| put_varint(out, *user));
    Ok(())
}
