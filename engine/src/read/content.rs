//! The content of posts: in the log's memory (its newest segments), in a cache of older posts, or in
//! files.
//!
//! The cache is bounded by bytes, and a walk through old posts does not push out what is read again
//! and again (`quick_cache`: an S3-FIFO; Yang et al., SOSP 2023). `ARCHITECTURE.md` says what it was
//! compared with.

use std::sync::Arc;

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::command::NewPost;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Sequence, Timestamp};
use crate::log::located::Located;
use crate::log::post::PostFields;
use crate::log::record::{Effect, Record};
use crate::log::view::Segments;
use crate::mentions::Mentions;
use crate::query::{Post, PostRef};
use crate::shared::{Shared, Tally};

/// Bytes that a cached post takes beside its text and meta.
const POST_BYTES: u64 = size_of::<Post>() as u64 + 80;

/// A cached post of usual size, for the size of the cache's tables.
const USUAL_BYTES: u64 = POST_BYTES + 128;

/// How far a read may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only what is in memory of our own: it never waits for a disk.
    Memory,
    /// Files too.
    Files,
}

/// Older posts that were read lately.
#[derive(Debug)]
pub(crate) struct PostCache(Cache<u64, Arc<Post>, Weight>);

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<u64, Arc<Post>> for Weight {
    fn weight(&self, _: &u64, post: &Arc<Post>) -> u64 {
        (post.text.len() + post.meta.len()) as u64 + POST_BYTES
    }
}

impl PostCache {
    /// A cache of at most `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX).max(16);
        Self(Cache::with_weighter(items, bytes, Weight))
    }

    /// Bytes in the cache.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.weight()
    }

    /// Keeps a copy: the post's own bytes may belong to a mapped file or to a whole block.
    fn keep(&self, sequence: Sequence, post: &Post) {
        let copy = |bytes: &Bytes| Bytes::copy_from_slice(bytes);
        let mentions = post.mentions.own();
        let post =
            Post { text: copy(&post.text), meta: copy(&post.meta), mentions, ..post.clone() };
        self.0.insert(sequence.0, Arc::new(post));
    }
}

/// Where posts are to be found.
#[derive(Debug)]
pub(crate) struct Content<'a> {
    shared: &'a Shared,
    segments: &'a Segments,
    of: Of,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Posts,
    /// What broadcasts are called: said by records that are no posts too.
    Broadcasts,
}

/// Marks what broadcasts say in the cache, so that nobody takes it for a post.
const SAID: u64 = 1 << 63;

/// A post that was found, but not read yet.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    InLog(Located<'a>),
    Cached(Arc<Post>),
    InFiles,
}

impl<'a> Content<'a> {
    /// The content as of one list of segments.
    pub(crate) fn new(shared: &'a Shared, segments: &'a Segments) -> Self {
        Self { shared, segments, of: Of::Posts }
    }

    /// The same of what broadcasts say.
    pub(crate) fn of_broadcasts(shared: &'a Shared, segments: &'a Segments) -> Self {
        Self { shared, segments, of: Of::Broadcasts }
    }

    /// Finds all posts before any is read: the processor overlaps the cache misses. `None` if one is
    /// out of reach.
    pub(crate) fn find(&self, entries: &[Sequence], reach: Reach) -> Option<Vec<Found<'a>>> {
        entries.iter().for_each(|sequence| self.segments.prefetch(*sequence));
        let mut found = Vec::with_capacity(entries.len());
        for sequence in entries {
            let place = match self.in_memory(*sequence) {
                None if reach == Reach::Memory => return None,
                place => place.unwrap_or(Found::InFiles),
            };
            if let Found::InLog(located) = &place {
                located.prefetch();
            }
            found.push(place);
        }
        Some(found)
    }

    /// The post that was published at `sequence`, as it was then, if any. `None` if that is out of reach.
    pub(crate) fn post(&self, sequence: Sequence, reach: Reach) -> Result<Option<Option<Post>>> {
        let found = self.at(sequence, reach)?;
        // What a revision says stands at another sequence than the post.
        Ok(found.map(|post| post.filter(|post| post.id == sequence.into())))
    }

    /// What a record says of a post: its publish, or one of its revisions. `None` if that is out of
    /// reach.
    pub(crate) fn at(&self, place: Sequence, reach: Reach) -> Result<Option<Option<Post>>> {
        let found = self.find_one(place, reach);
        found.map(|found| self.read(place, found)).transpose()
    }

    /// Finds what a record says, if any. `None` if that is out of reach.
    pub(crate) fn find_one(&self, place: Sequence, reach: Reach) -> Option<Found<'a>> {
        match self.in_memory(place) {
            // Above the log and in its newest part nothing is in files.
            None if reach == Reach::Memory && self.segments.sealed_at(place).is_some() => None,
            found => Some(found.unwrap_or(Found::InFiles)),
        }
    }

    fn in_memory(&self, sequence: Sequence) -> Option<Found<'a>> {
        let in_log = self.segments.resident(sequence).map(Found::InLog);
        in_log.or_else(|| self.shared.posts.0.get(&self.key(sequence).0).map(Found::Cached))
    }

    /// Reads a post that a view names out of what was found, borrowed; what is in files is not looked at, nor
    /// are revisions.
    #[inline]
    pub(crate) fn borrow<'b>(
        &self,
        sequence: Sequence,
        found: &'b Found<'a>,
    ) -> Result<PostRef<'b>> {
        match found {
            Found::InLog(located) => {
                let fields = self.fields(located)?.ok_or_else(|| lost(sequence))?;
                Ok(PostRef {
                    id: sequence.into(),
                    author: fields.author,
                    at: fields.created_at.unwrap_or(fields.time),
                    committed_at: fields.time,
                    kind: fields.kind,
                    text: fields.text,
                    meta: fields.meta,
                    repost: fields.repost,
                    mentions: fields.mentions,
                    revision: 0,
                    edited_at: None,
                    audience: fields.audience,
                })
            }
            Found::Cached(post) => {
                Tally::count(&self.shared.tally.posts_cached, 1);
                Ok(post.borrow())
            }
            Found::InFiles => Err(lost(sequence)),
        }
    }

    /// Reads a post that a view names: the log must have it.
    pub(crate) fn fetch(&self, sequence: Sequence, found: Found<'_>) -> Result<Post> {
        self.read(sequence, found)?.ok_or_else(|| lost(sequence))
    }

    /// Reads a post behind others; false if the record says nothing of one.
    #[inline]
    pub(crate) fn append<T: From<Post>>(
        &self,
        sequence: Sequence,
        found: Found<'_>,
        posts: &mut Vec<T>,
    ) -> Result<bool> {
        // The usual case, by itself: a post has a few hundred bytes, and each layer around it moves them.
        if let Found::InLog(located) = &found
            && let Some(fields) = self.fields(located)?
        {
            posts.push(owned(sequence, located, &fields).into());
            return Ok(true);
        }
        let post = self.read(sequence, found)?.map(T::from);
        let before = posts.len();
        posts.extend(post);
        Ok(before < posts.len())
    }

    fn read(&self, sequence: Sequence, found: Found<'_>) -> Result<Option<Post>> {
        let tally = &self.shared.tally;
        Ok(match found {
            Found::InLog(located) => match self.fields(&located)? {
                Some(fields) => Some(owned(sequence, &located, &fields)),
                // What a revision says stands in a record of another shape.
                None => self.post_of(sequence, located.record()?),
            },
            Found::Cached(post) => {
                Tally::count(&tally.posts_cached, 1);
                Some(Arc::unwrap_or_clone(post))
            }
            Found::InFiles => {
                Tally::count(&tally.posts_loaded, 1);
                let Some(record) = self.segments.record(sequence)? else { return Ok(None) };
                // Who reads an older position still finds the text: it must not be hidden from them.
                let keeps = !record.effect.is_emptied();
                let post = self.post_of(sequence, record);
                post.iter()
                    .filter(|_| keeps)
                    .for_each(|it| self.shared.posts.keep(self.key(sequence), it));
                post
            }
        })
    }
}

