//! The lane of the reads: no order among them, none with the writes.
//!
//! Invariants:
//! * a read that the server was too busy for goes again after its own pause, unseen by the caller;
//! * a read whose deadline passed, or whose caller left, stays in `sent` as a hole until its
//!   answer comes: its id may not be used again before;
//! * a keep-alive ping is such a hole from the start.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use fanfold_protocol::{Code, Reply, Request};

use super::operation::{Completion, Operation, Waiter};
use super::writes::{Expired, drain_over, pause_of};
use crate::error::{Error, Result};

/// A read waiting for its next turn.
#[derive(Debug)]
struct Delayed<W> {
    until: Instant,
    operation: Operation<W>,
}

/// The lane.
#[derive(Debug)]
pub(crate) struct ReadLane<W> {
    unsent: VecDeque<Operation<W>>,
    sent: HashMap<u32, Option<Operation<W>>>,
    delayed: Vec<Delayed<W>>,
}

impl<W: Waiter> ReadLane<W> {
    pub(crate) fn new() -> Self {
        Self { unsent: VecDeque::new(), sent: HashMap::new(), delayed: Vec::new() }
    }

    pub(crate) fn push(&mut self, operation: Operation<W>) {
        self.unsent.push_back(operation);
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.sent.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unsent.is_empty() && self.sent.is_empty() && self.delayed.is_empty()
    }

    pub(crate) fn uses(&self, id: u32) -> bool {
        self.sent.contains_key(&id)
    }

    /// When the next delayed read wants its turn.
    pub(crate) fn resume_at(&self) -> Option<Instant> {
        self.delayed.iter().map(|delayed| delayed.until).min()
    }

    /// Whether a read may go out now. Lines up the delayed ones whose pause is over.
    pub(crate) fn is_ready(&mut self, now: Instant) -> bool {
        if !self.delayed.is_empty() {
            let due = self.delayed.extract_if(.., |delayed| delayed.until <= now);
            self.unsent.extend(due.map(|delayed| delayed.operation));
        }
        !self.unsent.is_empty()
    }

    /// Encodes the next read under `id`, as [`send_next`](super::writes::WriteLane::send_next).
    pub(crate) fn send_next(
        &mut self,
        id: u32,
        encode: impl FnOnce(u32, &Request) -> Result<()>,
    ) -> Option<Completion<W>> {
        let operation = self.unsent.pop_front()?;
        if operation.waiter.is_gone() {
            return Some(operation.abandon());
        }
        if let Err(error) = encode(id, &operation.request) {
            return Some(operation.complete(Err(error)));
        }
        self.sent.insert(id, Some(operation));
        None
    }

    /// Books an id for a ping nobody waits for.
    pub(crate) fn book_ping(&mut self, id: u32) {
        self.sent.insert(id, None);
    }

    /// Takes the answer to read `id`.
    ///
    /// # Errors
    ///
    /// The answer belongs to no request in flight.
    pub(crate) fn on_reply(
        &mut self,
        now: Instant,
        id: u32,
        result: Result<Reply>,
    ) -> Result<Option<Completion<W>>> {
        let Some(operation) = self.sent.remove(&id) else {
            return Err(Error::protocol(format!("an answer to request {id}, which nobody sent")));
        };
        let Some(operation) = operation else { return Ok(None) };
        if let Ok(Reply::Error(error)) = &result
            && matches!(error.code, Code::Busy | Code::TooManyRequests)
        {
            self.delayed.push(Delayed { until: now + pause_of(error.retry), operation });
            return Ok(None);
        }
        Ok(Some(operation.complete(result)))
    }

    /// The connection is gone: everything unanswered lines up again.
    pub(crate) fn on_disconnect(&mut self) {
        let mut again: Vec<_> =
            self.sent.drain().filter_map(|(id, operation)| Some((id, operation?))).collect();
        again.sort_unstable_by_key(|(id, _)| *id);
        for (_, operation) in again.into_iter().rev() {
            self.unsent.push_front(operation);
        }
    }

    /// Ends what is past its deadline, with the error `why` makes; returns the next deadline.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        expiry: &mut dyn FnMut(Operation<W>, Expired) -> Completion<W>,
        done: &mut Vec<Completion<W>>,
    ) -> Option<Instant> {
        for sent in self.sent.values_mut() {
            if sent.as_ref().is_some_and(|operation| operation.is_over(now)) {
                done.extend(sent.take().map(|operation| expiry(operation, Expired::Sent)));
            }
        }
        let over = self.delayed.extract_if(.., |delayed| delayed.operation.is_over(now));
        done.extend(over.map(|delayed| expiry(delayed.operation, Expired::Busy)));
        drain_over(&mut self.unsent, now, &mut |operation| {
            done.push(expiry(operation, Expired::Unsent));
        });
        let sent = self.sent.values().flatten();
        let delayed = self.delayed.iter().map(|delayed| &delayed.operation);
        sent.chain(delayed).chain(&self.unsent).map(|operation| operation.deadline).min()
    }

    /// Ends everything with the same error.
    pub(crate) fn fail_all(&mut self, error: &Error, done: &mut Vec<Completion<W>>) {
        self.on_disconnect();
        let delayed = self.delayed.drain(..).map(|delayed| delayed.operation);
        let all = delayed.chain(self.unsent.drain(..));
        done.extend(all.map(|operation| operation.complete(Err(error.clone()))));
    }
}
