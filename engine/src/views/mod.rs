//! The views: what the log means, folded record by record, kept in memory and rebuilt by replay.
//!
//! In reading order:
//! * [`users`]: user ids to dense ordinals, so that everything else lies in arrays.
//! * [`slots`]: a sorted list of sequences in memory.
//! * [`timeline`], [`graves`]: such a list, continued in sealed runs; what of these holds no longer.
//! * [`part`], [`walk`]: one owner's timeline, and walks along it.
//! * [`outbox`]: what each author published and did not delete.
//! * [`graph`]: follows, mutes and blocks, both directions.
//! * [`groups`]: named lists of authors by user; [`hidden`]: whom a home leaves out.
//! * [`responses`]: reactions and comments, in lists; [`targets`]: which lists a post or comment has;
//!   [`reactors`]: who reacted, by user.
//! * [`reposts`]: what refers to what; [`quotes`]: who quoted what is reposted a lot; [`sharded`]: a map that
//!   grows without a pause.
//! * [`audiences`]: posts that are not for everybody; [`blocks`]: few sequences among many.
//! * [`notices`]: which records concern whom.
//! * [`marks`]: how far each device has seen a feed.
//! * [`revisions`]: posts that were revised.
//! * [`moderation`]: users who are suspended, and posts that are hidden.
//! * [`broadcasts`]: boards of what is scheduled or live, and replays.
//! * [`forgotten`]: who is being forgotten, and who was.
//! * [`receipts`]: the newest idempotency keys and their answers.
//! * [`state`]: all of them at one position, and `apply`.
//!
//! Invariants:
//! * `apply` never refuses; it reads no option, no clock, no randomness, and does no I/O.
//! * The same records give the same digest per view, on every machine and under all options.

pub(crate) mod audiences;
pub(crate) mod blocks;
pub(crate) mod broadcasts;
pub(crate) mod changed;
pub(crate) mod forgotten;
pub(crate) mod graph;
pub(crate) mod graves;
pub(crate) mod groups;
pub(crate) mod hidden;
pub(crate) mod marks;
pub(crate) mod memberships;
pub(crate) mod moderation;
pub(crate) mod notices;
mod orphans;
pub(crate) mod outbox;
pub(crate) mod part;
pub(crate) mod quotes;
pub(crate) mod reactors;
pub(crate) mod receipts;
pub(crate) mod reposts;
pub(crate) mod requests;
pub(crate) mod responses;
pub(crate) mod revisions;
pub(crate) mod sharded;
pub(crate) mod sights;
pub(crate) mod slots;
pub(crate) mod sparse;
pub(crate) mod state;
pub(crate) mod targets;
pub(crate) mod timeline;
pub(crate) mod users;
pub(crate) mod walk;

/// A canonical digest of one view at one position; equal states have equal digests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub u128);

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Builds a [`Digest`] from numbers.
pub(crate) struct DigestBuilder(xxhash_rust::xxh3::Xxh3Default);

impl DigestBuilder {
    pub(crate) fn new() -> Self {
        Self(xxhash_rust::xxh3::Xxh3Default::new())
    }

    pub(crate) fn number(&mut self, value: u64) {
        self.0.update(&value.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest(self.0.digest128())
    }
}
