//! One record in a block: its head (everything but the long parts), and its contents (meta, text),
//! which stand apart so that both compress well.
//!
//! ```text
//! head     | gap varint | kind u8 | flags u8 | key 16 (flag) | time varint | fields of the kind |
//! publish  | author varint | kind varint | created_at (flag) | meta length (flag) | text length | mentions (flag) |
//!          | audience (flag) |
//! repost   | as publish or emptied, then a link as in a plain record |
//! retired  | user varint | other varint (flag) | post varint (flag) | fingerprint u64 (with a key) |
//!          | noticed (flag) | broadcast (flag) |
//! emptied  | author varint | kind varint | created_at (flag) | fingerprint u64 (with a key) | mentions (flag) |
//!          | audience (flag) |
//! revise   | post varint | author varint | as in a plain record | meta length (flag) | text length |
//!          | mentions (flag) | audience (flag) |
//! comment  | as in a plain record, without the text | text length |
//! broadcast | as publish or emptied | see `broadcast_effect` |
//! others   | two varints | weight (flag) | began varint of each edge it ends, or weight |
//! ```
//!
//! The gap is the distance to the record before, less one; times count from the record before.

use bytes::Bytes;

use crate::audience::{Audience, AudienceRef};
use crate::command::NewPost;
use crate::ids::{BroadcastId, Key, PostId, Sequence, Timestamp, UserId};
use crate::limits::CONCERNED_MAX;
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect, is_broadcast_kind};
use crate::log::bytes::{Cursor, put_u64, put_varint};
use crate::log::layout::{packed_flag, record_kind};
use crate::log::record::{
    Bygone, Effect, Ended, Record, Retired, load_link, pair_effect, put_pair,
};
use crate::log::repost_link;
use crate::log::revise_effect::{Emptied, ReviseEffect};
use crate::mentions::Mentions;
use crate::views::receipts::Answered;

/// What heads are written relative to: the record before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    /// The sequence that a gap of 0 leads to.
    pub(super) next: Sequence,
    pub(super) time: Timestamp,
    pub(super) created_at: u64,
}

/// Appends a record.
pub(super) fn put(
    (sequence, record): (Sequence, &Record),
    before: &mut Before,
    heads: &mut Vec<u8>,
    contents: &mut Vec<u8>,
) {
    put_varint(heads, sequence.0 - before.next.0);
    heads.extend_from_slice(&[record.effect.kind(), flags(record)]);
    if let Some(key) = record.key {
        heads.extend_from_slice(&key.0);
    }
    put_varint(heads, record.time.0.saturating_sub(before.time.0));
    match &record.effect {
        Effect::Publish(post) => put_post(post, before, heads, contents),
        Effect::Emptied(emptied) => put_emptied((emptied, record.key.is_some()), before, heads),
        Effect::Broadcast(BroadcastEffect { content, act, emptied }) => {
            match emptied {
                Some(fingerprint) => {
                    let emptied = Emptied::of(content, *fingerprint);
                    put_emptied((&emptied, record.key.is_some()), before, heads);
                }
                None => put_post(content, before, heads, contents),
            }
            act.put(heads);
        }
        Effect::Revise(revise) => put_revise(revise, heads, contents),
        Effect::Retired(retired) => {
            put_varint(heads, retired.subject.0);
            retired.other.into_iter().for_each(|other| put_varint(heads, other.0));
            retired.comment_of.into_iter().for_each(|post| put_varint(heads, post.0));
            if record.key.is_some() {
                put_u64(heads, retired.fingerprint);
            }
            put_noticed(&retired.noticed, heads);
            match retired.broadcast {
                Some(Bygone::Began) => put_varint(heads, 0),
                Some(Bygone::Ends(ended)) => put_pair(heads, ended.broadcast.0, ended.began.0),
                None => {}
            }
        }
        effect => {
            effect.put_fields(heads);
            if let Effect::Follow { weight: Some(weight), .. } = effect {
                put_varint(heads, u64::from(*weight));
            }
            effect.put_ends(heads);
            if let Effect::Response(response) = effect
                && let Some(text) = response.text()
            {
                put_varint(heads, text.len() as u64);
                contents.extend_from_slice(text);
            }
        }
    }
    before.next = sequence.next();
    before.time = before.time.max(record.time);
}

