//! What is said to `fanfoldd`: frames, encoded ahead if they are the same again and again; replies are
//! told apart by their headers and skipped.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use fanfold_engine::testing::seed::Random;
use fanfold_protocol::{
    BroadcastFeed, FeedPage, FrameCodec, Hello, NewFollow, Page, Pair, Publish, ReadOptions, Reply,
    Request, Timeline, VERSION_MAX, VERSION_MIN, WriteOptions, encode_request, limits,
};
use tokio_util::codec::Decoder;

use super::frames::Frames;
use super::pick::Pick;
use super::talk::{Dialect, Heard, Talk, connect};
use crate::exit::{Explain, Failure, Outcome};

/// Entries of a page.
pub(crate) const PAGE: u32 = 20;

/// Batches of pages prepared for each connection, in requests.
const PREPARED: u32 = 4_096;

/// What to ask for: each kind as often as its weight says.
#[derive(Clone, Debug)]
pub(crate) struct Fanfold {
    pub(crate) users: Pick,
    /// The newest page of somebody's home.
    pub(crate) homes: u64,
    /// The newest page of what somebody published.
    pub(crate) outboxes: u64,
    /// A post of `text`.
    pub(crate) publishes: u64,
    /// A follow or an unfollow.
    pub(crate) follows: u64,
    /// The first page of somebody's broadcasts.
    pub(crate) broadcasts: u64,
    pub(crate) text: Bytes,
}

impl Fanfold {
    /// Homes only.
    pub(crate) fn homes(users: u64) -> Self {
        let users = Pick::anybody(users);
        let (outboxes, publishes, follows, broadcasts) = (0, 0, 0, 0);
        let text = Bytes::new();
        Self { users, homes: 1, outboxes, publishes, follows, broadcasts, text }
    }

    /// First pages of broadcasts only.
    pub(crate) fn broadcasts(users: u64) -> Self {
        Self { homes: 0, broadcasts: 1, ..Self::homes(users) }
    }

    /// The home of one user only.
    pub(crate) fn home_of(user: u64) -> Self {
        Self { users: Pick::only(user), ..Self::homes(1) }
    }

    /// Posts only.
    pub(crate) fn publishes(users: u64, text: Bytes) -> Self {
        Self { homes: 0, publishes: 1, text, ..Self::homes(users) }
    }

    fn only_reads(&self) -> bool {
        self.publishes + self.follows == 0
    }

    fn request(&self, random: &mut Random) -> Request {
        let user = self.users.draw(random);
        let total = self.homes + self.outboxes + self.publishes + self.follows;
        let drawn = random.below(total + self.broadcasts);
        if total <= drawn {
            Request::Broadcasts(first(user))
        } else if drawn < self.homes {
            Request::Home(newest(user))
        } else if drawn < self.homes + self.outboxes {
            Request::Outbox(newest(user))
        } else if drawn < self.homes + self.outboxes + self.publishes {
            publish(user, &self.text)
        } else {
            let (options, other) = (options(), self.users.draw(random));
            if random.one_in(2) {
                Request::Follow(NewFollow { options, user, other, weight: None })
            } else {
                Request::Unfollow(Pair { options, user, other })
            }
        }
    }
}

impl Dialect for Fanfold {
    fn begin(&self, stream: &mut TcpStream) -> Outcome<()> {
        greet(stream)
    }

    fn talk(&self, random: Random, ahead: Option<u32>) -> Outcome<Box<dyn Talk>> {
        let mut talk = Asking {
            about: self.clone(),
            random,
            ready: Vec::new(),
            next: 0,
            frames: Frames::default(),
        };
        if let (Some(depth), true) = (ahead, self.only_reads()) {
            for _ in 0..(PREPARED / depth.max(1)).max(1) {
                let mut batch = BytesMut::new();
                talk.encode(1..depth + 1, &mut batch)?;
                talk.ready.push(batch.freeze());
            }
        }
        Ok(Box::new(talk))
    }
}

/// One connection.
struct Asking {
    about: Fanfold,
    random: Random,
    /// Batches that were encoded ahead; none if there is nothing to encode ahead.
    ready: Vec<Bytes>,
    next: usize,
    frames: Frames,
}

impl Asking {
    fn encode(&mut self, numbers: Range<u32>, out: &mut BytesMut) -> Outcome<()> {
        for number in numbers {
            let request = self.about.request(&mut self.random);
            encode(number, &request, out)?;
        }
        Ok(())
    }
}

impl Talk for Asking {
    fn ask(&mut self, numbers: Range<u32>, out: &mut BytesMut) -> Outcome<()> {
        if self.ready.is_empty() {
            return self.encode(numbers, out);
        }
        self.next = (self.next + 1) % self.ready.len();
        out.extend_from_slice(self.ready.get(self.next).map_or(&[], |batch| &batch[..]));
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8], heard: &mut Heard) -> Outcome<()> {
        self.frames.hear(bytes, heard)
    }
}