/// What a record says of a post; `None` if it says nothing of that.
pub(crate) fn as_content(sequence: Sequence, record: Record) -> Option<Post> {
    let at = record.time;
    Some(match record.effect {
        Effect::Publish(content) => published(sequence, at, content),
        Effect::Emptied(emptied) => Post {
            id: sequence.into(),
            author: emptied.author,
            at: emptied.created_at.unwrap_or(at),
            committed_at: at,
            kind: emptied.kind,
            repost: emptied.repost,
            mentions: emptied.mentions,
            audience: emptied.audience,
            ..Post::default()
        },
        Effect::Revise(revise) => Post {
            id: revise.post,
            author: revise.author,
            at: revise.at,
            committed_at: revise.committed_at,
            kind: revise.kind,
            text: revise.text,
            meta: revise.meta,
            repost: revise.repost,
            mentions: revise.mentions,
            revision: revise.revision,
            edited_at: Some(at),
            audience: revise.audience,
        },
        Effect::Broadcast(effect) if effect.replay().is_some() => {
            published(sequence, at, effect.content)
        }
        _ => return None,
    })
}

/// What a record about a broadcast says, or one of a replay that was revised, in the shape of a post;
/// `None` if it is something else.
fn as_said(sequence: Sequence, record: Record) -> Option<Post> {
    match record.effect {
        Effect::Broadcast(effect) => Some(published(sequence, record.time, effect.content)),
        _ => as_content(sequence, record),
    }
}

/// A post whose text and meta are slices of the segment: of the record nothing else is made.
#[inline]
fn owned(sequence: Sequence, located: &Located<'_>, fields: &PostFields<'_>) -> Post {
    Post {
        id: sequence.into(),
        author: fields.author,
        at: fields.created_at.unwrap_or(fields.time),
        committed_at: fields.time,
        kind: fields.kind,
        text: located.slice(fields.text),
        meta: located.slice(fields.meta),
        repost: fields.repost,
        mentions: Mentions::slice_of(located.bytes, fields.mentions),
        revision: 0,
        edited_at: None,
        audience: fields.audience.own(),
    }
}

fn published(sequence: Sequence, at: Timestamp, content: NewPost) -> Post {
    Post {
        id: sequence.into(),
        author: content.author,
        at: content.created_at.unwrap_or(at),
        committed_at: at,
        kind: content.kind,
        text: content.text,
        meta: content.meta,
        repost: content.repost,
        mentions: content.mentions,
        revision: 0,
        edited_at: None,
        audience: content.audience,
    }
}

impl Content<'_> {
    /// What is looked for in a record, borrowed; `None` if it is something else.
    #[inline]
    fn fields<'b>(&self, located: &Located<'b>) -> Result<Option<PostFields<'b>>> {
        match self.of {
            Of::Posts => located.post(),
            Of::Broadcasts => located.said(),
        }
    }

    fn key(&self, sequence: Sequence) -> Sequence {
        match self.of {
            Of::Posts => sequence,
            Of::Broadcasts => Sequence(sequence.0 | SAID),
        }
    }

    fn post_of(&self, sequence: Sequence, record: Record) -> Option<Post> {
        match self.of {
            Of::Posts => as_content(sequence, record),
            Of::Broadcasts => as_said(sequence, record),
        }
    }
}

/// The log does not have what a view names.
pub(crate) fn lost(sequence: Sequence) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the log has no post at sequence {sequence}"))
}
