//! What reaches the server in which order: pipelining, lost connections, busy, dependencies.
//!
//! The mock sees what a server would see, key by key, and decides when to answer or to hang up.

use std::time::{Duration, Instant};

use fanfold_client::{Key, NewPost, PostId, Timestamp, UserId, Write, WriteOptions};
use fanfold_protocol::{Code, Request, RequestKind, Retry};

use crate::mock::{Mock, card, error, key, publish_all, quick, text, texts_asked, within, written};

#[tokio::test]
async fn reads_find_their_callers_in_any_order() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let (one, two, ()) =
        tokio::join!(client.user(UserId(1), None), client.user(UserId(2), None), async {
            let asked = peer.asked_for(2).await;
            peer.answer(asked[1].id, card(2)).await;
            peer.answer(asked[0].id, card(1)).await;
        });
    assert_eq!((one.unwrap().posts, two.unwrap().posts), (1, 2));
}

#[tokio::test]
async fn writes_leave_in_the_order_of_their_start_under_distinct_keys() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let pending = publish_all(&client, &["a", "b", "c"]).await;
    let asked = peer.asked_for(3).await;
    assert_eq!(asked.iter().map(text).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_ne!(key(&asked[0]), key(&asked[1]));
    for (sequence, asked) in (10..).zip(&asked) {
        peer.answer(asked.id, written(sequence)).await;
    }
    let mut posts = Vec::new();
    for pending in pending {
        posts.push(within(pending).await.unwrap().post.unwrap());
    }
    assert_eq!(posts, [PostId(10), PostId(11), PostId(12)]);
}

#[tokio::test]
async fn a_post_and_its_options_arrive_whole() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let post = NewPost::new(UserId(9), "hi").kind(3).created_at(Timestamp(4)).meta(*b"m");
    let options = WriteOptions { key: Some(Key([5; 16])), actor: Some(UserId(8)) };
    let _pending = client.start(Write::from(post).with(options)).await.unwrap();
    let Request::Publish(publish) = peer.asked().await.request else {
        unreachable!("a publish was started")
    };
    assert_eq!((publish.options.key, publish.options.actor), (Some([5; 16]), Some(8)));
    assert_eq!((publish.author, publish.kind, publish.created_at), (9, 3, Some(4)));
    assert_eq!((&publish.text[..], &publish.meta[..]), (&b"hi"[..], &b"m"[..]));
}

#[tokio::test]
async fn after_a_lost_connection_the_unanswered_come_again_in_order_before_newer_ones() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let mut pending = publish_all(&client, &["a", "b", "c", "d"]).await;
    let first = peer.asked_for(4).await;
    peer.answer(first[0].id, written(1)).await;
    assert_eq!(within(pending.remove(0)).await.unwrap().post, Some(PostId(1)));
    drop(peer);
    pending.extend(publish_all(&client, &["e"]).await);
    let mut peer = mock.accept().await;
    let again = peer.asked_for(4).await;
    assert_eq!(again.iter().map(text).collect::<Vec<_>>(), ["b", "c", "d", "e"]);
    for (before, after) in first[1..].iter().zip(&again) {
        assert_eq!(key(before), key(after));
        assert_eq!(after.generation, 0);
    }
    for (sequence, asked) in (2..).zip(&again) {
        peer.answer(asked.id, written(sequence)).await;
    }
    for (sequence, pending) in (2..).zip(pending) {
        assert_eq!(within(pending).await.unwrap().post, Some(PostId(sequence)));
    }
}

#[tokio::test]
async fn reads_come_again_after_a_lost_connection() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let read = tokio::spawn(async move { client.user(UserId(3), None).await });
    peer.asked().await;
    drop(peer);
    let mut peer = mock.accept().await;
    let asked = peer.asked().await;
    peer.answer(asked.id, card(3)).await;
    assert_eq!(within(read).await.unwrap().unwrap().posts, 3);
}

