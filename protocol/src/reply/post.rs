//! A post as it is read, alone or as an item of a page or a scan.
//!
//! | field | bytes |
//! |---|---|
//! | id | varint; within a run the distance from the post before |
//! | author | varint |
//! | at | varint, ms |
//! | committed_at | zigzag varint: committed_at - at |
//! | post_kind | varint, at most 65,535 |
//! | text | bytes, at most 64 KiB, UTF-8 |
//! | meta | bytes, at most 4 KiB |
//! | repost | option: what it refers to |
//! | extras | u8: 1 edited, 2 it is not for everybody |
//! | edited | if extras has it: revision varint, edited_at varint (ms) |
//! | audience | if extras has it: u8; of a group (4) its id as a varint, its name as text |
//! | mentions | u8, then a varint for each |
//!
//! The reply `post` is a position, one post, as an option what it was responded with, and a u8: how it is
//! moderated.

use bytes::{BufMut, Bytes, BytesMut};

use crate::audience::{Audience, AudienceRef};
use crate::error::{DecodeError, EncodeError};
use crate::limits::{META_BYTES_MAX, TEXT_BYTES_MAX};
use crate::mentions;
use crate::order::{Direction, Run};
use crate::reply::{Counts, Position, PostModeration, Repost};
use crate::wire::{Cursor, check_len, put_bytes, put_option, put_varints, text_of};

/// The fewest bytes of a post: ten fields of one byte.
pub(crate) const POST_BYTES_MIN: usize = 10;

/// What follows the text where nothing follows: no meta, no repost, no extras, no mentions.
const PLAIN_END: [u8; 4] = [0; 4];

/// A post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its id; larger is newer.
    pub id: u64,
    /// Whose post it is.
    pub author: u64,
    /// The time to show, in ms since 1970: when it was written, else when it was committed.
    pub at: u64,
    /// When it was committed, in ms since 1970.
    pub committed_at: u64,
    /// The application's own kind of post.
    pub kind: u16,
    /// The text, UTF-8; may be empty.
    pub text: Bytes,
    /// The application's own data.
    pub meta: Bytes,
    /// What it refers to, if it is a repost.
    pub repost: Option<Repost>,
    /// If its text was revised.
    pub edit: Option<Edit>,
    /// Whom it mentions.
    pub mentions: Vec<u64>,
    /// Who sees it.
    pub audience: Audience,
}

/// That a post was revised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// How often.
    pub revision: u32,
    /// When the newest revision was committed, in ms since 1970.
    pub at: u64,
}

/// A post whose bytes lie elsewhere, for [`PageWriter::push`](crate::PageWriter::push). The fields
/// are those of [`Post`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostRef<'a> {
    /// Its id; larger is newer.
    pub id: u64,
    /// Whose post it is.
    pub author: u64,
    /// The time to show, in ms since 1970.
    pub at: u64,
    /// When it was committed, in ms since 1970.
    pub committed_at: u64,
    /// The application's own kind of post.
    pub kind: u16,
    /// The text. Must be UTF-8: it was checked when it was published and is not checked again.
    pub text: &'a [u8],
    /// The application's own data.
    pub meta: &'a [u8],
    /// What it refers to, if it is a repost.
    pub repost: Option<Repost>,
    /// If its text was revised.
    pub edit: Option<Edit>,
    /// Whom it mentions.
    pub mentions: &'a [u64],
    /// Who sees it.
    pub audience: AudienceRef<'a>,
}

/// The reply `post`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnePost {
    /// The position of the answer.
    pub position: Position,
    /// The post.
    pub post: Post,
    /// What it was responded with, if that was asked for.
    pub counts: Option<Counts>,
    /// How it is moderated; the trusted application alone is told.
    pub moderation: PostModeration,
}

