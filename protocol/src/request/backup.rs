//! `backup` makes a backup of the running database, in a directory of the server's choosing.
//!
//! | field | bytes |
//! |---|---|
//! | name | bytes, at most 100, UTF-8 |

use bytes::{Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::BACKUP_NAME_BYTES_MAX;
use crate::wire::{Cursor, put_text, text_of};

/// A backup to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// What it is to be called; UTF-8.
    pub name: Bytes,
}

impl Backup {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.name)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self { name: cursor.take_text("name", BACKUP_NAME_BYTES_MAX)? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_text(out, "name", &self.name, BACKUP_NAME_BYTES_MAX)
    }
}