fn encode(number: u32, request: &Request, out: &mut BytesMut) -> Outcome<()> {
    encode_request(number, 0, request, out).explain(|| "cannot encode a request".to_owned())
}

fn newest(user: u64) -> Timeline {
    let options = ReadOptions::default();
    Timeline { options, user, span: fanfold_protocol::Span::Newest, limit: PAGE }
}

fn first(user: u64) -> BroadcastFeed {
    let (options, page) = (ReadOptions::default(), FeedPage::First { device: Some(1) });
    BroadcastFeed { options, user, page, limit: PAGE }
}

fn publish(author: u64, text: &Bytes) -> Request {
    let (text, meta) = (text.clone(), Bytes::new());
    let mentions = Vec::new();
    let (options, kind, created_at) = (options(), 0, None);
    let audience = fanfold_protocol::Audience::Everybody;
    Request::Publish(Publish { options, author, kind, created_at, text, meta, mentions, audience })
}

/// As a careful client sends them: with an idempotency key.
fn options() -> WriteOptions {
    WriteOptions { key: Some(next_key()), actor: None }
}

/// A key that no other request of this process has: the same one again would be answered without
/// a write, and measure nothing.
fn next_key() -> [u8; limits::KEY_BYTES] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    (number << 32 | u128::from(std::process::id())).to_le_bytes()
}

/// A connection whose hello was welcomed.
fn greet(stream: &mut TcpStream) -> Outcome<()> {
    let hello = Request::Hello(Hello {
        min_version: VERSION_MIN,
        max_version: VERSION_MAX,
        features: 0,
        epoch: None,
        name: Bytes::from_static(b"fanfold-benches"),
        token: Bytes::new(),
    });
    match ask(stream, &hello)? {
        (Reply::Welcome(_), _) => Ok(()),
        (other, _) => Err(Failure::failed(format!("expected a welcome, got {other:?}"))),
    }
}

/// Asks for one home and decodes it. The page, and the bytes of its frame.
pub(crate) fn probe(address: SocketAddr, user: u64) -> Outcome<(Page, usize)> {
    let mut stream = connect(address, &Fanfold::homes(1))?;
    match ask(&mut stream, &Request::Home(newest(user)))? {
        (Reply::Page(page), bytes) => Ok((page, bytes)),
        (other, _) => Err(Failure::failed(format!("expected a page, got {other:?}"))),
    }
}

/// One question and its answer, with the size of that in bytes.
fn ask(stream: &mut TcpStream, request: &Request) -> Outcome<(Reply, usize)> {
    let broken = || "cannot talk to the daemon".to_owned();
    let mut out = BytesMut::new();
    encode(1, request, &mut out)?;
    stream.write_all(&out).explain(broken)?;
    let mut codec = FrameCodec::new(limits::BODY_BYTES_MAX);
    let (mut came, mut buffer) = (BytesMut::new(), vec![0; 64 * 1024]);
    let mut total = 0;
    loop {
        if let Some(frame) = codec.decode(&mut came).explain(broken)? {
            return Ok((Reply::load(&frame).explain(broken)?, total));
        }
        let bytes = stream.read(&mut buffer).explain(broken)?;
        if bytes == 0 {
            return Err(Failure::failed("the server closed the connection"));
        }
        total += bytes;
        came.extend_from_slice(buffer.get(..bytes).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_publish_repeats_the_key_of_another() {
        let dialect = Fanfold::publishes(9, Bytes::from_static(b"x"));
        let mut talk = dialect.talk(Random::new(1), Some(3)).unwrap();
        let mut wire = BytesMut::new();
        (0..4).for_each(|_| talk.ask(1..4, &mut wire).unwrap());
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
    fn a_mix_has_what_its_weights_say() {
        let text = Bytes::from_static(b"x");
        let mix =
            Fanfold { homes: 6, outboxes: 2, publishes: 1, follows: 1, text, ..Fanfold::homes(50) };
        let mut talk = mix.talk(Random::new(1), None).unwrap();
        let mut wire = BytesMut::new();
        talk.ask(1..1_001, &mut wire).unwrap();
        let mut codec = FrameCodec::new(limits::BODY_BYTES_MAX);
        let mut counts = [0_u32; 4];
        while let Some(frame) = codec.decode(&mut wire).unwrap() {
            let kind = match Request::load(&frame).unwrap() {
                Request::Home(_) => 0,
                Request::Outbox(_) => 1,
                Request::Publish(_) => 2,
                Request::Follow(_) | Request::Unfollow(_) => 3,
                other => panic!("{other:?}"),
            };
            counts[kind] += 1;
        }
        assert_eq!(counts.iter().sum::<u32>(), 1_000);
        assert!((540..660).contains(&counts[0]) && (150..250).contains(&counts[1]), "{counts:?}");
        assert!((60..140).contains(&counts[2]) && (60..140).contains(&counts[3]), "{counts:?}");
    }
}
