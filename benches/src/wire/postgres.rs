//! What is said to PostgreSQL, as its own experts would: prepared statements with binary parameters over the
//! extended protocol, one transaction each; an inbox table with a keyset cursor.
//! See <https://www.postgresql.org/docs/current/protocol.html>.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, BufMut, BytesMut};
use fanfold_engine::testing::seed::Random;

use super::pick::Pick;
use super::talk::{Dialect, Heard, Talk, plain};
use crate::exit::{Explain, Failure, Outcome};
use crate::world::World;

/// Version 3.0 of the protocol.
const PROTOCOL: i32 = 196_608;

/// A kind and a length stand in front of each message.
const HEADER: usize = 5;

/// The newest page below a post, with its texts.
const PAGE: &str = "SELECT f.id, f.author, f.at, f.text FROM inbox i JOIN feed f ON f.id = i.post \
    WHERE i.reader = $1 AND i.post < $2 ORDER BY i.post DESC LIMIT 20";

/// The newest posts of all followees: ids alone out of an index, then the texts of twenty.
const MERGED: &str = "SELECT p.id, p.author, p.at, p.text FROM (SELECT n.id FROM follow f CROSS JOIN LATERAL \
    (SELECT id FROM feed WHERE author = f.author AND id < $2 ORDER BY id DESC LIMIT 20) n \
    WHERE f.follower = $1 ORDER BY n.id DESC LIMIT 20) t JOIN feed p ON p.id = t.id ORDER BY p.id DESC";

const PUBLISH: &str = "INSERT INTO feed (id, author, at, text) VALUES ($1, $2, $3, $4)";

/// A post and its entries in one statement.
const DELIVER: &str = "WITH p AS (INSERT INTO feed (id, author, at, text) VALUES ($1, $2, $3, $4)) \
    INSERT INTO inbox (reader, post) SELECT follower, $1 FROM follow WHERE author = $2";

/// What to ask for.
#[derive(Clone, Debug)]
pub(crate) enum Postgres {
    /// A page of somebody's inbox.
    Page(Pick),
    /// A page of somebody without an inbox: the newest of all followees.
    Merged { user: u64 },
    /// A post, put into the inboxes of all followers; durable a little later.
    Deliver { world: Arc<World>, next: Arc<AtomicU64> },
    /// A post, durable.
    Publish { world: Arc<World>, next: Arc<AtomicU64> },
}

impl Postgres {
    fn statement(&self) -> &'static str {
        match self {
            Self::Page(_) => PAGE,
            Self::Merged { .. } => MERGED,
            Self::Deliver { .. } => DELIVER,
            Self::Publish { .. } => PUBLISH,
        }
    }

    fn bind(&self, random: &mut Random, out: &mut BytesMut) {
        match self {
            Self::Page(users) => bind(out, &[users.draw(random), i64::MAX as u64], None),
            Self::Merged { user } => bind(out, &[*user, i64::MAX as u64], None),
            Self::Deliver { world, next } | Self::Publish { world, next } => {
                let post = next.fetch_add(1, Ordering::Relaxed);
                let numbers = [post, world.author(post), 1_700_000_000_000 + post];
                bind(out, &numbers, Some(&world.text(post)));
            }
        }
    }
}

impl Dialect for Postgres {
    fn begin(&self, stream: &mut TcpStream) -> Outcome<()> {
        greet(stream)?;
        if matches!(self, Self::Deliver { .. }) {
            // Inboxes could be made again: waiting for the disk would only cost it.
            execute(stream, "SET synchronous_commit = off")?;
        }
        let mut out = BytesMut::new();
        message(&mut out, b'P', |out| {
            out.put_slice(b"s\0");
            out.put_slice(self.statement().as_bytes());
            out.put_slice(b"\0\0\0");
        });
        message(&mut out, b'S', |_| {});
        stream.write_all(&out).explain(|| "cannot ask PostgreSQL".to_owned())?;
        settled(stream).map(drop)
    }

    fn talk(&self, random: Random, _: Option<u32>) -> Outcome<Box<dyn Talk>> {
        let messages = Messages::default();
        Ok(Box::new(Asking { about: self.clone(), random, messages, open: Range::default() }))
    }
}

