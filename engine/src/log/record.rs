//! A record: one accepted command as the log keeps it, and its bytes.
//!
//! Records are *effects*: applying one never refuses, reads no option, no clock and does no I/O.
//!
//! ```text
//! header  | crc u32 | body length u24 | kind u8 | flags u8 | check u24 |
//! body    | key 16 (flag) | commit time - segment base, varint | fields of the kind |
//! publish | author varint | kind varint | tags (flag) | text to the end |
//! repost  | as publish, with a link before the text: see `repost_link` |
//! delete  | post varint | author varint | tags (flag) | commented varint | newest revision varint |
//! group   | two varints | tags (flag) | see `group_effect` |
//! react.. | two varints | tags (flag) | see `response_effect` |
//! notices | two varints | tags (flag) | see `notices_effect` |
//! mark    | user varint | post varint | tags (flag) | see `mark_effect` |
//! forget  | two varints | tags (flag) | see `forget_effect` |
//! revise  | post varint | author varint | tags (flag) | see `revise_effect` | text to the end |
//! suspend.. | two varints | tags (flag) | see `moderation_effect` |
//! befriend | two varints | tags (flag) | see `befriend_effect` |
//! private  | user varint | 1 on, 0 off varint | tags (flag) | began varint of what it ends |
//! request.. | two varints | tags (flag) | see `request_effect` |
//! broadcast | author varint | kind varint | tags (flag) | see `broadcast_effect` | text to the end |
//! others  | user varint | other varint | tags (flag) | began varint of each edge it ends, or weight |
//! ```
//!
//! The sequence is not stored in the record; it goes into both checksums with the segment's salt,
//! so that a record at the wrong place, or of a former life of the disk block, never matches.

use ::bytes::Bytes;

use super::befriend_effect::BefriendEffect;
use super::broadcast_effect::{BroadcastAct, BroadcastEffect, is_broadcast_kind};
use super::bytes::{Cursor, put_varint};
use super::forget_effect::ForgetEffect;
use super::group_effect::GroupEffect;
use super::layout::{
    RECORD_FLAG_KEY, RECORD_FLAG_TAGS, RECORD_HEADER_BYTES, TAG_CREATED_AT, TAG_WEIGHT, record_kind,
};
use super::mark_effect::MarkEffect;
use super::moderation_effect::{ModerationEffect, is_moderation_kind};
use super::notices_effect::NoticesReadEffect;
pub(crate) use super::record_fault::RecordFault;
#[cfg(any(test, feature = "testing"))]
pub(crate) use super::record_frame::sign_record;
pub(crate) use super::record_frame::{Context, RecordHeader};
use super::record_frame::{put_header, seed};
use super::repost_link;
use super::request_effect::RequestEffect;
use super::response_effect::ResponseEffect;
pub(crate) use super::retired::{Bygone, Ended, Retired};
use super::revise_effect::{Emptied, ReviseEffect};
use super::tags::{Tags, put_audience_tag, put_content_tags, put_tag, put_tags};
use crate::command::NewPost;
use crate::ids::{Key, PostId, Sequence, Timestamp, UserId};
use crate::mentions::Mentions;
use crate::repost::Repost;