impl Post {
    /// The text as text.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.text)
    }

    /// The same post, borrowed.
    #[must_use]
    pub fn borrow(&self) -> PostRef<'_> {
        PostRef {
            id: self.id,
            author: self.author,
            at: self.at,
            committed_at: self.committed_at,
            kind: self.kind,
            text: &self.text,
            meta: &self.meta,
            repost: self.repost,
            edit: self.edit,
            mentions: &self.mentions,
            audience: self.audience.borrow(),
        }
    }

    pub(crate) fn load(cursor: &mut Cursor, ids: &mut Run) -> Result<Self, DecodeError> {
        let id = ids.take(cursor, "id")?;
        let author = cursor.take_varint("author")?;
        let at = cursor.take_varint("at")?;
        let lag = unzigzag(cursor.take_varint("committed_at")?);
        let post = Self {
            id,
            author,
            at,
            committed_at: at.wrapping_add_signed(lag),
            kind: cursor.take_varint_u16("post_kind")?,
            text: cursor.take_text("text", TEXT_BYTES_MAX)?,
            meta: cursor.take_bytes("meta", META_BYTES_MAX)?,
            repost: cursor.take_option("repost", |cursor, _| Repost::load(cursor))?,
            edit: None,
            mentions: Vec::new(),
            audience: Audience::Everybody,
        };
        let extras = cursor.take_flags("extras", Extras::EDITED | Extras::AUDIENCE)?;
        let has = |extra| extras & extra != 0;
        let edit = has(Extras::EDITED).then(|| Edit::load(cursor)).transpose()?;
        let audience =
            has(Extras::AUDIENCE).then(|| Audience::load_restricted(cursor)).transpose()?;
        let (mentions, audience) = (mentions::load(cursor)?, audience.unwrap_or_default());
        Ok(Self { edit, mentions, audience, ..post })
    }
}

impl PostRef<'_> {
    pub(crate) fn encode(&self, out: &mut BytesMut, ids: &mut Run) -> Result<(), EncodeError> {
        let lag = self.committed_at.wrapping_sub(self.at).cast_signed();
        let numbers = [
            ids.put("id", self.id)?,
            self.author,
            self.at,
            zigzag(lag),
            u64::from(self.kind),
            check_len("text", self.text, TEXT_BYTES_MAX)?,
        ];
        put_varints(out, numbers);
        out.put_slice(self.text);
        if self.is_plain() {
            out.put_slice(&PLAIN_END);
            return Ok(());
        }
        put_bytes(out, "meta", self.meta, META_BYTES_MAX)?;
        put_option(out, self.repost, |out, repost| repost.encode(out));
        let is_restricted = self.audience != AudienceRef::Everybody;
        let edited = if self.edit.is_some() { Extras::EDITED } else { 0 };
        out.put_u8(edited | if is_restricted { Extras::AUDIENCE } else { 0 });
        self.edit.iter().for_each(|edit| edit.encode(out));
        if is_restricted {
            self.audience.encode(out)?;
        }
        mentions::encode(self.mentions, out)
    }

    /// Whether nothing stands behind the text, as with most posts.
    fn is_plain(&self) -> bool {
        let Self { meta, repost, edit, mentions, audience, .. } = self;
        meta.is_empty()
            && repost.is_none()
            && edit.is_none()
            && mentions.is_empty()
            && *audience == AudienceRef::Everybody
    }
}

/// What seldom a post has: bits.
struct Extras;

impl Extras {
    const EDITED: u8 = 1;
    const AUDIENCE: u8 = 2;
}

impl Edit {
    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let revision = cursor.take_varint_u32("revision")?;
        Ok(Self { revision, at: cursor.take_varint("edited_at")? })
    }

    fn encode(self, out: &mut BytesMut) {
        put_varints(out, [u64::from(self.revision), self.at]);
    }
}

impl OnePost {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let post = Post::load(cursor, &mut Run::new(Direction::Falling))?;
        let counts = cursor.take_option("counts", |cursor, _| Counts::load(cursor))?;
        Ok(Self { position, post, counts, moderation: PostModeration::load(cursor)? })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        self.post.borrow().encode(out, &mut Run::new(Direction::Falling))?;
        put_option(out, self.counts, |out, counts| counts.encode(out));
        self.moderation.encode(out);
        Ok(())
    }
}

/// Small numbers of either sign become small numbers without one.
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_keeps_small_numbers_small() {
        let pairs =
            [(0, 0), (-1, 1), (1, 2), (-2, 3), (i64::MAX, u64::MAX - 1), (i64::MIN, u64::MAX)];
        for (signed, unsigned) in pairs {
            assert_eq!(zigzag(signed), unsigned);
            assert_eq!(unzigzag(unsigned), signed);
        }
    }
}
