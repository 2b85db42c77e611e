//! One connection of an open load: sends what is due as soon as it may, and never because an answer
//! has come.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use fanfold_engine::testing::seed::Random;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

use super::tally::Tally;
use crate::exit::{Explain, Failure, Outcome};
use crate::wire::{Dialect, Heard, READ_BYTES, Talk, open as open_stream};

/// After the last request was sent its answer may take so long.
const LAST_ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A connection with what is in flight on it.
pub(super) struct Connection {
    stream: TcpStream,
    talk: Box<dyn Talk>,
    in_flight_max: usize,
    /// When each was due, and sent.
    in_flight: HashMap<u32, (Instant, Instant)>,
    next: u32,
}

/// Opens one.
pub(super) fn open(
    address: SocketAddr,
    dialect: &dyn Dialect,
    random: Random,
    in_flight_max: usize,
) -> Outcome<Connection> {
    let stream = open_stream(address, dialect)?;
    let talk = dialect.talk(random, None)?;
    Ok(Connection { stream, talk, in_flight_max, in_flight: HashMap::new(), next: 1 })
}

impl Connection {
    /// Until nothing more can become due, and all is answered.
    pub(super) async fn run(
        mut self,
        mut queue: UnboundedReceiver<Instant>,
        tally: Arc<Tally>,
    ) -> Outcome<()> {
        let (mut buffer, mut heard) = (vec![0; READ_BYTES], Heard::default());
        let mut due = Vec::new();
        let mut ended = None;
        while ended.is_none() || !self.in_flight.is_empty() {
            let room = self.in_flight_max - self.in_flight.len();
            tokio::select! {
                bytes = self.stream.read(&mut buffer) => {
                    let bytes = bytes.explain(|| "a connection failed".to_owned())?;
                    if bytes == 0 {
                        return Err(Failure::failed("a connection was closed by the server"));
                    }
                    self.talk.hear(buffer.get(..bytes).unwrap_or_default(), &mut heard)?;
                    self.settle(&mut heard, &tally);
                }
                count = queue.recv_many(&mut due, room), if 0 < room && ended.is_none() => {
                    if count == 0 {
                        ended = Some(Instant::now());
                    }
                    self.send(&mut due).await?;
                }
                () = tokio::time::sleep(LAST_ANSWER_WITHIN), if ended.is_some() => return Ok(()),
            }
        }
        Ok(())
    }

    async fn send(&mut self, due: &mut Vec<Instant>) -> Outcome<()> {
        let mut out = BytesMut::new();
        let sent = Instant::now();
        for due in due.drain(..) {
            while self.next == 0 || self.in_flight.contains_key(&self.next) {
                self.next = self.next.wrapping_add(1);
            }
            let end =
                self.next.checked_add(1).ok_or_else(|| Failure::failed("too many requests"))?;
            self.talk.ask(self.next..end, &mut out)?;
            self.in_flight.insert(self.next, (due, sent));
            self.next = if end == u32::MAX { 1 } else { end };
        }
        self.stream.write_all(&out).await.explain(|| "a connection failed".to_owned())
    }

    fn settle(&mut self, heard: &mut Heard, tally: &Tally) {
        let now = Instant::now();
        let of = |number: u32| {
            let (due, sent) = self.in_flight.remove(&number)?;
            Some((now.saturating_duration_since(due), now.saturating_duration_since(sent)))
        };
        let answers: Vec<_> = heard.answered.drain(..).filter_map(of).collect();
        tally.add(&answers, std::mem::take(&mut heard.refused));
    }
}
