//! The bounded hand-off to the committer: bounded in commands and in bytes, so that a flood is
//! answered with `Busy` and not with memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

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
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are commands: a box would cost each of them an allocation"
)]
pub(crate) enum Message {
    Command(Queued),
    /// Seal the active segment and flush the views; tell how far that will go.
    Settle(Sender<Settled>),
    /// Finish what came before, then stop.
    Close,
}

/// What was ordered to be sealed and flushed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    /// The position that the view files will cover.
    pub(crate) until: Sequence,
    /// Why the active segment stays unsealed, if so: there is no room for the next one.
    pub(crate) unsealed: Option<Error>,
}

/// The callers' end.
#[derive(Clone, Debug)]
pub(crate) struct QueueSender {
    commands: Sender<Message>,
    waiting: Arc<Waiting>,
    capacity: usize,
}

/// What waits in the queue.
#[derive(Debug, Default)]
struct Waiting {
    commands: AtomicUsize,
    bytes: AtomicUsize,
}

/// The committer's end.
#[derive(Debug)]
pub(crate) struct QueueReceiver {
    pub(crate) messages: Receiver<Message>,
    waiting: Arc<Waiting>,
}

/// A queue of at most `capacity` commands.
///
/// The channel itself knows no bound: of the two kinds only this one drops what is in it when the
/// receiver goes, and whoever waits for the answer to a dropped command is told that the engine was
/// closed.
pub(crate) fn queue(capacity: usize) -> (QueueSender, QueueReceiver) {
    let (commands, messages) = unbounded();
    let waiting = Arc::new(Waiting::default());
    let sender = QueueSender { commands, waiting: Arc::clone(&waiting), capacity };
    (sender, QueueReceiver { messages, waiting })
}

impl QueueSender {
    /// Queues `prepared`, or says `Busy` at once.
    pub(crate) fn submit(&self, prepared: Prepared) -> Result<Ticket> {
        let weight = prepared.effect.weight();
        self.waiting.add(weight, self.capacity)?;
        let (ticket, completion) = ticket();
        let closed = |_| Error::new(ErrorKind::Closed, "the engine was closed");
        self.commands
            .send(Message::Command(Queued { prepared, completion }))
            .map_err(closed)
            .map(|()| ticket)
    }

    /// Asks the committer to stop after all that was submitted so far.
    pub(crate) fn close(&self) {
        // A committer that is gone has closed already.
        let _ = self.commands.send(Message::Close);
    }

    /// Asks the committer to seal the active segment and to flush the views. `None` if the engine was
    /// closed.
    pub(crate) fn settle(&self) -> Option<Settled> {
        let (answer, answered) = bounded(1);
        self.commands.send(Message::Settle(answer)).ok()?;
        answered.recv().ok()
    }

    /// How many commands wait.
    pub(crate) fn depth(&self) -> usize {
        self.waiting.commands.load(Ordering::Relaxed)
    }
}

impl QueueReceiver {
    /// The next message: looks out for it, then sleeps until it comes, each for so long at most.
    pub(crate) fn next(
        &self,
        sleep: Duration,
        lookout: Duration,
    ) -> std::result::Result<Message, RecvTimeoutError> {
        let began = Instant::now();
        while began.elapsed() < lookout {
            if let Ok(message) = self.messages.try_recv() {
                return Ok(message);
            }
            std::thread::yield_now();
        }
        self.messages.recv_timeout(sleep)
    }

    /// The committer took `queued` off the queue.
    pub(crate) fn taken(&self, queued: &Queued) {
        self.waiting.remove(queued.prepared.effect.weight());
    }
}

impl Waiting {
    /// Another command, or why there is no room for it.
    fn add(&self, weight: usize, capacity: usize) -> Result<()> {
        let bytes = self.bytes.fetch_add(weight, Ordering::Relaxed) + weight;
        let commands = self.commands.fetch_add(1, Ordering::Relaxed) + 1;
        let full = if QUEUE_BYTES_MAX < bytes {
            format!("{bytes} bytes are waiting, the limit is {QUEUE_BYTES_MAX}")
        } else if capacity < commands {
            format!("{capacity} commands are waiting, which is the limit")
        } else {
            return Ok(());
        };
        self.remove(weight);
        Err(busy(full))
    }

    fn remove(&self, weight: usize) {
        self.bytes.fetch_sub(weight, Ordering::Relaxed);
        self.commands.fetch_sub(1, Ordering::Relaxed);
    }
}

fn busy(what: String) -> Error {
    Error::new(ErrorKind::Busy, format!("the commit queue is full: {what}; retry in a moment"))
}
