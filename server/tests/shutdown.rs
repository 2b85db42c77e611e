//! Stopping: in order by a signal, at once by a second one, and not at all by `kill -9`.
//!
//! What was acknowledged must be there afterwards, exactly once, each time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fanfold_engine::{Engine, Options, PostId};
use fanfold_protocol::{Code, Radius, Reply};

use crate::support::daemon::{Daemon, run};
use crate::support::peer::{Peer, outbox, publish};
use crate::support::{eventually, get};

/// Begins the line of the metric that counts pages.
const PAGES: &str = "fanfold_pages_total ";

/// Sends writes as fast as it can from a thread, and calls `interrupt` after some of the answers. Then it sends no
/// more: a server that goes waits a second for who still sends.
/// Every acknowledged post with its text, and the last word of the server, if there was one.
fn write_until(
    daemon: &Daemon,
    interrupt: impl FnOnce(),
) -> (BTreeMap<u64, String>, Option<Reply>) {
    let mut peer = Peer::connect(daemon.address("listen"));
    peer.hello();
    let mut socket = peer.socket.try_clone().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let must_end = Arc::clone(&is_over);
    let sender = std::thread::spawn(move || {
        for id in (2..).take_while(|_| !must_end.load(Ordering::Relaxed)) {
            let frame = crate::support::peer::wire(id, 0, &publish(1, format!("post {id}")));
            if std::io::Write::write_all(&mut socket, &frame).is_err() {
                return;
            }
        }
    });
    let mut acknowledged = BTreeMap::new();
    let mut last_word = None;
    let mut interrupt = Some(interrupt);
    // A killed daemon resets the connection: that is its end, too.
    while let Ok(Some((id, reply))) = peer.try_next() {
        match reply {
            Reply::Written(written) => {
                acknowledged.insert(written.post.unwrap(), format!("post {id}"));
            }
            other => last_word = Some(other),
        }
        if acknowledged.len() == 100
            && let Some(interrupt) = interrupt.take()
        {
            interrupt();
            is_over.store(true, Ordering::Relaxed);
        }
    }
    sender.join().unwrap();
    (acknowledged, last_word)
}

/// Opens the directory and compares: each acknowledged post is there with its text, and no text
/// twice.
fn compare(data: &Path, acknowledged: &BTreeMap<u64, String>) {
    let checked = run(&["check", data.to_str().unwrap()]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let engine = Engine::open(data, Options::default()).unwrap();
    for (id, text) in acknowledged {
        let (_, post) = engine.post(PostId(*id), None).unwrap();
        assert_eq!(post.text, text.as_bytes());
    }
    let position = engine.position().unwrap().sequence.0;
    let stored = (1..=position).filter_map(|id| engine.post(PostId(id), None).ok());
    let mut texts: Vec<_> = stored.map(|(_, post)| post.text).collect();
    let posts = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), posts);
}

#[test]
fn a_signal_finishes_what_was_accepted_and_exits_with_0() {
    for signal in ["TERM", "INT"] {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let mut daemon = Daemon::serve(&data);
        let (acknowledged, last_word) = write_until(&daemon, || daemon.signal(signal));
        assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.errors());
        let Some(Reply::Error(error)) = last_word else { panic!("no last word: {last_word:?}") };
        assert_eq!((error.code, error.radius), (Code::Closed, Radius::Session));
        assert!(100 <= acknowledged.len());
        compare(&data, &acknowledged);
    }
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut daemon = Daemon::serve(&data);
    let (acknowledged, _) = write_until(&daemon, || daemon.signal("KILL"));
    daemon.wait();
    assert!(100 <= acknowledged.len());
    let mut again = Daemon::serve(&data);
    let mut peer = Peer::connect(again.address("listen"));
    let welcome = peer.hello();
    let newest = *acknowledged.keys().last().unwrap();
    assert!(newest <= welcome.sequence);
    peer.send(2, &publish(2, "life goes on"));
    assert!(newest < peer.written(2).post.unwrap());
    again.signal("TERM");
    assert_eq!(again.wait().code(), Some(0), "{}", again.errors());
    compare(&data, &acknowledged);
}

#[test]
fn an_idle_peer_is_told_that_the_server_stops() {
    let directory = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::serve(directory.path());
    let mut peer = Peer::connect(daemon.address("listen"));
    peer.hello();
    daemon.signal("TERM");
    peer.refused(0, Code::Closed);
    peer.ended();
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.errors());
}

#[test]
fn a_second_signal_ends_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::serve(directory.path());
    let mut peer = Peer::connect(daemon.address("listen"));
    peer.hello();
    for id in 2..40 {
        peer.send(id, &publish(1, vec![b'x'; 60_000]));
        peer.written(id);
    }
    // Answers that nobody takes: an orderly stop waits for them.
    for id in 40..140 {
        peer.send(id, &outbox(1, 200));
    }
    let http = daemon.address("http");
    let answered = || -> Option<u64> {
        let metrics = get(http, "/metrics");
        metrics.lines().find_map(|line| line.strip_prefix(PAGES)?.parse().ok())
    };
    eventually("no more of them are made", || {
        let before = answered();
        std::thread::sleep(std::time::Duration::from_millis(300));
        Some(0) < before && before == answered()
    });
    daemon.signal("TERM");
    eventually("it stops", || get(http, "/readyz").contains("stopping"));
    assert!(daemon.is_running());
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(1));
    assert!(daemon.errors().contains("second signal"));
}
