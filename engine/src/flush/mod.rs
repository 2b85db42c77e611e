//! Flush: moves what the views hold in memory alone into view files, so that opening replays only
//! what came after, and memory may forget it.
//!
//! In reading order:
//! * [`gather`]: a range of the log to the rows it adds to the views.
//! * [`build`]: rows to files.
//! * [`step`]: one flush: gather, build, publish in the manifest.
//! * [`plan`], [`merge`], `merge_arrays`: which files to merge into one, and how.
//! * [`flusher`]: the thread that does it while commits go on.
//! * [`load`], `warm`: files to views, at open; their newest entries into memory, after it.
//!
//! ```text
//! committer: position P reached, much is unflushed: sync the log, freeze the state at P
//! flusher:   gather (covered, P] -> files -> sync -> manifest: covered = P -> publish in the state
//! ```
//!
//! Invariants:
//! * A file is never newer than the durable log: the log is synced up to P before P is gathered.
//! * A manifest lists files that together hold exactly what the log says up to `covered`: the
//!   entries of the files, minus the graves.
//! * An interrupted flush leaves nothing but files that no manifest lists; opening removes them.

pub(crate) mod build;
pub(crate) mod flusher;
pub(crate) mod gather;
pub(crate) mod load;
pub(crate) mod merge;
mod merge_arrays;
pub(crate) mod plan;
pub(crate) mod step;
mod warm;
