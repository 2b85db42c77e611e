//! What the reposts of a page refer to: a part of a page.
//!
//! | field | bytes |
//! |---|---|
//! | tag | u8: 0 it stands, 1 it was deleted |
//! | post | a post, if it stands; its id stands as it is |
//! | id, author | varint, varint, if it was deleted |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::Post;
use crate::wire::{Cursor, put_varints};

/// The fewest bytes of an original: three fields of one byte.
pub(crate) const ORIGINAL_BYTES_MIN: usize = 3;

/// What reposts refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are posts")]
pub enum Original {
    /// It stands.
    Post(Post),
    /// It was deleted; only quotes lead here.
    Deleted {
        /// What it was.
        id: u64,
        /// Whose it was.
        author: u64,
    },
}

impl Original {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        if cursor.take_bool("tag")? {
            let (id, author) = (cursor.take_varint("id")?, cursor.take_varint("author")?);
            return Ok(Self::Deleted { id, author });
        }
        Post::load(cursor, &mut Run::new(Direction::Falling)).map(Self::Post)
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Post(post) => {
                out.put_u8(0);
                post.borrow().encode(out, &mut Run::new(Direction::Falling))
            }
            Self::Deleted { id, author } => {
                out.put_u8(1);
                put_varints(out, [*id, *author]);
                Ok(())
            }
        }
    }
}
