//! The load on servers: raw bytes over TCP, so cheap that it costs the client of one system no more
//! than that of another, or than that of a bare echo.
//!
//! ```text
//! Load (who, how long) -> Dialect (how to begin) -> Talk (bytes out, bytes in; no socket) -> Run
//! ```
//!
//! * `talk` - one connection's side of a conversation, pure;
//! * `closed` - patient clients: each waits for its answers before it asks again;
//! * `fanfold`, `redis`, `postgres`, `echo` - what is said to each, in its own protocol and by hand: what a
//!   client library would cost is nobody's here.
//!
//! Requests are encoded ahead where that is possible; replies are told apart and skipped. What a reply
//! holds is verified once, before anything is timed.

mod closed;
pub(crate) mod echo;
pub(crate) mod fanfold;
mod frames;
mod pick;
pub(crate) mod postgres;
pub(crate) mod redis;
mod resp;
mod talk;

pub(crate) use closed::{Load, READ_BYTES, open};
pub(crate) use pick::Pick;
pub(crate) use talk::{Dialect, Heard, Talk, plain};
