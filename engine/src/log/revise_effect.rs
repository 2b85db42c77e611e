//! What a record does to the text of a post, and its fields.
//!
//! ```text
//! revise  | post varint | author varint | tags: meta | revision varint | before varint |
//!         | kind varint | at varint | committed_at varint | meta given u8 | text to the end |
//! ```
//!
//! The record carries the whole post as it is from then on, so that a read looks at one record, and
//! nothing is lost with those that it replaces.

use ::bytes::Bytes;

use super::bytes::{Cursor, put_varint};
use super::record::put_pair;
use crate::ids::{PostId, Sequence, Timestamp, UserId};

/// A post has another text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReviseEffect {
    pub(crate) post: PostId,
    pub(crate) author: UserId,
    /// Which revision this is: 1 or above.
    pub(crate) revision: u32,
    /// The record that it replaces: the publish, or the revise before. Open until it is decided.
    pub(crate) before: Sequence,
    /// What never changes: the application's kind, the time to show, the commit of the post.
    pub(crate) kind: u16,
    pub(crate) at: Timestamp,
    pub(crate) committed_at: Timestamp,
    pub(crate) text: Bytes,
    /// What the caller gave, or what the post had.
    pub(crate) meta: Bytes,
    pub(crate) meta_given: bool,
    /// The revision whose meta is kept: the one before, once it is decided.
    pub(crate) meta_of: u32,
}

/// A publish whose text is erased, because the post was revised; in packed segments only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Emptied {
    pub(crate) author: UserId,
    pub(crate) kind: u16,
    pub(crate) created_at: Option<Timestamp>,
    /// Of the whole content, if the record still has its key.
    pub(crate) fingerprint: u64,
}

impl ReviseEffect {
    /// What the caller said, and nothing that was decided or looked up since: for the fingerprint.
    /// Meta and text come behind.
    pub(crate) fn put_said(&self, out: &mut Vec<u8>) {
        put_pair(out, self.post.0, u64::from(self.revision));
        let meta_len = if self.meta_given { self.meta.len() as u64 + 1 } else { 0 };
        put_varint(out, meta_len);
    }

    /// The fields between tags and text.
    pub(super) fn put_numbers(&self, out: &mut Vec<u8>) {
        put_pair(out, u64::from(self.revision), self.before.0);
        put_varint(out, u64::from(self.kind));
        put_pair(out, self.at.0, self.committed_at.0);
        out.push(u8::from(self.meta_given));
    }

    /// Reads them; text and meta are filled in by the caller. `None` if they make no sense.
    pub(super) fn load_numbers(post: u64, author: u64, rest: &mut Cursor<'_>) -> Option<Self> {
        let revision: u32 = rest.varint_as()?;
        let before = Sequence(rest.varint()?);
        let kind = rest.varint_as()?;
        let (at, committed_at) = (Timestamp(rest.varint()?), Timestamp(rest.varint()?));
        let meta_given = match rest.array()? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some(Self {
            post: PostId(post),
            author: UserId(author),
            revision,
            before,
            kind,
            at,
            committed_at,
            text: Bytes::new(),
            meta: Bytes::new(),
            meta_given,
            meta_of: revision.checked_sub(1)?,
        })
    }
}
