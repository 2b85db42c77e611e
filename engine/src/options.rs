//! How an engine is opened: each option with its default and the reason for the default.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::commit::decide::Limits;
use crate::delivery::policy::DeliveryOptions;
use crate::limits::{
    BOARD_MAX_DEFAULT, COMMENT_BYTES_MAX_DEFAULT, DEVICES_MAX_DEFAULT, FLUSH_RECORDS_DEFAULT,
    FOLLOWEES_MAX_DEFAULT, FORGET_AT_ONCE_DEFAULT, FRIENDS_MAX_DEFAULT, GROUPS_MAX_DEFAULT,
    HOLD_ENTRIES_DEFAULT, HOT_RECORD_BYTES, LIVE_SESSIONS_BYTES_DEFAULT, MEMBERS_MAX_DEFAULT,
    MEMORY_BUDGET_DEFAULT, QUEUE_COMMANDS_MAX, REQUESTS_MAX_DEFAULT, SEGMENT_BYTES_DEFAULT,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What an acknowledged write survives.
///
/// | mode | process crash, `kill -9` | operating system crash, power cut |
/// |---|---|---|
/// | `Fsync` | everything acknowledged | everything acknowledged |
/// | `Interval` | everything acknowledged | all but the last interval |
/// | `Os` | everything acknowledged | what the kernel had written by itself (up to ~30 s lost) |
///
/// After an unclean stop in a mode other than `Fsync` the engine starts a new epoch, because it
/// cannot know that nothing acknowledged was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Every group of writes is synced before any of it is acknowledged. The default: a lost
    /// acknowledged post is a lie to its author.
    #[default]
    Fsync,
    /// Acknowledged once written; synced at least this often while there is something to sync.
    Interval(Duration),
    /// Acknowledged once written; synced only when a segment is sealed.
    Os,
}

