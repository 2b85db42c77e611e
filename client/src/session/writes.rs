//! The lane of the writes: one order from the call to the log, whatever happens in between.
//!
//! ```text
//! push -> unsent -> send_next -> sent -> written / refused -> completion
//!           ^                     |
//!           |                     +-> busy: set aside until all of `sent` has come back
//!           +---- resume: generation + 1, in the old order, after the pause
//!           +---- disconnect: set aside ones, then sent ones, in the old order
//! ```
//!
//! Invariants:
//! * answers come in the order of sending; another order is a violation;
//! * after one `busy` nothing is sent until every write in flight has been answered; then all of
//!   them go again, in order, with the next generation;
//! * a write whose deadline passed, or whose caller left, stays in `sent` as a hole until its
//!   answer comes (its footprint counts), and is not sent again after a disconnect.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use fanfold_protocol::{Code, Reply, Request, Retry};

use super::dependencies::{Dependencies, Footprint};
use super::operation::{Completion, Operation, Waiter};
use crate::error::{Error, Result};
use crate::limits::BUSY_PAUSE_DEFAULT;

/// A write in flight; the operation is gone if nobody waits any more.
#[derive(Debug)]
struct Sent<W> {
    id: u32,
    footprint: Footprint,
    operation: Option<Operation<W>>,
}

/// The lane. See the module for its picture.
#[derive(Debug)]
pub(crate) struct WriteLane<W> {
    unsent: VecDeque<Operation<W>>,
    sent: VecDeque<Sent<W>>,
    refused: VecDeque<Operation<W>>,
    /// Set by the first `busy`: until when nothing is sent.
    pause: Option<Instant>,
    generation: u16,
    dependencies: Dependencies,
}

impl<W: Waiter> WriteLane<W> {
    pub(crate) fn new() -> Self {
        Self {
            unsent: VecDeque::new(),
            sent: VecDeque::new(),
            refused: VecDeque::new(),
            pause: None,
            generation: 0,
            dependencies: Dependencies::default(),
        }
    }

    pub(crate) fn push(&mut self, operation: Operation<W>) {
        self.unsent.push_back(operation);
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.sent.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unsent.is_empty() && self.sent.is_empty() && self.refused.is_empty()
    }

    /// The id of the oldest write in flight.
    pub(crate) fn oldest_id(&self) -> Option<u32> {
        self.sent.front().map(|sent| sent.id)
    }

    /// When a pause ends, if nothing but the pause holds the lane.
    pub(crate) fn resume_at(&self) -> Option<Instant> {
        self.pause.filter(|_| self.sent.is_empty())
    }

    /// Whether the next write may go out now. Ends a pause that is over.
    pub(crate) fn is_ready(&mut self, now: Instant) -> bool {
        if let Some(until) = self.pause {
            if !self.sent.is_empty() || now < until {
                return false;
            }
            self.resume();
        }
        self.unsent
            .front()
            .is_some_and(|next| self.dependencies.allow(Footprint::of(&next.request)))
    }

    /// Encodes the next write under `id`; a caller that left, or a request that cannot be encoded,
    /// completes instead and uses up nothing of the lane.
    pub(crate) fn send_next(
        &mut self,
        id: u32,
        encode: impl FnOnce(u32, u16, &Request) -> Result<()>,
    ) -> Option<Completion<W>> {
        let operation = self.unsent.pop_front()?;
        if operation.waiter.is_gone() {
            return Some(operation.abandon());
        }
        if let Err(error) = encode(id, self.generation, &operation.request) {
            return Some(operation.complete(Err(error)));
        }
        let footprint = Footprint::of(&operation.request);
        self.dependencies.begin(footprint);
        self.sent.push_back(Sent { id, footprint, operation: Some(operation) });
        None
    }

