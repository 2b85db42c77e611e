//! Retention: rewrites sealed log segments without what holds no longer, while everything goes on.
//!
//! In reading order:
//! * [`judge`]: what of a record the log still needs (pure but for lookups).
//! * [`rewrite`]: some neighbouring segments to one packed segment.
//! * [`plan`]: which segments, and when.
//! * [`oblivion`]: what of the log is about users who are forgotten.
//! * [`pass`], [`retainer`]: one round of it; the thread.
//! * [`scrub`]: reads everything now and then, to find rot early.
//! * [`settle`]: what a record means whose other half was dropped, in a rebuild.
//!
//! What goes, and why a rebuild from what is left still equals the contract:
//! * A deleted post becomes a stub of its author: the text is gone, a repeated delete still answers
//!   `changed: false`. An entry that ended otherwise goes wholly.
//! * The record that ended an entry goes once the entry is gone: first the one, then the other, so
//!   that no crash between the two brings an entry back. A replay that meets an end without its
//!   entry ends nothing ([`settle`]).
//! * Users are numbered by their first appearance in the log. A record that may be the first to name
//!   a user (it names a higher number than all before it in its segment) leaves a stub of the names.
//! * A key that is still remembered leaves a stub with the key and the hash of the content; older
//!   keys are dropped from all records.
//! * Of users who are forgotten goes more: stubs of their posts and comments, their places among notices, their
//!   keys (a key that is still in the window leaves one of zeros), what they did that stands in nobody's way. The
//!   view files are rewritten before the log. What stays is a stub of the name where users are numbered by it, the
//!   record of the delete of a post that others reposted, and what others said of them.
//! * Only segments that the view files cover are rewritten, and only what had ended by then is
//!   dropped: the durable log knows why.

pub(crate) mod judge;
mod leftover;
pub(crate) mod oblivion;
pub(crate) mod pass;
pub(crate) mod plan;
pub(crate) mod retainer;
pub(crate) mod rewrite;
pub(crate) mod scrub;
pub(crate) mod settle;
