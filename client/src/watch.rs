//! A stream of what happens to a home.
//!
//! A watch has a connection of its own: when its reader is slow, the socket fills up, the server
//! drops the watch to catch-up, and no other request of the client waits behind it. A lost
//! connection is made again, and the watch goes on behind the last batch that was handed out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use fanfold_protocol::{Code, ErrorReply, Frame, Reply, Request, encode_request};
use futures_core::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_util::codec::Decoder;

use crate::answer::WatchBatch;
use crate::backoff::Backoff;
use crate::client::Client;
use crate::dial::{Link, dial};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::DatabaseId;
use crate::limits::WATCH_SILENCE_MAX;
use crate::options::ConnectOptions;
use crate::query::WatchQuery;
use crate::random::Jitter;
use crate::translate::{server_info, watch_batch, watching};
use crate::url::Target;

/// The request id of the watch: the only request of its connection behind the hello.
const WATCH_ID: u32 = 2;

/// Batches of what happens to a home, oldest first. Never ends by itself; ends after an error that
/// connecting again would not mend.
///
/// The first batch is empty and says where the watch begins. Later ones may be empty too: then the
/// position went on and nothing happened.
pub struct WatchStream {
    /// `None` while `step` has it, and after the end.
    line: Option<Box<Line>>,
    step: Option<Step>,
}

/// The line with the batch that came over it.
type Step = Pin<Box<dyn Future<Output = (Box<Line>, Result<WatchBatch>)> + Send>>;

/// The watch's connection, and what is needed to make it again.
struct Line {
    target: Target,
    options: ConnectOptions,
    database: DatabaseId,
    /// Goes on behind the last batch.
    query: WatchQuery,
    has_begun: bool,
    link: Option<Link>,
    backoff: Backoff,
    jitter: Jitter,
}

impl Client {
    /// What happens to a home, as it commits: entries and removals with the position to go on from
    /// after a restart, without gap or repeat. A follow, unfollow, mute or block is one event.
    ///
    /// To begin without a gap, take the first batch, then read the home: entries told that are not
    /// above its newest one are in it.
    ///
    /// The stream fails, and ends, with `Conflict` if the position is of another epoch or the server
    /// became another database, `Denied` for another viewer than the user, `Invalid` for a position
    /// that is above the newest. A lost connection is made again, as often as
    /// [`ConnectOptions::reconnect_attempts`] allows.
    #[must_use]
    pub fn watch(&self, query: WatchQuery) -> WatchStream {
        let (target, options) = self.dialling();
        let line = Line {
            target: target.clone(),
            options: options.clone(),
            database: self.server().database,
            query,
            has_begun: false,
            link: None,
            backoff: Backoff::default(),
            jitter: Jitter::new(self.seed()),
        };
        WatchStream { line: Some(Box::new(line)), step: None }
    }
}

impl Stream for WatchStream {
    type Item = Result<WatchBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(line) = self.line.take() {
            self.step = Some(Box::pin(line.step()));
        }
        let Some(step) = &mut self.step else { return Poll::Ready(None) };
        let (line, result) = ready!(step.as_mut().poll(context));
        self.step = None;
        self.line = result.is_ok().then_some(line);
        Poll::Ready(Some(result))
    }
}

impl fmt::Debug for WatchStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = self.line.as_ref().map(|line| line.query);
        f.debug_struct("WatchStream").field("query", &query).finish_non_exhaustive()
    }
}

impl Line {
    async fn step(mut self: Box<Self>) -> (Box<Self>, Result<WatchBatch>) {
        let batch = self.next().await;
        if let Ok(batch) = &batch {
            self.query.after = Some(batch.position);
        }
        (self, batch)
    }