/// What a record does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Publish(NewPost),
    /// `commented` is the first record since which comments of the post may stand in the log, `revised`
    /// its newest revision. They end with it.
    Delete {
        post: PostId,
        author: UserId,
        commented: Began,
        revised: Began,
    },
    /// A weight is absent unless it was given.
    Follow {
        user: UserId,
        author: UserId,
        weight: Option<u8>,
    },
    /// A bare repost of `root` ends, which had begun at `began`; `post` is what the user named.
    Unrepost {
        user: UserId,
        post: PostId,
        root: PostId,
        began: Began,
    },
    /// A follow that stands has another weight.
    Weigh {
        user: UserId,
        author: UserId,
        weight: u8,
    },
    Unfollow {
        user: UserId,
        author: UserId,
        began: Began,
    },
    Mute {
        user: UserId,
        author: UserId,
    },
    Unmute {
        user: UserId,
        author: UserId,
        began: Began,
    },
    /// `forth` is the follow of `other` by `user` that ends, `back` the follow the other way; so are the
    /// requests to follow.
    Block {
        user: UserId,
        other: UserId,
        forth: Began,
        back: Began,
        requests: [Began; 2],
    },
    Unblock {
        user: UserId,
        other: UserId,
        began: Began,
    },
    Befriend(BefriendEffect),
    /// `began` is since when the user was private who is not any more.
    Private {
        user: UserId,
        is_on: bool,
        began: Began,
    },
    Request(RequestEffect),
    Group(GroupEffect),
    Response(ResponseEffect),
    NoticesRead(NoticesReadEffect),
    Mark(MarkEffect),
    Revise(ReviseEffect),
    /// What is left of a publish whose text is erased; the post is there.
    Emptied(Emptied),
    Broadcast(BroadcastEffect),
    Forget(ForgetEffect),
    Moderation(ModerationEffect),
    /// What is left of a record that holds no longer.
    Retired(Retired),
}

/// When an edge that ends had begun; `None` if there is no such edge. It stands in the record, so
/// that applying an end looks nothing up. A command that is not decided yet has `None`.
pub(crate) type Began = Option<Sequence>;

/// An effect with the key it came under and the time it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) time: Timestamp,
    pub(crate) key: Option<Key>,
    pub(crate) effect: Effect,
}

impl Effect {
    /// The user whose command it was: the scope of its key.
    pub(crate) fn subject(&self) -> UserId {
        match self {
            Self::Publish(post) => post.author,
            Self::Delete { author, .. } => *author,
            Self::Follow { user, .. }
            | Self::Weigh { user, .. }
            | Self::Unfollow { user, .. }
            | Self::Mute { user, .. }
            | Self::Unmute { user, .. }
            | Self::Block { user, .. }
            | Self::Unrepost { user, .. }
            | Self::Private { user, .. }
            | Self::Unblock { user, .. } => *user,
            Self::Befriend(befriend) => befriend.user,
            Self::Request(request) => request.user,
            Self::Group(group) => group.user,
            Self::Response(response) => response.user,
            Self::NoticesRead(read) => read.user,
            Self::Mark(mark) => mark.user,
            Self::Revise(revise) => revise.author,
            Self::Emptied(emptied) => emptied.author,
            Self::Broadcast(broadcast) => broadcast.author(),
            Self::Forget(forget) => forget.user,
            Self::Moderation(moderation) => moderation.user,
            Self::Retired(retired) => retired.subject,
        }
    }

    /// The other user that it is about.
    pub(crate) fn other(&self) -> Option<UserId> {
        match self {
            Self::Publish(post) => post.repost.map(|link| link.root_author),
            Self::Emptied(emptied) => emptied.repost.map(|link| link.root_author),
            Self::Delete { .. }
            | Self::Mark(_)
            | Self::Revise(_)
            | Self::Unrepost { .. }
            | Self::Private { .. }
            | Self::Broadcast(_)
            | Self::Forget(_)
            | Self::Moderation(_)
            | Self::NoticesRead(_) => None,
            Self::Befriend(befriend) => Some(befriend.other),
            Self::Request(request) => Some(request.other),
            Self::Follow { author, .. }
            | Self::Weigh { author, .. }
            | Self::Unfollow { author, .. }
            | Self::Mute { author, .. }
            | Self::Unmute { author, .. } => Some(*author),
            Self::Block { other, .. } | Self::Unblock { other, .. } => Some(*other),
            Self::Group(group) => group.author(),
            Self::Response(response) => Some(response.author),
            Self::Retired(retired) => retired.other,
        }
    }

