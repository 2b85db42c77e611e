//! Every offset, size and number of view files; they live here and nowhere else.
//!
//! `engine/FORMAT.md` describes them, and `engine/tests/document.rs` compares the two.
//!
//! ```text
//! view file
//! +--------------------+ 0
//! | header             |
//! +--------------------+ VIEW_HEADER_BYTES
//! | section | section  |   runs, directory, index of each family; arrays
//! +--------------------+
//! | section list       |   SECTION_BYTES each
//! +--------------------+ data end
//! | block checksums    |   u32 for each block of VIEW_BLOCK_BYTES before the data end
//! | footer             |   VIEW_FOOTER_BYTES
//! +--------------------+ end of file
//! ```

/// The file is a view file.
pub const FILE_KIND_VIEW: u8 = 3;

/// Bytes of a view file's header.
pub const VIEW_HEADER_BYTES: usize = 64;

/// Offsets of the fields of a view file's header.
pub mod view_header {
    /// u16, the format version.
    pub const VERSION_AT: usize = 8;
    /// u8, the kind of file.
    pub const KIND_AT: usize = 10;
    /// u8, which view: see `view_kind`.
    pub const VIEW_AT: usize = 11;
    /// u32, 0; for tenants later.
    pub const SPACE_AT: usize = 12;
    /// 16 bytes, the database id.
    pub const DATABASE_AT: usize = 16;
    /// u64, the first sequence whose effect the file holds.
    pub const FIRST_AT: usize = 32;
    /// u64, the last sequence whose effect the file holds.
    pub const LAST_AT: usize = 40;
    /// u64, random; part of every checksum, so that a block of another file never matches.
    pub const SALT_AT: usize = 48;
    /// u32, crc32 of everything before it.
    pub const CRC_AT: usize = 60;
}

/// Which view a file belongs to.
pub mod view_kind {
    /// User ids and their ordinals.
    pub const USERS: u8 = 1;
    /// What each author published.
    pub const OUTBOX: u8 = 2;
    /// Follows, mutes and blocks.
    pub const GRAPH: u8 = 3;
    /// Idempotency keys and their answers.
    pub const RECEIPTS: u8 = 4;
    /// Entries of other files that hold no longer.
    pub const GRAVES: u8 = 5;
    /// Groups of authors, and their members.
    pub const GROUPS: u8 = 6;
    /// Reactions and comments.
    pub const RESPONSES: u8 = 7;
    /// Reposts.
    pub const REPOSTS: u8 = 13;
    /// Notices, and how far they are read.
    pub const NOTICES: u8 = 14;
    /// Read marks.
    pub const MARKS: u8 = 9;
    /// Posts that were revised.
    pub const REVISIONS: u8 = 10;
    /// Boards of what is scheduled or live, and replays.
    pub const BROADCASTS: u8 = 11;
    /// Who is being forgotten, and who was.
    pub const FORGOTTEN: u8 = 17;
    /// Users who are suspended, and posts that are hidden.
    pub const MODERATION: u8 = 16;
    /// Posts that are not for everybody.
    pub const AUDIENCES: u8 = 18;
    /// Private users, and requests to follow them.
    pub const REQUESTS: u8 = 12;
}

/// Blocks are verified one by one, at first touch.
pub const VIEW_BLOCK_BYTES: usize = 4096;

/// Bytes of an entry of the section list.
pub const SECTION_BYTES: usize = 32;

/// Offsets of the fields of an entry of the section list.
pub mod section {
    /// u8, which family of the view; 0 if the view has but one.
    pub const FAMILY_AT: usize = 0;
    /// u8, which part of the family: see `section_part`.
    pub const PART_AT: usize = 1;
    /// u8, bits of a payload.
    pub const PAYLOAD_BITS_AT: usize = 2;
    /// u64, how many runs, or elements of an array.
    pub const COUNT_AT: usize = 8;
    /// u64, where the section starts in the file.
    pub const OFFSET_AT: usize = 16;
    /// u64, bytes of the section.
    pub const LEN_AT: usize = 24;
}

