//! What the handles and the connection task share: the queue between them, the free places, and
//! why the client is closed.
//!
//! Invariants:
//! * a request is in the queue only if it holds a place, so the queue is as bounded as the places;
//! * requests leave the queue in the order they came;
//! * after [`shut`](Shared::shut) nothing enters, and everything that was in has been answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use fanfold_protocol::{Reply, Request};
use tokio::sync::{Notify, Semaphore, oneshot, watch};

use crate::answer::ServerInfo;
use crate::error::{Error, ErrorKind, Result};
use crate::random::Keys;
use crate::session::{Completion, Operation, Waiter};

/// The caller's end of a request.
pub(crate) type Receiver = oneshot::Receiver<Result<Reply>>;

/// The connection's end of a request.
#[derive(Debug)]
pub(crate) struct Caller(oneshot::Sender<Result<Reply>>);

impl Waiter for Caller {
    fn is_gone(&self) -> bool {
        self.0.is_closed()
    }
}

/// Gives the answer to who waits for it; a caller who left is no problem.
pub(crate) fn deliver(completion: Completion<Caller>) {
    drop(completion.waiter.0.send(completion.result));
}

#[derive(Debug, Default)]
struct Queue {
    operations: Vec<Operation<Caller>>,
    /// The last handle is gone, or somebody closed the client.
    closing: bool,
    /// Why nothing may enter any more.
    shut: Option<Error>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    arrived: Notify,
    places: Semaphore,
    places_max: usize,
    server: Mutex<ServerInfo>,
    finished: watch::Sender<bool>,
    pub(crate) keys: Keys,
}

impl Shared {
    pub(crate) fn new(places_max: usize, server: ServerInfo, keys: Keys) -> Self {
        Self {
            queue: Mutex::default(),
            arrived: Notify::new(),
            places: Semaphore::new(places_max),
            places_max,
            server: Mutex::new(server),
            finished: watch::Sender::new(false),
            keys,
        }
    }

    /// Waits for a place and lines the request up.
    pub(crate) async fn submit(&self, request: Request, deadline: Instant) -> Result<Receiver> {
        self.take_place(deadline).await?;
        let (sender, receiver) = oneshot::channel();
        self.push(Operation { request, deadline, waiter: Caller(sender) })?;
        Ok(receiver)
    }

    async fn take_place(&self, deadline: Instant) -> Result<()> {
        if let Ok(permit) = self.places.try_acquire() {
            permit.forget();
            return Ok(());
        }
        match tokio::time::timeout_at(deadline.into(), self.places.acquire()).await {
            Ok(Ok(permit)) => {
                permit.forget();
                Ok(())
            }
            Ok(Err(_closed)) => Err(self.why_shut()),
            Err(_elapsed) => Err(Error::new(
                ErrorKind::TimedOut,
                format!(
                    "the deadline passed with all {} places taken; nothing was sent",
                    self.places_max
                ),
            )),
        }
    }

    fn push(&self, operation: Operation<Caller>) -> Result<()> {
        let mut queue = lock(&self.queue);
        if queue.closing || queue.shut.is_some() {
            drop(queue);
            self.places.add_permits(1);
            return Err(self.why_shut());
        }
        let first = queue.operations.is_empty();
        queue.operations.push(operation);
        drop(queue);
        if first {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Moves what has lined up to `into`, whose memory becomes the next queue.
    pub(crate) fn take(&self, into: &mut Vec<Operation<Caller>>) {
        std::mem::swap(&mut lock(&self.queue).operations, into);
    }

    /// Resolves when something lined up, or the client is to close.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Gives places back.
    pub(crate) fn release(&self, places: usize) {
        if 0 < places {
            self.places.add_permits(places);
        }
    }

    /// Lets nothing more in; what is in is finished.
    pub(crate) fn begin_close(&self) {
        lock(&self.queue).closing = true;
        self.arrived.notify_one();
    }

    /// Whether nothing may enter any more.
    pub(crate) fn is_shut(&self) -> bool {
        let queue = lock(&self.queue);
        queue.closing || queue.shut.is_some()
    }

    pub(crate) fn is_closing(&self) -> bool {
        let queue = lock(&self.queue);
        queue.closing && queue.operations.is_empty()
    }

    /// Ends the client: answers what is still in the queue, refuses what comes.
    pub(crate) fn shut(&self, error: &Error) {
        let mut queue = lock(&self.queue);
        queue.shut.get_or_insert_with(|| error.clone());
        let left = std::mem::take(&mut queue.operations);
        drop(queue);
        self.places.close();
        for operation in left {
            deliver(operation.complete(Err(error.clone())));
        }
        self.finished.send_replace(true);
    }

    /// Resolves when the connection task has ended.
    pub(crate) async fn finished(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        drop(self.finished.subscribe().wait_for(|finished| *finished).await);
    }

    pub(crate) fn server(&self) -> ServerInfo {
        lock(&self.server).clone()
    }

    pub(crate) fn set_server(&self, server: ServerInfo) {
        *lock(&self.server) = server;
    }

    fn why_shut(&self) -> Error {
        lock(&self.queue).shut.clone().unwrap_or_else(Error::closed)
    }
}

/// Nothing here panics while it holds a lock, so a poisoned lock holds good data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
