//! The write path.
//!
//! ```text
//! submit: validate, prepare ──> queue ──> committer: decide, append + sync, apply, answer
//! any thread                    bounded   one thread
//! ```
//!
//! * [`prepare`]: what can be done on the caller's thread: checks, the author of a deleted post.
//! * [`queue`]: the bounded hand-off.
//! * [`decide`]: a command against the state and the earlier commands of its group (pure).
//! * [`committer`]: the one writer.
//! * [`ticket`]: the caller's hold on the answer.
//!
//! Invariants:
//! * Commands are decided in the order of the queue.
//! * Refused and no-op commands are not logged.
//! * Nobody is answered before the group is as durable as its mode asks, and visible.

pub(crate) mod committer;
pub(crate) mod decide;
pub(crate) mod decide_audiences;
pub(crate) mod decide_broadcasts;
pub(crate) mod decide_forgets;
pub(crate) mod decide_groups;
pub(crate) mod decide_marks;
pub(crate) mod decide_moderation;
pub(crate) mod decide_notices;
pub(crate) mod decide_reposts;
pub(crate) mod decide_requests;
pub(crate) mod decide_responses;
pub(crate) mod decide_revisions;
pub(crate) mod prepare;
pub(crate) mod prepare_broadcasts;
pub(crate) mod queue;
pub(crate) mod ticket;
