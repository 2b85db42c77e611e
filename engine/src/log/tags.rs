//! Tagged fields of a record: optional parts, which a program that does not know them skips.

use super::bytes::{Cursor, put_varint};
use super::layout::{TAG_AUDIENCE, TAG_CREATED_AT, TAG_MENTIONS, TAG_META, TAG_WEIGHT};
use crate::audience::{Audience, AudienceRef};
use crate::ids::Timestamp;
use crate::mentions::{Mentions, MentionsRef};

/// Appends one field.
pub(super) fn put_tag(out: &mut Vec<u8>, tag: u64, value: &[u8]) {
    put_varint(out, tag);
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Appends what a post says beside its text.
pub(super) fn put_content_tags(tags: &mut Vec<u8>, meta: &[u8], mentions: &Mentions) {
    if !meta.is_empty() {
        put_tag(tags, TAG_META, meta);
    }
    if !mentions.is_empty() {
        put_tag(tags, TAG_MENTIONS, mentions.bytes());
    }
}

/// Appends for whom a post is, unless it is for everybody.
pub(super) fn put_audience_tag(tags: &mut Vec<u8>, audience: &Audience) {
    if !audience.is_everybody() {
        let mut value = Vec::with_capacity(16);
        audience.borrow().put(&mut value);
        put_tag(tags, TAG_AUDIENCE, &value);
    }
}

/// Appends the fields with their length; nothing if there are none.
pub(super) fn put_tags(out: &mut Vec<u8>, tags: &[u8]) {
    if !tags.is_empty() {
        put_varint(out, tags.len() as u64);
        out.extend_from_slice(tags);
    }
}

/// The tagged fields this program knows.
#[derive(Default)]
pub(super) struct Tags<'a> {
    pub(super) created_at: Option<Timestamp>,
    pub(super) meta: &'a [u8],
    pub(super) weight: Option<u8>,
    pub(super) mentions: MentionsRef<'a>,
    pub(super) audience: AudienceRef<'a>,
}

impl<'a> Tags<'a> {
    /// Reads them all; `None` if they make no sense.
    pub(super) fn load(cursor: &mut Cursor<'a>) -> Option<Self> {
        let len = cursor.varint_as()?;
        let mut fields = Cursor::new(cursor.take(len)?);
        let mut tags = Self::default();
        while !fields.is_empty() {
            let tag = fields.varint()?;
            let len = fields.varint_as()?;
            let value = fields.take(len)?;
            match tag {
                TAG_CREATED_AT => tags.created_at = Some(Timestamp(Cursor::new(value).varint()?)),
                TAG_META => tags.meta = value,
                TAG_WEIGHT => tags.weight = Some(Cursor::new(value).varint_as()?),
                TAG_MENTIONS => tags.mentions = MentionsRef::load(value)?,
                TAG_AUDIENCE => tags.audience = AudienceRef::load(value)?,
                _ => {}
            }
        }
        Some(tags)
    }
}
