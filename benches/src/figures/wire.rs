//! The load generator: raw frames over TCP, so cheap that it costs a daemon's client no more than
//! an echo's.
//!
//! Requests are encoded ahead; replies are told apart by their headers and skipped. What a reply
//! holds is verified once, before anything is measured: see [`probe`].

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use fanfold_engine::testing::seed::Random;
use fanfold_protocol::{
    FrameCodec, FrameHeader, HEADER_BYTES, Hello, Page, Publish, ReadOptions, Reply, Request,
    Timeline, VERSION_MAX, VERSION_MIN, WriteOptions, encode_request, limits,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::codec::Decoder;

use super::sample::{Latencies, Run};
use crate::exit::{Explain, Failure, Outcome};

/// Entries of a page.
pub(super) const PAGE: u32 = 20;

/// Bytes of a request to the bare echo.
pub(super) const ECHO_REQUEST_BYTES: usize = 24;

/// Requests prepared for each connection.
const PREPARED: usize = 4_096;

/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;

/// What to ask for.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// The newest page of a random one of the users `1..=users`.
    Home { users: u64 },
    /// A post of that text, by a random one of the users.
    Publish { users: u64, text: Bytes },
    /// So many bytes, from a bare echo.
    Echo { reply_bytes: usize },
}

/// A load on one address.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) question: Question,
    pub(super) connections: usize,
    /// Requests that are sent together, before their replies are waited for.
    pub(super) depth: usize,
    pub(super) time: Duration,
    pub(super) seed: u64,
}

impl Load {
    /// Runs it. A latency is from sending a batch to each of its replies.
    pub(super) async fn run(&self) -> Outcome<Run> {
        let mut tasks = JoinSet::new();
        let mut asker = Random::new(self.seed);
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(Connection::open(self, Random::new(asker.bits())).await?);
        }
        let started = Instant::now();
        let deadline = started + self.time;
        for connection in connections {
            tasks.spawn(connection.run(deadline));
        }
        let (mut count, mut latencies) = (0, Latencies::new()?);
        while let Some(done) = tasks.join_next().await {
            let (replies, of_connection) =
                done.explain(|| "a connection panicked".to_owned())??;
            count += replies;
            latencies.merge(&of_connection)?;
        }
        Ok(Run { count, time: started.elapsed(), latencies })
    }
}

/// One connection of a load.
struct Connection {
    stream: TcpStream,
    batches: Batches,
    counter: Counter,
    buffer: Vec<u8>,
    depth: usize,
}

impl Connection {
    async fn open(load: &Load, random: Random) -> Outcome<Self> {
        let stream = match load.question {
            Question::Echo { .. } => plain(load.address).await?,
            Question::Home { .. } | Question::Publish { .. } => greeted(load.address).await?,
        };
        let counter = match load.question {
            Question::Echo { reply_bytes } => Counter::fixed(reply_bytes),
            Question::Home { .. } | Question::Publish { .. } => Counter::frames(),
        };
        let batches = Batches::prepare(&load.question, load.depth, random)?;
        let buffer = vec![0; READ_BYTES];
        Ok(Self { stream, batches, counter, buffer, depth: load.depth })
    }

    async fn run(mut self, deadline: Instant) -> Outcome<(u64, Latencies)> {
        let io = || "a connection failed".to_owned();
        let (mut replies, mut latencies) = (0, Latencies::new()?);
        while Instant::now() < deadline {
            let batch = self.batches.next()?;
            let sent = Instant::now();
            self.stream.write_all(&batch).await.explain(io)?;
            let mut open = self.depth;
            while 0 < open {
                let bytes = self.stream.read(&mut self.buffer).await.explain(io)?;
                if bytes == 0 {
                    return Err(Failure::failed("a connection was closed by the server"));
                }
                let read = self.buffer.get(..bytes).unwrap_or_default();
                let done = self.counter.count(read)?;
                let latency = sent.elapsed();
                (0..done).for_each(|_| latencies.add(latency));
                open = open.saturating_sub(done);
                replies += done as u64;
            }
        }
        Ok((replies, latencies))
    }
}

/// The requests of one connection, `depth` at a time.
enum Batches {
    /// Made ahead, sent again and again.
    Prepared { batches: Vec<Bytes>, next: usize },
    /// Each with a key of its own, made when it is sent.
    Publishes { users: u64, text: Bytes, depth: usize, random: Random },
}

