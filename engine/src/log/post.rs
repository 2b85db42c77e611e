//! The post in a record, borrowed from the log: what a page needs of it, and no more.

use super::broadcast_effect::{BroadcastAct, is_broadcast_kind};
use super::bytes::Cursor;
use super::layout::record_kind;
use super::record::{Context, Head, RecordHeader, load_link};
use crate::audience::AudienceRef;
use crate::ids::{Timestamp, UserId};
use crate::mentions::MentionsRef;
use crate::repost::Repost;

/// The fields of a post's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PostFields<'a> {
    pub(crate) time: Timestamp,
    pub(crate) author: UserId,
    pub(crate) kind: u16,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) text: &'a [u8],
    pub(crate) meta: &'a [u8],
    pub(crate) repost: Option<Repost>,
    pub(crate) mentions: MentionsRef<'a>,
    pub(crate) audience: AudienceRef<'a>,
}

impl<'a> PostFields<'a> {
    /// Reads the verified body of a post, or of a record about a broadcast.
    #[inline]
    pub(super) fn load(header: &RecordHeader, body: &'a [u8], context: Context) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let head = Head::load(header, &mut cursor, context)?;
        if is_broadcast_kind(header.kind) {
            BroadcastAct::load(header.kind, &mut cursor)?;
        }
        Some(Self {
            time: head.time,
            author: UserId(head.first),
            kind: u16::try_from(head.second).ok()?,
            created_at: head.tags.created_at,
            repost: load_link(header.kind, &mut cursor)?,
            text: cursor.rest(),
            meta: head.tags.meta,
            mentions: head.tags.mentions,
            audience: head.tags.audience,
        })
    }
}

/// Whether records of this kind are posts.
pub(crate) fn is_post_kind(kind: u8) -> bool {
    matches!(kind, record_kind::PUBLISH | record_kind::REPOST | record_kind::BROADCAST_END)
}