#[tokio::test]
async fn busy_is_hidden_and_keeps_the_order() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let pending = publish_all(&client, &["a", "b", "c"]).await;
    let asked = peer.asked_for(3).await;
    peer.answer(asked[0].id, written(1)).await;
    let start = Instant::now();
    peer.answer(asked[1].id, error(Code::Busy, Retry::After(80))).await;
    peer.asserts_silence().await;
    let newer = publish_all(&client, &["d"]).await;
    peer.asserts_silence().await;
    peer.answer(asked[2].id, error(Code::Busy, Retry::After(1))).await;
    let again = texts_asked(&mut peer, 3).await;
    assert!(Duration::from_millis(80) <= start.elapsed(), "the longest pause counts");
    let expected: Vec<_> = ["b", "c", "d"].iter().map(|text| (*text, 1)).collect();
    let found: Vec<_> = again.iter().map(|(text, _, turn)| (text.as_str(), *turn)).collect();
    assert_eq!(found, expected);
    assert_eq!((again[0].1, again[1].1), (key(&asked[1]), key(&asked[2])));
    for id in 4..7 {
        peer.answer(id, written(u64::from(id))).await;
    }
    for pending in pending.into_iter().chain(newer) {
        within(pending).await.unwrap();
    }
}

#[tokio::test]
async fn dependent_writes_wait_and_hold_back_what_follows() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let (a, b) = (UserId(1), UserId(2));
    let mut pending = Vec::new();
    for write in
        [Write::follow(a, b), Write::follow(a, UserId(3)), Write::block(b, a), Write::touch(a)]
    {
        pending.push(client.start(write).await.unwrap());
    }
    let follows = peer.asked_for(2).await;
    assert!(follows.iter().all(|asked| asked.request.kind() == RequestKind::Follow));
    peer.asserts_silence().await;
    peer.answer(follows[0].id, written(1)).await;
    peer.asserts_silence().await;
    peer.answer(follows[1].id, written(2)).await;
    let rest: Vec<_> = peer.asked_for(2).await.iter().map(|asked| asked.request.kind()).collect();
    assert_eq!(rest, [RequestKind::Block, RequestKind::Touch]);
}

#[tokio::test]
async fn the_servers_bound_on_requests_in_flight_is_kept() {
    let mut mock = Mock::start().await;
    mock.max_in_flight = 2;
    let (client, mut peer) = mock.meet(quick()).await;
    let _pending = publish_all(&client, &["a", "b", "c"]).await;
    let asked = peer.asked_for(2).await;
    peer.asserts_silence().await;
    peer.answer(asked[0].id, written(1)).await;
    assert_eq!(text(&peer.asked().await), "c");
}

#[tokio::test]
async fn garbage_in_the_middle_makes_a_new_connection_with_the_same_requests() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let pending = publish_all(&client, &["a", "b"]).await;
    let first = peer.asked_for(2).await;
    peer.raw(&[0xAA; 64]).await;
    let mut second = mock.accept().await;
    let again = second.asked_for(2).await;
    assert_eq!(
        again.iter().map(key).collect::<Vec<_>>(),
        first.iter().map(key).collect::<Vec<_>>()
    );
    for asked in &again {
        second.answer(asked.id, written(1)).await;
    }
    for pending in pending {
        within(pending).await.unwrap();
    }
}

#[tokio::test]
async fn answers_to_writes_out_of_order_are_not_believed() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let pending = publish_all(&client, &["a", "b"]).await;
    let asked = peer.asked_for(2).await;
    peer.answer(asked[1].id, written(1)).await;
    let mut second = mock.accept().await;
    for (sequence, asked) in (1..).zip(second.asked_for(2).await) {
        second.answer(asked.id, written(sequence)).await;
    }
    for (sequence, pending) in (1..).zip(pending) {
        assert_eq!(within(pending).await.unwrap().post, Some(PostId(sequence)));
    }
}

#[tokio::test]
async fn a_stopping_server_is_asked_again_after_its_restart() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let pending = publish_all(&client, &["a", "b"]).await;
    let first = peer.asked_for(2).await;
    peer.answer(first[0].id, error(Code::Closed, Retry::Elsewhere)).await;
    let mut second = mock.accept().await;
    let again = second.asked_for(2).await;
    assert_eq!(again.iter().map(text).collect::<Vec<_>>(), ["a", "b"]);
    for asked in &again {
        second.answer(asked.id, written(1)).await;
    }
    for pending in pending {
        within(pending).await.unwrap();
    }
}
