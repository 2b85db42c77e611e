//! Every bound of the server, each with its reason, and the relations between them.
//!
//! The engine's and the protocol's own limits live in their crates. Nothing here can be exceeded by
//! a peer: reaching a bound stops reading that socket, answers an error, or closes it.

use std::time::Duration;

/// Writes of one connection that may wait for the committer. Beyond it the socket is not read.
/// 1,024: far more than hides a sync of a millisecond, little enough that nobody owns the queue.
pub const IN_FLIGHT_MAX: usize = 1_024;

/// Requests on the blocking lane at once: as many as a disk overlaps well, each a thread.
pub const LANE_THREADS: usize = 16;

/// Reads of one connection that may wait for the blocking lane. Beyond it the socket is not read.
pub const COLD_READS_MAX: usize = 16;

/// Answers waiting for a slow peer, in bytes, beyond which its socket is not read.
pub const OUTBOUND_BYTES_MAX: usize = 4 << 20;

/// What is read at once at first; doubles whenever a read fills it, up to `READ_BYTES_MAX`.
pub const READ_BYTES_MIN: usize = 4 << 10;

/// The most that is read at once.
pub const READ_BYTES_MAX: usize = 64 << 10;

/// A buffer that grew beyond this is given back once it is empty.
pub const BUFFER_KEEP_BYTES: usize = 256 << 10;

/// Frames handled before the answers are sent and other connections get their turn.
pub const FRAMES_PER_TURN: usize = 128;

/// Answers are sent once this many bytes wait, even if more requests have been read.
pub const FLUSH_BYTES: usize = 256 << 10;

/// Bytes waiting for a peer beyond which its watches are not asked: what happens meanwhile waits in
/// the engine, which drops it rather than hold much.
pub const EVENT_BYTES_WAITING: usize = 64 << 10;

/// A watch that has nothing to tell says so after this long, so that its position goes on and a dead
/// connection is noticed.
pub const WATCH_IDLE: Duration = Duration::from_secs(15);

/// How long a long-poll is held unless it says, and at most.
pub const WAIT_DEFAULT: Duration = Duration::from_secs(30);
/// See [`WAIT_DEFAULT`]. A peer that vanished holds its place no longer than this.
pub const WAIT_MAX: Duration = Duration::from_secs(60);

/// Open connections of each port unless configured: long-polls come by the thousand.
pub const CONNECTIONS_DEFAULT: usize = 10_000;

/// Connections beyond a limit that are being told so; more are closed without a word.
pub const REFUSALS_MAX: usize = 64;

/// One line of the debug port: a text of 64 KiB and the command before it.
pub const LINE_BYTES_MAX: usize = 70 << 10;

/// How long an HTTP connection may live, requests and pauses included: some long-polls of a browser.
/// What is held then is answered.
pub const HTTP_LIFETIME: Duration = Duration::from_secs(600);

/// How long an HTTP request head may take.
pub const HTTP_HEAD_DEADLINE: Duration = Duration::from_secs(5);

/// How long a closing connection is read on, so that the peer gets the last answer before a reset.
pub const LINGER: Duration = Duration::from_secs(1);

/// The pause before a write that found the commit queue full is tried again.
pub const SUBMIT_PAUSE: Duration = Duration::from_millis(2);

/// Pauses after a failed accept: doubled from the first to the last.
pub const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(5);
/// See [`ACCEPT_PAUSE_MIN`].
pub const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// The hint that goes with `busy`, in milliseconds.
pub const RETRY_BUSY_MS: u32 = 50;
/// The hint that goes with `storage_full`, in milliseconds.
pub const RETRY_STORAGE_MS: u32 = 1_000;
/// The hint that goes with `closed` and `too_many_connections`, in milliseconds.
pub const RETRY_CLOSED_MS: u32 = 500;

/// How long the server waits for its peers. Fields, so that a test need not wait for minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From accept to a complete hello. 5 s.
    pub hello: Duration,
    /// From the first byte of a frame to its last. 10 s.
    pub frame: Duration,
    /// Without any progress while answers wait to be taken. 30 s.
    pub write_stall: Duration,
    /// How long a write waits for room in the commit queue before `busy`. 250 ms.
    pub submit: Duration,
    /// Without a line on the debug port. 10 min.
    pub debug_idle: Duration,
    /// From the signal to the end of an orderly stop. 10 s.
    pub stop: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(5),
            frame: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            submit: Duration::from_millis(250),
            debug_idle: Duration::from_secs(600),
            stop: Duration::from_secs(10),
        }
    }
}

const _: () = assert!(READ_BYTES_MIN <= READ_BYTES_MAX);
const _: () = assert!(READ_BYTES_MAX <= BUFFER_KEEP_BYTES);
const _: () = assert!(FLUSH_BYTES <= OUTBOUND_BYTES_MAX);
const _: () = assert!((64 << 10) < LINE_BYTES_MAX);