    /// Takes the answer to write `id`.
    ///
    /// # Errors
    ///
    /// An answer out of order, or an acceptance after a `busy` of the same generation.
    pub(crate) fn on_reply(
        &mut self,
        now: Instant,
        id: u32,
        result: Result<Reply>,
    ) -> Result<Option<Completion<W>>> {
        let busy_for = busy_pause(&result);
        let changed = matches!(result, Ok(Reply::Written(_)));
        if changed && self.pause.is_some() {
            return Err(Error::protocol("the server accepted a write after a busy one before it"));
        }
        if self.oldest_id() != Some(id) {
            return Err(Error::protocol(format!("request {id} was answered out of its turn")));
        }
        let Some(sent) = self.sent.pop_front() else { return Ok(None) };
        self.dependencies.end(sent.footprint);
        match busy_for {
            Some(pause) => {
                self.refused.extend(sent.operation);
                self.pause_until(now + pause);
                Ok(None)
            }
            None => Ok(sent.operation.map(|operation| operation.complete(result))),
        }
    }

    /// The connection is gone: everything unanswered lines up again, in the old order.
    pub(crate) fn on_disconnect(&mut self, done: &mut Vec<Completion<W>>) {
        let mut line = std::mem::take(&mut self.refused);
        line.extend(self.sent.drain(..).filter_map(|sent| sent.operation));
        while let Some(operation) = line.pop_back() {
            match operation.waiter.is_gone() {
                true => done.push(operation.abandon()),
                false => self.unsent.push_front(operation),
            }
        }
        self.pause = None;
        self.generation = 0;
        self.dependencies.clear();
    }

    /// Ends what is past its deadline, with the error `why` makes; returns the next deadline.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        expiry: &mut dyn FnMut(Operation<W>, Expired) -> Completion<W>,
        done: &mut Vec<Completion<W>>,
    ) -> Option<Instant> {
        for sent in &mut self.sent {
            if sent.operation.as_ref().is_some_and(|operation| operation.is_over(now)) {
                done.extend(
                    sent.operation.take().map(|operation| expiry(operation, Expired::Sent)),
                );
            }
        }
        drain_over(&mut self.refused, now, &mut |operation| {
            done.push(expiry(operation, Expired::Busy));
        });
        drain_over(&mut self.unsent, now, &mut |operation| {
            done.push(expiry(operation, Expired::Unsent));
        });
        let sent = self.sent.iter().filter_map(|sent| sent.operation.as_ref());
        sent.chain(&self.refused).chain(&self.unsent).map(|operation| operation.deadline).min()
    }

    /// Ends everything with the same error.
    pub(crate) fn fail_all(&mut self, error: &Error, done: &mut Vec<Completion<W>>) {
        self.on_disconnect(done);
        done.extend(self.unsent.drain(..).map(|operation| operation.complete(Err(error.clone()))));
    }

    fn pause_until(&mut self, until: Instant) {
        self.pause = Some(self.pause.map_or(until, |earlier| earlier.max(until)));
    }

    fn resume(&mut self) {
        self.pause = None;
        self.generation = self.generation.wrapping_add(1);
        while let Some(operation) = self.refused.pop_back() {
            self.unsent.push_front(operation);
        }
    }
}

/// How far an operation had come when its deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    /// It never left: no effect.
    Unsent,
    /// It was refused as busy and waited for its next turn: no effect.
    Busy,
    /// It was sent, so it may have happened.
    Sent,
}

/// Removes what is over, keeping the order of the rest.
pub(crate) fn drain_over<W: Waiter>(
    line: &mut VecDeque<Operation<W>>,
    now: Instant,
    take: &mut dyn FnMut(Operation<W>),
) {
    if !line.iter().any(|operation| operation.is_over(now)) {
        return;
    }
    for operation in std::mem::take(line) {
        match operation.is_over(now) {
            true => take(operation),
            false => line.push_back(operation),
        }
    }
}

/// How long to pause, if this is the answer of an overloaded server.
pub(crate) fn busy_pause(result: &Result<Reply>) -> Option<Duration> {
    let Ok(Reply::Error(error)) = result else { return None };
    if error.code != Code::Busy {
        return None;
    }
    Some(pause_of(error.retry))
}

/// The pause a retry hint asks for.
pub(crate) fn pause_of(retry: Retry) -> Duration {
    match retry {
        Retry::After(millis) => Duration::from_millis(u64::from(millis)),
        Retry::Never | Retry::Elsewhere => BUSY_PAUSE_DEFAULT,
    }
}
