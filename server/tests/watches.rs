//! Watches through the doors: pushes on the binary port, long-polls on the HTTP and the debug port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use fanfold_protocol::{
    Code, Event, Events, NewFollow, Position, Radius, ReadOptions, Reply, Request, Touch, Unwatch,
    UserById, Watch, WriteOptions,
};

use crate::support::peer::{Peer, publish};
use crate::support::running::Running;
use crate::support::{PATIENCE, converse, eventually};

const READER: u64 = 1;
const AUTHOR: u64 = 2;

fn watch(user: u64, after: Option<Position>) -> Request {
    Request::Watch(Watch { options: ReadOptions::default(), user, after, presence: false })
}

fn follow(user: u64, other: u64) -> Request {
    let options = WriteOptions::default();
    Request::Follow(NewFollow { options, user, other, weight: None })
}

/// A server where the reader follows the author, and a peer that writes.
fn start() -> (Running, Peer) {
    let running = Running::start();
    let mut writer = running.peer();
    writer.send(2, &follow(READER, AUTHOR));
    writer.written(2);
    (running, writer)
}

fn post(writer: &mut Peer, author: u64, text: &str) -> u64 {
    writer.send(9, &publish(author, text.to_owned()));
    writer.written(9).post.unwrap()
}

/// A watch that has begun, under the id 5.
fn begin(running: &Running, after: Option<Position>) -> (Peer, Position) {
    let mut peer = running.peer();
    peer.send(5, &watch(READER, after));
    match peer.next() {
        Some((5, Reply::Watching(watching))) => (peer, watching.position),
        other => panic!("not watching: {other:?}"),
    }
}

/// The next push of the watch under `id`.
fn events(peer: &mut Peer, id: u32) -> Events {
    match peer.next() {
        Some((told, Reply::Events(events))) if told == id => events,
        other => panic!("no events: {other:?}"),
    }
}

fn ids(events: &Events) -> Vec<u64> {
    let id = |event: &Event| match event {
        Event::Entry(post) => post.id,
        other => panic!("no entry: {other:?}"),
    };
    events.events.iter().map(id).collect()
}

#[test]
fn events_come_as_they_commit_and_end_with_the_watch() {
    let (running, mut writer) = start();
    let (mut peer, begun) = begin(&running, None);
    let first = post(&mut writer, AUTHOR, "hello");
    let told = events(&mut peer, 5);
    assert!(begun.sequence < first && told.position.sequence == first && !told.more);
    let Event::Entry(entry) = &told.events[0] else { panic!("{told:?}") };
    assert_eq!((entry.id, entry.author, entry.text()), (first, AUTHOR, "hello"));
    writer.send(3, &follow(READER, 77));
    writer.written(3);
    assert_eq!(events(&mut peer, 5).events, [Event::FeedChanged(77)]);
    let delete = fanfold_protocol::Delete { options: WriteOptions::default(), post: first };
    writer.send(4, &Request::Delete(delete));
    writer.written(4);
    assert_eq!(events(&mut peer, 5).events, [Event::Removed(first)]);
    peer.send(6, &Request::Unwatch(Unwatch { watch: 5 }));
    assert_eq!(peer.next(), Some((6, Reply::Unwatched)));
    post(&mut writer, AUTHOR, "to nobody");
    peer.is_served();
    peer.send(7, &Request::Unwatch(Unwatch { watch: 5 }));
    peer.refused(7, Code::NotFound);
    eventually("the engine forgets it", || running.engine().counters().unwrap().watches == 0);
    running.stop();
}

#[test]
fn who_comes_back_misses_and_repeats_nothing() {
    let (running, mut writer) = start();
    let (mut expected, mut told) = (Vec::new(), Vec::new());
    let (_, mut position) = begin(&running, None);
    for round in 0..20 {
        expected.extend((0..5).map(|_| post(&mut writer, AUTHOR, "away")));
        let (mut peer, begun) = begin(&running, Some(position));
        assert_eq!(begun, position);
        expected.extend((0..5).map(|_| post(&mut writer, AUTHOR, "there")));
        // The connection is cut after some frames, with others on their way.
        for _ in 0..round % 4 {
            let batch = events(&mut peer, 5);
            told.extend(ids(&batch));
            position = batch.position;
        }
    }
    let (mut peer, _) = begin(&running, Some(position));
    while told.len() < expected.len() {
        told.extend(ids(&events(&mut peer, 5)));
    }
    assert_eq!(told, expected);
}

