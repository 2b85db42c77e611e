//! One message of every kind, several where a kind has options: the golden frames and the start of
//! the round-trip tests. A sample that is added needs its golden file; a kind without a sample is
//! found by `golden.rs`.

mod broadcasts;
mod moderation;
mod replies;
mod requests;

use bytes::{Bytes, BytesMut};
use fanfold_protocol::{
    DecodeError, Frame, FrameCodec, Reply, Request, encode_reply, encode_request, limits,
};
use tokio_util::codec::Decoder;

/// A message with all that its frame needs.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The name of its golden file.
    pub(crate) name: &'static str,
    /// The request's id.
    pub(crate) request_id: u32,
    /// The connection's generation.
    pub(crate) generation: u16,
    /// The message.
    pub(crate) message: Message,
}

/// A message of either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// From a client.
    Request(Request),
    /// From a server.
    Reply(Reply),
}

impl Sample {
    /// The message as a frame.
    pub(crate) fn encode(&self) -> Bytes {
        self.message.encode(self.request_id, self.generation)
    }
}

impl Message {
    /// The message as a frame.
    pub(crate) fn encode(&self, request_id: u32, generation: u16) -> Bytes {
        let mut out = BytesMut::new();
        let encoded = match self {
            Self::Request(request) => encode_request(request_id, generation, request, &mut out),
            Self::Reply(reply) => encode_reply(request_id, reply, &mut out),
        };
        encoded.expect("a message within the limits");
        out.freeze()
    }

    /// The message in a frame of the same direction as this one.
    pub(crate) fn load(&self, frame: &Frame) -> Result<Self, DecodeError> {
        match self {
            Self::Request(_) => Request::load(frame).map(Self::Request),
            Self::Reply(_) => Reply::load(frame).map(Self::Reply),
        }
    }
}

/// The one frame in these bytes.
pub(crate) fn decode(bytes: &[u8]) -> Frame {
    let mut codec = FrameCodec::new(limits::BODY_BYTES_MAX);
    let mut source = BytesMut::from(bytes);
    let frame = codec.decode(&mut source).expect("a good frame").expect("a whole frame");
    assert!(source.is_empty(), "{} bytes behind the frame", source.len());
    frame
}

/// Every sample.
pub(crate) fn samples() -> Vec<Sample> {
    let requests =
        requests::requests().into_iter().map(|(name, request)| (name, Message::Request(request)));
    let replies = replies::replies().into_iter().map(|(name, reply)| (name, Message::Reply(reply)));
    let later =
        requests::later().into_iter().map(|(name, request)| (name, Message::Request(request)));
    let newest = replies::later().into_iter().map(|(name, reply)| (name, Message::Reply(reply)));
    let number = |(index, (name, message)): (usize, (&'static str, Message))| {
        let is_write = matches!(&message, Message::Request(request) if request.kind().is_write());
        let index = u16::try_from(index).expect("few samples");
        let generation = if is_write { index * 3 } else { 0 };
        Sample { name, request_id: u32::from(index) * 1009 + 1, generation, message }
    };
    let groups = requests::groups().into_iter();
    let groups = groups.map(|(name, request)| (name, Message::Request(request)));
    let grouped = replies::groups().into_iter();
    let grouped = grouped.map(|(name, reply)| (name, Message::Reply(reply)));
    let newest = newest.chain(groups).chain(grouped);
    let responses = requests::responses().into_iter();
    let responses = responses.map(|(name, request)| (name, Message::Request(request)));
    let responded = replies::responses().into_iter();
    let responded = responded.map(|(name, reply)| (name, Message::Reply(reply)));
    let newest = newest.chain(responses).chain(responded);
    let reposts = requests::reposts().into_iter();
    let reposts = reposts.map(|(name, request)| (name, Message::Request(request)));
    let reposted = replies::reposts().into_iter();
    let reposted = reposted.map(|(name, reply)| (name, Message::Reply(reply)));
    let newest = newest.chain(reposts).chain(reposted);
    let marks = requests::marks().into_iter();
    let marks = marks.map(|(name, request)| (name, Message::Request(request)));
    let marked = replies::marks().into_iter();
    let marked = marked.map(|(name, reply)| (name, Message::Reply(reply)));
    let newest = newest.chain(marks).chain(marked);
    let asked = broadcasts::requests().into_iter();
    let asked = asked.map(|(name, request)| (name, Message::Request(request)));
    let answered = broadcasts::replies().into_iter();
    let answered = answered.map(|(name, reply)| (name, Message::Reply(reply)));
    let newest = newest.chain(asked).chain(answered);
    let notices = requests::notices().into_iter();
    let notices = notices.map(|(name, request)| (name, Message::Request(request)));
    let noticed = replies::notices().into_iter();
    let noticed = noticed.map(|(name, reply)| (name, Message::Reply(reply)));
    let newest = newest.chain(notices).chain(noticed);
    let moderation = requests::moderation().into_iter();
    let moderation = moderation.map(|(name, request)| (name, Message::Request(request)));
    let moderated = moderation::moderation().into_iter();
    let moderated = moderated.map(|(name, reply)| (name, Message::Reply(reply)));
    let newest = newest.chain(moderation).chain(moderated);
    let forgets = requests::forgets().into_iter();
    let forgets = forgets.map(|(name, request)| (name, Message::Request(request)));
    let forgotten = moderation::forgets().into_iter();
    let forgotten = forgotten.map(|(name, reply)| (name, Message::Reply(reply)));
    let newest = newest.chain(forgets).chain(forgotten);
    requests.chain(replies).chain(later).chain(newest).enumerate().map(number).collect()
}