    pub(crate) fn kind(&self) -> u8 {
        match self {
            Self::Publish(post) if post.repost.is_some() => record_kind::REPOST,
            Self::Publish(_) => record_kind::PUBLISH,
            Self::Unrepost { .. } => record_kind::UNREPOST,
            Self::Delete { .. } => record_kind::DELETE,
            Self::Follow { .. } => record_kind::FOLLOW,
            Self::Weigh { .. } => record_kind::WEIGH,
            Self::Unfollow { .. } => record_kind::UNFOLLOW,
            Self::Mute { .. } => record_kind::MUTE,
            Self::Unmute { .. } => record_kind::UNMUTE,
            Self::Block { .. } => record_kind::BLOCK,
            Self::Unblock { .. } => record_kind::UNBLOCK,
            Self::Befriend(_) => record_kind::BEFRIEND,
            Self::Private { .. } => record_kind::PRIVATE,
            Self::Request(request) => request.kind(),
            Self::Group(group) => group.kind(),
            Self::Response(response) => response.kind(),
            Self::NoticesRead(_) => record_kind::NOTICES_READ,
            Self::Mark(_) => record_kind::MARK,
            Self::Revise(_) => record_kind::REVISE,
            Self::Emptied(emptied) if emptied.repost.is_some() => record_kind::REPOST,
            Self::Emptied(_) => record_kind::PUBLISH,
            Self::Broadcast(broadcast) => broadcast.kind(),
            Self::Forget(_) => record_kind::FORGET,
            Self::Moderation(moderation) => moderation.kind(),
            Self::Retired(_) => record_kind::RETIRED,
        }
    }

    /// The fields but for the long ones (meta, text).
    pub(super) fn put_fields(&self, out: &mut Vec<u8>) {
        match self {
            Self::Publish(post) => {
                put_varint(out, post.author.0);
                put_varint(out, u64::from(post.kind));
                put_varint(out, post.created_at.map_or(0, |at| at.0.wrapping_add(1)));
                put_varint(out, post.meta.len() as u64);
                post.repost.into_iter().for_each(|link| put_varint(out, link.parent.0));
                post.mentions.put(out);
                post.audience.put_said(out);
            }
            Self::Unrepost { user, post, .. } => put_pair(out, user.0, post.0),
            Self::Delete { post, author, .. } => put_pair(out, post.0, author.0),
            Self::Follow { user, author, .. }
            | Self::Weigh { user, author, .. }
            | Self::Unfollow { user, author, .. }
            | Self::Mute { user, author }
            | Self::Unmute { user, author, .. } => put_pair(out, user.0, author.0),
            Self::Block { user, other, .. } | Self::Unblock { user, other, .. } => {
                put_pair(out, user.0, other.0);
            }
            Self::Befriend(BefriendEffect { user, other, .. })
            | Self::Request(RequestEffect { user, other, .. }) => put_pair(out, user.0, other.0),
            Self::Private { user, is_on, .. } => put_pair(out, user.0, u64::from(*is_on)),
            Self::Group(group) => group.put(out),
            Self::Response(response) => response.put(out),
            Self::NoticesRead(read) => read.put(out),
            Self::Mark(mark) => mark.put(out),
            Self::Forget(forget) => forget.put(out),
            Self::Moderation(moderation) => moderation.put(out),
            Self::Revise(revise) => put_pair(out, revise.post.0, revise.author.0),
            // A broadcast, like all with content, has a shape of its own.
            Self::Broadcast(_) | Self::Emptied(_) | Self::Retired(_) => {}
        }
    }

