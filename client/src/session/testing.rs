//! Help for the session's tests: a waiter that is a name, and short ways to say requests and
//! frames.
//!
//! Only tests see it. Frames really go through the codec, so that a test sees what a server would.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use fanfold_protocol::limits::BODY_BYTES_MAX;
use fanfold_protocol::{
    Code, ErrorReply, Fault, Frame, FrameCodec, Pair, Position, Publish, Radius, Reply, Request,
    Retry, WriteOptions, Written, encode_reply,
};
use tokio_util::codec::Decoder;

use super::operation::{Operation, Waiter};

/// The deadline of every operation, counted from its making.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// A waiter with a name, which can leave.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) name: &'static str,
    gone: Rc<Cell<bool>>,
}

impl Name {
    pub(crate) fn leave(&self) {
        self.gone.set(true);
    }
}

impl Waiter for Name {
    fn is_gone(&self) -> bool {
        self.gone.get()
    }
}

/// An operation, and a second handle to its waiter.
pub(crate) fn operation(
    name: &'static str,
    now: Instant,
    request: Request,
) -> (Operation<Name>, Name) {
    let waiter = Name { name, gone: Rc::default() };
    let handle = waiter.clone();
    (Operation { request, deadline: now + PATIENCE, waiter }, handle)
}

/// A publish whose key is `key` sixteen times.
pub(crate) fn publish(key: u8) -> Request {
    Request::Publish(Publish {
        options: WriteOptions { key: Some([key; 16]), actor: None },
        author: 1,
        kind: 0,
        created_at: None,
        text: Bytes::from_static(b"text"),
        meta: Bytes::new(),
        mentions: Vec::new(),
        audience: fanfold_protocol::Audience::Everybody,
    })
}

pub(crate) fn pair(user: u64, other: u64) -> Pair {
    Pair { options: WriteOptions::default(), user, other }
}

pub(crate) fn written() -> Reply {
    let position = Position { epoch: 1, sequence: 1 };
    Reply::Written(Written { position, changed: true, requested: false, post: None })
}

pub(crate) fn error(code: Code, retry: Retry) -> Reply {
    let (radius, fault) = (Radius::Request, Fault::Resource);
    let message = Bytes::from_static(b"no");
    Reply::Error(ErrorReply { code, radius, fault, retry, message, oldest: 0 })
}

/// The server's busy, with a pause of 30 ms.
pub(crate) fn busy() -> Reply {
    error(Code::Busy, Retry::After(30))
}

/// A reply as the frame the connection would see.
pub(crate) fn frame(id: u32, reply: &Reply) -> Frame {
    let mut bytes = BytesMut::new();
    encode_reply(id, reply, &mut bytes).unwrap();
    FrameCodec::new(BODY_BYTES_MAX).decode(&mut bytes).unwrap().unwrap()
}

/// What went out: id, generation and request of each frame.
pub(crate) fn sent(out: &mut BytesMut) -> Vec<(u32, u16, Request)> {
    let mut codec = FrameCodec::new(BODY_BYTES_MAX);
    let mut found = Vec::new();
    while let Some(frame) = codec.decode(out).unwrap() {
        found.push((frame.request_id, frame.generation, Request::load(&frame).unwrap()));
    }
    found
}
