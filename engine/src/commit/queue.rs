//! The bounded hand-off to the committer: bounded in commands and in bytes, so that a flood is
//! answered with `Busy` and not with memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};

use super::prepare::Prepared;
use super::ticket::{Completion, Ticket, ticket};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::Sequence;
use crate::limits::QUEUE_BYTES_MAX;

/// A command and whom to answer.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) prepared: Prepared,
    pub(crate) completion: Completion,
}

/// What goes through the queue.
#[derive(Debug)]
pub(crate) enum Message {
    Command(Queued),
    /// Seal the active segment and flush the views; tell the position that this will cover.
    Settle(Sender<Sequence>),
    /// Finish what came before, then stop.
    Close,
}

/// The callers' end.
#[derive(Clone, Debug)]
pub(crate) struct QueueSender {
    commands: Sender<Message>,
    bytes: Arc<AtomicUsize>,
    capacity: usize,
}

/// The committer's end.
#[derive(Debug)]
pub(crate) struct QueueReceiver {
    pub(crate) messages: Receiver<Message>,
    bytes: Arc<AtomicUsize>,
}

/// A queue of at most `capacity` commands.
pub(crate) fn queue(capacity: usize) -> (QueueSender, QueueReceiver) {
    let (sender, receiver) = bounded(capacity);
    let bytes = Arc::new(AtomicUsize::new(0));
    (
        QueueSender { commands: sender, bytes: Arc::clone(&bytes), capacity },
        QueueReceiver { messages: receiver, bytes },
    )
}

impl QueueSender {
    /// Queues `prepared`, or says `Busy` at once.
    pub(crate) fn submit(&self, prepared: Prepared) -> Result<Ticket> {
        let weight = prepared.effect.weight();
        let waiting = self.bytes.fetch_add(weight, Ordering::Relaxed) + weight;
        if QUEUE_BYTES_MAX < waiting {
            self.bytes.fetch_sub(weight, Ordering::Relaxed);
            return Err(busy(format!(
                "{waiting} bytes are waiting, the limit is {QUEUE_BYTES_MAX}"
            )));
        }
        let (ticket, completion) = ticket();
        match self.commands.try_send(Message::Command(Queued { prepared, completion })) {
            Ok(()) => Ok(ticket),
            Err(TrySendError::Full(_)) => {
                self.bytes.fetch_sub(weight, Ordering::Relaxed);
                Err(busy(format!("{} commands are waiting, which is the limit", self.capacity)))
            }
            Err(TrySendError::Disconnected(_)) => {
                Err(Error::new(ErrorKind::Closed, "the engine was closed"))
            }
        }
    }

    /// Asks the committer to stop after all that was submitted so far; waits for room.
    pub(crate) fn close(&self) {
        // A committer that is gone has closed already.
        let _ = self.commands.send(Message::Close);
    }

    /// Asks the committer to seal the active segment and to flush the views. Answers the position that
    /// the view files will cover; `None` if the engine was closed.
    pub(crate) fn settle(&self) -> Option<Sequence> {
        let (answer, answered) = bounded(1);
        self.commands.send(Message::Settle(answer)).ok()?;
        answered.recv().ok()
    }

    /// How many commands wait.
    pub(crate) fn depth(&self) -> usize {
        self.commands.len()
    }
}

impl QueueReceiver {
    /// The committer took `queued` off the queue.
    pub(crate) fn taken(&self, queued: &Queued) {
        self.bytes.fetch_sub(queued.prepared.effect.weight(), Ordering::Relaxed);
    }
}

fn busy(what: String) -> Error {
    Error::new(ErrorKind::Busy, format!("the commit queue is full: {what}; retry in a moment"))
}