fn flags(record: &Record) -> u8 {
    let part = |is_there, flag| if is_there { flag } else { 0 };
    let key = part(record.key.is_some(), packed_flag::KEY);
    if let Some(content) = record.effect.content() {
        return key
            | part(record.effect.is_emptied(), packed_flag::EMPTIED)
            | part(content.created_at.is_some(), packed_flag::CREATED_AT)
            | part(!content.meta.is_empty(), packed_flag::META)
            | part(!content.mentions.is_empty(), packed_flag::MENTIONS)
            | part(!content.audience.is_everybody(), packed_flag::AUDIENCE);
    }
    match &record.effect {
        Effect::Emptied(emptied) => {
            let created_at = part(emptied.created_at.is_some(), packed_flag::CREATED_AT);
            key | created_at
                | packed_flag::EMPTIED
                | part(!emptied.mentions.is_empty(), packed_flag::MENTIONS)
                | part(!emptied.audience.is_everybody(), packed_flag::AUDIENCE)
        }
        Effect::Revise(revise) => {
            key | part(!revise.meta.is_empty(), packed_flag::META)
                | part(!revise.mentions.is_empty(), packed_flag::MENTIONS)
                | part(!revise.audience.is_everybody(), packed_flag::AUDIENCE)
        }
        Effect::Retired(retired) => {
            key | part(retired.other.is_some(), packed_flag::OTHER)
                | part(retired.is_post, packed_flag::POST)
                | part(retired.comment_of.is_some(), packed_flag::COMMENT)
                | part(!retired.noticed.is_empty(), packed_flag::MENTIONS)
                | part(retired.broadcast.is_some(), packed_flag::BROADCAST)
                | match retired.answered {
                    Answered::Done => 0,
                    Answered::New => packed_flag::NEW,
                    Answered::Requested => packed_flag::REQUESTED,
                }
        }
        Effect::Follow { weight, .. } => key | part(weight.is_some(), packed_flag::WEIGHT),
        _ => key,
    }
}

fn put_post(post: &NewPost, before: &mut Before, heads: &mut Vec<u8>, contents: &mut Vec<u8>) {
    put_pair(heads, post.author.0, u64::from(post.kind));
    put_created_at(post.created_at, before, heads);
    put_contents(&post.meta, &post.text, heads, contents);
    put_mentions(&post.mentions, heads);
    put_audience(&post.audience, heads);
    post.repost.iter().for_each(|link| repost_link::put(link, heads));
}

fn put_emptied((emptied, has_key): (&Emptied, bool), before: &mut Before, heads: &mut Vec<u8>) {
    put_pair(heads, emptied.author.0, u64::from(emptied.kind));
    put_created_at(emptied.created_at, before, heads);
    if has_key {
        put_u64(heads, emptied.fingerprint);
    }
    put_mentions(&emptied.mentions, heads);
    put_audience(&emptied.audience, heads);
    emptied.repost.iter().for_each(|link| repost_link::put(link, heads));
}

fn put_revise(revise: &ReviseEffect, heads: &mut Vec<u8>, contents: &mut Vec<u8>) {
    put_pair(heads, revise.post.0, revise.author.0);
    revise.put_numbers(heads);
    put_contents(&revise.meta, &revise.text, heads, contents);
    put_mentions(&revise.mentions, heads);
    put_audience(&revise.audience, heads);
}

fn put_created_at(created_at: Option<Timestamp>, before: &mut Before, heads: &mut Vec<u8>) {
    if let Some(at) = created_at {
        put_varint(heads, zigzag(at.0.wrapping_sub(before.created_at)));
        before.created_at = at.0;
    }
}

fn put_contents(meta: &[u8], text: &[u8], heads: &mut Vec<u8>, contents: &mut Vec<u8>) {
    if !meta.is_empty() {
        put_varint(heads, meta.len() as u64);
        contents.extend_from_slice(meta);
    }
    put_varint(heads, text.len() as u64);
    contents.extend_from_slice(text);
}

/// Nothing if nobody is mentioned.
fn put_mentions(mentions: &Mentions, heads: &mut Vec<u8>) {
    if !mentions.is_empty() {
        mentions.put(heads);
    }
}

/// Nothing if it is everybody.
fn put_audience(audience: &Audience, heads: &mut Vec<u8>) {
    if !audience.is_everybody() {
        let mut value = Vec::with_capacity(16);
        audience.borrow().put(&mut value);
        put_varint(heads, value.len() as u64);
        heads.extend_from_slice(&value);
    }
}

