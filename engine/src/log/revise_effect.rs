//! What a record does to the text of a post, and its fields.
//!
//! ```text
//! revise  | post varint | author varint | tags: meta, mentions, audience | revision varint | before varint |
//!         | kind varint | at varint | committed_at varint | bits u8: 1 meta given, 2 it is a repost |
//!         | link (bit): see `repost_link` | text to the end |
//! ```
//!
//! The record carries the whole post as it is from then on, so that a read looks at one record, and
//! nothing is lost with those that it replaces.

use ::bytes::Bytes;

use super::bytes::{Cursor, put_varint};
use super::record::put_pair;
use super::repost_link;
use crate::audience::Audience;
use crate::command::NewPost;
use crate::ids::{PostId, Sequence, Timestamp, UserId};
use crate::mentions::Mentions;
use crate::repost::Repost;

const META_GIVEN: u8 = 1;
const IS_REPOST: u8 = 2;

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
    /// What the post refers to, if it is a quote.
    pub(crate) repost: Option<Repost>,
    pub(crate) text: Bytes,
    /// What the caller gave, or what the post had.
    pub(crate) meta: Bytes,
    pub(crate) meta_given: bool,
    /// The revision whose meta is kept: the one before, once it is decided.
    pub(crate) meta_of: u32,
    /// Whom the post mentions, and who sees it: that never changes either.
    pub(crate) mentions: Mentions,
    pub(crate) audience: Audience,
}

/// A publish whose text is erased, because the post was revised; in packed segments only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Emptied {
    pub(crate) author: UserId,
    pub(crate) kind: u16,
    pub(crate) created_at: Option<Timestamp>,
    /// What the post refers to; then it is a quote, as a bare repost is never revised.
    pub(crate) repost: Option<Repost>,
    /// Of the whole content, if the record still has its key.
    pub(crate) fingerprint: u64,
    pub(crate) mentions: Mentions,
    pub(crate) audience: Audience,
}

impl Emptied {
    /// What is left of this content.
    pub(crate) fn of(content: &NewPost, fingerprint: u64) -> Self {
        let NewPost { author, kind, created_at, repost, .. } = *content;
        let (mentions, audience) = (content.mentions.clone(), content.audience.clone());
        Self { author, kind, created_at, repost, fingerprint, mentions, audience }
    }
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
        let bit = |is_so, bit| if is_so { bit } else { 0 };
        out.push(bit(self.meta_given, META_GIVEN) | bit(self.repost.is_some(), IS_REPOST));
        self.repost.iter().for_each(|link| repost_link::put(link, out));
    }

    /// Reads them; text, meta, mentions and audience are filled in by the caller. `None` if they make no sense.
    pub(super) fn load_numbers(post: u64, author: u64, rest: &mut Cursor<'_>) -> Option<Self> {
        let revision: u32 = rest.varint_as()?;
        let before = Sequence(rest.varint()?);
        let kind = rest.varint_as()?;
        let (at, committed_at) = (Timestamp(rest.varint()?), Timestamp(rest.varint()?));
        let [bits] = rest.array()?;
        if bits & !(META_GIVEN | IS_REPOST) != 0 {
            return None;
        }
        let repost = match bits & IS_REPOST {
            0 => None,
            _ => Some(repost_link::load(rest)?),
        };
        Some(Self {
            post: PostId(post),
            author: UserId(author),
            revision,
            before,
            kind,
            at,
            committed_at,
            repost,
            text: Bytes::new(),
            meta: Bytes::new(),
            meta_given: bits & META_GIVEN != 0,
            meta_of: revision.checked_sub(1)?,
            mentions: Mentions::new(),
            audience: Audience::default(),
        })
    }
}
