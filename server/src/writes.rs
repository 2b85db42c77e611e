//! The writes of one connection that wait for the committer, oldest first.
//!
//! Writes are submitted and answered in the order they came; a write that is refused at once waits
//! for the answers of those before it. If the engine's queue is full, the write at hand is held back
//! and tried again for a while; the connection takes no further frame meanwhile, so nothing can
//! overtake it.
//!
//! Invariants:
//! * At most [`IN_FLIGHT_MAX`] writes wait; the connection stops reading before.
//! * At most one write is held back, and it is the youngest.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use fanfold_engine::{Command, Engine, ErrorKind, Receipt, Ticket};
use fanfold_protocol::{Code, ErrorReply, RequestKind};

use crate::limits::{IN_FLIGHT_MAX, SUBMIT_PAUSE};
use crate::reply;

/// Which request an answer belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) request_id: u32,
    pub(crate) kind: RequestKind,
    pub(crate) at: Instant,
}

/// An answer that is ready to go out.
pub(crate) type Done = (Asked, Result<Receipt, ErrorReply>);

/// A write on its way to its answer.
#[derive(Debug)]
enum Pending {
    /// The committer has it.
    Submitted(Ticket),
    /// It never got that far; the answer waits for its turn.
    Refused(ErrorReply),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Writes {
    engine: Engine,
    in_flight: VecDeque<(Asked, Pending)>,
    held_back: Option<(Asked, Command)>,
    retry_at: Instant,
}

impl Writes {
    pub(crate) fn new(engine: Engine) -> Self {
        let (in_flight, held_back) = (VecDeque::new(), None);
        Self { engine, in_flight, held_back, retry_at: Instant::now() }
    }

    /// Nothing waits, so nothing is owed to the peer.
    pub(crate) fn is_empty(&self) -> bool {
        self.in_flight.is_empty() && self.held_back.is_none()
    }

    /// Whether another write may come.
    pub(crate) fn has_room(&self) -> bool {
        self.held_back.is_none() && self.in_flight.len() < IN_FLIGHT_MAX
    }

    /// When the write that is held back is to be tried again.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.held_back.is_some().then_some(self.retry_at)
    }

    /// Hands a write to the engine, or holds it back.
    pub(crate) fn submit(&mut self, asked: Asked, command: Command) {
        match self.engine.submit(command.clone()) {
            Ok(ticket) => self.in_flight.push_back((asked, Pending::Submitted(ticket))),
            Err(error) if error.kind() == ErrorKind::Busy => {
                self.held_back = Some((asked, command));
                self.retry_at = Instant::now() + SUBMIT_PAUSE;
            }
            Err(error) => self.refuse(asked, reply::refusal(&error)),
        }
    }

    /// Refuses a write, once those before it are answered.
    pub(crate) fn refuse(&mut self, asked: Asked, error: ErrorReply) {
        self.in_flight.push_back((asked, Pending::Refused(error)));
    }

    /// Tries the write that is held back once more. True if it was given up after `patience`: its
    /// answer is `busy`, and the writes behind it must not overtake it.
    pub(crate) fn retry(&mut self, patience: Duration) -> bool {
        let Some((asked, command)) = self.held_back.take() else { return false };
        self.submit(asked, command);
        if self.held_back.is_none() || asked.at.elapsed() < patience {
            return false;
        }
        self.held_back = None;
        let waited = patience.as_millis();
        let message =
            format!("the commit queue stayed full for {waited} ms; nothing of this write was done");
        self.refuse(asked, ErrorReply::new(Code::Busy, message));
        true
    }

    /// The next answer in order, if it is there already.
    pub(crate) fn take_done(&mut self) -> Option<Done> {
        let result = match &mut self.in_flight.front_mut()?.1 {
            Pending::Submitted(ticket) => ticket.try_take()?.map_err(|e| reply::refusal(&e)),
            Pending::Refused(error) => Err(error.clone()),
        };
        self.in_flight.pop_front().map(|(asked, _)| (asked, result))
    }

    /// Waits for the next answer in order; for ever if nothing is in flight.
    pub(crate) async fn next_done(&mut self) -> Done {
        poll_fn(|context| self.poll_done(context)).await
    }

    fn poll_done(&mut self, context: &mut Context<'_>) -> Poll<Done> {
        let Some((asked, pending)) = self.in_flight.front_mut() else { return Poll::Pending };
        let asked = *asked;
        let result = match pending {
            Pending::Refused(error) => Err(error.clone()),
            Pending::Submitted(ticket) => match Pin::new(ticket).poll(context) {
                Poll::Ready(result) => result.map_err(|error| reply::refusal(&error)),
                Poll::Pending => return Poll::Pending,
            },
        };
        self.in_flight.pop_front();
        Poll::Ready((asked, result))
    }
}
