//! What several tests share: the specification as data, and frames as commented hex.
//!
//! Nothing here uses the crate: it is a second reading of `PROTOCOL.md`, to compare the code with.

pub(crate) mod hex;
pub(crate) mod markdown;
pub(crate) mod spec;
