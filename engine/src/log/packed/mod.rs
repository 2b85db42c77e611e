//! Packed segments: log segments that were rewritten. Records that hold no longer are gone or
//! retired to what the log still has to know of them; the rest stands in compressed blocks.
//!
//! ```text
//! +--------------------+ 0
//! | segment header     |   names the last sequence too: what is in no block is a declared hole
//! +--------------------+ SEGMENT_HEADER_BYTES
//! | block | block | .. |   each: block header, then heads and contents of its records, packed
//! +--------------------+ data end
//! | index              |   first sequence and offset of each block
//! | footer             |
//! +--------------------+ end of file
//! ```
//!
//! A packed segment takes the name of the segment it replaces, by a rename: after a crash either
//! the one or the other is there, and both mean the same.
//!
//! * [`head`]: one record in a block (pure).
//! * [`block`]: the records of a block (pure).
//! * [`cache`]: blocks that were unpacked lately.
//! * [`footer`], [`segment`], [`writer`]: the file.

pub(crate) mod block;
pub(crate) mod cache;
pub(crate) mod footer;
pub(crate) mod head;
pub(crate) mod segment;
pub(crate) mod writer;
