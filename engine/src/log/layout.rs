//! Every offset, size and number of the log's format; they live here and nowhere else.
//!
//! `engine/FORMAT.md` describes them, and `engine/tests/document.rs` compares the two.
//!
//! ```text
//! segment file
//! +--------------------+ 0
//! | segment header     |
//! +--------------------+ SEGMENT_HEADER_BYTES
//! | group | group | .. |   group = group header, then its records
//! +--------------------+ data end
//! | offset table       |   u32 per record          (sealed segments only)
//! | footer             |   FOOTER_BYTES            (sealed segments only)
//! +--------------------+ end of file
//! ```

/// The first eight bytes of every file.
pub const MAGIC: [u8; 8] = *b"FANFOLD\n";

/// The version of the on-disk format.
pub const FORMAT_VERSION: u16 = 1;

/// The file is a log segment.
pub const FILE_KIND_LOG: u8 = 1;

/// The file is a manifest.
pub const FILE_KIND_MANIFEST: u8 = 2;

/// The file is a packed log segment: rewritten, compressed.
pub const FILE_KIND_PACKED: u8 = 4;

/// The file has the inboxes of an orderly stop.
pub const FILE_KIND_INBOXES: u8 = 5;

/// The file has weights of follows and tags of users.
pub const FILE_KIND_RANKS: u8 = 6;

/// Bytes of a segment header, a whole page, so that groups start at an aligned offset.
pub const SEGMENT_HEADER_BYTES: usize = 4096;

/// Offsets of the fields of a segment header.
pub mod segment_header {
    /// u16, the format version.
    pub const VERSION_AT: usize = 8;
    /// u8, the kind of file.
    pub const KIND_AT: usize = 10;
    /// u8, the durability the segment is written with: 0 fsync, 1 interval, 2 os.
    pub const DURABILITY_AT: usize = 11;
    /// u32, 0; for tenants later.
    pub const SPACE_AT: usize = 12;
    /// 16 bytes, the database id.
    pub const DATABASE_AT: usize = 16;
    /// u32, the epoch of all records in the segment.
    pub const EPOCH_AT: usize = 32;
    /// u64, the sequence of the first record.
    pub const FIRST_AT: usize = 40;
    /// u64, the last sequence before this segment; what lies between is a declared hole.
    pub const PREVIOUS_AT: usize = 48;
    /// u64, unix milliseconds that the records' times are counted from.
    pub const BASE_TIME_AT: usize = 56;
    /// u64, random; part of every checksum, so that old bytes of a reused block never match.
    pub const SALT_AT: usize = 64;
    /// u64, the length the file was made with; an unsealed file that is shorter was cut.
    pub const MADE_AT: usize = 72;
    /// u64, packed segments only: the last sequence that the file stands for.
    pub const LAST_AT: usize = 80;
    /// u32, crc32 of everything before it in the header.
    pub const CRC_AT: usize = 4092;
}

/// The first four bytes of a group header.
pub const GROUP_MAGIC: [u8; 4] = *b"FGRP";

/// Bytes of a group header.
pub const GROUP_HEADER_BYTES: usize = 40;

/// Offsets of the fields of a group header.
pub mod group_header {
    /// u32, bytes of the records that follow.
    pub const PAYLOAD_AT: usize = 4;
    /// u64, the sequence of the first record.
    pub const FIRST_AT: usize = 8;
    /// u32, how many records.
    pub const COUNT_AT: usize = 16;
    /// u32, the offset up to which the segment was durable when this group was written.
    pub const SYNCED_AT: usize = 20;
    /// u64, commit time in unix milliseconds.
    pub const TIME_AT: usize = 24;
    /// u32, reserved, 0.
    pub const RESERVED_AT: usize = 32;
    /// u32, salted crc32 of everything before it in the header.
    pub const CRC_AT: usize = 36;
}

/// Bytes of a record header.
pub const RECORD_HEADER_BYTES: usize = 12;

/// Offsets of the fields of a record header.
pub mod record_header {
    /// u32, salted crc32 of everything behind it: the rest of the header and the body.
    pub const CRC_AT: usize = 0;
    /// u24, bytes of the body.
    pub const BODY_AT: usize = 4;
    /// u8, the kind of record.
    pub const KIND_AT: usize = 7;
    /// u8, which optional parts the body has.
    pub const FLAGS_AT: usize = 8;
    /// u24, checksum of the header alone: low 24 bits of the salted crc32 of bytes 4..9.
    pub const CHECK_AT: usize = 9;
}

