//! The HTTP and the debug port against peers with and without manners.
//!
//! What the debug port answers to commands is in `scripts/`; here is what scripts cannot say: limits,
//! timeouts, streams that end, other protocols.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use fanfold_protocol::Reply;

use crate::support::peer::publish;
use crate::support::running::Running;
use crate::support::stuck::StuckClock;
use crate::support::{PATIENCE, converse, eventually, get};

/// What the server says to somebody who says nothing.
fn listen(address: SocketAddr) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn health_and_readiness() {
    let running = Running::start();
    assert!(get(running.http(), "/healthz").starts_with("HTTP/1.1 200 OK"));
    let ready = get(running.http(), "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200 OK") && ready.ends_with("\r\n\r\nready\n"), "{ready}");
    running.engine().close().unwrap();
    assert!(get(running.http(), "/healthz").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_stopping_server_is_not_ready_until_its_work_is_done() {
    let clock = StuckClock::default();
    let held = Arc::new(clock.clone());
    let running = Running::with(|config| config.engine.clock = held);
    let http = running.http();
    let mut peer = running.peer();
    let hold = clock.hold();
    peer.send(1, &publish(1, "in flight"));
    let waiting = || running.engine().counters().unwrap().queue_depth;
    eventually("the write is in the engine", || waiting() == 1);
    let stopping = std::thread::spawn(move || running.stop());
    eventually("readiness says stopping", || {
        let ready = get(http, "/readyz");
        ready.starts_with("HTTP/1.1 503") && ready.ends_with("not ready: stopping\n")
    });
    drop(hold);
    peer.written(1);
    assert!(matches!(peer.next(), Some((0, Reply::Error(_)))));
    stopping.join().unwrap();
}

#[test]
fn unknown_pages_and_other_methods() {
    let running = Running::start();
    let missing = get(running.http(), "/metricz");
    assert!(missing.starts_with("HTTP/1.1 404 Not Found"), "{missing}");
    assert!(missing.contains("\n/metrics "), "{missing}");
    let post =
        b"POST /metrics HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let refused = converse(running.http(), post);
    assert!(refused.starts_with("HTTP/1.1 405 Method Not Allowed"), "{refused}");
    assert!(refused.contains("allow: GET"), "{refused}");
    assert!(get(running.http(), "/").contains(&running.debug().to_string()));
    assert!(converse(running.http(), b"\x16\x03\x01\x02\x00").starts_with("HTTP/1.1 400"));
}

#[test]
fn metrics_count_what_happened() {
    let running = Running::start();
    let mut peer = running.peer();
    for id in 1..=3 {
        peer.send(id, &publish(1, "counted"));
        peer.written(id);
    }
    peer.is_served();
    let text = get(running.http(), "/metrics");
    for line in [
        "fanfold_requests_total{op=\"publish\",result=\"ok\"} 3",
        "fanfold_requests_total{op=\"ping\",result=\"ok\"} 1",
        "fanfold_request_duration_seconds_count{class=\"write\"} 3",
        "fanfold_request_duration_seconds_bucket{le=\"+Inf\",class=\"write\"} 3",
        "fanfold_request_duration_seconds_bucket{le=\"0.00001\",class=\"read\"}",
        "fanfold_connections{port=\"binary\"} 1",
        "fanfold_sequence 3",
        "fanfold_posts 3",
        "fanfold_ready 1",
        "fanfold_build_info{version=",
    ] {
        assert!(text.contains(&format!("\n{line}")), "{line}\n\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn piped_commands_get_all_their_answers() {
    let running = Running::start();
    assert_eq!(converse(running.debug(), b"PING\r\nping\n"), "PONG\nPONG\n");
    assert_eq!(converse(running.debug(), b"QUIT\nPING\n"), "BYE\n");
    assert_eq!(converse(running.debug(), b""), "");
    let many = "PUBLISH 1 hello\n".repeat(500);
    assert_eq!(converse(running.debug(), many.as_bytes()).lines().count(), 500);
}

#[test]
fn half_a_command_is_no_command() {
    let running = Running::start();
    let answer = converse(running.debug(), b"PING\nPUBLISH 1 a text that was cut o");
    let told = "PONG\nERR half_line the last line has no end and was not run; end each with a \
                newline\n";
    assert_eq!(answer, told);
    assert_eq!(running.engine().position().unwrap().sequence.0, 0);
    assert_eq!(converse(running.debug(), b"PING\n  \r"), "PONG\n");
}

#[test]
fn a_line_has_a_limit() {
    let running = Running::start();
    let text = "x".repeat(64 << 10);
    let fits = converse(running.debug(), format!("PUBLISH 1 {text}\n").as_bytes());
    assert_eq!(fits, "OK post 1 at 1:1\n");
    let over = converse(running.debug(), format!("PUBLISH 1 {text}x\nPING\n").as_bytes());
    assert!(over.starts_with("ERR limit text of 65537 bytes"), "{over}");
    assert!(over.ends_with("PONG\n"), "{over}");
    let endless = converse(running.debug(), &vec![b'x'; 1 << 20]);
    assert_eq!(endless, "ERR limit a line has more than 71680 bytes\n");
}

#[test]
fn a_web_page_cannot_make_a_browser_write() {
    let running = Running::start();
    let request = b"POST / HTTP/1.1\r\nHost: localhost:7719\r\n\r\nPUBLISH 1 forged\r\n";
    let answer = converse(running.debug(), request);
    assert!(answer.starts_with("ERR not_http "), "{answer}");
    assert!(answer.contains(&format!("http://{}/", running.http())), "{answer}");
    assert_eq!(answer.lines().count(), 1);
    assert_eq!(running.engine().position().unwrap().sequence.0, 0);
}

#[test]
fn an_idle_debug_connection_is_told_and_closed() {
    let running = Running::with(|config| config.timeouts.debug_idle = Duration::from_millis(100));
    assert_eq!(listen(running.debug()), "ERR timed_out no command within 0 s\n");
}

#[test]
fn the_debug_port_has_a_limit_of_its_own() {
    let running = Running::with(|config| config.max_connections = 64);
    let open: Vec<TcpStream> =
        (0..64).map(|_| TcpStream::connect(running.debug()).unwrap()).collect();
    let refused = listen(running.debug());
    assert!(refused.starts_with("ERR too_many_connections 64 "), "{refused}");
    running.peer().is_served();
    drop(open);
    eventually("places are free again", || converse(running.debug(), b"PING\n") == "PONG\n");
}

#[test]
fn the_http_port_has_a_limit_of_its_own() {
    let running = Running::with(|config| config.max_connections = 64);
    let open: Vec<TcpStream> =
        (0..64).map(|_| TcpStream::connect(running.http()).unwrap()).collect();
    let refused = listen(running.http());
    assert!(refused.starts_with("HTTP/1.1 503 Service Unavailable"), "{refused}");
    drop(open);
    eventually("places are free again", || {
        get(running.http(), "/healthz").starts_with("HTTP/1.1 200 OK")
    });
}

#[test]
fn clients_and_their_names_are_listed() {
    let running = Running::start();
    let mut peer = running.peer();
    peer.is_served();
    let list = converse(running.debug(), b"CLIENTS\n");
    let line = list.lines().next().unwrap();
    assert!(line.contains("  binary  name mock peer  open "), "{list}");
    assert!(line.ends_with(" requests 2"), "{list}");
    assert!(list.ends_with("(2 entries, end)\n"), "{list}");
}

#[test]
fn a_door_that_is_off_is_nowhere() {
    let running = Running::with(|config| config.http = fanfold_server::Door::Off);
    let info = converse(running.debug(), b"INFO server\n");
    assert!(info.contains("\nhttp:off\n"), "{info}");
    let answer = converse(running.listen(), b"GET / HTTP/1.1\r\n\r\n");
    assert!(answer.contains("HTTP is off; start with --http"), "{answer}");
}
