//! Too much at once: a full commit queue, a full window, and what becomes of the order.
//!
//! The committer is held by its clock, so that the queue fills for certain.

use std::sync::Arc;
use std::time::Duration;

use fanfold_protocol::{Code, Fault, Reply, Retry};

use crate::support::peer::{Peer, outbox, publish, wire};
use crate::support::running::Running;
use crate::support::stuck::StuckClock;
use crate::support::{PATIENCE, eventually};

fn stuck(clock: &StuckClock, queue: usize, submit: Duration) -> Running {
    let clock = Arc::new(clock.clone());
    Running::with(|config| {
        config.engine.clock = clock;
        config.engine.queue_commands_max = queue;
        config.timeouts.submit = submit;
    })
}

/// Texts of the newest posts of user 1, oldest first.
fn texts(peer: &mut Peer) -> Vec<String> {
    peer.send(9_999, &outbox(1, 200));
    let Some((9_999, Reply::Page(page))) = peer.next() else { panic!("no page") };
    let text = |post: &fanfold_protocol::Post| String::from_utf8(post.text.to_vec()).unwrap();
    page.posts.iter().rev().map(text).collect()
}

#[test]
fn a_full_queue_answers_busy_and_keeps_the_order() {
    let clock = StuckClock::default();
    let running = stuck(&clock, 4, Duration::from_millis(100));
    let mut peer = running.peer();
    let hold = clock.hold();
    for id in 1..=20 {
        peer.send(id, &publish(1, format!("post {id}")));
    }
    // Reads go on meanwhile, and the patience of the held write runs out.
    peer.is_served();
    std::thread::sleep(Duration::from_millis(400));
    drop(hold);
    // Answers come in the order of the writes.
    let mut id = 1;
    let (first_refused, error) = loop {
        match peer.next() {
            Some((next, Reply::Written(_))) => assert_eq!(next, id),
            Some((next, Reply::Error(error))) => {
                assert_eq!(next, id);
                break (id, error);
            }
            other => panic!("not answered: {other:?}"),
        }
        id += 1;
    };
    assert!((2..20).contains(&first_refused), "some found room, some did not: {first_refused}");
    assert_eq!((error.code, error.fault), (Code::Busy, Fault::Resource));
    assert!(matches!(error.retry, Retry::After(_)));
    for id in first_refused + 1..=20 {
        peer.refused(id, Code::Busy);
    }
    for id in first_refused..=20 {
        peer.send_raw(&wire(id, 1, &publish(1, format!("post {id}"))));
        peer.written(id);
    }
    let expected: Vec<String> = (1..=20).map(|id| format!("post {id}")).collect();
    assert_eq!(texts(&mut peer), expected);
}

#[test]
fn a_short_jam_is_waited_out() {
    let clock = StuckClock::default();
    let running = stuck(&clock, 4, PATIENCE);
    let mut peer = running.peer();
    let hold = clock.hold();
    for id in 1..=20 {
        peer.send(id, &publish(1, format!("post {id}")));
    }
    std::thread::sleep(Duration::from_millis(30));
    drop(hold);
    for id in 1..=20 {
        peer.written(id);
    }
}

#[test]
fn a_full_window_stops_reading_and_loses_nothing() {
    const WRITES: u32 = 3_000;
    let clock = StuckClock::default();
    let running = stuck(&clock, 100_000, PATIENCE);
    let mut peer = running.peer();
    let mut bystander = running.peer();
    let hold = clock.hold();
    let mut socket = peer.socket.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        for id in 1..=WRITES {
            let frame = wire(id, 0, &publish(2, format!("post {id}")));
            std::io::Write::write_all(&mut socket, &frame).unwrap();
        }
    });
    let waiting = || running.engine().counters().unwrap().queue_depth;
    eventually("the window is full", || 1_024 <= waiting());
    std::thread::sleep(Duration::from_millis(50));
    assert!(waiting() <= 1_024, "{} writes of one connection wait", waiting());
    bystander.is_served();
    drop(hold);
    for id in 1..=WRITES {
        peer.written(id);
    }
    sender.join().unwrap();
}
