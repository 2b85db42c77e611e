//! Databases that are a library: Fanfold's engine, and others. Each is measured in a process of its own,
//! by the same loops; who wants a measurement writes a line to its input and reads one from its output.
//!
//! ```text
//! load | check N | pages THREADS SECONDS | reader SECONDS | fan-out SECONDS | publish THREADS SECONDS |
//! celebrity | sizes | stop
//! ```
//!
//! The answer is a JSON object; `{"error": ...}` if it did not work.

mod driver;
mod engine;
mod store;

pub use driver::{DriverArgs, anonymous_bytes, drive, file_bytes};
pub(crate) use engine::engine_driver;
pub use store::{Done, Store};
