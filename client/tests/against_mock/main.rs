//! The client against a mock server that speaks raw frames. No database is needed.
//!
//! `mock.rs` is the server's side; the other files are tests by subject.

#[cfg(test)]
mod errors;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod order;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod time;
#[cfg(test)]
mod watch;