/// How to open an [`Engine`](crate::Engine).
#[derive(Clone, Debug)]
pub struct Options {
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// How many authors one user may follow. 2,000: keeps the worst page bounded and is what large
    /// products allow. Lowering it later refuses new follows only.
    pub followees_max: usize,
    /// How many users one user may follow when two are befriended, in place of `followees_max`. 5,000: what
    /// products with friends allow. Lowering it later refuses new friends only.
    pub friends_max: usize,
    /// How many requests to follow a private user may have, 1 to 1,000,000. 10,000: more than anybody
    /// answers. Lowering it later refuses new requests only.
    pub requests_max: usize,
    /// How many groups one user may have, 1 to 5,000. 100: menus are no longer. Lowering it later
    /// refuses new groups only.
    pub groups_max: usize,
    /// How many members a group may have. 2,000, as `followees_max`. Lowering it later refuses new
    /// members only.
    pub members_max: usize,
    /// How many bytes the text of a comment may have, 1 to 65,536. 8,192. Lowering it later refuses new
    /// comments only.
    pub comment_bytes_max: usize,
    /// How many devices of a user may mark a feed, 1 to 4,096. 32: nobody has more that live. Lowering it
    /// later refuses new devices only.
    pub devices_max: usize,
    /// How many broadcasts of one author may be scheduled or live at a time, 1 to 10,000. 100: a season of
    /// shows, and a feed over 2,000 authors stays short. Lowering it later refuses new ones only.
    pub board_max: usize,
    /// Bytes of memory for sessions of broadcast feeds. 256 MiB: some million readers; past that the
    /// session that was not used for the longest time is over.
    pub live_sessions_bytes: u64,
    /// A session of a broadcast feed that was not used for this long is over. Ten minutes.
    pub live_sessions_age: Duration,
    /// Size of a log segment in bytes, 256 KiB to 1 GiB. 64 MiB: small enough to rewrite in the
    /// background, large enough that a directory stays readable.
    pub segment_bytes: u64,
    /// A segment in use for longer is sealed even if it is not full. One day: retention and tiers
    /// work on whole segments.
    pub segment_age: Duration,
    /// After how many records the views are flushed to files. One million: opening after a crash
    /// replays no more, in about a second.
    pub flush_records: u64,
    /// Bytes of memory for what may also be read from files. 1 GiB: of the newest entries of all
    /// timelines some fifty million.
    pub memory_budget: u64,
    /// The text of a deleted post, and one that was revised, is in no file of the directory after this
    /// long. Seven days: many deletes
    /// share one rewriting of the segments that they are in.
    pub erase_within: Duration,
    /// How many entries a read looks at before it lets writes have their turn, if some are hidden from its reader.
    /// 2,048: some hundred microseconds. With fewer a page below a million hidden posts takes longer.
    pub hold_entries: usize,
    /// How many things of users who are being forgotten are removed together. 256. With 0 nothing is removed
    /// but by [`finish_forgetting`](crate::Engine::finish_forgetting).
    pub forget_at_once: usize,
    /// Texts stay when they are replaced by a revision, and can be read. No: they are erased as those of
    /// deleted posts are.
    pub keep_revisions: bool,
    /// Log segments whose newest record is older are packed: compressed, and read through a cache.
    /// Thirty days: nearly all reads ask for the last few.
    pub cold_after: Duration,
    /// Between two files that the scrubber reads. Ten seconds: a directory of 100 GB is read in half a
    /// day, at a few MB/s.
    pub scrub_pause: Duration,
    /// How posts reach home feeds.
    pub delivery: DeliveryOptions,
    /// What tags of users weigh, 0 to 15 each, by their names; others weigh 1. None.
    pub tag_weights: Vec<(String, u8)>,
    /// How many commands may wait for the committer; one more is refused with `Busy`.
    pub queue_commands_max: usize,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::Fsync,
            followees_max: FOLLOWEES_MAX_DEFAULT,
            friends_max: FRIENDS_MAX_DEFAULT,
            requests_max: REQUESTS_MAX_DEFAULT,
            groups_max: GROUPS_MAX_DEFAULT,
            members_max: MEMBERS_MAX_DEFAULT,
            comment_bytes_max: COMMENT_BYTES_MAX_DEFAULT,
            devices_max: DEVICES_MAX_DEFAULT,
            board_max: BOARD_MAX_DEFAULT,
            live_sessions_bytes: LIVE_SESSIONS_BYTES_DEFAULT,
            live_sessions_age: Duration::from_secs(10 * 60),
            segment_bytes: SEGMENT_BYTES_DEFAULT,
            segment_age: DAY,
            flush_records: FLUSH_RECORDS_DEFAULT,
            memory_budget: MEMORY_BUDGET_DEFAULT,
            erase_within: DAY * 7,
            hold_entries: HOLD_ENTRIES_DEFAULT,
            forget_at_once: FORGET_AT_ONCE_DEFAULT,
            keep_revisions: false,
            cold_after: DAY * 30,
            scrub_pause: Duration::from_secs(10),
            delivery: DeliveryOptions::default(),
            tag_weights: Vec::new(),
            queue_commands_max: QUEUE_COMMANDS_MAX,
            clock: Arc::new(SystemClock),
        }
    }
}

impl Options {
    /// What the committer refuses.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            followees_max: self.followees_max,
            friends_max: self.friends_max,
            requests_max: self.requests_max,
            groups_max: self.groups_max,
            members_max: self.members_max,
            devices_max: self.devices_max,
            board_max: self.board_max,
        }
    }

    /// How many of the newest records keep their entries in memory: six parts in sixteen of the budget.
    pub(crate) fn hot_records(&self) -> u64 {
        self.memory_budget / 8 * 3 / HOT_RECORD_BYTES
    }

    /// Bytes of inboxes: four parts.
    pub(crate) fn inbox_bytes(&self) -> u64 {
        self.memory_budget / 4
    }

    /// Bytes of the newest log segments that are kept in memory: three parts.
    pub(crate) fn recent_bytes(&self) -> u64 {
        self.memory_budget / 16 * 3
    }

    /// Bytes of older posts that are kept in memory: two parts.
    pub(crate) fn posts_bytes(&self) -> u64 {
        self.memory_budget / 8
    }

    /// Bytes of unpacked blocks that are kept in memory: one part in sixteen.
    pub(crate) fn block_bytes(&self) -> u64 {
        self.memory_budget / 16
    }
}
