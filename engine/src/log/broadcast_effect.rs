//! What a record does to a broadcast, and its fields.
//!
//! ```text
//! all        | author varint | kind varint | tags (flag) | what follows | text to the end |
//! schedule   | time varint |
//! reschedule | broadcast varint | began varint | time varint |
//! start      | broadcast varint, 0: the record's own | began varint |
//! end        | broadcast varint | began varint | started varint | said varint |
//! cancel     | broadcast varint | began varint |
//! ```
//!
//! `began` is the record that the broadcast had its place on the board from: that place ends. The fold
//! finds a broadcast by its id; the end of one that a thinned log lacks ends nothing.

use super::bytes::{Cursor, put_varint};
use super::layout::record_kind;
use super::record::{Began, Bygone, Ended, load_began};
use crate::command::NewPost;
use crate::ids::{BroadcastId, Timestamp, UserId};

/// A broadcast's effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BroadcastEffect {
    /// What the broadcast is called, by its author; of an end the replay. Empty but for the author where
    /// a record names a broadcast and says nothing new of it.
    pub(crate) content: NewPost,
    pub(crate) act: BroadcastAct,
    /// The hash of what was said, if text and meta are erased because the replay was revised; in packed
    /// segments only.
    pub(crate) emptied: Option<u64>,
}

/// What happens to the broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BroadcastAct {
    /// The record's own sequence becomes the broadcast's id.
    Schedule {
        at: Timestamp,
    },
    Reschedule {
        broadcast: BroadcastId,
        began: Began,
        at: Timestamp,
    },
    /// Without a broadcast the record's own sequence becomes the id.
    Start {
        broadcast: Option<BroadcastId>,
        began: Began,
    },
    /// When it had started is the committer's to say: 0 until then.
    End {
        broadcast: BroadcastId,
        began: Began,
        started: Timestamp,
        said: Said,
    },
    Cancel {
        broadcast: BroadcastId,
        began: Began,
    },
}

/// What the one who ended a broadcast said of the replay; the rest it has from the broadcast. The hash
/// that a key is compared by covers what was said alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: bool,
    pub(crate) kind: bool,
    pub(crate) meta: bool,
}

impl BroadcastEffect {
    /// An effect that says all it ever said.
    pub(crate) fn new(content: NewPost, act: BroadcastAct) -> Self {
        Self { content, act, emptied: None }
    }

    pub(crate) fn author(&self) -> UserId {
        self.content.author
    }

    /// Which broadcast it names; none if it begins one.
    pub(crate) fn broadcast(&self) -> Option<BroadcastId> {
        match self.act {
            BroadcastAct::Schedule { .. } => None,
            BroadcastAct::Start { broadcast, .. } => broadcast,
            BroadcastAct::Reschedule { broadcast, .. }
            | BroadcastAct::End { broadcast, .. }
            | BroadcastAct::Cancel { broadcast, .. } => Some(broadcast),
        }
    }

    /// The broadcast that will not be.
    pub(crate) fn cancelled(&self) -> Option<BroadcastId> {
        match self.act {
            BroadcastAct::Cancel { broadcast, .. } => Some(broadcast),
            _ => None,
        }
    }

    /// The broadcast that is over with it.
    pub(crate) fn ended(&self) -> Option<BroadcastId> {
        match self.act {
            BroadcastAct::End { broadcast, .. } | BroadcastAct::Cancel { broadcast, .. } => {
                Some(broadcast)
            }
            _ => None,
        }
    }

    /// What is left of it at most, once it holds no longer.
    pub(crate) fn bygone(&self) -> Option<Bygone> {
        let ends = |(broadcast, began)| Bygone::Ends(Ended { broadcast, began });
        match self.broadcast() {
            None => Some(Bygone::Began),
            Some(_) => self.ended().zip(self.act.began()).map(ends),
        }
    }

    /// The replay that it is.
    pub(crate) fn replay(&self) -> Option<&NewPost> {
        matches!(self.act, BroadcastAct::End { .. }).then_some(&self.content)
    }

