//! `hello` opens a session: who speaks, which versions and features, and under which epoch the
//! client's cursors were given. The same bytes in every version.
//!
//! | field | bytes |
//! |---|---|
//! | magic | `FANF` |
//! | min_version, max_version | u16, u16 |
//! | features | u64 |
//! | epoch | option, u32 |
//! | name | bytes, at most 64, UTF-8 |
//! | token | bytes, at most 256 |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::limits::{NAME_BYTES_MAX, TOKEN_BYTES_MAX};
use crate::version::MAGIC;
use crate::wire::{Cursor, put_bytes, put_option, put_text, text_of};

/// The first request of every session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The oldest version the client speaks.
    pub min_version: u16,
    /// The newest version the client speaks.
    pub max_version: u16,
    /// The optional features the client would use, one bit each.
    pub features: u64,
    /// The epoch under which the client learned its cursors and ids; absent if it knows none.
    pub epoch: Option<u32>,
    /// What the client calls itself, for the server's logs; UTF-8.
    pub name: Bytes,
    /// Reserved for access control; empty until then.
    pub token: Bytes,
}

impl Hello {
    /// The client's name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.name)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let at = cursor.at();
        let magic: [u8; 4] = cursor.take_array("magic")?;
        if magic != MAGIC {
            let value = u64::from(u32::from_le_bytes(magic));
            return Err(Cursor::refuse("magic", at, Problem::Unknown { value }));
        }
        Ok(Self {
            min_version: cursor.take_u16("min_version")?,
            max_version: cursor.take_u16("max_version")?,
            features: cursor.take_u64("features")?,
            epoch: cursor.take_option("epoch", Cursor::take_u32)?,
            name: cursor.take_text("name", NAME_BYTES_MAX)?,
            token: cursor.take_bytes("token", TOKEN_BYTES_MAX)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_slice(&MAGIC);
        out.put_u16_le(self.min_version);
        out.put_u16_le(self.max_version);
        out.put_u64_le(self.features);
        put_option(out, self.epoch, |out, epoch| out.put_u32_le(epoch));
        put_text(out, "name", &self.name, NAME_BYTES_MAX)?;
        put_bytes(out, "token", &self.token, TOKEN_BYTES_MAX)
    }
}