/// Kinds of records. An unknown kind refuses to open: its effect would be missing.
pub mod record_kind {
    /// A post came to be.
    pub const PUBLISH: u8 = 1;
    /// A post was deleted.
    pub const DELETE: u8 = 2;
    /// A follow began.
    pub const FOLLOW: u8 = 3;
    /// A follow ended.
    pub const UNFOLLOW: u8 = 4;
    /// A mute began.
    pub const MUTE: u8 = 5;
    /// A mute ended.
    pub const UNMUTE: u8 = 6;
    /// A block began.
    pub const BLOCK: u8 = 7;
    /// A block ended.
    pub const UNBLOCK: u8 = 8;
    /// What is left of a record that holds no longer; in packed segments only.
    pub const RETIRED: u8 = 9;
    /// A follow that stands has another weight.
    pub const WEIGH: u8 = 10;
    /// A group came to be.
    pub const GROUP_CREATE: u8 = 11;
    /// A group ended.
    pub const GROUP_DELETE: u8 = 12;
    /// A membership began.
    pub const GROUP_ADD: u8 = 13;
    /// A membership ended.
    pub const GROUP_REMOVE: u8 = 14;
    /// A reaction began.
    pub const REACT: u8 = 15;
    /// A reaction ended.
    pub const UNREACT: u8 = 16;
    /// A comment came to be.
    pub const COMMENT: u8 = 17;
    /// A comment was deleted.
    pub const COMMENT_DELETE: u8 = 18;
    /// A user has read their notices up to somewhere.
    pub const NOTICES_READ: u8 = 36;
    /// A user is being forgotten, or is forgotten.
    pub const FORGET: u8 = 37;
    /// A device has seen a feed up to a post.
    pub const MARK: u8 = 19;
    /// A post has another text.
    pub const REVISE: u8 = 20;
    /// A broadcast came to be, to start at a time.
    pub const BROADCAST_SCHEDULE: u8 = 21;
    /// A scheduled broadcast starts at another time.
    pub const BROADCAST_RESCHEDULE: u8 = 22;
    /// A broadcast is live: a scheduled one, or one that came to be with this record.
    pub const BROADCAST_START: u8 = 23;
    /// A live broadcast ended, and its replay came to be: a post with this record's sequence as its id.
    pub const BROADCAST_END: u8 = 24;
    /// A scheduled broadcast will not be.
    pub const BROADCAST_CANCEL: u8 = 25;
    /// A user is suspended.
    pub const SUSPEND: u8 = 30;
    /// A suspension ended.
    pub const UNSUSPEND: u8 = 31;
    /// A post is hidden.
    pub const HIDE: u8 = 32;
    /// A post is hidden no longer.
    pub const UNHIDE: u8 = 33;
    /// One follow began, or two: a befriending, or the answer to a request.
    pub const BEFRIEND: u8 = 26;
    /// A user is private, or is not any more.
    pub const PRIVATE: u8 = 27;
    /// A user asks to follow a private one.
    pub const REQUEST: u8 = 28;
    /// A request was taken back, or denied.
    pub const REQUEST_END: u8 = 29;
    /// A post came to be that refers to another.
    pub const REPOST: u8 = 34;
    /// A bare repost ended.
    pub const UNREPOST: u8 = 35;
}

/// The body starts with a 16-byte idempotency key.
pub const RECORD_FLAG_KEY: u8 = 1;

/// The body has tagged fields: varint length, then (varint tag, varint length, bytes) each, tags
/// ascending. Unknown tags are skipped.
pub const RECORD_FLAG_TAGS: u8 = 2;

/// Tag: varint, the time to show, unix milliseconds.
pub const TAG_CREATED_AT: u64 = 1;

/// Tag: the application's opaque bytes.
pub const TAG_META: u64 = 2;

/// Tag: varint, the weight of a follow, 0 to 15.
pub const TAG_WEIGHT: u64 = 3;

/// Tag: varints, the users whom a post mentions.
pub const TAG_MENTIONS: u64 = 4;

/// Tag: who sees a post that is not for everybody. A varint: 1 followers, 2 mutual follows, 3 the author
/// alone, above that a group's id plus 4; behind it the group's name.
pub const TAG_AUDIENCE: u64 = 5;

/// The first eight bytes of a footer.
pub const FOOTER_MAGIC: [u8; 8] = *b"FANFEND\n";

/// Bytes of a footer; it ends the file.
pub const FOOTER_BYTES: usize = 48;

