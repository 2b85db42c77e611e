//! Watches: each has a connection of its own, goes on behind what was handed out when that is lost, and
//! ends with an error that connecting again would not mend.

use fanfold_client::{
    Client, ErrorKind, Position, PostId, UserId, WatchBatch, WatchEvent, WatchQuery, WatchStream,
};
use fanfold_protocol::{self as wire, Code, ErrorReply, Event, Events, Radius, Reply, Request};
use futures_util::StreamExt;

use crate::mock::{Mock, Peer, quick, session_error, within};

const ID: u32 = 2;

fn at(sequence: u64) -> wire::Position {
    wire::Position { epoch: 1, sequence }
}

fn removed(sequence: u64) -> Reply {
    let events = vec![Event::Removed(sequence)];
    Reply::Events(Events { position: at(sequence), more: false, events })
}

fn query() -> WatchQuery {
    WatchQuery::of(UserId(7))
}

async fn next(watch: &mut WatchStream) -> WatchBatch {
    within(watch.next()).await.unwrap().unwrap()
}

/// The next batch says that this post was removed, at its position.
async fn told(watch: &mut WatchStream, post: u64) {
    let batch = next(watch).await;
    assert_eq!(batch.events, [WatchEvent::Removed(PostId(post))]);
    assert_eq!(batch.position.sequence.0, post);
}

/// Takes the connection of a watch, which asks to go on behind `after`.
async fn watched(mock: &Mock, after: Option<wire::Position>) -> Peer {
    let mut peer = mock.accept().await;
    let asked = peer.asked().await;
    let Request::Watch(watch) = asked.request else { panic!("{asked:?}") };
    assert_eq!((asked.id, watch.user, watch.after), (ID, 7, after));
    let position = after.unwrap_or_else(|| at(10));
    peer.answer(ID, Reply::Watching(wire::Watching { position })).await;
    peer
}

async fn begin(mock: &Mock, client: &Client) -> (WatchStream, Peer) {
    let mut watch = client.watch(query());
    let (batch, peer) = tokio::join!(next(&mut watch), watched(mock, None));
    let position: Position = batch.position;
    assert_eq!((position.sequence.0, batch.events), (10, vec![]));
    (watch, peer)
}

#[tokio::test]
async fn a_watch_goes_on_behind_what_was_handed_out() {
    let mock = Mock::start().await;
    let (client, _first) = mock.meet(quick()).await;
    let (mut watch, mut peer) = begin(&mock, &client).await;
    peer.answer(ID, removed(11)).await;
    told(&mut watch, 11).await;
    peer.answer(ID, removed(12)).await;
    told(&mut watch, 12).await;
    drop(peer);
    let ((), mut peer) = tokio::join!(told(&mut watch, 13), async {
        let mut peer = watched(&mock, Some(at(12))).await;
        peer.answer(ID, removed(13)).await;
        peer
    });
    // Also when the server says why it ends.
    peer.answer(0, session_error(Code::Closed)).await;
    drop(peer);
    let ((), _peer) = tokio::join!(told(&mut watch, 14), async {
        let mut peer = watched(&mock, Some(at(13))).await;
        peer.answer(ID, removed(14)).await;
        peer
    });
}

#[tokio::test]
async fn a_watch_that_was_told_nothing_goes_on_where_it_began() {
    let mock = Mock::start().await;
    let (client, _first) = mock.meet(quick()).await;
    let (mut watch, peer) = begin(&mock, &client).await;
    drop(peer);
    let ((), _peer) = tokio::join!(told(&mut watch, 11), async {
        let mut peer = watched(&mock, Some(at(10))).await;
        peer.answer(ID, removed(11)).await;
        peer
    });
}

#[tokio::test]
async fn what_connecting_again_would_not_mend_ends_the_stream() {
    let mut mock = Mock::start().await;
    let (client, _first) = mock.meet(quick()).await;
    for (code, kind) in [
        (Code::EpochMismatch, ErrorKind::Conflict),
        (Code::Denied, ErrorKind::Denied),
        (Code::Invalid, ErrorKind::Invalid),
        (Code::Limit, ErrorKind::Limit),
    ] {
        let (mut watch, mut peer) = begin(&mock, &client).await;
        let error = ErrorReply { radius: Radius::Request, ..ErrorReply::new(code, "no") };
        peer.answer(ID, Reply::Error(error)).await;
        assert_eq!(within(watch.next()).await.unwrap().unwrap_err().kind(), kind);
        assert!(within(watch.next()).await.is_none());
    }
    let (mut watch, peer) = begin(&mock, &client).await;
    drop(peer);
    mock.database = [8; 16];
    let (error, _peer) = tokio::join!(within(watch.next()), mock.accept());
    assert_eq!(error.unwrap().unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn presence_is_asked_for_again_after_a_reconnect() {
    let mock = Mock::start().await;
    let (client, _first) = mock.meet(quick()).await;
    let asked = async |after| {
        let mut peer = mock.accept().await;
        let asked = peer.asked().await;
        let Request::Watch(watch) = asked.request else { panic!("{asked:?}") };
        assert_eq!((watch.presence, watch.after), (true, after));
        peer.answer(ID, Reply::Watching(wire::Watching { position: at(10) })).await;
        let events = vec![Event::PresenceAnew, Event::Presence { user: 8, online: true }];
        peer.answer(ID, Reply::Events(Events { position: at(10), more: false, events })).await;
        peer
    };
    let mut watch = client.watch(query().presence());
    let expected =
        [WatchEvent::PresenceAnew, WatchEvent::Presence { user: UserId(8), online: true }];
    let (begun, peer) = tokio::join!(next(&mut watch), asked(None));
    assert_eq!(begun.events, []);
    assert_eq!(next(&mut watch).await.events, expected);
    drop(peer);
    let (again, _peer) = tokio::join!(next(&mut watch), asked(Some(at(10))));
    assert_eq!(again.events, expected);
}