/// One connection.
struct Asking {
    about: Postgres,
    random: Random,
    messages: Messages,
    /// The questions that are not answered yet; answers come in their order.
    open: Range<u32>,
}

impl Talk for Asking {
    fn ask(&mut self, numbers: Range<u32>, out: &mut BytesMut) -> Outcome<()> {
        self.open = numbers.clone();
        for _ in numbers {
            self.about.bind(&mut self.random, out);
            message(out, b'E', |out| out.put_slice(b"\0\0\0\0\0"));
            message(out, b'S', |_| {});
        }
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8], heard: &mut Heard) -> Outcome<()> {
        let open = &mut self.open;
        self.messages.hear(bytes, |kind| match kind {
            b'Z' => heard.answered.extend(open.next()),
            b'E' => heard.refused += 1,
            _ => {}
        })
    }
}

/// Where a stream of messages is: kinds are told, bodies skipped.
#[derive(Debug, Default)]
struct Messages {
    header: Vec<u8>,
    skip: usize,
}

impl Messages {
    /// Tells each message when it is complete.
    fn hear(&mut self, mut bytes: &[u8], mut told: impl FnMut(u8)) -> Outcome<()> {
        while !bytes.is_empty() {
            if self.header.len() < HEADER {
                let taken = bytes.len().min(HEADER - self.header.len());
                let (head, rest) = bytes.split_at(taken);
                self.header.extend_from_slice(head);
                bytes = rest;
                if self.header.len() < HEADER {
                    return Ok(());
                }
                let length = self.header.get(1..).unwrap_or_default().get_u32() as usize;
                let body = length.checked_sub(4);
                self.skip = body.ok_or_else(|| Failure::failed("a message without a length"))?;
            }
            let taken = bytes.len().min(self.skip);
            bytes = bytes.get(taken..).unwrap_or_default();
            self.skip -= taken;
            if self.skip == 0 {
                told(self.header.first().copied().unwrap_or(0));
                self.header.clear();
            }
        }
        Ok(())
    }
}

/// A message: its kind, its length, its body.
fn message(out: &mut BytesMut, kind: u8, body: impl FnOnce(&mut BytesMut)) {
    out.put_u8(kind);
    let mut inside = BytesMut::new();
    body(&mut inside);
    out.put_u32(u32::try_from(inside.len() + 4).unwrap_or(u32::MAX));
    out.extend_from_slice(&inside);
}

/// Parameters of the statement: numbers, then perhaps a text; all in binary, and so the answer.
fn bind(out: &mut BytesMut, numbers: &[u64], text: Option<&str>) {
    message(out, b'B', |out| {
        out.put_slice(b"\0s\0\0\x01\0\x01");
        out.put_u16(u16::try_from(numbers.len() + text.iter().len()).unwrap_or(0));
        for number in numbers {
            out.put_u32(8);
            out.put_u64(*number);
        }
        if let Some(text) = text {
            out.put_u32(u32::try_from(text.len()).unwrap_or(0));
            out.put_slice(text.as_bytes());
        }
        out.put_slice(b"\0\x01\0\x01");
    });
}

/// Logs in as `postgres`, who needs no password here.
fn greet(stream: &mut TcpStream) -> Outcome<()> {
    let mut body = BytesMut::new();
    body.put_i32(PROTOCOL);
    body.put_slice(b"user\0postgres\0database\0postgres\0\0");
    let mut out = BytesMut::new();
    out.put_u32(u32::try_from(body.len() + 4).unwrap_or(0));
    out.extend_from_slice(&body);
    stream.write_all(&out).explain(|| "cannot ask PostgreSQL".to_owned())?;
    settled(stream).map(drop)
}

/// Runs statements and waits for their end; the values of the last column of each row.
pub(crate) fn execute(stream: &mut TcpStream, statements: &str) -> Outcome<Vec<Vec<u8>>> {
    let mut out = BytesMut::new();
    message(&mut out, b'Q', |out| {
        out.put_slice(statements.as_bytes());
        out.put_u8(0);
    });
    stream.write_all(&out).explain(|| "cannot ask PostgreSQL".to_owned())?;
    settled(stream)
}

/// A connection for [`execute`].
pub(crate) fn session(address: SocketAddr) -> Outcome<TcpStream> {
    let mut stream = plain(address)?;
    greet(&mut stream)?;
    Ok(stream)
}