/// Offsets of the fields of a footer.
pub mod footer {
    /// u64, the sequence of the first record.
    pub const FIRST_AT: usize = 8;
    /// u32, how many records, and entries of the offset table.
    pub const COUNT_AT: usize = 16;
    /// u32, where the groups end and the offset table starts.
    pub const DATA_END_AT: usize = 20;
    /// u64, the latest commit time in the segment.
    pub const LAST_TIME_AT: usize = 24;
    /// u32, crc32 of the offset table.
    pub const TABLE_CRC_AT: usize = 32;
    /// u64, reserved, 0.
    pub const RESERVED_AT: usize = 36;
    /// u32, salted crc32 of everything before it in the footer.
    pub const CRC_AT: usize = 44;
}

/// Bytes of the header of a block of a packed segment.
pub const PACKED_BLOCK_HEADER_BYTES: usize = 32;

/// Offsets of the fields of a block header of a packed segment.
pub mod packed_block {
    /// u32, bytes of the block unpacked: heads, then contents.
    pub const RAW_AT: usize = 0;
    /// u32, bytes of the block as they follow the header.
    pub const STORED_AT: usize = 4;
    /// u32, how many records.
    pub const COUNT_AT: usize = 8;
    /// u32, bytes of the heads.
    pub const HEADS_AT: usize = 12;
    /// u64, the sequence of the first record.
    pub const FIRST_AT: usize = 16;
    /// u8, how it is packed: 0 not, 1 zstd; then 3 bytes, 0.
    pub const CODEC_AT: usize = 24;
    /// u32, salted crc32 of the header before it and of the stored bytes.
    pub const CRC_AT: usize = 28;
}

/// Optional parts of a record's head in a packed segment.
pub mod packed_flag {
    /// 16 bytes, the idempotency key.
    pub const KEY: u8 = 1;
    /// A signed varint (zigzag): the time to show, less that of the record before which has one.
    pub const CREATED_AT: u8 = 2;
    /// The answer to a retired record named what came to be.
    pub const NEW: u8 = 2;
    /// The post has application data.
    pub const META: u8 = 4;
    /// The answer to a retired record said that it became a request.
    pub const REQUESTED: u8 = 4;
    /// A retired record names a second user.
    pub const OTHER: u8 = 8;
    /// Who sees a post that is not for everybody: varint bytes, then these as in the tag.
    pub const AUDIENCE: u8 = 8;
    /// A retired record was a post.
    pub const POST: u8 = 16;
    /// A varint: the weight of a follow.
    pub const WEIGHT: u8 = 32;
    /// A retired record began a broadcast: a varint, 0. Or it still ends one: two varints, the broadcast
    /// and the record that its place began with.
    pub const BROADCAST: u8 = 32;
    /// A retired record was a comment: a varint, the post that it was about.
    pub const COMMENT: u8 = 64;
    /// Whom a post mentions, or who was given a notice by a retired record: varint bytes of the list, then
    /// a varint for each.
    pub const MENTIONS: u8 = 128;
    /// The text of a post that was revised is erased.
    pub const EMPTIED: u8 = 64;
}

/// Bytes of an entry of a packed segment's index.
pub const PACKED_INDEX_ENTRY_BYTES: usize = 12;

/// Offsets of the fields of an entry of a packed segment's index.
pub mod packed_index {
    /// u64, the sequence of the block's first record.
    pub const FIRST_AT: usize = 0;
    /// u32, where the block stands in the file.
    pub const OFFSET_AT: usize = 8;
}

/// The first eight bytes of a packed segment's footer.
pub const PACKED_FOOTER_MAGIC: [u8; 8] = *b"FANPEND\n";

/// Bytes of a packed segment's footer; it ends the file.
pub const PACKED_FOOTER_BYTES: usize = 64;

/// Offsets of the fields of a packed segment's footer.
pub mod packed_footer {
    /// u64, how many records.
    pub const COUNT_AT: usize = 8;
    /// u64, bytes of all blocks unpacked.
    pub const RAW_AT: usize = 16;
    /// u64, the latest commit time in the segment.
    pub const LAST_TIME_AT: usize = 24;
    /// u32, where the blocks end and the index starts.
    pub const DATA_END_AT: usize = 32;
    /// u32, how many blocks, and entries of the index.
    pub const BLOCKS_AT: usize = 36;
    /// u32, crc32 of the index.
    pub const INDEX_CRC_AT: usize = 40;
    /// u8, 1 if it is packed for the long term; then 15 bytes, 0.
    pub const IS_COLD_AT: usize = 44;
    /// u32, salted crc32 of everything before it in the footer.
    pub const CRC_AT: usize = 60;
}