    /// When the edges had begun that it ends: 0 for an edge that there was not. Or the new weight.
    pub(super) fn put_ends(&self, out: &mut Vec<u8>) {
        if let Self::Weigh { weight, .. } = self {
            put_varint(out, u64::from(*weight));
        }
        match self {
            Self::Befriend(befriend) => befriend.put_decided(out),
            Self::Request(request) => request.put_decided(out),
            _ => {}
        }
        let mut put = |began: Began| put_varint(out, began.unwrap_or_default().0);
        match *self {
            Self::Delete { commented, revised, .. } => {
                put(commented);
                put(revised);
            }
            Self::Unfollow { began, .. }
            | Self::Unmute { began, .. }
            | Self::Private { began, .. }
            | Self::Unblock { began, .. } => put(began),
            Self::Unrepost { root, began, .. } => {
                put(Some(root.into()));
                put(began);
            }
            Self::Block { forth, back, requests, .. } => {
                [forth, back].into_iter().chain(requests).for_each(put);
            }
            Self::Befriend(_)
            | Self::Request(_)
            | Self::Publish(_)
            | Self::Follow { .. }
            | Self::Weigh { .. }
            | Self::Mute { .. }
            | Self::Group(_)
            | Self::Response(_)
            | Self::NoticesRead(_)
            | Self::Mark(_)
            | Self::Revise(_)
            | Self::Emptied(_)
            | Self::Broadcast(_)
            | Self::Forget(_)
            | Self::Moderation(_)
            | Self::Retired(_) => {}
        }
    }
}

pub(super) fn put_pair(out: &mut Vec<u8>, first: u64, second: u64) {
    put_varint(out, first);
    put_varint(out, second);
}

impl Record {
    /// Appends the record's bytes to `out`.
    pub(crate) fn encode(&self, sequence: Sequence, context: Context, out: &mut Vec<u8>) {
        let start = out.len();
        let tags = self.tags();
        out.resize(start + RECORD_HEADER_BYTES, 0);
        if let Some(key) = self.key {
            out.extend_from_slice(&key.0);
        }
        put_varint(out, self.time.0.saturating_sub(context.base_time.0));
        self.put_body(&tags, out);
        let body_len = out.len() - start - RECORD_HEADER_BYTES;
        let flags = if self.key.is_some() { RECORD_FLAG_KEY } else { 0 }
            | if tags.is_empty() { 0 } else { RECORD_FLAG_TAGS };
        let bytes = out.get_mut(start..).expect("the record was appended from start");
        put_header(bytes, body_len, self.effect.kind(), flags, seed(sequence, context));
    }

    fn tags(&self) -> Vec<u8> {
        let mut tags = Vec::new();
        if let Effect::Follow { weight: Some(weight), .. } = self.effect {
            put_tag(&mut tags, TAG_WEIGHT, &[weight]);
        }
        if let Effect::Revise(revise) = &self.effect {
            put_content_tags(&mut tags, &revise.meta, &revise.mentions);
            put_audience_tag(&mut tags, &revise.audience);
        }
        let Some(post) = self.effect.content() else { return tags };
        if let Some(at) = post.created_at {
            let mut value = Vec::with_capacity(10);
            put_varint(&mut value, at.0);
            put_tag(&mut tags, TAG_CREATED_AT, &value);
        }
        put_content_tags(&mut tags, &post.meta, &post.mentions);
        put_audience_tag(&mut tags, &post.audience);
        tags
    }

    fn put_body(&self, tags: &[u8], out: &mut Vec<u8>) {
        match &self.effect {
            Effect::Publish(post) => {
                put_pair(out, post.author.0, u64::from(post.kind));
                put_tags(out, tags);
                post.repost.iter().for_each(|link| repost_link::put(link, out));
                out.extend_from_slice(&post.text);
            }
            Effect::Revise(revise) => {
                put_pair(out, revise.post.0, revise.author.0);
                put_tags(out, tags);
                revise.put_numbers(out);
                out.extend_from_slice(&revise.text);
            }
            Effect::Broadcast(BroadcastEffect { content, act, .. }) => {
                put_pair(out, content.author.0, u64::from(content.kind));
                put_tags(out, tags);
                act.put(out);
                out.extend_from_slice(&content.text);
            }
            other => {
                other.put_fields(out);
                put_tags(out, tags);
                other.put_ends(out);
                if let Effect::Response(response) = other {
                    response.text().into_iter().for_each(|text| out.extend_from_slice(text));
                }
            }
        }
    }

