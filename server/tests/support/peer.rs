//! A peer that speaks raw frames, so that it can also speak wrong ones.
//!
//! Blocking, with a timeout on everything: a server that does not answer fails the test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use bytes::{Bytes, BytesMut};
use fanfold_protocol::{
    Code, ErrorReply, Frame, FrameCodec, Hello, Publish, Reply, Request, Timeline, Welcome,
    WriteOptions, Written, encode_request, limits,
};
use tokio_util::codec::{Decoder, Encoder};

use super::PATIENCE;

/// See the module.
pub(crate) struct Peer {
    pub(crate) socket: TcpStream,
    codec: FrameCodec,
    inbound: BytesMut,
}

impl Peer {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        let codec = FrameCodec::new(limits::BODY_BYTES_MAX);
        Self { socket, codec, inbound: BytesMut::new() }
    }

    /// Bytes as they are.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// A request of generation 0.
    pub(crate) fn send(&mut self, request_id: u32, request: &Request) {
        self.send_raw(&wire(request_id, 0, request));
    }

    /// Says hello and is welcomed.
    pub(crate) fn hello(&mut self) -> Welcome {
        self.send(1, &hello((1, 1), None));
        match self.next() {
            Some((1, Reply::Welcome(welcome))) => welcome,
            other => panic!("not welcomed: {other:?}"),
        }
    }

    /// The next reply; none at the end of the stream.
    pub(crate) fn next(&mut self) -> Option<(u32, Reply)> {
        self.try_next().unwrap()
    }

    /// The next reply; none at the end of the stream, an error if the connection broke.
    pub(crate) fn try_next(&mut self) -> std::io::Result<Option<(u32, Reply)>> {
        loop {
            if let Some(frame) = self.codec.decode(&mut self.inbound).unwrap() {
                return Ok(Some((frame.request_id, Reply::load(&frame).unwrap())));
            }
            let mut chunk = [0; 65_536];
            match self.socket.read(&mut chunk)? {
                0 => return Ok(None),
                read => self.inbound.extend_from_slice(&chunk[..read]),
            }
        }
    }

    /// The next reply, which must be an error of `code`.
    pub(crate) fn refused(&mut self, request_id: u32, code: Code) -> ErrorReply {
        match self.next() {
            Some((id, Reply::Error(error))) => {
                assert_eq!((id, error.code), (request_id, code), "{}", error.message());
                error
            }
            other => panic!("not refused with {code}: {other:?}"),
        }
    }

    /// The next reply, which must be the answer to a write.
    pub(crate) fn written(&mut self, request_id: u32) -> Written {
        match self.next() {
            Some((id, Reply::Written(written))) if id == request_id => written,
            other => panic!("not the answer to {request_id}: {other:?}"),
        }
    }

    /// The server must close the connection.
    pub(crate) fn ended(&mut self) {
        let next = self.next();
        assert!(next.is_none(), "not closed: {next:?}");
    }

    /// The server must be there for this peer.
    pub(crate) fn is_served(&mut self) {
        self.send(77, &Request::Ping);
        assert_eq!(self.next(), Some((77, Reply::Pong)));
    }
}

/// A frame's bytes.
pub(crate) fn wire(request_id: u32, generation: u16, request: &Request) -> BytesMut {
    let mut wire = BytesMut::new();
    encode_request(request_id, generation, request, &mut wire).unwrap();
    wire
}

/// A frame's bytes, from a kind and a body that need not make sense.
pub(crate) fn raw_frame(kind: u8, request_id: u32, body: &[u8]) -> BytesMut {
    let body = Bytes::copy_from_slice(body);
    let frame = Frame { kind, flags: 0, generation: 0, request_id, body };
    let mut wire = BytesMut::new();
    FrameCodec::new(limits::BODY_BYTES_MAX).encode(frame, &mut wire).unwrap();
    wire
}

pub(crate) fn hello(versions: (u16, u16), epoch: Option<u32>) -> Request {
    let (min_version, max_version) = versions;
    let (name, token) = (Bytes::from_static(b"mock peer"), Bytes::new());
    Request::Hello(Hello { min_version, max_version, features: 0, epoch, name, token })
}

pub(crate) fn publish(author: u64, text: impl Into<Bytes>) -> Request {
    let options = WriteOptions::default();
    let (text, meta) = (text.into(), Bytes::new());
    let mentions = Vec::new();
    let audience = fanfold_protocol::Audience::Everybody;
    Request::Publish(Publish {
        options,
        author,
        kind: 0,
        created_at: None,
        text,
        meta,
        mentions,
        audience,
    })
}

pub(crate) fn outbox(user: u64, limit: u32) -> Request {
    let (options, span) =
        (fanfold_protocol::ReadOptions::default(), fanfold_protocol::Span::Newest);
    Request::Outbox(Timeline { options, user, span, limit })
}