/// Offsets of the fields of a manifest. The list of view files follows, then a crc32 of everything.
pub mod manifest {
    /// Bytes before the list of view files.
    pub const HEAD_BYTES: usize = 112;
    /// u16, the format version.
    pub const VERSION_AT: usize = 8;
    /// u8, the kind of file.
    pub const KIND_AT: usize = 10;
    /// u8, 1 if the directory was closed in order.
    pub const CLEAN_AT: usize = 11;
    /// u32, 0; for tenants later.
    pub const SPACE_AT: usize = 12;
    /// 16 bytes, the database id.
    pub const DATABASE_AT: usize = 16;
    /// u32, the epoch.
    pub const EPOCH_AT: usize = 32;
    /// u64, the last sequence in the log, if closed in order.
    pub const LAST_AT: usize = 40;
    /// u64, no sequence below this is given to a new record.
    pub const FLOOR_AT: usize = 48;
    /// u64, the number that the next view file gets.
    pub const NEXT_NUMBER_AT: usize = 56;
    /// u64, the first sequence of the newest log segment that was begun before this manifest.
    pub const NEWEST_SEGMENT_AT: usize = 64;
    /// u64, the last sequence whose effects are in the view files: replay starts after it.
    pub const COVERED_AT: usize = 72;
    /// u32, how many view files are listed.
    pub const VIEW_COUNT_AT: usize = 80;
    /// u64, the texts of posts that were deleted up to here are erased.
    pub const ERASED_AT: usize = 88;
    /// u64, records of what held only below this may have been dropped.
    pub const THINNED_AT: usize = 96;
    /// u64, the texts that were replaced by revisions up to here are erased.
    pub const REVISED_AT: usize = 104;
    /// Bytes of an entry of the list of view files.
    pub const VIEW_BYTES: usize = 40;
}

/// Offsets of the fields of an entry of the manifest's list of view files.
pub mod manifest_view {
    /// u8, the kind of view; then 7 bytes, 0.
    pub const KIND_AT: usize = 0;
    /// u64, the number in the file's name.
    pub const NUMBER_AT: usize = 8;
    /// u64, the first sequence that the file covers.
    pub const FIRST_AT: usize = 16;
    /// u64, the last sequence that the file covers.
    pub const LAST_AT: usize = 24;
    /// u64, bytes of the file.
    pub const LEN_AT: usize = 32;
}

/// Offsets of the fields of the file of weights and tags.
pub mod ranks {
    /// Size of the head.
    pub const HEAD_BYTES: usize = 48;
    /// u16, the format version.
    pub const VERSION_AT: usize = 8;
    /// u8, the kind of file; then a byte, 0.
    pub const KIND_AT: usize = 10;
    /// u32, 0; for tenants later.
    pub const SPACE_AT: usize = 12;
    /// 16 bytes, the database id.
    pub const DATABASE_AT: usize = 16;
    /// u32, weights that follow.
    pub const WEIGHTS_AT: usize = 32;
    /// u32, users with tags that follow these.
    pub const TAGGED_AT: usize = 36;
    /// u64, the sequence as of which it is: whoever was forgotten above has no tags.
    pub const POSITION_AT: usize = 40;
}

/// Offsets of the fields of the file of inboxes. Inboxes and lists of fans follow, then a crc32 of
/// everything.
pub mod inboxes {
    /// Bytes before the inboxes.
    pub const HEAD_BYTES: usize = 64;
    /// u16, the format version.
    pub const VERSION_AT: usize = 8;
    /// u8, the kind of file.
    pub const KIND_AT: usize = 10;
    /// u8, the delivery policy: 0 pull, 1 push, 2 threshold, 3 active-fans, 4 adaptive.
    pub const POLICY_AT: usize = 11;
    /// u32, 0; for tenants later.
    pub const SPACE_AT: usize = 12;
    /// 16 bytes, the database id.
    pub const DATABASE_AT: usize = 16;
    /// u32, the epoch.
    pub const EPOCH_AT: usize = 32;
    /// u32, from how many followers on an author is big.
    pub const BIG_AUTHOR_AT: usize = 36;
    /// u64, the last sequence in the log.
    pub const LAST_AT: usize = 40;
    /// u64, how many readers a list of fans has at most.
    pub const ACTIVE_FANS_AT: usize = 48;
    /// u32, how many inboxes follow.
    pub const COUNT_AT: usize = 56;
    /// u32, how many lists follow these.
    pub const LISTS_AT: usize = 60;
}
