//! `tag` gives a user a tag, or takes it away.
//!
//! | field | bytes |
//! |---|---|
//! | options | write prefix |
//! | user | varint |
//! | tag | bytes, at most 32, UTF-8 |
//! | set | u8: 1 gives it, 0 takes it away |

use bytes::{Bytes, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::limits::TAG_NAME_BYTES_MAX;
use crate::options::WriteOptions;
use crate::wire::{Cursor, put_bool, put_text, put_varint, text_of};

/// A user's tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Key and acting user.
    pub options: WriteOptions,
    /// Whose tag.
    pub user: u64,
    /// Its name; UTF-8.
    pub tag: Bytes,
    /// Whether the user has it from now on.
    pub set: bool,
}

impl Tag {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text_of(&self.tag)
    }

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            options: WriteOptions::load(cursor)?,
            user: cursor.take_varint("user")?,
            tag: cursor.take_text("tag", TAG_NAME_BYTES_MAX)?,
            set: cursor.take_bool("set")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.options.encode(out);
        put_varint(out, self.user);
        put_text(out, "tag", &self.tag, TAG_NAME_BYTES_MAX)?;
        put_bool(out, self.set);
        Ok(())
    }
}
