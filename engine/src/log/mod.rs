//! The commit log: the one ground state. Views fold from it, caches forget it.
//!
//! In reading order:
//! * [`layout`]: every offset and number of the format.
//! * [`bytes`], [`record`], [`tags`], [`group`], [`header`]: structures to bytes and back, pure.
//! * [`effect_facts`]: what an effect is; [`concerned`]: whom a record gives a notice; [`fingerprint`]: the hash of what was said.
//! * [`scan`]: walks and verifies a segment's groups.
//! * [`plain`], [`packed`], [`sealed`], [`buffered`] ([`grow`]), [`located`], [`post`], [`view`]: how readers find a record.
//! * [`writer`], [`keeper`], [`seal`]: append and sync; spares and seals in the background.
//! * [`recovery`]: what the files mean after any kind of stop.
//! * [`salvage`]: what is left of a damaged segment, for a repair.
//!
//! Invariants:
//! * Only the committer appends, through [`CommitLog`].
//! * A sealed segment is never changed or shortened.
//! * A group is wholly in the log or not at all; sequences are contiguous but for declared holes.
//! * A failed write or sync is never retried; the engine takes no more writes.

pub(crate) mod befriend_effect;
pub(crate) mod broadcast_effect;
pub(crate) mod buffered;
pub(crate) mod bytes;
pub(crate) mod concerned;
mod effect_facts;
pub(crate) mod fingerprint;
pub(crate) mod forget_effect;
pub(crate) mod group;
pub(crate) mod group_effect;
pub(crate) mod grow;
pub(crate) mod header;
pub(crate) mod keeper;
pub mod layout;
pub(crate) mod located;
pub(crate) mod mark_effect;
pub(crate) mod moderation_effect;
pub(crate) mod notices_effect;
pub(crate) mod packed;
pub(crate) mod plain;
pub(crate) mod post;
pub(crate) mod record;
pub(crate) mod record_fault;
pub(crate) mod record_frame;
pub(crate) mod recovery;
mod repost_link;
pub(crate) mod request_effect;
pub(crate) mod response_effect;
pub(crate) mod retired;
pub(crate) mod revise_effect;
pub(crate) mod salvage;
pub(crate) mod scan;
pub(crate) mod seal;
pub(crate) mod sealed;
pub(crate) mod tags;
pub(crate) mod view;
pub(crate) mod writer;

use crate::error::Result;
use crate::ids::{Sequence, Timestamp};
use record::Record;

/// Whether more commands are coming in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// A group was just written.
    Working,
    /// Nothing came for a while.
    Idle,
}

/// The seam between the committer and whatever keeps the log: today the local files, for several
/// machines a replicated log.
pub(crate) trait CommitLog: Send {
    /// Appends `records` as one group, the first of them at `expected_next`, and makes them as
    /// durable as the mode asks. An error means that nothing of the group is in the log, or that
    /// nobody may ever know ([`ErrorKind::Unavailable`](crate::ErrorKind)).
    fn append(&mut self, expected_next: Sequence, records: &[Record]) -> Result<()>;

    /// Makes everything appended durable, whatever the mode.
    fn sync(&mut self) -> Result<()>;

    /// How many bytes of content one append may carry.
    fn group_bytes_max(&self) -> usize;

    /// Seals what was appended so far, if there is anything, and goes on in a new segment.
    fn roll(&mut self, now: Timestamp) -> Result<()>;

    /// Does what is due by now: an interval sync, a roll by age, and if the log is idle, its mark.
    /// Answers how long the committer may sleep.
    fn tick(&mut self, now: Timestamp, pace: Pace) -> Result<std::time::Duration>;

    /// Syncs and seals everything.
    fn close(&mut self) -> Result<()>;
}
