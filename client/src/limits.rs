//! Every bound and default of the client, each with its reason.
//!
//! What the server limits (text, meta, page size) is not repeated here: the server refuses it and
//! says so.

use std::time::Duration;

/// Requests that may wait for an answer at once: enough to hide a commit, few enough to re-send.
pub(crate) const IN_FLIGHT_DEFAULT: usize = 1_024;

/// More would let one client hold a server's memory; also the most that `max_in_flight` accepts.
pub(crate) const IN_FLIGHT_MAX: usize = 1 << 20;

/// Time to connect and shake hands: a local server answers in microseconds, a far one in 300 ms.
pub(crate) const CONNECT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

/// Time for a request from its call to its answer, reconnects included.
pub(crate) const REQUEST_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

/// Silence after which an awaited server is pinged; after twice this the connection counts as
/// lost. Below half the request timeout, so that a retry still fits into it.
pub(crate) const KEEP_ALIVE_DEFAULT: Duration = Duration::from_secs(2);

/// The first pause before reconnecting; it doubles.
pub(crate) const BACKOFF_MIN: Duration = Duration::from_millis(20);

/// The longest pause before reconnecting.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// The pause after `busy` when the server names none.
pub(crate) const BUSY_PAUSE_DEFAULT: Duration = Duration::from_millis(10);

/// Requests are encoded only this far ahead of the socket: what is not encoded can be withdrawn.
pub(crate) const OUTPUT_BYTES_MAX: usize = 256 * 1024;

/// Room asked for before each read of the socket.
pub(crate) const INPUT_BYTES: usize = 64 * 1024;

/// Silence after which the connection of a watch counts as lost: a server says something four times as
/// often.
pub(crate) const WATCH_SILENCE_MAX: Duration = Duration::from_secs(60);

/// Broken answers in a row after which requests fail instead of being sent once more.
pub(crate) const VIOLATIONS_MAX: u32 = 3;

/// The longest name a client may call itself in its hello, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 64;

/// The longest token, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 256;
