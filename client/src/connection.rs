//! The one task that owns the socket.
//!
//! Everything it decides is in `session/`; here is only the moving of bytes, the clock, and making
//! a lost connection again. Requests are encoded into one buffer and leave in one system call;
//! answers are read and handed out in batches.
//!
//! Invariants:
//! * only this task touches the socket;
//! * it ends when the client is closed and everything is answered, or on an error that connecting
//!   again would not mend; then every waiting and every later call gets `Closed`, caused by it.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use fanfold_protocol::FrameCodec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::codec::Decoder;

use crate::backoff::Backoff;
use crate::dial::{Link, dial};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{INPUT_BYTES, OUTPUT_BYTES_MAX};
use crate::options::ConnectOptions;
use crate::random::Jitter;
use crate::session::{Completion, Ending, Grant, Operation, Session};
use crate::shared::{Caller, Shared, deliver};
use crate::translate::server_info;
use crate::url::Target;

/// The task's state. See the module.
#[derive(Debug)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
    target: Target,
    options: ConnectOptions,
    session: Session<Caller>,
    out: BytesMut,
    arrivals: Vec<Operation<Caller>>,
    done: Vec<Completion<Caller>>,
    backoff: Backoff,
    jitter: Jitter,
}

/// How serving a connection ended.
enum Outcome {
    /// All is answered and nothing more comes.
    Finished,
    Ended(Ending),
}

impl From<Ending> for Outcome {
    fn from(ending: Ending) -> Self {
        Self::Ended(ending)
    }
}

impl Connection {
    pub(crate) fn new(
        shared: Arc<Shared>,
        target: Target,
        options: ConnectOptions,
        jitter: Jitter,
    ) -> Self {
        let session = Session::new(options.keep_alive);
        let out = BytesMut::with_capacity(OUTPUT_BYTES_MAX);
        let backoff = Backoff::default();
        let (arrivals, done) = (Vec::new(), Vec::new());
        Self { shared, target, options, session, out, arrivals, done, backoff, jitter }
    }

    /// Serves until the end of the client.
    pub(crate) async fn run(mut self, first: Link) {
        let mut link = first;
        loop {
            match self.serve(link).await {
                Outcome::Finished => return,
                Outcome::Ended(Ending::Fatal(error)) => return self.give_up(&error),
                Outcome::Ended(Ending::Lost(error)) => self.lose(error),
            }
            link = match self.redial().await {
                Ok(link) => link,
                Err(Outcome::Finished) => return,
                Err(Outcome::Ended(Ending::Fatal(error) | Ending::Lost(error))) => {
                    return self.give_up(&error);
                }
            };
        }
    }

    /// Moves bytes until the connection ends.
    async fn serve(&mut self, link: Link) -> Outcome {
        self.session.connected(Grant {
            in_flight_max: usize::try_from(link.welcome.max_in_flight).unwrap_or(usize::MAX).max(1),
            body_bytes_max: usize::try_from(link.welcome.max_body_bytes).unwrap_or(usize::MAX),
        });
        self.out.clear();
        let (mut reader, mut writer) = link.stream.into_split();
        let (mut codec, mut inbox) = (link.codec, link.inbox);
        loop {
            if let Err(ending) = self.turn(&mut codec, &mut inbox) {
                return ending.into();
            }
            if self.is_finished() {
                return Outcome::Finished;
            }
            if let Err(ending) = self.wait(&mut reader, &mut writer, &mut inbox).await {
                return ending.into();
            }
        }
    }

    /// Works off all that is there: frames, arrivals, deadlines; then fills the output.
    fn turn(
        &mut self,
        codec: &mut FrameCodec,
        inbox: &mut BytesMut,
    ) -> std::result::Result<(), Ending> {
        let now = Instant::now();
        let frames = self.decode(now, codec, inbox);
        self.admit();
        let ticked = self.session.tick(now, &mut self.out, &mut self.done);
        self.session.fill(now, &mut self.out, &mut self.done);
        self.settle();
        frames.and(ticked)
    }