#[test]
fn a_slow_watcher_costs_little_and_gets_all() {
    const POSTS: usize = 2_000;
    let (running, mut writer) = start();
    let (mut peer, _) = begin(&running, None);
    let text = "x".repeat(10_000);
    let expected: Vec<u64> = (0..POSTS).map(|_| post(&mut writer, AUTHOR, &text)).collect();
    let mut told = Vec::new();
    while told.len() < POSTS {
        told.extend(ids(&events(&mut peer, 5)));
    }
    assert_eq!(told, expected);
    let counters = running.engine().counters().unwrap();
    assert!(0 < counters.watch_lags, "it was slow");
    assert_eq!(counters.watch_gaps, 0);
}

#[test]
fn watches_are_refused_for_a_reason_and_the_session_goes_on() {
    let (running, mut writer) = start();
    post(&mut writer, AUTHOR, "x");
    let mut peer = running.peer();
    let other = Position { epoch: 7, sequence: 1 };
    peer.send(2, &watch(READER, Some(other)));
    assert_eq!(peer.refused(2, Code::EpochMismatch).radius, Radius::Request);
    peer.send(3, &watch(READER, Some(Position { epoch: 1, sequence: 1_000 })));
    peer.refused(3, Code::Invalid);
    let options = ReadOptions { viewer: Some(AUTHOR), ..ReadOptions::default() };
    peer.send(4, &Request::Watch(Watch { options, user: READER, after: None, presence: false }));
    peer.refused(4, Code::Denied);
    for id in 10..10 + fanfold_protocol::limits::WATCHES_MAX {
        peer.send(id, &watch(u64::from(id), None));
        assert!(matches!(peer.next(), Some((_, Reply::Watching(_)))));
    }
    peer.send(5, &watch(READER, None));
    peer.refused(5, Code::Limit);
    peer.send(6, &Request::Unwatch(Unwatch { watch: 10 }));
    assert_eq!(peer.next(), Some((6, Reply::Unwatched)));
    peer.send(5, &watch(READER, None));
    assert!(matches!(peer.next(), Some((5, Reply::Watching(_)))));
    let newest = post(&mut writer, AUTHOR, "told");
    assert_eq!(ids(&events(&mut peer, 5)), [newest]);
    peer.send(6, &Request::Unwatch(Unwatch { watch: 11 }));
    assert_eq!(peer.next(), Some((6, Reply::Unwatched)));
    peer.send(5, &watch(READER, None));
    peer.refused(5, Code::Invalid);
}

#[test]
fn who_is_online_is_told() {
    let (running, _writer) = start();
    let (_peer, _) = begin(&running, None);
    let mut asking = running.peer();
    let user = UserById { options: ReadOptions::default(), user: AUTHOR };
    asking.send(2, &Request::Online(user));
    let Some((2, Reply::Online(online))) = asking.next() else { panic!("no answer") };
    assert_eq!((online.online, online.followers, online.followees), (false, 1, vec![]));
    let text = converse(running.debug(), b"TOUCH 2\nONLINE 1\nONLINE\n");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "user 2");
    let counts = "(1 followee and 0 followers online, user 1 online, end) at 1:1";
    assert_eq!(lines[2], counts);
    assert!(lines[3].starts_with("ERR invalid no user given; usage: ONLINE user"), "{text}");
}

