//! Both lanes behind one door: submissions, frames and ticks in; bytes and completions out.
//!
//! No socket, no clock, no channel: time comes as an argument, so that tests own it.
//!
//! Invariants:
//! * at most `in_flight_max` requests are unanswered on the connection, holes included;
//! * an id is not used again while a request under it is in flight;
//! * after [`disconnected`](Session::disconnected) nothing is in flight and nothing is lost;
//! * three broken answers in a row, without a good one in between, fail everything that waits,
//!   instead of asking for ever.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use fanfold_protocol::{
    Code, ErrorReply, Frame, HEADER_BYTES, Problem, Radius, Reply, Request, encode_request,
};

use super::heartbeat::{Beat, Heartbeat};
use super::operation::{Completion, Operation, Waiter};
use super::reads::ReadLane;
use super::writes::{Expired, WriteLane};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{OUTPUT_BYTES_MAX, VIOLATIONS_MAX};

/// Why a connection ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Connect again.
    Lost(Error),
    /// Connecting again would not help.
    Fatal(Error),
}

impl Ending {
    /// Judges an error of the whole connection.
    pub(crate) fn of(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Denied | ErrorKind::Conflict => Self::Fatal(error),
            _ => Self::Lost(error),
        }
    }
}

/// What the server granted in its welcome.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) in_flight_max: usize,
    pub(crate) body_bytes_max: usize,
}

/// The requests of one client, over any number of connections.
#[derive(Debug)]
pub(crate) struct Session<W> {
    writes: WriteLane<W>,
    reads: ReadLane<W>,
    grant: Option<Grant>,
    last_id: u32,
    heartbeat: Heartbeat,
    next_deadline: Option<Instant>,
    violations: u32,
    lost: Option<Error>,
}

impl<W: Waiter> Session<W> {
    pub(crate) fn new(keep_alive: Duration) -> Self {
        Self {
            writes: WriteLane::new(),
            reads: ReadLane::new(),
            grant: None,
            last_id: 0,
            heartbeat: Heartbeat::new(keep_alive),
            next_deadline: None,
            violations: 0,
            lost: None,
        }
    }

    /// Lines up a request. It goes out at the next [`fill`](Self::fill) that has room for it.
    pub(crate) fn submit(&mut self, operation: Operation<W>) {
        let deadline = operation.deadline;
        self.next_deadline = Some(self.next_deadline.map_or(deadline, |next| next.min(deadline)));
        match operation.request.kind().is_write() {
            true => self.writes.push(operation),
            false => self.reads.push(operation),
        }
    }

    /// Nothing waits for an answer.
    pub(crate) fn is_idle(&self) -> bool {
        self.writes.is_empty() && self.reads.is_empty()
    }

    /// A connection stands; both sides have said hello.
    pub(crate) fn connected(&mut self, grant: Grant) {
        self.grant = Some(grant);
        self.last_id = 0;
        self.lost = None;
        self.heartbeat.rest();
    }

    /// The connection is gone, or an attempt to make one failed. Unanswered requests line up again.
    pub(crate) fn disconnected(&mut self, error: Error, done: &mut Vec<Completion<W>>) {
        self.grant = None;
        if VIOLATIONS_MAX <= self.violations {
            self.violations = 0;
            self.fail_all(&error, done);
        }
        self.writes.on_disconnect(done);
        self.reads.on_disconnect();
        self.lost = Some(error);
    }

    /// Ends everything with the same error.
    pub(crate) fn fail_all(&mut self, error: &Error, done: &mut Vec<Completion<W>>) {
        self.writes.fail_all(error, done);
        self.reads.fail_all(error, done);
    }

    /// Encodes what may go out now, reads and writes in turn.
    pub(crate) fn fill(&mut self, now: Instant, out: &mut BytesMut, done: &mut Vec<Completion<W>>) {
        let Some(grant) = self.grant else { return };
        loop {
            let read = self.fill_read(now, grant, out, done);
            let write = self.fill_write(now, grant, out, done);
            if !read && !write {
                return;
            }
        }
    }