/// How many, and each; nothing if there are none.
fn put_noticed(users: &[UserId], heads: &mut Vec<u8>) {
    if !users.is_empty() {
        put_varint(heads, users.len() as u64);
        users.iter().for_each(|user| put_varint(heads, user.0));
    }
}

/// Reads the record whose head is at `cursor` and whose contents begin at `contents`; leaves both
/// behind it. `None` if it makes no sense.
pub(super) fn load(
    cursor: &mut Cursor<'_>,
    contents: &mut Bytes,
    before: &mut Before,
) -> Option<(Sequence, Record)> {
    let sequence = Sequence(before.next.0.checked_add(cursor.varint()?)?);
    let [kind, flags] = cursor.array()?;
    let key = if flags & packed_flag::KEY == 0 { None } else { Some(Key(cursor.array()?)) };
    let time = Timestamp(before.time.0.checked_add(cursor.varint()?)?);
    let effect = match kind {
        record_kind::PUBLISH | record_kind::REPOST if flags & packed_flag::EMPTIED != 0 => {
            let mut emptied = load_emptied((flags, key.is_some()), cursor, before)?;
            emptied.repost = load_link(kind, cursor)?;
            Effect::Emptied(emptied)
        }
        record_kind::PUBLISH | record_kind::REPOST => {
            let mut post = load_post(flags, cursor, contents, before)?;
            post.repost = load_link(kind, cursor)?;
            Effect::Publish(post)
        }
        record_kind::BROADCAST_END if flags & packed_flag::EMPTIED != 0 => {
            let Emptied { author, kind, created_at, fingerprint, mentions, .. } =
                load_emptied((flags, key.is_some()), cursor, before)?;
            let content = NewPost { author, kind, created_at, mentions, ..NewPost::default() };
            let act = BroadcastAct::load(record_kind::BROADCAST_END, cursor)?;
            Effect::Broadcast(BroadcastEffect { content, act, emptied: Some(fingerprint) })
        }
        kind if is_broadcast_kind(kind) => {
            let content = load_post(flags, cursor, contents, before)?;
            let act = BroadcastAct::load(kind, cursor)?;
            Effect::Broadcast(BroadcastEffect::new(content, act))
        }
        record_kind::REVISE => load_revise(flags, cursor, contents)?,
        record_kind::RETIRED => load_retired(flags, key.is_some(), cursor)?,
        kind => {
            let (first, second) = (cursor.varint()?, cursor.varint()?);
            let mut effect = pair_effect(kind, first, second, cursor)?;
            if let Effect::Follow { weight, .. } = &mut effect
                && flags & packed_flag::WEIGHT != 0
            {
                *weight = Some(cursor.varint_as()?);
            }
            if let Effect::Response(response) = &mut effect
                && let Some(text) = response.text_mut()
            {
                *text = take(contents, cursor.varint_as()?)?;
            }
            effect
        }
    };
    before.next = Sequence(sequence.0.checked_add(1)?);
    before.time = time;
    Some((sequence, Record { time, key, effect }))
}

fn load_post(
    flags: u8,
    cursor: &mut Cursor<'_>,
    contents: &mut Bytes,
    before: &mut Before,
) -> Option<NewPost> {
    let (author, kind) = (UserId(cursor.varint()?), cursor.varint_as()?);
    let created_at = load_created_at(flags, cursor, before)?;
    let (meta, text) = load_contents(flags, cursor, contents)?;
    let (mentions, audience) = (load_mentions(flags, cursor)?, load_audience(flags, cursor)?);
    Some(NewPost { author, kind, created_at, text, meta, repost: None, mentions, audience })
}

fn load_emptied(
    (flags, has_key): (u8, bool),
    cursor: &mut Cursor<'_>,
    before: &mut Before,
) -> Option<Emptied> {
    let (author, kind) = (UserId(cursor.varint()?), cursor.varint_as()?);
    let created_at = load_created_at(flags, cursor, before)?;
    let fingerprint = if has_key { u64::from_le_bytes(cursor.array()?) } else { 0 };
    let (mentions, audience) = (load_mentions(flags, cursor)?, load_audience(flags, cursor)?);
    Some(Emptied { author, kind, created_at, fingerprint, repost: None, mentions, audience })
}