    pub(crate) fn kind(&self) -> u8 {
        match self.act {
            BroadcastAct::Schedule { .. } => record_kind::BROADCAST_SCHEDULE,
            BroadcastAct::Reschedule { .. } => record_kind::BROADCAST_RESCHEDULE,
            BroadcastAct::Start { .. } => record_kind::BROADCAST_START,
            BroadcastAct::End { .. } => record_kind::BROADCAST_END,
            BroadcastAct::Cancel { .. } => record_kind::BROADCAST_CANCEL,
        }
    }

    /// What the caller said, and nothing that was decided since: for the fingerprint.
    pub(crate) fn put_said(&self, out: &mut Vec<u8>) {
        let Self { content, act, .. } = self;
        put_varint(out, content.author.0);
        let mut said = Said { text: true, kind: true, meta: true };
        let mut act = *act;
        match &mut act {
            BroadcastAct::Schedule { .. } => {}
            BroadcastAct::Reschedule { began, .. }
            | BroadcastAct::Start { began, .. }
            | BroadcastAct::Cancel { began, .. } => *began = None,
            BroadcastAct::End { began, started, said: replay, .. } => {
                (*began, *started, said) = (None, Timestamp(0), *replay);
            }
        }
        act.put(out);
        if said.kind {
            put_varint(out, u64::from(content.kind));
        }
        if said.meta {
            put_varint(out, content.meta.len() as u64);
            out.extend_from_slice(&content.meta);
        }
        if said.text {
            out.extend_from_slice(&content.text);
        }
    }
}

impl BroadcastAct {
    /// Appends what follows the head of the content.
    pub(in crate::log) fn put(self, out: &mut Vec<u8>) {
        match self {
            Self::Schedule { at } => put_varint(out, at.0),
            Self::Reschedule { broadcast, began, at } => {
                put_named(out, broadcast, began);
                put_varint(out, at.0);
            }
            Self::Start { broadcast, began } => {
                put_named(out, broadcast.unwrap_or_default(), began);
            }
            Self::End { broadcast, began, started, said } => {
                put_named(out, broadcast, began);
                put_varint(out, started.0);
                put_varint(out, said.bits());
            }
            Self::Cancel { broadcast, began } => put_named(out, broadcast, began),
        }
    }

    /// Reads it; `None` if it makes no sense.
    pub(in crate::log) fn load(kind: u8, fields: &mut Cursor<'_>) -> Option<Self> {
        let number = fields.varint()?;
        if kind == record_kind::BROADCAST_SCHEDULE {
            return Some(Self::Schedule { at: Timestamp(number) });
        }
        let (broadcast, began) = (BroadcastId(number), load_began(fields)?);
        Some(match kind {
            record_kind::BROADCAST_RESCHEDULE => {
                Self::Reschedule { broadcast, began, at: Timestamp(fields.varint()?) }
            }
            record_kind::BROADCAST_START => {
                Self::Start { broadcast: (number != 0).then_some(broadcast), began }
            }
            record_kind::BROADCAST_END => {
                let started = Timestamp(fields.varint()?);
                Self::End { broadcast, began, started, said: Said::load(fields.varint()?)? }
            }
            record_kind::BROADCAST_CANCEL => Self::Cancel { broadcast, began },
            _ => return None,
        })
    }

    /// The place on the board that is over with it.
    pub(crate) fn began(self) -> Began {
        match self {
            Self::Schedule { .. } => None,
            Self::Reschedule { began, .. }
            | Self::Start { began, .. }
            | Self::End { began, .. }
            | Self::Cancel { began, .. } => began,
        }
    }
}

impl Said {
    fn bits(self) -> u64 {
        u64::from(self.text) | u64::from(self.kind) << 1 | u64::from(self.meta) << 2
    }

    fn load(bits: u64) -> Option<Self> {
        let said = Self { text: bits & 1 != 0, kind: bits & 2 != 0, meta: bits & 4 != 0 };
        (bits == said.bits()).then_some(said)
    }
}

fn put_named(out: &mut Vec<u8>, broadcast: BroadcastId, began: Began) {
    put_varint(out, broadcast.0);
    put_varint(out, began.unwrap_or_default().0);
}

/// Whether records of this kind are about broadcasts.
pub(crate) fn is_broadcast_kind(kind: u8) -> bool {
    (record_kind::BROADCAST_SCHEDULE..=record_kind::BROADCAST_CANCEL).contains(&kind)
}
