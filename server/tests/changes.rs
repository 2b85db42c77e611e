//! The change stream through the real daemon: nothing is missing and nothing comes twice, whatever kills
//! the daemon between two parts.

use std::collections::BTreeSet;

use fanfold_protocol::{
    Changed, Changes, Code, Position, Radius, ReadOptions, Reply, Request, What,
};

use crate::support::daemon::Daemon;
use crate::support::peer::{Peer, publish};
use crate::support::running::Running;

fn changes(after: Option<Position>, limit: u32, wait_ms: u32) -> Request {
    let options = ReadOptions::default();
    Request::Changes(Changes { options, after, begun: None, limit, content: true, wait_ms })
}

fn changed(peer: &mut Peer, id: u32) -> Changed {
    match peer.next() {
        Some((told, Reply::Changed(changed))) if told == id => changed,
        other => panic!("no changes: {other:?}"),
    }
}

/// Publishes some posts; answers the ids that were acknowledged.
fn write(daemon: &Daemon, count: u32) -> Vec<u64> {
    let mut peer = Peer::connect(daemon.address("listen"));
    peer.hello();
    (2..2 + count)
        .map(|id| {
            peer.send(id, &publish(7, format!("post {id}")));
            peer.written(id).post.unwrap()
        })
        .collect()
}

/// Reads parts up to the newest.
fn read(daemon: &Daemon, at: &mut Option<Position>, told: &mut Vec<u64>) {
    let mut peer = Peer::connect(daemon.address("listen"));
    peer.hello();
    for id in 2.. {
        peer.send(id, &changes(*at, 3, 0));
        let part = changed(&mut peer, id);
        for change in &part.changes {
            assert!(matches!(change.what, What::Publish { content: Some(_), .. }), "{change:?}");
            told.push(change.sequence);
        }
        *at = Some(Position { sequence: part.next, ..part.position });
        if part.next == part.position.sequence {
            return;
        }
    }
}

#[test]
fn no_change_is_missed_or_told_twice_over_kills() {
    let place = tempfile::tempdir().unwrap();
    let (mut at, mut told, mut acknowledged) = (None, Vec::new(), BTreeSet::new());
    for round in 0..4 {
        let mut daemon = Daemon::serve(place.path());
        acknowledged.extend(write(&daemon, 7 + round));
        if round % 2 == 0 {
            read(&daemon, &mut at, &mut told);
        }
        acknowledged.extend(write(&daemon, 5));
        daemon.signal("KILL");
        daemon.wait();
    }
    let daemon = Daemon::serve(place.path());
    read(&daemon, &mut at, &mut told);
    assert!(told.is_sorted_by(|one, next| one < next), "each once, in order: {told:?}");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), acknowledged);
}

#[test]
fn who_asks_before_there_is_a_change_gets_it_when_it_comes() {
    let running = Running::start();
    let (mut reader, mut writer) = (running.peer(), running.peer());
    reader.send(2, &changes(None, 0, 30_000));
    // Another request is answered meanwhile.
    reader.is_served();
    writer.send(2, &publish(7, "at last"));
    let post = writer.written(2).post.unwrap();
    let part = changed(&mut reader, 2);
    assert_eq!((part.changes.len(), part.next), (1, post));
    // Nothing comes: the answer is empty once the time is over.
    let after = Some(Position { sequence: part.next, ..part.position });
    reader.send(3, &changes(after, 0, 1));
    assert!(changed(&mut reader, 3).changes.is_empty());
}

#[test]
fn a_position_of_another_epoch_and_a_viewer_are_refused() {
    let running = Running::start();
    let mut peer = running.peer();
    peer.send(2, &changes(Some(Position { epoch: 9, sequence: 0 }), 0, 60_000));
    assert_eq!(peer.refused(2, Code::EpochMismatch).radius, Radius::Request);
    let options = ReadOptions { viewer: Some(7), ..ReadOptions::default() };
    let as_user =
        Changes { options, after: None, begun: None, limit: 0, content: false, wait_ms: 0 };
    peer.send(3, &Request::Changes(as_user));
    peer.refused(3, Code::Denied);
    peer.send(4, &changes(None, 4_097, 0));
    peer.refused(4, Code::Invalid);
    peer.is_served();
}
