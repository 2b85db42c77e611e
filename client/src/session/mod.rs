//! The session: everything a connection decides, without a socket and without a clock.
//!
//! Reading order: `operation.rs` (one request and its waiter) -> `dependencies.rs` (which writes
//! may be in flight together) -> `writes.rs` (the ordered lane) -> `reads.rs` (the unordered lane)
//! -> `heartbeat.rs` (silence)
//! -> `state.rs` (both lanes behind one door: frames and ticks in, bytes and completions out).

mod dependencies;
mod heartbeat;
mod operation;
mod reads;
mod state;
#[cfg(test)]
mod testing;
mod writes;

pub(crate) use operation::{Completion, Operation, Waiter};
pub(crate) use state::{Ending, Grant, Session};
