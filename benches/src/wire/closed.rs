//! Patient clients: each connection sends a batch, waits for its answers, and sends the next. A slow
//! answer delays the next question, so latencies are those of that many patient clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use fanfold_engine::testing::seed::Random;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::talk::{Dialect, Heard, Talk, connect};
use crate::exit::{Explain, Failure, Outcome};
use crate::sample::{Latencies, Run};

/// Bytes read at once.
pub(crate) const READ_BYTES: usize = 256 * 1024;

/// A load on one address.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) dialect: Arc<dyn Dialect>,
    pub(crate) connections: usize,
    /// Requests that are sent together, before their replies are waited for.
    pub(crate) depth: u32,
    pub(crate) time: Duration,
    pub(crate) seed: u64,
}

impl Load {
    /// Runs it. A latency is from sending a batch to each of its replies.
    pub(crate) async fn run(&self) -> Outcome<Run> {
        let mut tasks = JoinSet::new();
        let mut asker = Random::new(self.seed);
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(Connection::open(self, Random::new(asker.bits()))?);
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

/// A connection as the runtime has it.
pub(crate) fn open(address: SocketAddr, dialect: &dyn Dialect) -> Outcome<TcpStream> {
    let stream = connect(address, dialect)?;
    let hand_over = || format!("cannot use the connection to {address}");
    stream.set_nonblocking(true).explain(hand_over)?;
    TcpStream::from_std(stream).explain(hand_over)
}

/// One connection of a load.
struct Connection {
    stream: TcpStream,
    talk: Box<dyn Talk>,
    depth: u32,
}

impl Connection {
    fn open(load: &Load, random: Random) -> Outcome<Self> {
        let stream = open(load.address, &*load.dialect)?;
        Ok(Self { stream, talk: load.dialect.talk(random, Some(load.depth))?, depth: load.depth })
    }

    async fn run(mut self, deadline: Instant) -> Outcome<(u64, Latencies)> {
        let io = || "a connection failed".to_owned();
        let (mut replies, mut latencies) = (0, Latencies::new()?);
        let (mut batch, mut heard) = (BytesMut::new(), Heard::default());
        let mut buffer = vec![0; READ_BYTES];
        loop {
            batch.clear();
            self.talk.ask(1..self.depth + 1, &mut batch)?;
            let sent = Instant::now();
            self.stream.write_all(&batch).await.explain(io)?;
            let mut open = self.depth as usize;
            while 0 < open {
                let bytes = self.stream.read(&mut buffer).await.explain(io)?;
                if bytes == 0 {
                    return Err(Failure::failed("a connection was closed by the server"));
                }
                self.talk.hear(buffer.get(..bytes).unwrap_or_default(), &mut heard)?;
                if !heard.say.is_empty() {
                    self.stream.write_all(&heard.say).await.explain(io)?;
                    heard.say.clear();
                }
                if heard.refused != 0 {
                    return Err(Failure::failed("the server answered a request with an error"));
                }
                let latency = sent.elapsed();
                let done = heard.answered.len();
                (0..done).for_each(|_| latencies.add(latency));
                heard.answered.clear();
                open = open.saturating_sub(done);
                replies += done as u64;
            }
            // A batch at least, however long it takes.
            if deadline <= Instant::now() {
                return Ok((replies, latencies));
            }
        }
    }
}
