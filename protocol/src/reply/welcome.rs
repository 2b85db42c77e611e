//! `welcome` accepts a hello: the version and features that hold from now on, which database this
//! is and where it stands, and the limits of the session.
//!
//! | field | bytes |
//! |---|---|
//! | version | u16 |
//! | epoch | u32 |
//! | sequence | varint |
//! | features | u64 |
//! | database | 16 bytes |
//! | server | bytes, at most 64, UTF-8 |
//! | max_body_bytes | u32 |
//! | max_in_flight | u32 |

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::{DATABASE_BYTES, NAME_BYTES_MAX};
use crate::wire::{Cursor, put_text, put_varint, text_of};

/// The first reply of every session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The version both sides speak from now on.
    pub version: u16,
    /// The database's epoch.
    pub epoch: u32,
    /// The newest sequence at this moment.
    pub sequence: u64,
    /// The features both sides know.
    pub features: u64,
    /// The database's id, the same for as long as it lives.
    pub database: [u8; DATABASE_BYTES],
    /// What the server calls itself, such as `fanfoldd 0.1.0`; UTF-8.
    pub server: Bytes,
    /// The largest body the server accepts.
    pub max_body_bytes: u32,
    /// How many requests may wait for their answers at the same time.
    pub max_in_flight: u32,
}

impl Welcome {
    /// The server's name as text.
    #[must_use]
    pub fn server(&self) -> &str {
        text_of(&self.server)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            version: cursor.take_u16("version")?,
            epoch: cursor.take_u32("epoch")?,
            sequence: cursor.take_varint("sequence")?,
            features: cursor.take_u64("features")?,
            database: cursor.take_array("database")?,
            server: cursor.take_text("server", NAME_BYTES_MAX)?,
            max_body_bytes: cursor.take_u32("max_body_bytes")?,
            max_in_flight: cursor.take_u32("max_in_flight")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u16_le(self.version);
        out.put_u32_le(self.epoch);
        put_varint(out, self.sequence);
        out.put_u64_le(self.features);
        out.put_slice(&self.database);
        put_text(out, "server", &self.server, NAME_BYTES_MAX)?;
        out.put_u32_le(self.max_body_bytes);
        out.put_u32_le(self.max_in_flight);
        Ok(())
    }
}
