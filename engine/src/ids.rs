//! The numbers everything else is named by: users, posts, positions, times.
//!
//! Newtypes, not aliases, so that a user can never be handed in for a post. A [`PostId`] *is* the
//! sequence of the log record that created the post: the log is the id dispenser (see
//! `ARCHITECTURE.md`, "The log is the truth").

use std::fmt;

/// A user, who is author and reader alike. The application chooses the number; a user nobody has
/// written about reads as empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u64);

/// The position of a record in the log: 1 for the first, ascending, never reused. 0 means "before
/// the first record".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// A post: the sequence of the record that published it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId(pub u64);

/// A group: the sequence of the record that created it. A group that is deleted and one that is
/// created later under the same name are two groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u64);

/// A broadcast: the sequence of the record that scheduled it, or that started it unscheduled. Its replay
/// is a post of its own, with an id of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BroadcastId(pub u64);

/// Milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

/// A place in the history of one database: which life of the log (epoch), and how far in it.
///
/// The epoch grows when a recovery may have lost acknowledged writes; sequences then skip ahead by
/// 2^32, so that an id once given never means another post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Which life of the log.
    pub epoch: u32,
    /// How far in it.
    pub sequence: Sequence,
}

/// The 16 random bytes that name one database; every file of it carries them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DatabaseId(pub [u8; 16]);

/// An idempotency key: 16 bytes chosen by the application, scoped by the acting user; not all of them zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// What keeps the place of a key that is forgotten; no write comes under it.
    pub(crate) const NONE: Self = Self([0; 16]);
}

impl Sequence {
    /// The sequence after this one. Nothing comes after the last number of all, which the log never
    /// reaches but a cursor may name: it stays.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl From<Sequence> for PostId {
    fn from(sequence: Sequence) -> Self {
        Self(sequence.0)
    }
}

impl From<Sequence> for GroupId {
    fn from(sequence: Sequence) -> Self {
        Self(sequence.0)
    }
}

impl From<GroupId> for Sequence {
    fn from(group: GroupId) -> Self {
        Self(group.0)
    }
}

impl From<Sequence> for BroadcastId {
    fn from(sequence: Sequence) -> Self {
        Self(sequence.0)
    }
}

impl From<BroadcastId> for Sequence {
    fn from(broadcast: BroadcastId) -> Self {
        Self(broadcast.0)
    }
}

impl From<PostId> for Sequence {
    fn from(post: PostId) -> Self {
        Self(post.0)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for BroadcastId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.sequence)
    }
}

impl fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
