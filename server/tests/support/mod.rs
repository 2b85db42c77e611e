//! What the tests share: a server in this process, the real binary, a peer that speaks raw frames,
//! and a clock that can be stopped.
//!
//! Everything here panics when the world is not as expected: that fails the test.

pub(crate) mod daemon;
pub(crate) mod peer;
pub(crate) mod running;
pub(crate) mod stuck;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Long enough for a busy machine, short enough to end a hanging test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Sends `request` as it is, says that nothing follows, and reads the answer to its end.
pub(crate) fn converse(address: SocketAddr, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(request).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// What the HTTP port answers.
pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    converse(address, request.as_bytes())
}

/// Waits until `holds`; fails with `what` if it never does.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