    fn decode(
        &mut self,
        now: Instant,
        codec: &mut FrameCodec,
        inbox: &mut BytesMut,
    ) -> std::result::Result<(), Ending> {
        loop {
            match codec.decode(inbox) {
                Ok(Some(frame)) => self.session.on_frame(now, &frame, &mut self.done)?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    let message = format!("the server sent something broken: {error}");
                    return Err(self.session.violation(Error::protocol(message).because(error)));
                }
            }
            self.backoff.reset();
        }
    }

    /// Sleeps until there is something to do, moving bytes as the socket allows.
    async fn wait(
        &mut self,
        reader: &mut OwnedReadHalf,
        writer: &mut OwnedWriteHalf,
        inbox: &mut BytesMut,
    ) -> std::result::Result<(), Ending> {
        let wakeup = sleep_until(self.session.next_wakeup());
        let target = &self.target;
        inbox.reserve(INPUT_BYTES);
        tokio::select! {
            read = reader.read_buf(inbox) => match read {
                Ok(0) => Err(lost(target, io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {
                    self.session.heard(Instant::now());
                    Ok(())
                }
                Err(error) => Err(lost(target, error)),
            },
            written = writer.write_buf(&mut self.out), if !self.out.is_empty() => match written {
                Ok(_) => Ok(()),
                Err(error) => Err(lost(target, error)),
            },
            () = self.shared.arrived() => Ok(()),
            () = wakeup => Ok(()),
        }
    }

    /// Tries to connect until it succeeds, while deadlines go on passing.
    async fn redial(&mut self) -> std::result::Result<Link, Outcome> {
        let mut asked_pause = Duration::ZERO;
        loop {
            let outcome = self.attempt(asked_pause).await?;
            let error = match outcome {
                Ok(link) => match self.accept(&link) {
                    Ok(()) => return Ok(link),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            asked_pause = error.retry_after().unwrap_or_default();
            let tried = self.backoff.attempts();
            if self.options.reconnect_attempts.is_some_and(|max| max <= tried) {
                return Err(Ending::Fatal(error).into());
            }
            match Ending::of(error) {
                Ending::Lost(error) => self.lose(error),
                fatal @ Ending::Fatal(_) => return Err(fatal.into()),
            }
        }
    }

    /// One pause, at least as long as the server asked for, and one attempt.
    async fn attempt(
        &mut self,
        asked_pause: Duration,
    ) -> std::result::Result<Result<Link>, Outcome> {
        let pause = self.backoff.next_pause(&mut self.jitter).max(asked_pause);
        let (target, options) = (self.target.clone(), self.options.clone());
        let attempt = async move {
            tokio::time::sleep(pause).await;
            dial(&target, &options).await
        };
        let mut attempt = Box::pin(attempt);
        loop {
            self.idle_turn();
            if self.is_finished() {
                return Err(Outcome::Finished);
            }
            let wakeup = sleep_until(self.session.next_wakeup());
            tokio::select! {
                outcome = &mut attempt => return Ok(outcome),
                () = self.shared.arrived() => {}
                () = wakeup => {}
            }
        }
    }

    /// What goes on without a connection: arrivals line up, deadlines pass.
    fn idle_turn(&mut self) {
        self.admit();
        // Without a connection there is no silence to end it.
        drop(self.session.tick(Instant::now(), &mut self.out, &mut self.done));
        self.settle();
    }

    /// Checks that the same database answers as before: keys mean nothing to another one.
    fn accept(&self, link: &Link) -> Result<()> {
        let (old, new) = (self.shared.server(), server_info(&link.welcome));
        if old.database != new.database {
            let message = format!(
                "{} is another database now: {}, was {}; connect anew if that is intended",
                self.target, new.database, old.database
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        self.shared.set_server(new);
        Ok(())
    }

    fn admit(&mut self) {
        self.shared.take(&mut self.arrivals);
        for operation in self.arrivals.drain(..) {
            self.session.submit(operation);
        }
    }

    fn settle(&mut self) {
        let places = self.done.len();
        self.done.drain(..).for_each(deliver);
        self.shared.release(places);
    }

    fn is_finished(&self) -> bool {
        self.out.is_empty() && self.session.is_idle() && self.shared.is_closing()
    }

    fn lose(&mut self, error: Error) {
        self.out.clear();
        self.session.disconnected(error, &mut self.done);
        self.settle();
    }

    /// Ends the client for good. The kind becomes `Closed`: a `Denied` of the connection is no
    /// `Denied` of each request.
    fn give_up(&mut self, error: &Error) {
        let message = format!("the client gave up its connection: {error}");
        self.shut(&Error::new(ErrorKind::Closed, message).because(error.clone()));
    }

    fn shut(&mut self, error: &Error) {
        self.shared.shut(error);
        self.session.fail_all(error, &mut self.done);
        self.settle();
    }
}

impl Drop for Connection {
    /// The task may also end with its runtime: nobody may wait for it for ever.
    fn drop(&mut self) {
        self.shut(&Error::closed());
    }
}

fn lost(target: &Target, error: io::Error) -> Ending {
    let message = format!("the connection to {target} broke: {error}");
    Ending::Lost(Error::new(ErrorKind::Disconnected, message).because(error))
}

/// Without a time there is nothing to wake up for.
fn sleep_until(time: Option<Instant>) -> impl Future<Output = ()> {
    const FAR: Duration = Duration::from_secs(3_600);
    let time = time.unwrap_or_else(|| Instant::now() + FAR);
    tokio::time::sleep_until(time.into())
}
