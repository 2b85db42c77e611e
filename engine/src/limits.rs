//! Every bound of the engine, each with its reason, and the relations between them as compile-time
//! assertions. Nothing in the engine grows without one of these.

use std::time::Duration;

/// Bytes of text in one post. 64 KiB: long posts fit, and a page of 200 cannot.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Bytes of application data in one post.
pub const META_BYTES_MAX: usize = 4 * 1024;

/// Users whom one post or comment mentions: more is a mailing list.
pub const MENTIONS_MAX: usize = 50;

/// Bytes of a record's body: text, meta, mentions, and room for the small fields.
pub(crate) const RECORD_BODY_BYTES_MAX: usize =
    TEXT_BYTES_MAX + META_BYTES_MAX + MENTIONS_MAX * 10 + 256;

/// Entries in a page if the caller does not say.
pub const LIMIT_DEFAULT: usize = 20;

/// Entries in a page at most.
pub const LIMIT_MAX: usize = 200;

/// A page stops after the entry with which its text, meta and mentions reach this.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Changes of one answer if the caller does not say.
pub const CHANGES_DEFAULT: usize = 1_000;

/// Changes of one answer at most: without texts they are small, and an answer of them is half a MiB.
pub const CHANGES_MAX: usize = 4_096;

/// Records one step of a scan looks at, so that a step is short even if nothing matches.
pub(crate) const SCAN_RECORDS_MAX: usize = 4_096;

/// Authors one user may follow, by default.
pub const FOLLOWEES_MAX_DEFAULT: usize = 2_000;

/// Users one user may follow when two are befriended, by default.
pub(crate) const FRIENDS_MAX_DEFAULT: usize = 5_000;

/// Requests to follow a private user, by default.
pub(crate) const REQUESTS_MAX_DEFAULT: usize = 10_000;

/// Bytes of a group's name. 64: a line of a menu.
pub const GROUP_NAME_BYTES_MAX: usize = 64;

/// Groups one user may have, by default.
pub const GROUPS_MAX_DEFAULT: usize = 100;

/// Groups one user may have, at most: all of them are listed in one answer.
pub const GROUPS_MAX: usize = 5_000;

/// Members of one group, by default: as many as a user may follow.
pub const MEMBERS_MAX_DEFAULT: usize = 2_000;

/// Kinds of reactions: 0 to 15. Which is which is the application's business.
pub const REACTION_KINDS: usize = 16;

/// Bytes of a comment's text, by default. 8 KiB: longer ones are posts.
pub const COMMENT_BYTES_MAX_DEFAULT: usize = 8 * 1024;

/// Lists of responses: each kind of reaction to each post or comment is one, and so are the comments
/// of each post. They are numbered in 32 bits, of which the last number is reserved.
pub(crate) const LISTS_MAX: usize = u32::MAX as usize - 1;

/// Users whom one record concerns: the mentioned, and two authors.
pub(crate) const CONCERNED_MAX: usize = MENTIONS_MAX + 2;

/// Notices kept of one user: the newest. Whoever looks at more looks at a feed.
pub const NOTICES_MAX: usize = 1_000;

/// Actors whom a group of notices names; the others are counted.
pub const NOTICE_ACTORS_MAX: usize = 3;

/// How far apart two entries of one root may be for the newer to stand for the older, by default.
pub const HORIZON_DEFAULT: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The same at least: times to show are in milliseconds.
pub const HORIZON_MIN: Duration = Duration::from_millis(1);

/// The same at most: who was away for longer wants to be shown it again.
pub const HORIZON_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Users whom an entry names that others have brought too; the rest are counted.
pub const BROUGHT_BY_MAX: usize = 3;

/// From how many reposts on a root has its quotes listed by user: up to there a walk through all of them is
/// a matter of microseconds.
pub(crate) const QUOTES_FROM: usize = 1_024;

/// Devices with a mark in one feed of a user, by default.
pub const DEVICES_MAX_DEFAULT: usize = 32;

/// Devices with a mark in one feed of a user, at most: all of them are listed in one answer.
pub const DEVICES_MAX: usize = 4_096;

/// Up to how many unread entries are counted if the caller does not say: `999+`.
pub const UNREAD_DEFAULT: usize = 999;

