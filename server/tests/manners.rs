//! The binary port against a peer without manners: oversized, half, slow, foreign, vanishing.
//!
//! In each test a bystander is connected, and must be served before and after.

use std::net::Shutdown;
use std::time::Duration;

use bytes::Bytes;
use fanfold_protocol::{
    Code, Delete, Fault, FrameHeader, Radius, Reply, Request, RequestKind, Retry, Touch,
    WriteOptions, limits,
};

use crate::support::eventually;
use crate::support::peer::{Peer, hello, outbox, publish, raw_frame, wire};
use crate::support::running::Running;

const SHORT: Duration = Duration::from_millis(150);

/// Starts a server, lets `rude` do its worst, and makes sure that nobody else noticed.
fn beside_a_bystander(running: &Running, rude: impl FnOnce(&mut Peer)) {
    let mut bystander = running.peer();
    bystander.is_served();
    rude(&mut running.stranger());
    bystander.is_served();
    bystander.send(9, &publish(1, "still here"));
    bystander.written(9);
}

fn header(body_bytes: u32) -> FrameHeader {
    let kind = RequestKind::Ping.byte();
    FrameHeader { body_bytes, kind, flags: 0, generation: 0, request_id: 5, body_crc: 0 }
}

fn touch(user: u64) -> Request {
    Request::Touch(Touch { options: WriteOptions::default(), user })
}

#[test]
fn a_frame_of_4_gib_is_refused_from_its_header() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.hello();
        peer.send_raw(&header(u32::MAX).encode());
        let error = peer.refused(0, Code::FrameTooLarge);
        assert_eq!((error.radius, error.fault), (Radius::Session, Fault::Peer));
        assert!(error.message().contains("4294967295"), "{}", error.message());
        assert!(error.message().contains(&limits::BODY_BYTES_MAX.to_string()));
        peer.ended();
    });
}

#[test]
fn before_the_hello_4_kib_are_the_limit() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.send_raw(&header(limits::HELLO_BODY_BYTES_MAX + 1).encode());
        peer.refused(0, Code::FrameTooLarge);
        peer.ended();
    });
}

#[test]
fn a_megabyte_of_noise_still_gets_its_answer() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.send_raw(&vec![0xa5; 1 << 20]);
        let error = peer.refused(0, Code::BadFrame);
        assert!(error.message().contains("header_crc"), "{}", error.message());
        peer.ended();
        // The server reads on for a moment: a reset could overtake its last answer.
        for _ in 0..3 {
            peer.send_raw(&[0xa5; 1024]);
            std::thread::sleep(SHORT / 5);
        }
    });
}

#[test]
fn a_damaged_body_ends_the_session() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.hello();
        let mut frame = wire(3, 0, &publish(1, "text"));
        let last = frame.len() - 1;
        frame[last] ^= 1;
        peer.send_raw(&frame);
        let error = peer.refused(0, Code::BadFrame);
        assert!(error.message().contains("body_crc"), "{}", error.message());
        peer.ended();
    });
}

#[test]
fn half_a_frame_has_a_deadline() {
    let running = Running::with(|config| config.timeouts.frame = SHORT);
    beside_a_bystander(&running, |peer| {
        peer.hello();
        let frame = wire(3, 0, &publish(1, "text"));
        peer.send_raw(&frame[..frame.len() / 2]);
        let error = peer.refused(0, Code::TimedOut);
        assert!(error.message().contains("half a frame"), "{}", error.message());
        peer.ended();
    });
}

#[test]
fn a_frame_that_trickles_has_the_same_deadline() {
    let running = Running::with(|config| config.timeouts.frame = SHORT * 2);
    beside_a_bystander(&running, |peer| {
        peer.hello();
        let frame = wire(3, 0, &publish(1, vec![b'x'; 2_000]));
        for byte in frame.iter().take(8) {
            peer.send_raw(&[*byte]);
            std::thread::sleep(SHORT / 4);
        }
        peer.refused(0, Code::TimedOut);
        peer.ended();
    });
}

#[test]
fn silence_instead_of_a_hello_has_a_deadline() {
    let running = Running::with(|config| config.timeouts.hello = SHORT);
    beside_a_bystander(&running, |peer| {
        let error = peer.refused(0, Code::TimedOut);
        assert!(error.message().contains("hello"), "{}", error.message());
        peer.ended();
    });
}

#[test]
fn an_idle_session_has_none() {
    let running = Running::with(|config| {
        config.timeouts.hello = SHORT;
        config.timeouts.frame = SHORT;
        config.timeouts.write_stall = SHORT;
    });
    let mut peer = running.peer();
    std::thread::sleep(SHORT * 3);
    peer.is_served();
}

