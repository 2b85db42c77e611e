//! Where the daemon's log lines go: standard error, one line each, UTC.
//!
//! Only the binary sets this up; the library only emits events, so that a test or an embedding
//! program keeps its own subscriber. Control characters from peers are escaped by the subscriber.

use tracing_subscriber::filter::LevelFilter;

use crate::console::stderr_is_terminal;

/// The levels `--log-level` accepts, quietest first.
pub const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Sends all events of `level` and above to standard error. Called once, by the binary.
pub fn start(level: &str) {
    let filter = level.parse().unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt()
        .with_max_level(filter)
        .with_writer(std::io::stderr)
        .with_ansi(stderr_is_terminal())
        .with_target(false)
        .init();
}
