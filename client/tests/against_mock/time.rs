//! What time does: deadlines, silence, full tables, dropped calls, the end of a client.
//!
//! Times are short and compared in one direction only, so that a slow machine fails nothing.

use std::time::{Duration, Instant};

use fanfold_client::{ErrorKind, PostId, UserId, Write};
use fanfold_protocol::{Code, Reply, RequestKind, Retry};

use crate::mock::{Mock, card, error, publish_all, quick, within, written};

#[tokio::test]
async fn busy_until_the_deadline_ends_as_busy() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let client = client.with_timeout(Duration::from_secs(2));
    let write = tokio::spawn(async move { client.publish(UserId(1), "x").await });
    let asked = peer.asked().await;
    peer.answer(asked.id, error(Code::Busy, Retry::After(60_000))).await;
    let failure = within(write).await.unwrap().unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Busy);
    assert!(failure.is_retryable());
}

#[tokio::test]
async fn a_full_table_lets_callers_wait_and_then_says_so() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick().max_in_flight(2)).await;
    let pending = publish_all(&client, &["a", "b"]).await;
    let impatient = client.with_timeout(Duration::from_millis(50));
    let failure = impatient.start(Write::touch(UserId(1))).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::TimedOut);
    assert!(failure.message().contains("all 2 places"), "{failure}");
    let asked = peer.asked_for(2).await;
    let waiting = client.start(Write::touch(UserId(1)));
    let (started, ()) = tokio::join!(waiting, peer.answer(asked[0].id, written(1)));
    let _started = started.unwrap();
    assert_eq!(peer.asked().await.request.kind(), RequestKind::Touch);
    drop(pending);
}

#[tokio::test]
async fn a_request_ends_at_its_deadline_and_its_late_answer_harms_nobody() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let impatient = client.with_timeout(Duration::from_secs(1));
    let failure = within(impatient.user(UserId(1), None)).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::TimedOut);
    let late = peer.asked().await;
    peer.answer(late.id, card(1)).await;
    let (next, ()) = tokio::join!(client.user(UserId(2), None), async {
        let asked = peer.asked().await;
        peer.answer(asked.id, card(2)).await;
    });
    assert_eq!(next.unwrap().posts, 2);
}

#[tokio::test]
async fn a_dropped_call_frees_its_place_and_disturbs_nobody() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick().max_in_flight(1)).await;
    let dropped = tokio::select! {
        answer = client.user(UserId(1), None) => panic!("nobody answered: {answer:?}"),
        asked = peer.asked() => asked,
    };
    peer.answer(dropped.id, card(1)).await;
    let (next, ()) = tokio::join!(client.user(UserId(2), None), async {
        let asked = peer.asked().await;
        peer.answer(asked.id, card(2)).await;
    });
    assert_eq!(next.unwrap().posts, 2);
}

#[tokio::test]
async fn a_server_that_vanishes_fails_requests_at_their_deadline_as_disconnected() {
    let mock = Mock::start().await;
    let (client, peer) = mock.meet(quick()).await;
    drop((peer, mock));
    let client = client.with_timeout(Duration::from_secs(2));
    let start = Instant::now();
    let failure = within(client.publish(UserId(1), "x")).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Disconnected);
    assert!(failure.is_retryable());
    assert!(failure.message().contains("refused"), "{failure}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_silent_server_is_pinged_and_then_left() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick().keep_alive(Duration::from_secs(1))).await;
    let read = tokio::spawn(async move { client.user(UserId(4), None).await });
    assert_eq!(peer.asked().await.request.kind(), RequestKind::User);
    assert_eq!(peer.asked().await.request.kind(), RequestKind::Ping);
    let mut second = mock.accept().await;
    let asked = second.asked().await;
    second.answer(asked.id, card(4)).await;
    assert_eq!(within(read).await.unwrap().unwrap().posts, 4);
    peer.hangs_up().await;
}

#[tokio::test]
async fn an_answered_ping_keeps_a_slow_connection() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick().keep_alive(Duration::from_secs(1))).await;
    let read = tokio::spawn(async move { client.user(UserId(4), None).await });
    let slow = peer.asked().await;
    for _ in 0..2 {
        let ping = peer.asked().await;
        assert_eq!(ping.request.kind(), RequestKind::Ping);
        peer.answer(ping.id, Reply::Pong).await;
    }
    peer.answer(slow.id, card(4)).await;
    assert_eq!(within(read).await.unwrap().unwrap().posts, 4);
}

#[tokio::test]
async fn closing_finishes_what_is_in_flight_and_refuses_the_rest() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let pending = publish_all(&client, &["a"]).await.remove(0);
    let other = client.clone();
    let (_, answer, ()) = tokio::join!(client.close(), pending, async {
        let asked = peer.asked().await;
        assert_eq!(other.ping().await.unwrap_err().kind(), ErrorKind::Closed);
        peer.answer(asked.id, written(1)).await;
    });
    assert_eq!(answer.unwrap().post, Some(PostId(1)));
    peer.hangs_up().await;
}

#[tokio::test]
async fn the_last_clone_takes_the_connection_with_it() {
    let mock = Mock::start().await;
    let (client, peer) = mock.meet(quick()).await;
    let clone = client.clone();
    drop(client);
    drop(clone);
    peer.hangs_up().await;
}