/// Runs statements; the values of the last column of each row.
pub(crate) fn query(address: SocketAddr, statements: &str) -> Outcome<Vec<Vec<u8>>> {
    execute(&mut session(address)?, statements)
}

/// Copies rows of text, as `COPY ... FROM STDIN` takes them.
pub(crate) fn copy(
    stream: &mut TcpStream,
    statements: &str,
    rows: impl Iterator<Item = String>,
) -> Outcome<()> {
    let failed = || "cannot copy into PostgreSQL".to_owned();
    let mut out = BytesMut::new();
    message(&mut out, b'Q', |out| {
        out.put_slice(statements.as_bytes());
        out.put_u8(0);
    });
    stream.write_all(&out).explain(failed)?;
    let mut chunk = String::new();
    for row in rows {
        chunk.push_str(&row);
        if 1 << 20 <= chunk.len() {
            send_rows(stream, &mut chunk)?;
        }
    }
    send_rows(stream, &mut chunk)?;
    out.clear();
    message(&mut out, b'c', |_| {});
    stream.write_all(&out).explain(failed)?;
    settled(stream).map(drop)
}

fn send_rows(stream: &mut TcpStream, rows: &mut String) -> Outcome<()> {
    let mut out = BytesMut::new();
    message(&mut out, b'd', |out| out.put_slice(rows.as_bytes()));
    rows.clear();
    stream.write_all(&out).explain(|| "cannot copy into PostgreSQL".to_owned())
}

/// Reads up to the message that says that everything is settled.
fn settled(stream: &mut TcpStream) -> Outcome<Vec<Vec<u8>>> {
    let broken = || "cannot hear PostgreSQL".to_owned();
    let mut values = Vec::new();
    let mut refused = None;
    loop {
        let mut header = [0; HEADER];
        stream.read_exact(&mut header).explain(broken)?;
        let [kind, length @ ..] = header;
        let mut length = &length[..];
        let mut body = vec![0; (length.get_u32() as usize).saturating_sub(4)];
        stream.read_exact(&mut body).explain(broken)?;
        match kind {
            b'Z' => break,
            b'D' => values.extend(last_column(&body)),
            b'E' => refused = Some(String::from_utf8_lossy(&body).replace('\0', " ")),
            _ => {}
        }
    }
    match refused {
        Some(message) => Err(Failure::failed(format!("PostgreSQL refuses: {message}"))),
        None => Ok(values),
    }
}

/// The last value of a row.
fn last_column(mut row: &[u8]) -> Option<Vec<u8>> {
    let mut last = None;
    for _ in 0..row.try_get_u16().ok()? {
        // Nothing there has the length -1.
        let length = usize::try_from(row.try_get_i32().ok()?).unwrap_or(0);
        last = row.get(..length).map(<[u8]>::to_vec);
        row = row.get(length..)?;
    }
    last
}

/// The texts of a user's page.
pub(crate) fn texts(address: SocketAddr, user: u64) -> Outcome<Vec<Vec<u8>>> {
    let page = PAGE.replace("$1", &user.to_string()).replace("$2", &i64::MAX.to_string());
    query(address, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_however_they_are_cut() {
        let mut bytes = BytesMut::new();
        for kind in [b'2', b'D', b'C', b'Z', b'2', b'E', b'Z'] {
            message(&mut bytes, kind, |out| out.put_slice(b"body"));
        }
        for piece in 1..bytes.len() {
            let mut talk = Postgres::Merged { user: 1 }.talk(Random::new(1), None).unwrap();
            talk.ask(4..6, &mut BytesMut::new()).unwrap();
            let mut heard = Heard::default();
            bytes.chunks(piece).for_each(|bytes| talk.hear(bytes, &mut heard).unwrap());
            assert_eq!((heard.answered, heard.refused), (vec![4, 5], 1), "in pieces of {piece}");
        }
    }

    #[test]
    fn the_last_column_of_a_row_is_found() {
        let row = b"\0\x03\0\0\0\x01a\xff\xff\xff\xff\0\0\0\x02bc";
        assert_eq!(last_column(row), Some(b"bc".to_vec()));
        assert_eq!(last_column(b"\0\x01\0"), None);
    }
}