/// Up to how many unread entries are counted at most: some hundred microseconds.
pub const UNREAD_MAX: usize = 9_999;

/// Broadcasts of one author that may be scheduled or live, by default.
pub const BOARD_MAX_DEFAULT: usize = 100;

/// Broadcasts of one author that may be scheduled or live, at most: a board is kept sorted as one array.
pub const BOARD_MAX: usize = 10_000;

/// Memory for sessions of broadcast feeds, by default.
pub(crate) const LIVE_SESSIONS_BYTES_DEFAULT: u64 = 256 * 1024 * 1024;

/// Keyed writes whose answers are remembered: minutes of a full-speed load, hours of a usual one.
pub const RECEIPTS_MAX: usize = 1_048_576;

/// Commands that may wait for the committer, by default.
pub const QUEUE_COMMANDS_MAX: usize = 16_384;

/// Bytes of content that may wait for the committer.
pub(crate) const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Commands in one group: more would only make the first wait for the last.
pub(crate) const GROUP_COMMANDS_MAX: usize = 4_096;

/// A group stops growing at this many bytes; beyond some 64 KiB a sync costs by the byte anyway.
pub(crate) const GROUP_BYTES_MAX: usize = 1024 * 1024;

/// Records applied under one hold of the write lock, so that readers wait microseconds.
pub(crate) const APPLY_RECORDS_MAX: usize = 256;

/// Records after which the views are flushed, by default.
pub(crate) const FLUSH_RECORDS_DEFAULT: u64 = 1_000_000;

/// At an orderly stop fewer records than these are left to the next open's replay: milliseconds,
/// and not worth a file.
pub(crate) const FLUSH_RECORDS_MIN: u64 = 16_384;

/// Files of like size that are merged into one.
pub(crate) const MERGE_FILES_MIN: usize = 4;

/// A view file of this size is not merged any more: replacing one needs as much room again.
pub(crate) const MERGED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Dead entries in files that are remembered at most before a file is rewritten; 16 bytes each.
pub(crate) const GRAVES_MAX: u64 = 1_000_000;

/// Graves forgotten under one hold of the write lock.
pub(crate) const FORGET_GRAVES: usize = 1_024;

/// Memory for what may also be read from files, by default.
pub(crate) const MEMORY_BUDGET_DEFAULT: u64 = 1024 * 1024 * 1024;

/// Bytes that the entries of a record take in hot lists: a follow has two of ten bytes.
pub(crate) const HOT_RECORD_BYTES: u64 = 20;

/// Owners whose lists are trimmed under one hold of the write lock.
pub(crate) const TRIM_OWNERS: u32 = 1_024;

/// Entries of one timeline that are taken into memory after an open: a page never needs more.
pub(crate) const WARM_ENTRIES_MAX: usize = 4_096;

/// Owners whose timelines are warmed together: some 100 microseconds under the write lock.
pub(crate) const WARM_OWNERS: u32 = 256;

/// After an open, retention looks at the latest after this long whether there is something to do.
pub(crate) const RETENTION_FIRST_MAX: Duration = Duration::from_secs(60 * 60);

/// Retention looks at most so often: every round reads the log since the one before.
pub(crate) const RETENTION_PERIOD_MIN: Duration = Duration::from_millis(100);

/// Watches at most: each holds its user's edges, some ten kilobytes with 500 followees.
pub(crate) const WATCHES_MAX: usize = 262_144;

/// Events that wait for one watch. Beyond it is rebuilt from the log: a burst fits, and what ten thousand
/// stuck watches hold beside texts is 60 MB.
pub(crate) const WATCH_QUEUE_MAX: usize = 256;

/// Bytes of texts that wait for one watch, and a post. Posts that others wait for too count for each.
pub(crate) const WATCH_QUEUE_BYTES: usize = 64 * 1024;

/// Events of one batch.
pub(crate) const WATCH_BATCH_EVENTS: usize = 200;

/// A batch ends with the event with which its texts reach this.
pub(crate) const WATCH_BATCH_BYTES: usize = 512 * 1024;

/// Records told under one hold of the hub's lock.
pub(crate) const TELL_RECORDS_MAX: u64 = 256;

/// Notes of the newest records that are kept for watches that come back: 6 MB, and minutes of a busy
/// log. Who was away for longer is told a gap.
pub(crate) const TRAIL_NOTES_MAX: u64 = 262_144;

