//! Watches: what happens to a home, told as it commits.
//!
//! ```text
//! committer: apply ──> unpark ──> teller: reads the log ──> hub: index, trail ──> queue of each watch
//!            (one atomic load     (one thread)               (who is concerned)   (bounded)
//!             if nobody watches)
//! ```
//!
//! The log is the buffer between the committer and the watches: the teller follows it, so nothing
//! overflows in between, and the committer never waits for anybody.
//!
//! * [`event`]: what a watch is told.
//! * [`note`]: a record as far as watches care.
//! * [`sight`]: whose posts a user sees, read at one position.
//! * [`insight`]: what of the posts that are not for everybody they see.
//! * [`queue`]: what waits for one watch; [`roll`]: of whose presence it was told.
//! * [`index`]: who watches, and whom a record concerns.
//! * [`trail`]: the newest notes, for those who come back.
//! * [`hub`]: these together, behind one lock.
//! * [`teller`]: the thread that follows the log.
//! * [`catch_up`]: what happened between two positions, for one user; [`orphans`]: what goes with a post
//!   that is deleted, and [`gone`] who is told of that; [`quotes`]: what revised posts refer to.
//! * [`watch`]: the caller's handle.
//! * [`presence`]: who is online; [`stir`]: whose presence may have changed.
//!
//! Invariants:
//! * What a watch was told up to a position, folded, is the home at that position; or a gap was told.
//! * No watch is told of the end of a post that its user could not see.
//! * A watch that does not take its events holds a bounded queue and nothing else: past the bound the
//!   queue is dropped, and the watch is rebuilt from the log when it takes again.

pub(crate) mod catch_up;
pub(crate) mod event;
pub(crate) mod gone;
pub(crate) mod hub;
pub(crate) mod index;
pub(crate) mod insight;
pub(crate) mod note;
pub(crate) mod orphans;
pub(crate) mod presence;
pub(crate) mod queue;
pub(crate) mod quotes;
pub(crate) mod roll;
pub(crate) mod sight;
pub(crate) mod stir;
pub(crate) mod tail;
pub(crate) mod teller;
pub(crate) mod trail;
#[expect(clippy::module_inception, reason = "the noun of the file is the watch")]
pub(crate) mod watch;