    /// Takes a frame from the server.
    ///
    /// # Errors
    ///
    /// The connection is of no more use.
    pub(crate) fn on_frame(
        &mut self,
        now: Instant,
        frame: &Frame,
        done: &mut Vec<Completion<W>>,
    ) -> std::result::Result<(), Ending> {
        let Some(result) = self.load(frame)? else { return Ok(()) };
        if let Ok(Reply::Error(error)) = &result
            && (error.radius == Radius::Session || error.code == Code::Closed)
        {
            return Err(self.refused(error));
        }
        let id = frame.request_id;
        let outcome = match self.reads.uses(id) {
            true => self.reads.on_reply(now, id, result),
            false => self.writes.on_reply(now, id, result),
        };
        done.extend(outcome.map_err(|error| self.violation(error))?);
        self.violations = 0;
        Ok(())
    }

    /// Bytes came in that are no frame.
    pub(crate) fn violation(&mut self, error: Error) -> Ending {
        self.violations += 1;
        Ending::Lost(error)
    }

    /// Bytes came in.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heartbeat.heard(now);
    }

    /// Ends what is past its deadline and minds the silence of the server.
    ///
    /// # Errors
    ///
    /// The server has been silent for too long.
    pub(crate) fn tick(
        &mut self,
        now: Instant,
        out: &mut BytesMut,
        done: &mut Vec<Completion<W>>,
    ) -> std::result::Result<(), Ending> {
        if self.next_deadline.is_some_and(|deadline| deadline <= now) {
            self.expire(now, done);
        }
        let Some(grant) = self.grant else { return Ok(()) };
        if self.in_flight() == 0 {
            self.heartbeat.rest();
            return Ok(());
        }
        match self.heartbeat.check(now) {
            Beat::Calm => Ok(()),
            Beat::Ping => {
                self.send_ping(grant, out);
                Ok(())
            }
            Beat::Dead => Err(Ending::Lost(Error::new(
                ErrorKind::Disconnected,
                "the server has gone silent, even to a ping",
            ))),
        }
    }

    /// When to call [`tick`](Self::tick) and [`fill`](Self::fill) again, if nothing happens.
    pub(crate) fn next_wakeup(&self) -> Option<Instant> {
        let connected = self.grant.is_some();
        let timers = [
            self.next_deadline,
            self.writes.resume_at().filter(|_| connected),
            self.reads.resume_at().filter(|_| connected),
            self.heartbeat.next().filter(|_| connected),
        ];
        timers.into_iter().flatten().min()
    }

    /// Moves one read on, if there is one and room for it.
    fn fill_read(
        &mut self,
        now: Instant,
        grant: Grant,
        out: &mut BytesMut,
        done: &mut Vec<Completion<W>>,
    ) -> bool {
        if !self.may_send(out, grant) || !self.reads.is_ready(now) {
            return false;
        }
        let Some(id) = self.next_id() else { return false };
        let encode = |id, request: &Request| encode(id, 0, request, grant, out);
        done.extend(self.reads.send_next(id, encode));
        true
    }

    /// Moves one write on, if it is its turn and there is room for it.
    fn fill_write(
        &mut self,
        now: Instant,
        grant: Grant,
        out: &mut BytesMut,
        done: &mut Vec<Completion<W>>,
    ) -> bool {
        if !self.may_send(out, grant) || !self.writes.is_ready(now) {
            return false;
        }
        let Some(id) = self.next_id() else { return false };
        let encode = |id, turn, request: &Request| encode(id, turn, request, grant, out);
        done.extend(self.writes.send_next(id, encode));
        true
    }

    fn in_flight(&self) -> usize {
        self.writes.in_flight() + self.reads.in_flight()
    }

    fn may_send(&self, out: &BytesMut, grant: Grant) -> bool {
        out.len() < OUTPUT_BYTES_MAX && self.in_flight() < grant.in_flight_max
    }

    /// The next id that no request in flight uses. Writes are answered in order, so only a write
    /// half the range of ids behind could be met; that one is waited for.
    fn next_id(&mut self) -> Option<u32> {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            let distance = self.writes.oldest_id().map_or(0, |id| self.last_id.wrapping_sub(id));
            if u32::MAX / 2 <= distance {
                self.last_id = self.last_id.wrapping_sub(1);
                return None;
            }
            if self.last_id != 0 && !self.reads.uses(self.last_id) {
                return Some(self.last_id);
            }
        }
    }

    /// The reply in a frame; `None` for a push, which version 1 has none of. A kind of reply that
    /// is unknown fails its request only: the frame itself was whole.
    fn load(&mut self, frame: &Frame) -> std::result::Result<Option<Result<Reply>>, Ending> {
        if matches!(frame.kind, 0xC0..=0xDF) {
            return Ok(None);
        }
        match Reply::load(frame) {
            Ok(reply) => Ok(Some(Ok(reply))),
            Err(error) => {
                let unknown = matches!(error.problem(), Problem::UnknownKind { .. });
                let wrapped = Error::protocol(format!("the server's answer is broken: {error}"));
                match unknown {
                    true => Ok(Some(Err(wrapped.because(error)))),
                    false => Err(self.violation(wrapped.because(error))),
                }
            }
        }
    }

    /// The server ended the session, or is about to.
    fn refused(&mut self, reply: &ErrorReply) -> Ending {
        let error = Error::from_reply(reply);
        match error.kind() {
            ErrorKind::Protocol | ErrorKind::Limit => self.violation(error),
            _ => Ending::of(error),
        }
    }

    fn send_ping(&mut self, grant: Grant, out: &mut BytesMut) {
        let Some(id) = self.next_id() else { return };
        if encode(id, 0, &Request::Ping, grant, out).is_ok() {
            self.reads.book_ping(id);
        }
    }

    fn expire(&mut self, now: Instant, done: &mut Vec<Completion<W>>) {
        let lost = self.lost.as_ref();
        let mut expiry = |operation: Operation<W>, how: Expired| {
            let error = expiry_error(how, lost);
            operation.complete(Err(error))
        };
        let writes = self.writes.expire(now, &mut expiry, done);
        let reads = self.reads.expire(now, &mut expiry, done);
        self.next_deadline = [writes, reads].into_iter().flatten().min();
    }
}