impl Batches {
    fn prepare(question: &Question, depth: usize, mut random: Random) -> Outcome<Self> {
        let count = (PREPARED / depth).max(1);
        let batches: Outcome<Vec<Bytes>> = match question {
            Question::Publish { users, text } => {
                let (users, text) = (*users, text.clone());
                return Ok(Self::Publishes { users, text, depth, random });
            }
            Question::Echo { .. } => Ok(vec![Bytes::from(vec![7; ECHO_REQUEST_BYTES * depth])]),
            Question::Home { users } => {
                (0..count).map(|_| homes(*users, depth, &mut random)).collect()
            }
        };
        Ok(Self::Prepared { batches: batches?, next: 0 })
    }

    fn next(&mut self) -> Outcome<Bytes> {
        match self {
            Self::Prepared { batches, next } => {
                *next = (*next + 1) % batches.len().max(1);
                Ok(batches.get(*next).cloned().unwrap_or_default())
            }
            Self::Publishes { users, text, depth, random } => {
                batch(*depth, |_| publish(*users, text, random))
            }
        }
    }
}

fn homes(users: u64, depth: usize, random: &mut Random) -> Outcome<Bytes> {
    batch(depth, |_| home(1 + random.below(users)))
}

fn batch(depth: usize, mut request: impl FnMut(usize) -> Request) -> Outcome<Bytes> {
    let mut out = BytesMut::new();
    for number in 0..depth {
        let id = u32::try_from(number + 1).unwrap_or(u32::MAX);
        let encoded = encode_request(id, 0, &request(number), &mut out);
        encoded.explain(|| "cannot encode a request".to_owned())?;
    }
    Ok(out.freeze())
}

fn home(user: u64) -> Request {
    let options = ReadOptions::default();
    Request::Home(Timeline { options, user, span: fanfold_protocol::Span::Newest, limit: PAGE })
}

/// As a careful client sends it: with an idempotency key.
fn publish(users: u64, text: &Bytes, random: &mut Random) -> Request {
    let author = 1 + random.below(users);
    let options = WriteOptions { key: Some(next_key()), actor: None };
    let (text, meta) = (text.clone(), Bytes::new());
    Request::Publish(Publish { options, author, kind: 0, created_at: None, text, meta })
}

/// A key that no other request of this process has: the same one again would be answered without
/// a write, and measure nothing.
fn next_key() -> [u8; limits::KEY_BYTES] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    (number << 32 | u128::from(std::process::id())).to_le_bytes()
}

/// Counts replies in a stream of bytes without looking into them.
struct Counter {
    /// `None`: replies are frames.
    fixed: Option<usize>,
    header: [u8; HEADER_BYTES],
    header_filled: usize,
    /// Bytes of the current reply that are still to come.
    skip: usize,
}

impl Counter {
    fn frames() -> Self {
        Self { fixed: None, header: [0; HEADER_BYTES], header_filled: 0, skip: 0 }
    }

    fn fixed(bytes: usize) -> Self {
        Self { fixed: Some(bytes), skip: bytes, ..Self::frames() }
    }

    /// How many replies these bytes complete.
    fn count(&mut self, mut bytes: &[u8]) -> Outcome<usize> {
        let mut done = 0;
        while !bytes.is_empty() {
            if self.skip == 0 {
                bytes = self.fill_header(bytes)?;
                if self.skip == 0 {
                    continue;
                }
            }
            let taken = self.skip.min(bytes.len());
            self.skip -= taken;
            bytes = bytes.get(taken..).unwrap_or_default();
            if self.skip == 0 {
                done += 1;
                self.skip = self.fixed.unwrap_or(0);
            }
        }
        Ok(done)
    }

    /// Takes what belongs to the header; the rest of the bytes.
    fn fill_header<'a>(&mut self, bytes: &'a [u8]) -> Outcome<&'a [u8]> {
        let taken = bytes.len().min(HEADER_BYTES - self.header_filled);
        let (head, rest) = bytes.split_at(taken);
        let place = self.header.iter_mut().skip(self.header_filled);
        place.zip(head).for_each(|(place, byte)| *place = *byte);
        self.header_filled += taken;
        if self.header_filled == HEADER_BYTES {
            self.header_filled = 0;
            let header = FrameHeader::load(&self.header, limits::BODY_BYTES_MAX);
            let header = header.explain(|| "a reply is no frame".to_owned())?;
            let is_error = header.kind == fanfold_protocol::ReplyKind::Error.byte();
            if is_error {
                return Err(Failure::failed("the daemon answered a request with an error"));
            }
            self.skip = header.body_bytes as usize;
        }
        Ok(rest)
    }
}

