//! Sealed runs: the parts of the views that are in files. Written once, mapped, never changed.
//!
//! In reading order:
//! * [`layout`]: every offset and number of view files.
//! * [`bits`], [`chunk`]: sequences and payloads in few bits, with access by index.
//! * [`run`]: the sealed entries of one user.
//! * [`section`], [`writer`], [`mod@file`]: the file around them, verified block by block.
//! * [`mod@array`]: rows that are read as a whole; of these are the files below but for ids and lists.
//! * [`ids`]: user ids and ordinals; [`groups`]: groups and their members; [`broadcasts`]: boards
//!   and replays; [`lists`]: what lists of responses are of; [`read_marks`]: how far users have read their notices;
//!   [`audiences`]: restricted posts.
//! * [`family`]: many users' runs of one kind, and the directory that finds them.
//!
//! Invariants:
//! * Everything read from a file was verified by a checksum since it was opened.
//! * Lengths and offsets are bounded by the file even if a checksum was forged.

pub(crate) mod array;
pub(crate) mod audiences;
pub(crate) mod bits;
pub(crate) mod broadcasts;
pub(crate) mod chunk;
pub(crate) mod family;
pub(crate) mod file;
pub(crate) mod forgotten;
pub(crate) mod groups;
pub(crate) mod ids;
pub mod layout;
pub(crate) mod lists;
pub(crate) mod marks;
pub(crate) mod moderation;
pub(crate) mod read_marks;
pub(crate) mod reposts;
pub(crate) mod revisions;
pub(crate) mod run;
pub(crate) mod section;
pub(crate) mod writer;
