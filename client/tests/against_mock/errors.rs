//! What goes wrong and what the caller learns: error replies, garbage, strangers.
//!
//! Each kind of trouble must end as the kind of error whose advice fits it, and must not disturb
//! other requests more than needed.

use std::time::{Duration, Instant};

use fanfold_client::{Client, ErrorKind, UserId};
use fanfold_protocol::{Code, ErrorReply, Reply, Retry};

use crate::mock::{Mock, Peer, card, error, quick, session_error, within};

#[tokio::test]
async fn a_given_number_of_attempts_ends_the_client() {
    let mock = Mock::start().await;
    let (client, peer) = mock.meet(quick().reconnect_attempts(2)).await;
    drop((peer, mock));
    let failure = within(client.ping()).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Closed);
    assert!(failure.message().contains("cannot connect"), "{failure}");
    assert_eq!(within(client.ping()).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn an_unknown_reply_kind_fails_one_request_only() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let (strange, usual, ()) =
        tokio::join!(client.user(UserId(1), None), client.user(UserId(2), None), async {
            let asked = peer.asked_for(2).await;
            let header = fanfold_protocol::Frame {
                kind: 0xB5,
                flags: 0,
                generation: 0,
                request_id: asked[0].id,
                body: "".into(),
            };
            let mut out = bytes::BytesMut::new();
            let mut codec = fanfold_protocol::FrameCodec::new(100);
            tokio_util::codec::Encoder::encode(&mut codec, header, &mut out).unwrap();
            peer.raw(&out).await;
            peer.answer(asked[1].id, card(2)).await;
        });
    assert_eq!(strange.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(usual.unwrap().posts, 2);
}

#[tokio::test]
async fn a_reply_of_the_wrong_kind_is_a_protocol_error() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let (read, ()) = tokio::join!(client.ping(), async {
        let asked = peer.asked().await;
        peer.answer(asked.id, card(2)).await;
    });
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn error_replies_keep_kind_message_and_hint() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let cases = [
        (Code::Invalid, ErrorKind::Invalid),
        (Code::NotFound, ErrorKind::NotFound),
        (Code::Conflict, ErrorKind::Conflict),
        (Code::Denied, ErrorKind::Denied),
        (Code::Limit, ErrorKind::Limit),
        (Code::Unavailable, ErrorKind::Unavailable),
        (Code::StorageFull, ErrorKind::StorageFull),
        (Code::Corrupt, ErrorKind::Corrupt),
        (Code::Internal, ErrorKind::Internal),
        (Code::UnknownRequest, ErrorKind::Protocol),
        (Code::Other(777), ErrorKind::Internal),
    ];
    for (code, kind) in cases {
        let (write, ()) = tokio::join!(client.touch(UserId(1)), async {
            let asked = peer.asked().await;
            peer.answer(asked.id, error(code, Retry::After(70))).await;
        });
        let failure = write.unwrap_err();
        assert_eq!((failure.kind(), failure.message()), (kind, "as the mock says"), "{code}");
        assert_eq!(failure.retry_after(), Some(Duration::from_millis(70)));
    }
}

#[tokio::test]
async fn nothing_but_garbage_fails_requests_instead_of_asking_for_ever() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let write = tokio::spawn(async move { client.publish(UserId(1), "x").await });
    for _ in 0..2 {
        peer.asked().await;
        peer.raw(&[0xAA; 64]).await;
        peer = mock.accept().await;
    }
    peer.asked().await;
    peer.raw(&[0xAA; 64]).await;
    assert_eq!(within(write).await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn another_database_behind_the_same_address_is_refused() {
    let mut mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let write = tokio::spawn(async move { client.publish(UserId(1), "x").await });
    peer.asked().await;
    drop(peer);
    mock.database = [8; 16];
    let second = mock.accept().await;
    let failure = within(write).await.unwrap().unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Closed);
    assert!(failure.message().contains("another database"), "{failure}");
    second.hangs_up().await;
}

#[tokio::test]
async fn a_revoked_token_ends_the_client() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let write = tokio::spawn(async move { client.publish(UserId(1), "x").await });
    peer.asked().await;
    peer.answer(0, session_error(Code::Access)).await;
    assert_eq!(within(write).await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn the_first_connection_fails_at_once_and_says_why() {
    let nobody = Client::connect("fanfold://127.0.0.1:1").await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::Disconnected);
    assert!(nobody.message().contains("127.0.0.1:1"), "{nobody}");

    let mock = Mock::start().await;
    let url = mock.url();
    let (other, ()) = tokio::join!(Client::connect(&url), async {
        let mut peer = Peer::new(mock.accept_raw().await);
        peer.asked().await;
        peer.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let other = other.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Protocol);
    assert!(other.message().contains("another port"), "{other}");

    let (refused, ()) = tokio::join!(Client::connect(&url), async {
        let mut peer = Peer::new(mock.accept_raw().await);
        let hello = peer.asked().await;
        peer.answer(hello.id, session_error(Code::Access)).await;
    });
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);

    let silent = Client::builder().connect_timeout(Duration::from_millis(50));
    let (silent, stream) = tokio::join!(silent.connect(&url), mock.accept_raw());
    assert_eq!(silent.unwrap_err().kind(), ErrorKind::TimedOut);
    drop(stream);
}

#[tokio::test]
async fn a_full_server_is_asked_again_after_the_pause_it_names() {
    let mock = Mock::start().await;
    let (client, peer) = mock.meet(quick()).await;
    drop(peer);
    let mut refused = Peer::new(mock.accept_raw().await);
    let hello = refused.asked().await;
    let Reply::Error(full) = session_error(Code::TooManyConnections) else {
        unreachable!("it makes errors")
    };
    let full = ErrorReply { retry: Retry::After(120), ..full };
    let begin = Instant::now();
    refused.answer(hello.id, Reply::Error(full)).await;
    let mut peer = mock.accept().await;
    assert!(Duration::from_millis(120) <= begin.elapsed());
    let (pong, ()) = tokio::join!(client.ping(), async {
        let asked = peer.asked().await;
        peer.answer(asked.id, Reply::Pong).await;
    });
    pong.unwrap();
}
