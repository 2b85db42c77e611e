//! A mock server that speaks raw frames: the test decides each answer, and each rudeness.
//!
//! It decides nothing itself. Whatever it waits for, it waits ten seconds at most, so that a test
//! fails instead of hanging.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanfold_client::{Client, ClientBuilder, NewPost, Pending, UserId};
use fanfold_protocol::limits::BODY_BYTES_MAX;
use fanfold_protocol::{
    Code, ErrorReply, FrameCodec, Page, PageEnd, Position, Post, Radius, Reply, Request, Retry,
    UserCard, Welcome, Written, encode_reply,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Decoder;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A listening mock.
pub(crate) struct Mock {
    listener: TcpListener,
    pub(crate) max_in_flight: u32,
    pub(crate) database: [u8; 16],
}

/// One connection, after the hello.
pub(crate) struct Peer {
    stream: TcpStream,
    codec: FrameCodec,
    inbox: BytesMut,
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: u32,
    pub(crate) generation: u16,
    pub(crate) request: Request,
}

impl Mock {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, max_in_flight: 1_000, database: [7; 16] }
    }

    pub(crate) fn url(&self) -> String {
        format!("fanfold://token@{}", self.listener.local_addr().unwrap())
    }

    /// Takes the next connection, without a hello.
    pub(crate) async fn accept_raw(&self) -> TcpStream {
        within(self.listener.accept()).await.unwrap().0
    }

    /// Takes the next connection and welcomes it.
    pub(crate) async fn accept(&self) -> Peer {
        let mut peer = Peer::new(self.accept_raw().await);
        let hello = peer.asked().await;
        let Request::Hello(hello_body) = &hello.request else {
            unreachable!("a client begins with a hello, not {hello:?}")
        };
        assert_eq!((hello_body.min_version, hello_body.max_version), (1, 1));
        assert_eq!(hello_body.token, "token");
        let welcome = Welcome {
            version: 1,
            epoch: 1,
            sequence: 0,
            features: 0,
            database: self.database,
            server: Bytes::from_static(b"mock 1"),
            max_body_bytes: BODY_BYTES_MAX,
            max_in_flight: self.max_in_flight,
        };
        peer.answer(hello.id, Reply::Welcome(welcome)).await;
        peer
    }

    /// A client with its connection.
    pub(crate) async fn meet(&self, builder: ClientBuilder) -> (Client, Peer) {
        let url = self.url();
        let (client, peer) = tokio::join!(builder.connect(&url), self.accept());
        (client.unwrap(), peer)
    }
}

impl Peer {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, codec: FrameCodec::new(BODY_BYTES_MAX), inbox: BytesMut::new() }
    }

    /// The next request.
    pub(crate) async fn asked(&mut self) -> Asked {
        loop {
            if let Some(frame) = self.codec.decode(&mut self.inbox).unwrap() {
                let request = Request::load(&frame).unwrap();
                let (id, generation) = (frame.request_id, frame.generation);
                return Asked { id, generation, request };
            }
            let read = within(self.stream.read_buf(&mut self.inbox)).await.unwrap();
            assert_ne!(read, 0, "the client hung up");
        }
    }

    /// The next `count` requests.
    pub(crate) async fn asked_for(&mut self, count: usize) -> Vec<Asked> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.asked().await);
        }
        all
    }

    /// Nothing more comes for a while.
    pub(crate) async fn asserts_silence(&mut self) {
        let quiet = tokio::time::timeout(Duration::from_millis(60), self.asked()).await;
        assert!(quiet.is_err(), "unexpected {quiet:?}");
    }

    /// The client closes the connection without another word.
    pub(crate) async fn hangs_up(mut self) {
        let read = within(self.stream.read_buf(&mut self.inbox)).await;
        assert!(matches!(read, Ok(0) | Err(_)), "unexpected bytes: {:?}", self.inbox);
    }

    pub(crate) async fn answer(&mut self, id: u32, reply: Reply) {
        let mut out = BytesMut::new();
        encode_reply(id, &reply, &mut out).unwrap();
        self.raw(&out).await;
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }
}

/// A write accepted as sequence `sequence`.
pub(crate) fn written(sequence: u64) -> Reply {
    let position = Position { epoch: 1, sequence };
    Reply::Written(Written { position, changed: true, requested: false, post: Some(sequence) })
}

pub(crate) fn error(code: Code, retry: Retry) -> Reply {
    Reply::Error(ErrorReply { retry, ..ErrorReply::new(code, "as the mock says") })
}

pub(crate) fn session_error(code: Code) -> Reply {
    let reply = ErrorReply::new(code, "as the mock says");
    Reply::Error(ErrorReply { radius: Radius::Session, ..reply })
}

/// The key of a write.
pub(crate) fn key(asked: &Asked) -> [u8; 16] {
    let options = match &asked.request {
        Request::Publish(publish) => publish.options,
        Request::Delete(delete) => delete.options,
        Request::Touch(touch) => touch.options,
        Request::Follow(follow) => follow.options,
        Request::Unfollow(pair) | Request::Block(pair) => pair.options,
        other => unreachable!("{other:?} has no key"),
    };
    options.key.unwrap()
}

/// The text of a publish.
pub(crate) fn text(asked: &Asked) -> &str {
    match &asked.request {
        Request::Publish(publish) => std::str::from_utf8(&publish.text).unwrap(),
        other => unreachable!("{other:?} has no text"),
    }
}

/// Fails the test instead of hanging.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("the test waits too long")
}

pub(crate) fn quick() -> ClientBuilder {
    Client::builder().request_timeout(Duration::from_secs(30))
}

/// Starts one publish per text.
pub(crate) async fn publish_all(client: &Client, texts: &[&str]) -> Vec<Pending> {
    let mut pending = Vec::new();
    for text in texts {
        pending.push(client.start(NewPost::new(UserId(1), *text)).await.unwrap());
    }
    pending
}

pub(crate) async fn texts_asked(peer: &mut Peer, count: usize) -> Vec<(String, [u8; 16], u16)> {
    let asked = peer.asked_for(count).await;
    asked.iter().map(|it| (text(it).to_owned(), key(it), it.generation)).collect()
}

pub(crate) fn card(user: u64) -> Reply {
    Reply::User(UserCard {
        position: Position { epoch: 1, sequence: 1 },
        user,
        posts: user,
        followers: 0,
        followees: 0,
        newest_post: None,
        active_at: None,
        suspended: false,
        private: false,
    })
}

pub(crate) fn page(ids: &[u64], end: PageEnd) -> Reply {
    let post = |&id: &u64| Post {
        id,
        author: 1,
        at: 5,
        committed_at: 5,
        kind: 0,
        text: "t".into(),
        meta: "".into(),
        repost: None,
        mentions: Vec::new(),
        edit: None,
        audience: fanfold_protocol::Audience::Everybody,
    };
    let position = Position { epoch: 1, sequence: 99 };
    let posts = ids.iter().map(post).collect();
    let (originals, original_counts) = (Vec::new(), Vec::new());
    let (counts, came_by, collapsed) = (None, None, None);
    Reply::Page(Page {
        position,
        end,
        posts,
        counts,
        originals,
        original_counts,
        came_by,
        collapsed,
    })
}