/// What a caller learns when the deadline has passed.
fn expiry_error(how: Expired, lost: Option<&Error>) -> Error {
    match (how, lost) {
        (Expired::Busy, _) => {
            Error::new(ErrorKind::Busy, "the server was too busy until the deadline")
        }
        (_, Some(cause)) => {
            let message = format!("no connection before the deadline: {cause}");
            Error::new(ErrorKind::Disconnected, message).because(cause.clone())
        }
        (Expired::Unsent, None) => Error::new(
            ErrorKind::TimedOut,
            "the deadline passed before the request could be sent: too much is in flight",
        ),
        (Expired::Sent, None) => {
            Error::new(ErrorKind::TimedOut, "no answer before the deadline; its effect is unknown")
        }
    }
}

/// Encodes a request. On an error `out` is as it was.
fn encode(
    id: u32,
    generation: u16,
    request: &Request,
    grant: Grant,
    out: &mut BytesMut,
) -> Result<()> {
    let start = out.len();
    if let Err(error) = encode_request(id, generation, request, out) {
        out.truncate(start);
        let kind = match error.problem() {
            Problem::TooLong { .. } | Problem::TooLarge { .. } | Problem::BodyTooLarge { .. } => {
                ErrorKind::Limit
            }
            _ => ErrorKind::Invalid,
        };
        return Err(Error::new(kind, error.to_string()).because(error));
    }
    let body_bytes = out.len() - start - HEADER_BYTES;
    if grant.body_bytes_max < body_bytes {
        out.truncate(start);
        let max = grant.body_bytes_max;
        let message = format!("the request has {body_bytes} bytes, the server takes {max}");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(())
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