#[test]
fn a_write_before_the_hello_ends_the_session() {
    let running = Running::start();
    beside_a_bystander(&running, |peer| {
        peer.send(3, &publish(7, "too early"));
        peer.refused(3, Code::HelloExpected);
        peer.ended();
    });
    let mut peer = running.peer();
    peer.send(4, &outbox(7, 20));
    let Some((4, Reply::Page(page))) = peer.next() else { panic!("no page") };
    assert!(page.posts.is_empty());
}

#[test]
fn a_second_hello_ends_the_session() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.hello();
        peer.send(8, &hello((1, 1), None));
        peer.refused(8, Code::HelloExpected);
        peer.ended();
    });
}

#[test]
fn another_version_is_told_both_ranges() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.send(1, &hello((7, 9), None));
        let error = peer.refused(1, Code::UnsupportedVersion);
        assert!(error.message().contains("7 to 9"), "{}", error.message());
        assert!(error.message().contains("1 to 1"), "{}", error.message());
        peer.ended();
    });
}

#[test]
fn another_epoch_is_told() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.send(1, &hello((1, 1), Some(40)));
        let error = peer.refused(1, Code::EpochMismatch);
        assert!(error.message().contains("40"), "{}", error.message());
        peer.ended();
    });
}

#[test]
fn a_browser_is_told_where_http_is() {
    let running = Running::start();
    beside_a_bystander(&running, |peer| {
        peer.send_raw(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut peer.socket, &mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(answer.contains(&format!("http://{}/", running.http())), "{answer}");
    });
}

#[test]
fn an_unknown_request_leaves_the_session_alone() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.hello();
        peer.send_raw(&raw_frame(0x7e, 6, b"whatever"));
        let error = peer.refused(6, Code::UnknownRequest);
        assert_eq!(error.radius, Radius::Request);
        peer.is_served();
    });
}

#[test]
fn a_malformed_cursor_is_a_bad_frame() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.hello();
        // No options, user 1, a span of 3 where only 0 to 2 have a meaning.
        peer.send_raw(&raw_frame(RequestKind::Home.byte(), 6, &[0, 1, 3, 9, 20]));
        let error = peer.refused(6, Code::BadFrame);
        assert!(error.message().contains("span"), "{}", error.message());
        peer.ended();
    });
}

#[test]
fn a_text_above_the_limit_is_refused_alone() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.hello();
        // No options, author 1, kind 0, no time, 65,537 bytes of text, no meta.
        let mut body = vec![0, 1, 0, 0, 0x81, 0x80, 0x04];
        body.extend_from_slice(&vec![b'x'; 65_537]);
        body.push(0);
        peer.send_raw(&raw_frame(RequestKind::Publish.byte(), 6, &body));
        let error = peer.refused(6, Code::Limit);
        assert!(error.message().contains("65537"), "{}", error.message());
        assert!(error.message().contains("65536"), "{}", error.message());
        peer.is_served();
    });
}

#[test]
fn the_followee_above_the_limit_is_refused_with_both_numbers() {
    let running = Running::with(|config| config.engine.followees_max = 2);
    beside_a_bystander(&running, |peer| {
        peer.hello();
        for author in 1..=3_u32 {
            let options = WriteOptions::default();
            let (other, weight) = (u64::from(author), None);
            let follow = fanfold_protocol::NewFollow { options, user: 9, other, weight };
            peer.send(author, &Request::Follow(follow));
        }
        peer.written(1);
        peer.written(2);
        let error = peer.refused(3, Code::Limit);
        assert!(error.message().contains("limit is 2"), "{}", error.message());
    });
}

#[test]
fn somebody_elses_delete_is_denied() {
    let running = Running::start();
    let mut peer = running.peer();
    peer.send(1, &publish(1, "mine"));
    let post = peer.written(1).post.unwrap();
    let options = WriteOptions { key: None, actor: Some(2) };
    peer.send(2, &Request::Delete(Delete { options, post }));
    peer.refused(2, Code::Denied);
    peer.send(3, &outbox(1, 20));
    let Some((3, Reply::Page(page))) = peer.next() else { panic!("no page") };
    assert_eq!(page.posts.len(), 1);
}

#[test]
fn a_flood_of_small_requests_is_answered_in_full() {
    beside_a_bystander(&Running::start(), |peer| {
        peer.hello();
        const REQUESTS: u32 = 20_000;
        let mut socket = peer.socket.try_clone().unwrap();
        let sender = std::thread::spawn(move || {
            for id in 1..=REQUESTS {
                let request = if id % 2 == 0 { Request::Ping } else { touch(u64::from(id)) };
                std::io::Write::write_all(&mut socket, &wire(id, 0, &request)).unwrap();
            }
        });
        let answered = (0..REQUESTS).filter(|_| peer.next().is_some()).count();
        assert_eq!(answered, REQUESTS as usize);
        sender.join().unwrap();
    });
}

