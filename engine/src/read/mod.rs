//! The read path.
//!
//! ```text
//! query ──> state lock: select ids ──> files, if need be ──> log: fetch content ──> page
//!           (one position)             (immutable, no lock)  (immutable, no lock)
//! ```
//!
//! * [`merge`]: the newest (or nearest) entries of many outboxes (pure).
//! * [`select`]: which posts a page has; [`pulled`]: the same without inboxes; [`selection`]; [`judge`]: which of these its reader sees; [`collapse`]: which of
//!   those others stand for; [`authors`]: of whom a feed is made; [`asked`]: how many entries are looked at
//!   for that; [`pinned`]: what a page goes on from when others had their turn at the state; [`then`]: whether that
//!   is still so.
//! * [`stands`]: whether an entry still holds; [`followees`], [`ties`]: who follows whom, out of files.
//! * [`content`]: where their content is.
//! * [`draft`]: a page whose ids are known, and its content.
//! * [`feed`]: home and outbox pages.
//! * [`edges`]: followers, following, mutes, blocks, relations, user cards.
//! * [`groups`]: a user's groups and their members.
//! * [`marks`]: how far a user has seen a feed; [`unread`]: how much is left; [`course`]: how far that is
//!   counted.
//! * [`revisions`]: what a post says now, and what it said before.
//! * [`broadcasts`]: feeds of broadcasts; [`broadcast_draft`]: what they are called; [`live_sessions`]: the order that their pages keep;
//!   [`recency`]: which was used last.
//! * [`scan`]: everything that holds, in log order.
//! * [`changes`]: the log as it is, for who follows it.
//! * [`visibility`]: what a viewer may not see; [`sight`]: whether they see what is responded to.
//! * [`targets`], [`lists`]: what is responded to, and pages of responses; [`comments`], [`reactors`];
//!   [`reposters`]; [`counts`]: how many there are.
//! * [`full`]: a page with all that stands beside it: [`originals`], what its reposts refer to; [`parents`], what they say of
//!   that; [`came_by`], by which groups its posts came.
//! * [`notices`]: what concerns a user, and [`notice_groups`]: put together by what it is about.
//! * [`explain`]: why a post is in a home, or is not.
//! * [`verify`]: a home beside a naive merge.
//! * [`activity`]: when users were last active.
//!
//! Invariants:
//! * Every answer is taken from the state at one position, which it carries.
//! * Unfollowed, muted, blocked and deleted are tested now, never scrubbed later.

pub(crate) mod activity;
pub(crate) mod asked;
pub(crate) mod authors;
pub(crate) mod broadcast_draft;
pub(crate) mod broadcasts;
pub(crate) mod came_by;
pub(crate) mod changes;
pub(crate) mod collapse;
pub(crate) mod comments;
pub(crate) mod content;
pub(crate) mod counts;
pub(crate) mod course;
pub(crate) mod draft;
pub(crate) mod edges;
pub(crate) mod explain;
pub(crate) mod feed;
pub(crate) mod followees;
pub(crate) mod full;
pub(crate) mod groups;
pub(crate) mod judge;
pub(crate) mod lists;
pub(crate) mod live_sessions;
pub(crate) mod marks;
pub(crate) mod merge;
pub(crate) mod moderated;
pub(crate) mod notice_groups;
pub(crate) mod notices;
pub(crate) mod originals;
pub(crate) mod parents;
pub(crate) mod pinned;
pub(crate) mod pulled;
pub(crate) mod reactors;
pub(crate) mod recency;
pub(crate) mod reposters;
pub(crate) mod revisions;
pub(crate) mod scan;
pub(crate) mod select;
pub(crate) mod selection;
pub(crate) mod sight;
pub(crate) mod stands;
pub(crate) mod targets;
pub(crate) mod then;
pub(crate) mod ties;
pub(crate) mod unread;
pub(crate) mod verify;
pub(crate) mod visibility;
