//! What stands in front of every write and every read: who asks, and under which key.
//!
//! Invariant: a flag that this version does not know is refused, so that nothing a client relies on
//! is silently ignored.
//!
//! | prefix | bytes |
//! |---|---|
//! | write | flags u8 (1 key, 2 actor, 4 audience: of `publish` and `repost` only), \[key 16 bytes\], \[actor varint\], \[audience\] |
//! | read | flags u8 (1 viewer, 2 counts: of pages of posts and of a post only, 4 originals, 8 groups, 16 collapse: of pages of posts only), \[viewer varint\], \[horizon_ms varint, top option varint\] |

use bytes::{BufMut, BytesMut};

use crate::audience::Audience;
use crate::error::{DecodeError, EncodeError};
use crate::limits::KEY_BYTES;
use crate::wire::{Cursor, put_option, put_varint};

/// Options of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The idempotency key: the same key again gets the first answer and changes nothing.
    pub key: Option<[u8; KEY_BYTES]>,
    /// The user on whose behalf this happens; absent means the trusted application.
    pub actor: Option<u64>,
}

/// Options of a read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The user who looks; absent means the trusted application.
    pub viewer: Option<u64>,
    /// Whether posts come with the counts of what they were responded with. Only of reads that answer with
    /// posts: others are refused with it.
    pub counts: bool,
    /// Whether a page comes with what its reposts refer to. Only of reads that answer with a page of posts.
    pub originals: bool,
    /// Whether a page comes with the groups of the reader that have the authors. Only of reads that answer with
    /// a page of posts.
    pub groups: bool,
    /// Whether a page has of several entries of one root the newest alone, and how. Only of reads that answer
    /// with a page of posts.
    pub collapse: Option<Collapse>,
}

/// How a page is collapsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collapse {
    /// How far apart the times of two entries of one root may be for the newer to stand for the older, in
    /// milliseconds; 0 is the server's default.
    pub horizon_ms: u64,
    /// What the first page answered; absent on the first page.
    pub top: Option<u64>,
}

impl Collapse {
    fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let horizon_ms = cursor.take_varint("horizon_ms")?;
        Ok(Self { horizon_ms, top: cursor.take_option("top", Cursor::take_varint)? })
    }

    fn encode(self, out: &mut BytesMut) {
        put_varint(out, self.horizon_ms);
        put_option(out, self.top, put_varint);
    }
}

impl WriteOptions {
    /// Flag: a key follows.
    pub const KEY: u8 = 1;
    /// Flag: an actor follows.
    pub const ACTOR: u8 = 2;

    /// Flag: an audience follows.
    pub const AUDIENCE: u8 = 4;

    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Self::load_of(cursor, Self::KEY | Self::ACTOR).map(|(options, _)| options)
    }

    /// Of a post, with its audience.
    pub(crate) fn load_of_post(cursor: &mut Cursor) -> Result<(Self, Audience), DecodeError> {
        let (options, flags) = Self::load_of(cursor, Self::KEY | Self::ACTOR | Self::AUDIENCE)?;
        let audience = match flags & Self::AUDIENCE {
            0 => Audience::Everybody,
            _ => Audience::load_said(cursor)?,
        };
        Ok((options, audience))
    }

    fn load_of(cursor: &mut Cursor, known: u8) -> Result<(Self, u8), DecodeError> {
        let flags = cursor.take_flags("options", known)?;
        let has = |flag| flags & flag != 0;
        let key = has(Self::KEY).then(|| cursor.take_array("key")).transpose()?;
        let actor = has(Self::ACTOR).then(|| cursor.take_varint("actor")).transpose()?;
        Ok((Self { key, actor }, flags))
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.encode_with(0, out);
    }

    /// Of a post for this audience.
    pub(crate) fn encode_of_post(
        &self,
        audience: &Audience,
        out: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        if *audience == Audience::Everybody {
            self.encode_with(0, out);
            return Ok(());
        }
        self.encode_with(Self::AUDIENCE, out);
        audience.encode_said(out)
    }

    fn encode_with(&self, flags: u8, out: &mut BytesMut) {
        let key = if self.key.is_some() { Self::KEY } else { 0 };
        let actor = if self.actor.is_some() { Self::ACTOR } else { 0 };
        out.put_u8(key | actor | flags);
        if let Some(key) = &self.key {
            out.put_slice(key);
        }
        if let Some(actor) = self.actor {
            put_varint(out, actor);
        }
    }
}

impl ReadOptions {
    /// Flag: a viewer follows.
    pub const VIEWER: u8 = 1;

    /// Flag: counts are wanted.
    pub const COUNTS: u8 = 2;

    /// Flag: originals are wanted.
    pub const ORIGINALS: u8 = 4;

    /// Flag: groups are wanted.
    pub const GROUPS: u8 = 8;

    /// Flag: the page is to be collapsed.
    pub const COLLAPSE: u8 = 16;

    /// Of a read that counts nothing.
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Self::load_of(cursor, Self::VIEWER)
    }

    /// Of a read that answers with posts.
    pub(crate) fn load_counting(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Self::load_of(cursor, Self::VIEWER | Self::COUNTS)
    }

    /// Of a read that answers with a page of posts.
    pub(crate) fn load_page(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let parts = Self::ORIGINALS | Self::GROUPS | Self::COLLAPSE;
        Self::load_of(cursor, Self::VIEWER | Self::COUNTS | parts)
    }

    fn load_of(cursor: &mut Cursor, known: u8) -> Result<Self, DecodeError> {
        let flags = cursor.take_flags("options", known)?;
        let has_viewer = flags & Self::VIEWER != 0;
        let viewer = has_viewer.then(|| cursor.take_varint("viewer")).transpose()?;
        let has = |flag| flags & flag != 0;
        let collapse = has(Self::COLLAPSE).then(|| Collapse::load(cursor)).transpose()?;
        let (counts, originals) = (has(Self::COUNTS), has(Self::ORIGINALS));
        Ok(Self { viewer, counts, originals, groups: has(Self::GROUPS), collapse })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        let viewer = flag(self.viewer.is_some(), Self::VIEWER);
        let groups = flag(self.groups, Self::GROUPS);
        let counts = flag(self.counts, Self::COUNTS);
        let collapse = flag(self.collapse.is_some(), Self::COLLAPSE);
        out.put_u8(viewer | counts | flag(self.originals, Self::ORIGINALS) | groups | collapse);
        if let Some(viewer) = self.viewer {
            put_varint(out, viewer);
        }
        if let Some(collapse) = self.collapse {
            collapse.encode(out);
        }
    }
}