/// The parts of a family.
pub mod section_part {
    /// The runs, back to back.
    pub const RUNS: u8 = 1;
    /// Whose run is where: varints, in blocks.
    pub const DIRECTORY: u8 = 2;
    /// The first owner of each block of the directory, and where the block starts.
    pub const INDEX: u8 = 3;
    /// An array of elements of a fixed size.
    pub const ARRAY: u8 = 4;
    /// A hash table of u32, 0 for an empty slot.
    pub const TABLE: u8 = 5;
}

/// Families of the graph view, of requests, of graves, of responses, and of the arrays of files of
/// groups, of revisions, of broadcasts and of moderation.
pub mod family {
    /// Posts by author; the only family of an outbox file.
    pub const POSTS: u8 = 0;
    /// Authors, by follower.
    pub const FOLLOWING: u8 = 1;
    /// Followers, by author.
    pub const FOLLOWERS: u8 = 2;
    /// The muted, by who muted them.
    pub const MUTES: u8 = 3;
    /// The blocked, by who blocked them.
    pub const BLOCKS: u8 = 4;
    /// Groups: an array. As graves: by owner.
    pub const GROUPS: u8 = 5;
    /// Members of groups: an array. As graves: by the owner of the group.
    pub const MEMBERS: u8 = 6;
    /// Responses: users, by list.
    pub const RESPONSES: u8 = 7;
    /// Lists of responses: an array. As graves: by list.
    pub const LISTS: u8 = 8;
    /// Reposts: an array. As graves: by author.
    pub const REPOSTS: u8 = 20;
    /// Roots of reposts that were deleted: an array.
    pub const GONE: u8 = 21;
    /// Places of notices, by whom they concern. Never graves.
    pub const NOTICES: u8 = 14;
    /// How far users have read their notices: an array.
    pub const READ_MARKS: u8 = 15;
    /// Revised posts: an array. As graves, of the records: by author.
    pub const REVISIONS: u8 = 10;
    /// Places on boards: an array. As graves: by author.
    pub const BOARDS: u8 = 11;
    /// Replays: an array. As graves: by author.
    pub const REPLAYS: u8 = 12;
    /// Who is or was forgotten: an array. Never graves.
    pub const FORGOTTEN: u8 = 26;
    /// Suspended users and hidden posts: an array. As graves, of the records: by whom they are about.
    pub const MODERATED: u8 = 24;
    /// Restricted posts: an array. As graves: by author.
    pub const AUDIENCES: u8 = 27;
    /// Private users, each by themselves.
    pub const PRIVATE: u8 = 22;
    /// Who asks to follow, by who is asked.
    pub const REQUESTS: u8 = 23;
}

/// All families that may have graves.
pub(crate) const FAMILIES: [u8; 17] = [
    family::POSTS,
    family::FOLLOWING,
    family::FOLLOWERS,
    family::MUTES,
    family::BLOCKS,
    family::GROUPS,
    family::MEMBERS,
    family::RESPONSES,
    family::LISTS,
    family::REPOSTS,
    family::REVISIONS,
    family::BOARDS,
    family::REPLAYS,
    family::MODERATED,
    family::AUDIENCES,
    family::PRIVATE,
    family::REQUESTS,
];

/// Runs in a block of the directory.
pub const DIRECTORY_BLOCK_RUNS: usize = 32;

/// Bytes of an entry of a directory's index: owner u32, offset in the directory u32, offset in the
/// runs u64.
pub const INDEX_ENTRY_BYTES: usize = 16;

/// Bytes of an entry of a run's chunk table: first sequence u64, end u32.
pub const CHUNK_TABLE_ENTRY_BYTES: usize = 12;

/// Bytes of an element of the array of receipts.
pub const RECEIPT_BYTES: usize = 40;

/// Offsets of the fields of an element of the array of receipts.
pub mod receipt {
    /// u32, the ordinal of the acting user.
    pub const SCOPE_AT: usize = 0;
    /// u32, what it was answered: 1 an id, 2 that a follow is a request now, else 0.
    pub const ANSWERED_AT: usize = 4;
    /// u64, the sequence of the record.
    pub const SEQUENCE_AT: usize = 8;
    /// u64, the hash of the content.
    pub const FINGERPRINT_AT: usize = 16;
    /// 16 bytes, the key.
    pub const KEY_AT: usize = 24;
}

/// Bytes of an element of the array of groups before the name, which ends it.
pub const GROUP_HEAD_BYTES: usize = 16;