    /// Decodes the record at the start of `bytes`, of which `header` was read; verifies the
    /// checksum over all of it. Text and meta are slices of `bytes`, not copies.
    pub(crate) fn decode(
        header: RecordHeader,
        bytes: &Bytes,
        sequence: Sequence,
        context: Context,
    ) -> Result<Self, RecordFault> {
        let body = header.verified(bytes, sequence, context)?;
        if !is_plain_kind(header.kind) {
            return Err(RecordFault::UnknownKind(header.kind));
        }
        decode_body(&header, bytes, body, context).ok_or(RecordFault::Malformed)
    }
}

/// What all bodies begin with.
pub(super) struct Head<'a> {
    pub(super) key: Option<Key>,
    pub(super) time: Timestamp,
    pub(super) first: u64,
    pub(super) second: u64,
    pub(super) tags: Tags<'a>,
}

impl<'a> Head<'a> {
    /// Reads it; the cursor stands behind it then.
    #[inline]
    pub(super) fn load(
        header: &RecordHeader,
        cursor: &mut Cursor<'a>,
        context: Context,
    ) -> Option<Self> {
        let key = match header.flags & RECORD_FLAG_KEY {
            0 => None,
            _ => Some(Key(cursor.array()?)),
        };
        let time = Timestamp(context.base_time.0.checked_add(cursor.varint()?)?);
        let (first, second) = (cursor.varint()?, cursor.varint()?);
        let mut tags = Tags::default();
        if header.flags & RECORD_FLAG_TAGS != 0 {
            tags = Tags::load(cursor)?;
        }
        Some(Self { key, time, first, second, tags })
    }
}

fn decode_body(
    header: &RecordHeader,
    bytes: &Bytes,
    body: &[u8],
    context: Context,
) -> Option<Record> {
    let mut cursor = Cursor::new(body);
    let Head { key, time, first, second, tags } = Head::load(header, &mut cursor, context)?;
    let slice = |part: &[u8]| if part.is_empty() { Bytes::new() } else { bytes.slice_ref(part) };
    let mentions = || Mentions::load(slice(tags.mentions.bytes()));
    let content = |text, repost| -> Option<NewPost> {
        Some(NewPost {
            author: UserId(first),
            kind: u16::try_from(second).ok()?,
            created_at: tags.created_at,
            repost,
            text: slice(text),
            meta: slice(tags.meta),
            mentions: mentions()?,
            audience: tags.audience.own(),
        })
    };
    let effect = match header.kind {
        record_kind::PUBLISH | record_kind::REPOST => {
            let link = load_link(header.kind, &mut cursor)?;
            Effect::Publish(content(cursor.rest(), link)?)
        }
        kind if is_broadcast_kind(kind) => {
            let act = BroadcastAct::load(kind, &mut cursor)?;
            Effect::Broadcast(BroadcastEffect::new(content(cursor.rest(), None)?, act))
        }
        record_kind::REVISE => {
            let revise = ReviseEffect::load_numbers(first, second, &mut cursor)?;
            let (text, meta) = (slice(cursor.rest()), slice(tags.meta));
            let (mentions, audience) = (mentions()?, tags.audience.own());
            Effect::Revise(ReviseEffect { text, meta, mentions, audience, ..revise })
        }
        kind => {
            let mut effect = pair_effect(kind, first, second, &mut cursor)?;
            if let Effect::Response(response) = &mut effect
                && let Some(text) = response.text_mut()
            {
                *text = slice(cursor.rest());
            } else if !cursor.is_empty() {
                return None;
            }
            if let Effect::Follow { weight, .. } = &mut effect {
                *weight = tags.weight;
            }
            effect
        }
    };
    Some(Record { time, key, effect })
}