/// Asks for one home and decodes it. The page, and the bytes of its frame.
pub(super) async fn probe(address: SocketAddr, user: u64) -> Outcome<(Page, usize)> {
    let mut stream = greeted(address).await?;
    let request = batch(1, |_| home(user))?;
    stream.write_all(&request).await.explain(|| "cannot ask for a page".to_owned())?;
    match receive(&mut stream).await? {
        (Reply::Page(page), bytes) => Ok((page, bytes)),
        (other, _) => Err(Failure::failed(format!("expected a page, got {other:?}"))),
    }
}

async fn plain(address: SocketAddr) -> Outcome<TcpStream> {
    let connect = || format!("cannot connect to {address}");
    let stream = TcpStream::connect(address).await.explain(connect)?;
    stream.set_nodelay(true).explain(connect)?;
    Ok(stream)
}

/// A connection whose hello was welcomed.
async fn greeted(address: SocketAddr) -> Outcome<TcpStream> {
    let mut stream = plain(address).await?;
    let hello = Request::Hello(Hello {
        min_version: VERSION_MIN,
        max_version: VERSION_MAX,
        features: 0,
        epoch: None,
        name: Bytes::from_static(b"fanfold-benches"),
        token: Bytes::new(),
    });
    let hello = batch(1, |_| hello.clone())?;
    stream.write_all(&hello).await.explain(|| "cannot say hello".to_owned())?;
    match receive(&mut stream).await? {
        (Reply::Welcome(_), _) => Ok(stream),
        (other, _) => Err(Failure::failed(format!("expected a welcome, got {other:?}"))),
    }
}

/// The one reply that is on its way, and its size in bytes.
async fn receive(stream: &mut TcpStream) -> Outcome<(Reply, usize)> {
    let broken = || "cannot read a reply".to_owned();
    let mut codec = FrameCodec::new(limits::BODY_BYTES_MAX);
    let mut buffer = BytesMut::new();
    loop {
        if let Some(frame) = codec.decode(&mut buffer).explain(broken)? {
            let bytes = HEADER_BYTES + frame.body.len();
            return Ok((Reply::load(&frame).explain(broken)?, bytes));
        }
        if stream.read_buf(&mut buffer).await.explain(broken)? == 0 {
            return Err(Failure::failed("the server closed the connection"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfold_protocol::{Code, ErrorReply, PageEnd, Position, encode_reply};

    fn replies(count: u32) -> BytesMut {
        let position = Position { epoch: 1, sequence: 300 };
        let page = Reply::Page(Page { position, end: PageEnd::End, posts: Vec::new() });
        let mut out = BytesMut::new();
        (1..=count).for_each(|id| encode_reply(id, &page, &mut out).unwrap());
        out
    }

    #[test]
    fn replies_are_counted_however_they_are_cut() {
        let bytes = replies(5);
        for piece in 1..bytes.len() {
            let mut counter = Counter::frames();
            let counted: usize =
                bytes.chunks(piece).map(|bytes| counter.count(bytes).unwrap()).sum();
            assert_eq!(counted, 5, "in pieces of {piece}");
        }
        let mut counter = Counter::fixed(7);
        assert_eq!([8, 5, 22].map(|n| counter.count(&vec![0; n]).unwrap()), [1, 0, 4]);
    }

    #[test]
    fn no_publish_repeats_the_key_of_another() {
        let mut batches = Batches::Publishes {
            users: 9,
            text: Bytes::from_static(b"x"),
            depth: 3,
            random: Random::new(1),
        };
        let mut wire = BytesMut::new();
        (0..4).for_each(|_| wire.extend_from_slice(&batches.next().unwrap()));
        let mut codec = FrameCodec::new(limits::BODY_BYTES_MAX);
        let mut keys = std::collections::BTreeSet::new();
        while let Some(frame) = codec.decode(&mut wire).unwrap() {
            let Ok(Request::Publish(publish)) = Request::load(&frame) else {
                panic!("not a publish");
            };
            keys.insert(publish.options.key);
        }
        assert_eq!(keys.len(), 12);
    }

    #[test]
    fn damage_and_errors_are_not_counted_as_replies() {
        let mut bytes = replies(1);
        bytes[2] ^= 1;
        assert!(Counter::frames().count(&bytes).is_err());
        let refused = Reply::Error(ErrorReply {
            code: Code::Busy,
            radius: Code::Busy.radius(),
            fault: Code::Busy.fault(),
            retry: Code::Busy.retry(),
            message: Bytes::new(),
            oldest: 0,
        });
        bytes.clear();
        encode_reply(1, &refused, &mut bytes).unwrap();
        let told = Counter::frames().count(&bytes).unwrap_err().to_string();
        assert!(told.contains("with an error"), "{told}");
    }
}