    /// The next batch, over as many connections as that takes.
    async fn next(&mut self) -> Result<WatchBatch> {
        loop {
            let error = match self.attempt().await {
                Ok(batch) => {
                    self.backoff.reset();
                    return Ok(batch);
                }
                Err(error) => error,
            };
            self.link = None;
            let tried = self.backoff.attempts();
            let gives_up = self.options.reconnect_attempts.is_some_and(|max| max <= tried);
            if gives_up || !is_passing(error.kind()) {
                return Err(error);
            }
            let pause = self.backoff.next_pause(&mut self.jitter);
            tokio::time::sleep(pause.max(error.retry_after().unwrap_or_default())).await;
        }
    }

    async fn attempt(&mut self) -> Result<WatchBatch> {
        if self.link.is_none() {
            let begun = self.begin().await?;
            if !std::mem::replace(&mut self.has_begun, true) {
                return Ok(begun);
            }
        }
        match self.reply().await? {
            Reply::Events(events) => Ok(watch_batch(events)),
            other => Err(unexpected(&other)),
        }
    }

    /// Connects and begins to watch; an empty batch with the position.
    async fn begin(&mut self) -> Result<WatchBatch> {
        let mut link = dial(&self.target, &self.options).await?;
        let server = server_info(&link.welcome);
        if server.database != self.database {
            let (target, is, was) = (&self.target, server.database, self.database);
            let message = format!("{target} is another database now: {is}, was {was}");
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let mut out = BytesMut::new();
        encode_request(WATCH_ID, 0, &Request::Watch(self.query.to_wire()), &mut out)
            .map_err(|error| Error::new(ErrorKind::Invalid, error.to_string()).because(error))?;
        link.stream.write_all(&out).await.map_err(|error| self.lost(error))?;
        self.link = Some(link);
        match self.reply().await? {
            Reply::Watching(begun) => {
                let batch = watching(begun);
                // What happened before anything was told is told after a reconnect.
                self.query.after = Some(batch.position);
                Ok(batch)
            }
            other => Err(unexpected(&other)),
        }
    }

    /// The next reply of the server; an error reply is an error.
    async fn reply(&mut self) -> Result<Reply> {
        let silent = |_| {
            let seconds = WATCH_SILENCE_MAX.as_secs();
            Error::new(ErrorKind::Disconnected, format!("no sign of life for {seconds} s"))
        };
        let frame = timeout(WATCH_SILENCE_MAX, self.frame()).await.map_err(silent)??;
        match Reply::load(&frame) {
            Ok(Reply::Error(reply)) => Err(refused(&reply)),
            Ok(reply) => Ok(reply),
            Err(error) => {
                let message = format!("the server's answer is broken: {error}");
                Err(Error::protocol(message).because(error))
            }
        }
    }

    async fn frame(&mut self) -> Result<Frame> {
        loop {
            let Some(link) = &mut self.link else { return Err(Error::closed()) };
            match link.codec.decode(&mut link.inbox) {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => {
                    let message = format!("the server sent something broken: {error}");
                    return Err(Error::protocol(message).because(error));
                }
            }
            match link.stream.read_buf(&mut link.inbox).await {
                Ok(0) => return Err(self.lost(std::io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    fn lost(&self, error: std::io::Error) -> Error {
        let message = format!("the connection to {} broke: {error}", self.target);
        Error::new(ErrorKind::Disconnected, message).because(error)
    }
}

/// Whether connecting again may mend it.
fn is_passing(kind: ErrorKind) -> bool {
    use ErrorKind::{Busy, Closed, Disconnected, Internal, TimedOut, Unavailable};
    matches!(kind, Busy | Closed | Disconnected | Internal | TimedOut | Unavailable)
}

/// A server that ends is no client that was closed.
fn refused(reply: &ErrorReply) -> Error {
    match reply.code {
        Code::Closed => {
            let message = String::from_utf8_lossy(&reply.message).into_owned();
            Error::new(ErrorKind::Disconnected, message)
        }
        _ => Error::from_reply(reply),
    }
}

fn unexpected(reply: &Reply) -> Error {
    let kind = reply.kind();
    Error::protocol(format!("the server answered a watch with {kind}, which does not fit"))
}