pub(super) fn pair_effect(
    kind: u8,
    first: u64,
    second: u64,
    ends: &mut Cursor<'_>,
) -> Option<Effect> {
    let (user, author, other) = (UserId(first), UserId(second), UserId(second));
    if kind == record_kind::WEIGH {
        return Some(Effect::Weigh { user, author, weight: ends.varint_as()? });
    }
    if (record_kind::GROUP_CREATE..=record_kind::GROUP_REMOVE).contains(&kind) {
        return GroupEffect::load(kind, first, second, ends).map(Effect::Group);
    }
    if (record_kind::REACT..=record_kind::COMMENT_DELETE).contains(&kind) {
        return ResponseEffect::load(kind, first, second, ends).map(Effect::Response);
    }
    if kind == record_kind::NOTICES_READ {
        return NoticesReadEffect::load(first, second, ends).map(Effect::NoticesRead);
    }
    if kind == record_kind::MARK {
        return MarkEffect::load(first, second, ends).map(Effect::Mark);
    }
    if kind == record_kind::FORGET {
        return Some(Effect::Forget(ForgetEffect::of(first, second)));
    }
    if is_moderation_kind(kind) {
        return ModerationEffect::load(kind, first, second, ends).map(Effect::Moderation);
    }
    if (record_kind::REQUEST..=record_kind::REQUEST_END).contains(&kind) {
        return RequestEffect::load(kind, (user, other), ends).map(Effect::Request);
    }
    if kind == record_kind::BEFRIEND {
        return BefriendEffect::load(user, other, ends).map(Effect::Befriend);
    }
    let mut began = || load_began(ends);
    Some(match kind {
        record_kind::DELETE => {
            Effect::Delete { post: PostId(first), author, commented: began()?, revised: began()? }
        }
        record_kind::FOLLOW => Effect::Follow { user, author, weight: None },
        record_kind::UNREPOST => {
            let (post, root) = (PostId(second), began()?.unwrap_or_default().into());
            Effect::Unrepost { user, post, root, began: began()? }
        }
        record_kind::UNFOLLOW => Effect::Unfollow { user, author, began: began()? },
        record_kind::MUTE => Effect::Mute { user, author },
        record_kind::UNMUTE => Effect::Unmute { user, author, began: began()? },
        record_kind::BLOCK => {
            let (forth, back) = (began()?, began()?);
            Effect::Block { user, other, forth, back, requests: [began()?, began()?] }
        }
        record_kind::PRIVATE if second <= 1 => {
            Effect::Private { user, is_on: second == 1, began: began()? }
        }
        record_kind::UNBLOCK => Effect::Unblock { user, other, began: began()? },
        _ => return None,
    })
}

/// What a record of this kind refers to, if it is a repost; `None` if that makes no sense.
pub(super) fn load_link(kind: u8, rest: &mut Cursor<'_>) -> Option<Option<Repost>> {
    if kind == record_kind::REPOST { repost_link::load(rest).map(Some) } else { Some(None) }
}

/// When an edge had begun.
pub(super) fn load_began(ends: &mut Cursor<'_>) -> Option<Began> {
    Some(Some(Sequence(ends.varint()?)).filter(is_edge))
}

/// Whether records of this kind stand in segments as they were appended.
fn is_plain_kind(kind: u8) -> bool {
    let is_plain = (record_kind::PUBLISH..=record_kind::COMMENT_DELETE).contains(&kind)
        && kind != record_kind::RETIRED;
    let is_tie = (record_kind::BEFRIEND..=record_kind::REQUEST_END).contains(&kind);
    let is_repost = (record_kind::REPOST..=record_kind::UNREPOST).contains(&kind);
    is_plain
        || is_tie
        || is_repost
        || is_broadcast_kind(kind)
        || is_moderation_kind(kind)
        || (record_kind::MARK..=record_kind::REVISE).contains(&kind)
        || (record_kind::NOTICES_READ..=record_kind::FORGET).contains(&kind)
}

/// Sequence 0 stands for "there was none".
fn is_edge(began: &Sequence) -> bool {
    *began != Sequence(0)
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