/// Notes of a chunk of the trail; at most so many are copied for one that comes back.
pub(crate) const TRAIL_CHUNK_NOTES: usize = 1_024;

/// Events that are told to one that comes back; more are a gap, and it reads pages instead.
pub(crate) const CATCH_UP_EVENTS_MAX: usize = 4_096;

/// Bare reposts that watches are told one by one when their original is deleted; if there are more, a
/// gap is told instead.
pub(crate) const ORPHANS_TOLD_MAX: usize = 1_024;

/// How long somebody is online after a touch.
pub(crate) const LEASE_MILLIS: u64 = 60_000;

/// Touched users that are remembered as online; 16 bytes each.
pub(crate) const LEASES_MAX: usize = 1_048_576;

/// Who stops being watched counts as online for so long: a client that reconnects was never gone.
pub(crate) const PRESENCE_GRACE_MILLIS: u64 = 5_000;

/// Users who are being forgotten at a time: each is looked up by every write meanwhile.
pub const FORGETTING_MAX: usize = 1_024;

/// Entries a read looks at under one hold of the state lock, by default, if some are hidden from its reader: some
/// hundred microseconds.
pub(crate) const HOLD_ENTRIES_DEFAULT: usize = 2_048;

/// Things of users who are being forgotten that are removed together, by default: a group of commits, and
/// a hold of the write lock as short as that of others.
pub(crate) const FORGET_AT_ONCE_DEFAULT: usize = 256;

/// Follows with a weight. Some 24 bytes each.
pub(crate) const WEIGHTS_MAX: usize = 1_048_576;

/// Users with tags.
pub(crate) const TAGGED_MAX: usize = 1_048_576;

/// Tags of a user.
pub(crate) const TAGS_MAX: usize = 8;

/// Different names of tags.
pub(crate) const TAG_NAMES_MAX: usize = 256;

/// Bytes of a tag's name.
pub(crate) const TAG_NAME_BYTES_MAX: usize = 32;

/// Users whose presence waits to be told; if there are more, everybody is looked at instead. 10 MB.
pub(crate) const STIRRED_MAX: usize = 262_144;

/// Users whose presence is told under one hold of the hub.
pub(crate) const PRESENCE_USERS_MAX: usize = 64;

/// Size of a log segment, by default.
pub const SEGMENT_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;

/// The first segment after an open is small, so that opening does not wait for 64 MiB of zeros.
pub(crate) const FIRST_SEGMENT_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Size of a log segment, at least: two of the largest groups must fit.
pub const SEGMENT_BYTES_MIN: u64 = 256 * 1024;

/// Size of a log segment, at most: offsets inside a segment are 32 bits.
pub const SEGMENT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Users at most: ordinals are 32 bits and the last one is reserved.
pub(crate) const USERS_MAX: usize = u32::MAX as usize - 1;

/// The largest sequence: the entries of a timeline are counted from its first in six bytes.
pub(crate) const SEQUENCE_MAX: u64 = (1 << 48) - 1;

/// The largest epoch: each begins [`EPOCH_SKIP`] sequences above the one before.
pub(crate) const EPOCH_MAX: u32 = 1 << 16;

/// How far sequences skip ahead when a new epoch starts.
pub(crate) const EPOCH_SKIP: u64 = 1 << 32;

const _: () = assert!(RECORD_BODY_BYTES_MAX < 1 << 24, "a record's length has 24 bits");
const _: () = assert!((SEQUENCE_MAX >> 32) < EPOCH_MAX as u64, "sequences end first");
const _: () = assert!(LIMIT_DEFAULT <= LIMIT_MAX);
const _: () = assert!(TEXT_BYTES_MAX + META_BYTES_MAX <= PAGE_BYTES_MAX);
const _: () = assert!(RECORD_BODY_BYTES_MAX < GROUP_BYTES_MAX);
const _: () = assert!(SEGMENT_BYTES_MIN <= FIRST_SEGMENT_BYTES_MAX);
const _: () = assert!(FIRST_SEGMENT_BYTES_MAX <= SEGMENT_BYTES_DEFAULT);
const _: () = assert!(SEGMENT_BYTES_DEFAULT <= SEGMENT_BYTES_MAX);
