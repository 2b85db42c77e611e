//! Every bound of the protocol, each with its reason. A bound of one field lives here and nowhere
//! else; `PROTOCOL.md` repeats the numbers and a test compares them.
//!
//! Invariants:
//! * a page at its byte budget plus one largest post and what it reposts still fits into a frame, whatever
//!   stands beside its texts,
//! * a hello at its largest fits into what is buffered before the hello.

use crate::frame::HEADER_BYTES;

/// The largest body of a frame, in bytes: the page budget of 1 MiB and room to finish a page, and for what
/// stands beside its texts.
pub const BODY_BYTES_MAX: u32 = 1_572_864;

/// How much of a connection is buffered before its hello was accepted, header included: a stranger
/// costs no more than a page of memory.
pub const BEFORE_HELLO_BYTES_MAX: u32 = 4096;

/// The largest body of a frame before the hello was accepted.
pub const HELLO_BODY_BYTES_MAX: u32 = 4076;

/// The longest encoding of a varint: ten groups of seven bits hold 64 bits.
pub const VARINT_BYTES_MAX: usize = 10;

/// The size of an idempotency key: 128 random bits do not collide.
pub const KEY_BYTES: usize = 16;

/// The size of a database id.
pub const DATABASE_BYTES: usize = 16;

/// The longest name a peer gives of itself, client or server, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// The longest name of a group, in bytes.
pub const GROUP_NAME_BYTES_MAX: usize = 64;

/// How many kinds of reactions there are: 0 to 15.
pub const REACTION_KINDS: usize = 16;

/// Users whom a post or a comment mentions at most. Checked by the server.
pub const MENTIONS_MAX: usize = 50;

/// Users whom a post of a collapsed page names that brought it too; the others are counted.
pub const BROUGHT_BY_MAX: u8 = 3;

/// The longest name of a backup, in bytes: it becomes the name of a directory.
pub const BACKUP_NAME_BYTES_MAX: usize = 100;

/// The longest access token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 256;

/// The longest text of a post, in bytes.
pub const TEXT_BYTES_MAX: usize = 65_536;

/// The longest application data beside a text, in bytes.
pub const META_BYTES_MAX: usize = 4096;

/// The longest message of an error reply, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 1024;

/// The longest name of a status field, in bytes.
pub const STATUS_NAME_BYTES_MAX: usize = 64;

/// The longest text of a status field, in bytes.
pub const STATUS_TEXT_BYTES_MAX: usize = 4096;

/// Bytes of the name of a user's tag.
pub const TAG_NAME_BYTES_MAX: usize = 32;

/// How many fields a status holds at most: far above what a server reports.
pub const STATUS_FIELDS_MAX: usize = 1024;

/// How many items a reply holds for a `limit` of 0.
pub const ITEMS_DEFAULT: u32 = 20;

/// The largest `limit` of a read. Checked by the server, not by the decoder, so that the refusal
/// can name the value.
pub const ITEMS_MAX: u32 = 200;

/// How many changes a reply holds for a `limit` of 0.
pub const CHANGES_DEFAULT: u32 = 1_000;

/// The largest `limit` of changes. Checked by the server.
pub const CHANGES_MAX: u32 = 4_096;

/// Up to how many unread entries are counted for a `limit` of 0.
pub const UNREAD_DEFAULT: u32 = 999;

/// The largest `limit` of a count of unread entries. Checked by the server.
pub const UNREAD_MAX: u32 = 9_999;

/// How long a server waits for the next change at most, in milliseconds.
pub const WAIT_MS_MAX: u32 = 60_000;

/// How many watches a connection may have.
pub const WATCHES_MAX: u32 = 1_024;

/// The byte budget of a page: a server ends a page with `bytes` rather than go on beyond it. Text, meta and
/// mentions of posts and originals count, and the groups by which posts came.
pub const PAGE_BYTES_MAX: u32 = 1_048_576;

/// A bound of everything in a post that does not count: numbers, what it refers to, its audience.
const POST_OVERHEAD_BYTES: u32 = 192;

/// A bound of for whom a post of a collapsed page stands.
const BROUGHT_BY_BYTES: u32 = 64;

#[expect(clippy::cast_possible_truncation, reason = "constants far below 2^32")]
const _: () = {
    let mentions = (MENTIONS_MAX * VARINT_BYTES_MAX) as u32;
    let last = TEXT_BYTES_MAX as u32 + META_BYTES_MAX as u32 + mentions;
    let counts = 26 + REACTION_KINDS as u32 * 11;
    // Each post may have an original.
    let beside = 2 * ITEMS_MAX * (POST_OVERHEAD_BYTES + counts) + ITEMS_MAX * BROUGHT_BY_BYTES;
    assert!(PAGE_BYTES_MAX + 2 * last + beside <= BODY_BYTES_MAX);
    assert!(HELLO_BODY_BYTES_MAX + HEADER_BYTES as u32 == BEFORE_HELLO_BYTES_MAX);
    assert!((NAME_BYTES_MAX + TOKEN_BYTES_MAX + 64) as u32 <= HELLO_BODY_BYTES_MAX);
    assert!(ITEMS_DEFAULT <= ITEMS_MAX);
    assert!(ITEMS_MAX <= u16::MAX as u32);
    assert!(CHANGES_DEFAULT <= CHANGES_MAX);
    assert!(CHANGES_MAX <= u16::MAX as u32);
};