fn get(running: &Running, path: &str, host: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    converse(running.http(), request.as_bytes())
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn a_long_poll_is_answered_by_the_next_entry() {
    let (running, mut writer) = start();
    let first = post(&mut writer, AUTHOR, "first");
    let now = get(&running, "/home/1/wait?after=0&timeout=20", "localhost");
    assert!(now.starts_with("HTTP/1.1 200 OK") && now.contains("application/json"), "{now}");
    let json: serde_json::Value = serde_json::from_str(body(&now)).unwrap();
    assert_eq!((&json["next"], &json["position"]), (&first.into(), &"1:2".into()));
    assert_eq!(
        (&json["entries"][0]["id"], &json["entries"][0]["text"]),
        (&first.into(), &"first".into())
    );
    let over = get(&running, &format!("/home/1/wait?after={first}&timeout=0"), "localhost");
    assert_eq!(body(&over), format!("{{\"entries\":[],\"next\":{first},\"position\":\"1:2\"}}\n"));
    let text = format!("WAIT 1 AFTER {first} 20\n");
    let second = std::thread::scope(|scope| {
        let held =
            scope.spawn(|| get(&running, &format!("/home/1/wait?after={first}"), "127.0.0.1"));
        let line = scope.spawn(|| converse(running.debug(), text.as_bytes()));
        eventually("both are held", || {
            converse(running.debug(), b"INFO requests\n").contains("\nwaits:2\n")
        });
        let second = post(&mut writer, AUTHOR, "second");
        let (held, line) = (held.join().unwrap(), line.join().unwrap());
        assert_eq!(body(&held), line);
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&json["next"], json["entries"].as_array().unwrap().len()), (&second.into(), 1));
        second
    });
    let from_now = converse(running.debug(), b"WAIT 1 0\n");
    assert_eq!(from_now, format!("{{\"entries\":[],\"next\":{second},\"position\":\"1:3\"}}\n"));
    assert!(
        converse(running.debug(), b"WAIT 1 61\n").starts_with("ERR invalid `61` is not a number")
    );
    eventually("nothing is held", || running.engine().counters().unwrap().watches == 0);
}

#[test]
fn homes_are_for_this_machine_only() {
    let (running, _writer) = start();
    let answer = get(&running, "/home/1/wait?timeout=0", "evil.example");
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden"), "{answer}");
    let answer = get(&running, "/example/1", "evil.example:80");
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden"), "{answer}");
    let answer = get(&running, "/home/1/wait?timeout=x", "localhost");
    assert!(
        answer.starts_with("HTTP/1.1 400") && body(&answer).contains("timeout `x`"),
        "{answer}"
    );
    let answer = get(&running, "/example/1", "127.0.0.1:7718");
    assert!(answer.contains("text/html") && answer.contains("content-security-policy"), "{answer}");
    assert!(body(&answer).contains("/wait?timeout=30"), "{answer}");
    let post = b"POST /home/1/wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(converse(running.http(), post).starts_with("HTTP/1.1 405"));
}

#[test]
fn stopping_waits_for_nobody_who_watches() {
    let (running, mut writer) = start();
    let (mut peer, _) = begin(&running, None);
    let mut held = TcpStream::connect(running.http()).unwrap();
    held.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = b"GET /home/1/wait?timeout=60 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    held.write_all(request).unwrap();
    let mut line = TcpStream::connect(running.debug()).unwrap();
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    line.write_all(b"WAIT 1 60\n").unwrap();
    eventually("all are held", || running.engine().counters().unwrap().watches == 3);
    let last = post(&mut writer, 3, "to nobody");
    let started = Instant::now();
    running.stop();
    assert!(started.elapsed() < Duration::from_secs(30));
    let Some((0, Reply::Error(error))) = peer.next() else { panic!("no last word") };
    assert_eq!(error.code, Code::Closed);
    let (mut answer, mut text) = (String::new(), String::new());
    held.read_to_string(&mut answer).unwrap();
    line.read_to_string(&mut text).unwrap();
    let expected = format!("\"entries\":[],\"next\":{},", last - 1);
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains(&expected), "{answer}");
    assert!(text.contains(&expected), "{text}");
}

/// A watch that asks for it is told of a followee who is touched, watched, and gone for good.
#[test]
fn a_watch_may_be_told_who_comes_and_goes() {
    let (running, mut writer) = start();
    let mut peer = running.peer();
    let asked =
        Watch { options: ReadOptions::default(), user: READER, after: None, presence: true };
    peer.send(5, &Request::Watch(asked));
    assert!(matches!(peer.next(), Some((5, Reply::Watching(_)))));
    assert_eq!(events(&mut peer, 5).events, [Event::PresenceAnew]);
    let touch = Touch { options: WriteOptions::default(), user: AUTHOR };
    writer.send(3, &Request::Touch(touch));
    writer.written(3);
    assert_eq!(events(&mut peer, 5).events, [Event::Presence { user: AUTHOR, online: true }]);
    let id = post(&mut writer, AUTHOR, "here");
    let told = events(&mut peer, 5).events;
    assert!(matches!(told.as_slice(), [Event::Entry(entry)] if entry.id == id), "{told:?}");
}