#[test]
fn what_came_before_the_end_of_the_stream_is_answered() {
    let running = Running::start();
    let mut peer = running.peer();
    for id in 1..=300 {
        peer.send(id, &publish(1, "last words"));
    }
    peer.socket.shutdown(Shutdown::Write).unwrap();
    for id in 1..=300 {
        peer.written(id);
    }
    peer.ended();
}

#[test]
fn a_peer_that_vanishes_leaves_nothing_behind() {
    let running = Running::start();
    fill(&running, 1, 64);
    let mut bystander = running.peer();
    for _ in 0..20 {
        let mut peer = running.peer();
        for id in 2..60 {
            peer.send(id, &outbox(1, 200));
        }
        // Closing with unread answers resets the connection.
    }
    bystander.is_served();
    eventually("only the bystander is left", || running.clients() == 1);
}

#[test]
fn a_peer_that_takes_no_answers_is_held_back() {
    const REQUESTS: u32 = 300;
    let running = Running::start();
    fill(&running, 1, 20);
    beside_a_bystander(&running, |peer| {
        peer.hello();
        // Each answer is 1 MiB: far more is asked for than the server and the kernel hold.
        for id in 2..2 + REQUESTS {
            peer.send(id, &outbox(1, 200));
        }
        eventually("some are read", || 1 < running.engine().counters().unwrap().pages);
        std::thread::sleep(SHORT * 4);
        let answered = running.engine().counters().unwrap().pages;
        assert!(1 < answered && answered < 40, "{answered} pages for a peer that reads nothing");
        let taken = (0..REQUESTS).filter(|_| matches!(peer.next(), Some((_, Reply::Page(_)))));
        assert_eq!(taken.count(), REQUESTS as usize);
    });
}

#[test]
fn a_peer_that_goes_on_taking_no_answers_is_closed() {
    let running = Running::with(|config| config.timeouts.write_stall = SHORT);
    fill(&running, 1, 20);
    beside_a_bystander(&running, |peer| {
        peer.hello();
        let asked: Vec<u8> = (2..100).flat_map(|id| wire(id, 0, &outbox(1, 200))).collect();
        // It may be closed before all is asked.
        let _ = std::io::Write::write_all(&mut peer.socket, &asked);
        eventually("it is closed", || running.clients() == 1);
    });
}

#[test]
fn one_connection_too_many_is_told_so() {
    let running = Running::with(|config| config.max_connections = 2);
    let mut first = running.peer();
    let second = running.peer();
    let mut third = running.stranger();
    let error = third.refused(0, Code::TooManyConnections);
    assert!(error.message().contains("2 connections"), "{}", error.message());
    assert!(matches!(error.retry, Retry::After(_)));
    third.ended();
    first.is_served();
    drop(second);
    eventually("the place is free again", || {
        let mut next = running.stranger();
        next.send(1, &hello((1, 1), None));
        matches!(next.next(), Some((1, Reply::Welcome(_))))
    });
}

/// Publishes `posts` texts of 64 KiB by `author`.
fn fill(running: &Running, author: u64, posts: u32) {
    let mut peer = running.peer();
    let text = Bytes::from(vec![b'x'; limits::TEXT_BYTES_MAX]);
    for id in 1..=posts {
        peer.send(id, &publish(author, text.clone()));
        peer.written(id);
    }
}

/// A refusal that is known at once waits for the answers of the writes before it: a client may rely
/// on writes being answered in order.
#[test]
fn refused_writes_are_answered_in_their_turn() {
    let running = Running::start();
    let mut peer = running.peer();
    let too_old = Request::Delete(Delete { options: WriteOptions::default(), post: 1 << 50 });
    for round in 0..50_u32 {
        let first = 100 * (round + 1);
        let mut pipelined = wire(first, 0, &publish(1, "a"));
        pipelined.extend_from_slice(&wire(first + 1, 0, &too_old));
        pipelined.extend_from_slice(&wire(first + 2, 7, &touch(1)));
        pipelined.extend_from_slice(&wire(first + 3, 0, &touch(1)));
        peer.send_raw(&pipelined);
        peer.written(first);
        peer.refused(first + 1, Code::NotFound);
        peer.refused(first + 2, Code::Busy);
        peer.written(first + 3);
    }
}
