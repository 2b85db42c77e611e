//! One record in a block: its head (everything but the long parts), and its contents (meta, text),
//! which stand apart so that both compress well.
//!
//! ```text
//! head     | gap varint | kind u8 | flags u8 | key 16 (flag) | time varint | fields of the kind |
//! publish  | author varint | kind varint | created_at (flag) | meta length (flag) | text length |
//! emptied  | author varint | kind varint | created_at (flag) | fingerprint u64 (with a key) |
//! revise   | post varint | author varint | as in a plain record | meta length (flag) | text length |
//! retired  | user varint | other varint (flag) | post varint (flag) | fingerprint u64 (with a key) |
//! comment  | as in a plain record, without the text | text length |
//! others   | two varints | weight (flag) | began varint of each edge it ends, or weight |
//! ```
//!
//! The gap is the distance to the record before, less one; times count from the record before.

use bytes::Bytes;

use crate::command::NewPost;
use crate::ids::{Key, PostId, Sequence, Timestamp, UserId};
use crate::log::bytes::{Cursor, put_u64, put_varint};
use crate::log::layout::{packed_flag, record_kind};
use crate::log::record::{Effect, Record, Retired, pair_effect, put_pair};
use crate::log::revise_effect::{Emptied, ReviseEffect};

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
        Effect::Emptied(emptied) => {
            put_pair(heads, emptied.author.0, u64::from(emptied.kind));
            put_created_at(emptied.created_at, before, heads);
            if record.key.is_some() {
                put_u64(heads, emptied.fingerprint);
            }
        }
        Effect::Revise(revise) => put_revise(revise, heads, contents),
        Effect::Retired(retired) => {
            put_varint(heads, retired.subject.0);
            retired.other.into_iter().for_each(|other| put_varint(heads, other.0));
            retired.comment_of.into_iter().for_each(|post| put_varint(heads, post.0));
            if record.key.is_some() {
                put_u64(heads, retired.fingerprint);
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
    match &record.effect {
        Effect::Publish(post) => {
            key | part(post.created_at.is_some(), packed_flag::CREATED_AT)
                | part(!post.meta.is_empty(), packed_flag::META)
        }
        Effect::Emptied(emptied) => {
            let created_at = part(emptied.created_at.is_some(), packed_flag::CREATED_AT);
            key | created_at | packed_flag::EMPTIED
        }
        Effect::Revise(revise) => key | part(!revise.meta.is_empty(), packed_flag::META),
        Effect::Retired(retired) => {
            key | part(retired.other.is_some(), packed_flag::OTHER)
                | part(retired.is_post, packed_flag::POST)
                | part(retired.comment_of.is_some(), packed_flag::COMMENT)
        }
        Effect::Follow { weight, .. } => key | part(weight.is_some(), packed_flag::WEIGHT),
        _ => key,
    }
}

fn put_post(post: &NewPost, before: &mut Before, heads: &mut Vec<u8>, contents: &mut Vec<u8>) {
    put_pair(heads, post.author.0, u64::from(post.kind));
    put_created_at(post.created_at, before, heads);
    put_contents(&post.meta, &post.text, heads, contents);
}

fn put_revise(revise: &ReviseEffect, heads: &mut Vec<u8>, contents: &mut Vec<u8>) {
    put_pair(heads, revise.post.0, revise.author.0);
    revise.put_numbers(heads);
    put_contents(&revise.meta, &revise.text, heads, contents);
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
        record_kind::PUBLISH if flags & packed_flag::EMPTIED != 0 => {
            load_emptied((flags, key.is_some()), cursor, before)?
        }
        record_kind::PUBLISH => load_post(flags, cursor, contents, before)?,
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
) -> Option<Effect> {
    let (author, kind) = (UserId(cursor.varint()?), cursor.varint_as()?);
    let created_at = load_created_at(flags, cursor, before)?;
    let (meta, text) = load_contents(flags, cursor, contents)?;
    Some(Effect::Publish(NewPost { author, kind, created_at, text, meta }))
}

fn load_emptied(
    (flags, has_key): (u8, bool),
    cursor: &mut Cursor<'_>,
    before: &mut Before,
) -> Option<Effect> {
    let (author, kind) = (UserId(cursor.varint()?), cursor.varint_as()?);
    let created_at = load_created_at(flags, cursor, before)?;
    let fingerprint = if has_key { u64::from_le_bytes(cursor.array()?) } else { 0 };
    Some(Effect::Emptied(Emptied { author, kind, created_at, fingerprint }))
}

fn load_revise(flags: u8, cursor: &mut Cursor<'_>, contents: &mut Bytes) -> Option<Effect> {
    let (post, author) = (cursor.varint()?, cursor.varint()?);
    let revise = ReviseEffect::load_numbers(post, author, cursor)?;
    let (meta, text) = load_contents(flags, cursor, contents)?;
    Some(Effect::Revise(ReviseEffect { text, meta, ..revise }))
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

fn load_retired(flags: u8, has_key: bool, cursor: &mut Cursor<'_>) -> Option<Effect> {
    let subject = UserId(cursor.varint()?);
    let mut other = None;
    if flags & packed_flag::OTHER != 0 {
        other = Some(UserId(cursor.varint()?));
    }
    let mut comment_of = None;
    if flags & packed_flag::COMMENT != 0 {
        comment_of = Some(PostId(cursor.varint()?));
    }
    let fingerprint = if has_key { u64::from_le_bytes(cursor.array()?) } else { 0 };
    let is_post = flags & packed_flag::POST != 0;
    Some(Effect::Retired(Retired { subject, other, is_post, comment_of, fingerprint }))
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