/// Offsets of the fields of an element of the array of groups.
pub mod group {
    /// u32, the ordinal of the owner.
    pub const OWNER_AT: usize = 0;
    /// u8, 1 if the group is exclusive.
    pub const IS_EXCLUSIVE_AT: usize = 4;
    /// u8, bytes of the name; then 2 bytes, 0.
    pub const NAME_LEN_AT: usize = 5;
    /// u64, the sequence of the record that created the group.
    pub const ID_AT: usize = 8;
}

/// Bytes of an element of the array of members.
pub const MEMBER_BYTES: usize = 24;

/// Offsets of the fields of an element of the array of members.
pub mod member {
    /// u32, the ordinal of the owner of the group.
    pub const OWNER_AT: usize = 0;
    /// u32, the ordinal of the member.
    pub const AUTHOR_AT: usize = 4;
    /// u64, the id of the group.
    pub const GROUP_AT: usize = 8;
    /// u64, the sequence of the record that began the membership.
    pub const ADDED_AT: usize = 16;
}

/// Bytes of an element of the array of lists of responses.
pub const LIST_BYTES: usize = 32;

/// Offsets of the fields of an element of the array of lists of responses. The lists of all files, in
/// their order, are numbered from 0.
pub mod list {
    /// u64, the sequence of the record that first needed the list.
    pub const MADE_AT: usize = 0;
    /// u64, the post or comment; 0 if the list is dead.
    pub const TARGET_AT: usize = 8;
    /// u64, the post, or the one that the comment is about.
    pub const POST_AT: usize = 16;
    /// u8, a kind of reaction, 0 to 15, or 16: comments; then 7 bytes, 0.
    pub const SORT_AT: usize = 24;
}

/// Bytes of an element of the array of reposts.
pub const REPOST_BYTES: usize = 56;

/// Offsets of the fields of an element of the array of reposts.
pub mod repost {
    /// u64, the repost's own id: the sequence of its record.
    pub const SEQUENCE_AT: usize = 0;
    /// u64, the first post of the chain.
    pub const ROOT_AT: usize = 8;
    /// u64, the repost's time to show.
    pub const TIME_AT: usize = 16;
    /// u64, the root's time to show.
    pub const ROOT_TIME_AT: usize = 24;
    /// u32, the ordinal of who reposted.
    pub const AUTHOR_AT: usize = 32;
    /// u32, the ordinal of the root's author.
    pub const ROOT_AUTHOR_AT: usize = 36;
    /// u8, 1 if the repost says nothing of its own; then 7 bytes, 0.
    pub const IS_BARE_AT: usize = 40;
    /// u64, who sees the root, as in a record's link.
    pub const ROOT_AUDIENCE_AT: usize = 48;
}

/// Bytes of an element of the array of restricted posts.
pub const AUDIENCE_BYTES: usize = 24;

/// Offsets of the fields of an element of the array of restricted posts.
pub mod audience {
    /// u64, the post: the sequence of its record.
    pub const SEQUENCE_AT: usize = 0;
    /// u64, who sees it, as in a record's tag, without a group's name.
    pub const AUDIENCE_AT: usize = 8;
    /// u32, the ordinal of the author; then 4 bytes, 0.
    pub const AUTHOR_AT: usize = 16;
}

/// Bytes of an element of the array of roots that were deleted.
pub const GONE_BYTES: usize = 16;

/// Offsets of the fields of an element of the array of roots that were deleted.
pub mod gone {
    /// u64, the root.
    pub const ROOT_AT: usize = 0;
    /// u64, the sequence of the record that deleted it.
    pub const DELETED_AT: usize = 8;
}

/// Bytes of an element of the array of read marks of notices.
pub const READ_MARK_BYTES: usize = 24;

/// Offsets of the fields of an element of the array of read marks of notices, in the order of owners.
pub mod read_mark {
    /// u32, the ordinal of the user; then 4 bytes, 0.
    pub const OWNER_AT: usize = 0;
    /// u64, everything up to here is read.
    pub const UP_TO_AT: usize = 8;
    /// u64, the sequence of the record that said so.
    pub const SAID_AT: usize = 16;
}

/// Bytes of an element of the array of marks.
pub const MARK_BYTES: usize = 40;