fn load_revise(flags: u8, cursor: &mut Cursor<'_>, contents: &mut Bytes) -> Option<Effect> {
    let (post, author) = (cursor.varint()?, cursor.varint()?);
    let revise = ReviseEffect::load_numbers(post, author, cursor)?;
    let (meta, text) = load_contents(flags, cursor, contents)?;
    let (mentions, audience) = (load_mentions(flags, cursor)?, load_audience(flags, cursor)?);
    Some(Effect::Revise(ReviseEffect { text, meta, mentions, audience, ..revise }))
}

/// The inner `None` if no time was given.
#[expect(clippy::option_option, reason = "the outer one is of bytes that make no sense")]
fn load_created_at(
    flags: u8,
    cursor: &mut Cursor<'_>,
    before: &mut Before,
) -> Option<Option<Timestamp>> {
    if flags & packed_flag::CREATED_AT == 0 {
        return Some(None);
    }
    before.created_at = before.created_at.wrapping_add(unzigzag(cursor.varint()?));
    Some(Some(Timestamp(before.created_at)))
}

/// Meta and text.
fn load_contents(
    flags: u8,
    cursor: &mut Cursor<'_>,
    contents: &mut Bytes,
) -> Option<(Bytes, Bytes)> {
    let mut meta_len = 0;
    if flags & packed_flag::META != 0 {
        meta_len = cursor.varint_as()?;
    }
    let meta = take(contents, meta_len)?;
    let text = take(contents, cursor.varint_as()?)?;
    Some((meta, text))
}

fn load_mentions(flags: u8, cursor: &mut Cursor<'_>) -> Option<Mentions> {
    match flags & packed_flag::MENTIONS {
        0 => Some(Mentions::new()),
        _ => Mentions::take(cursor),
    }
}

fn load_audience(flags: u8, cursor: &mut Cursor<'_>) -> Option<Audience> {
    if flags & packed_flag::AUDIENCE == 0 {
        return Some(Audience::Everybody);
    }
    let len = cursor.varint_as()?;
    AudienceRef::load(cursor.take(len)?).map(AudienceRef::own)
}

fn load_retired(flags: u8, has_key: bool, cursor: &mut Cursor<'_>) -> Option<Effect> {
    let mut retired = Retired::of(UserId(cursor.varint()?));
    if flags & packed_flag::OTHER != 0 {
        retired.other = Some(UserId(cursor.varint()?));
    }
    if flags & packed_flag::COMMENT != 0 {
        retired.comment_of = Some(PostId(cursor.varint()?));
    }
    if has_key {
        retired.fingerprint = u64::from_le_bytes(cursor.array()?);
    }
    retired.is_post = flags & packed_flag::POST != 0;
    retired.answered = match flags & (packed_flag::NEW | packed_flag::REQUESTED) {
        0 => Answered::Done,
        packed_flag::NEW => Answered::New,
        packed_flag::REQUESTED => Answered::Requested,
        _ => return None,
    };
    if flags & packed_flag::MENTIONS != 0 {
        retired.noticed = load_noticed(cursor)?;
    }
    if flags & packed_flag::BROADCAST != 0 {
        retired.broadcast = Some(load_bygone(cursor)?);
    }
    Some(Effect::Retired(retired))
}

/// Each once: two places of one record would not ascend.
fn load_noticed(cursor: &mut Cursor<'_>) -> Option<Vec<UserId>> {
    let count: usize = cursor.varint_as().filter(|count| *count <= CONCERNED_MAX)?;
    let mut users = Vec::with_capacity(count);
    for _ in 0..count {
        let user = UserId(cursor.varint()?);
        if users.contains(&user) {
            return None;
        }
        users.push(user);
    }
    Some(users)
}

fn load_bygone(cursor: &mut Cursor<'_>) -> Option<Bygone> {
    let broadcast = BroadcastId(cursor.varint()?);
    if broadcast == BroadcastId(0) {
        return Some(Bygone::Began);
    }
    Some(Bygone::Ends(Ended { broadcast, began: Sequence(cursor.varint()?) }))
}

fn take(contents: &mut Bytes, len: usize) -> Option<Bytes> {
    (len <= contents.len()).then(|| contents.split_to(len))
}

/// Small numbers of either sign to small numbers.
fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ (0_u64.wrapping_sub(difference >> 63))
}

fn unzigzag(value: u64) -> u64 {
    (value >> 1) ^ 0_u64.wrapping_sub(value & 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_round_trips() {
        for value in [0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
        assert_eq!(zigzag(0_u64.wrapping_sub(1)), 1, "minus one is small");
    }
}