/// Offsets of the fields of an element of the array of marks.
pub mod mark {
    /// u32, the ordinal of the user; then 4 bytes, 0.
    pub const OWNER_AT: usize = 0;
    /// u64, the id of the group; 0 for the home.
    pub const GROUP_AT: usize = 8;
    /// u64, the device.
    pub const DEVICE_AT: usize = 16;
    /// u64, up to which post.
    pub const POST_AT: usize = 24;
    /// u64, the sequence of the record.
    pub const MARKED_AT: usize = 32;
}

/// Bytes of an element of the array of revised posts.
pub const REVISION_BYTES: usize = 24;

/// Offsets of the fields of an element of the array of revised posts.
pub mod revision {
    /// u32, the ordinal of the author.
    pub const AUTHOR_AT: usize = 0;
    /// u32, the newest revision.
    pub const REVISION_AT: usize = 4;
    /// u64, the post.
    pub const POST_AT: usize = 8;
    /// u64, the sequence of the record that has it.
    pub const REVISED_AT: usize = 16;
}

/// Bytes of an element of the array of the forgotten.
pub const FORGOTTEN_BYTES: usize = 24;

/// Offsets of the fields of an element of the array of the forgotten, in the order of owners.
pub mod forgotten {
    /// u32, the ordinal of the user; then 4 bytes, 0.
    pub const OWNER_AT: usize = 0;
    /// u64, the sequence of the record that it began with.
    pub const SINCE_AT: usize = 8;
    /// u64, the sequence of the record that said that nothing was left; 0 if there is none yet.
    pub const DONE_AT: usize = 16;
}

/// Bytes of an element of the array of places on boards.
pub const PLACE_BYTES: usize = 32;

/// Offsets of the fields of an element of the array of places on boards.
pub mod place {
    /// u32, the ordinal of the author; then 4 bytes, 0.
    pub const OWNER_AT: usize = 0;
    /// i64, milliseconds: when it started, or less than 0: when it is to start.
    pub const KEY_AT: usize = 8;
    /// u64, the id of the broadcast.
    pub const BROADCAST_AT: usize = 16;
    /// u64, the sequence of the record that the place began with.
    pub const BEGAN_AT: usize = 24;
}

/// Bytes of an element of the array of replays.
pub const REPLAY_BYTES: usize = 32;

/// Offsets of the fields of an element of the array of replays.
pub mod replay {
    /// u32, the ordinal of the author; then 4 bytes, 0.
    pub const OWNER_AT: usize = 0;
    /// u64, the post.
    pub const POST_AT: usize = 8;
    /// u64, the id of the broadcast that it was.
    pub const BROADCAST_AT: usize = 16;
    /// u64, milliseconds: when it had started.
    pub const STARTED_AT: usize = 24;
}

/// Bytes of an element of the array of what is moderated.
pub const MODERATED_BYTES: usize = 24;

/// Offsets of the fields of an element of the array of what is moderated.
pub mod moderated {
    /// u32, the ordinal of who is suspended, or whose post is hidden.
    pub const OWNER_AT: usize = 0;
    /// u32, reserved, 0.
    pub const RESERVED_AT: usize = 4;
    /// u64, the post; 0: the user is suspended.
    pub const POST_AT: usize = 8;
    /// u64, the sequence of the record that began it.
    pub const SINCE_AT: usize = 16;
}

/// The first eight bytes of a view file's footer.
pub const VIEW_FOOTER_MAGIC: [u8; 8] = *b"FANVEND\n";

/// Bytes of a view file's footer; it ends the file.
pub const VIEW_FOOTER_BYTES: usize = 48;

/// Offsets of the fields of a view file's footer.
pub mod view_footer {
    /// u64, where the block checksums start.
    pub const DATA_END_AT: usize = 8;
    /// u64, where the section list starts.
    pub const SECTIONS_AT: usize = 16;
    /// u32, how many sections.
    pub const SECTION_COUNT_AT: usize = 24;
    /// u32, crc32 of the block checksums.
    pub const CHECKSUMS_CRC_AT: usize = 28;
    /// u64, the salt of the header once more: footer and header are of one file.
    pub const SALT_AT: usize = 32;
    /// u32, reserved, 0.
    pub const RESERVED_AT: usize = 40;
    /// u32, crc32 of everything before it in the footer.
    pub const CRC_AT: usize = 44;
}
