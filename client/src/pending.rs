//! The answer to a write that has its place in the line.
//!
//! Not a queue and not a buffer: it is the caller's end of one request that the connection task
//! answers. It can be awaited, or asked without waiting when many answers are collected in order.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use fanfold_protocol::Reply;
use tokio::sync::oneshot::error::TryRecvError;

use crate::answer::Written;
use crate::error::{Error, Result};
use crate::shared::Receiver;
use crate::translate::FromReply;

/// The answer to come of [`Client::start`](crate::Client::start).
///
/// Dropping it is safe and makes the effect of the write unknown: if it was not sent yet, it is not
/// sent any more.
#[derive(Debug)]
#[must_use = "a write whose answer is dropped may be withdrawn before it is sent"]
pub struct Pending {
    receiver: Receiver,
}

impl Pending {
    pub(crate) fn new(receiver: Receiver) -> Self {
        Self { receiver }
    }

    /// The answer if it is there already. After `Some` the answer is taken: drop the `Pending`.
    pub fn try_take(&mut self) -> Option<Result<Written>> {
        match self.receiver.try_recv() {
            Ok(result) => Some(answer(result)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(Err(Error::closed())),
        }
    }
}

impl Future for Pending {
    type Output = Result<Written>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let received = std::task::ready!(Pin::new(&mut self.receiver).poll(context));
        Poll::Ready(received.map_or_else(|_| Err(Error::closed()), answer))
    }
}

/// Turns a reply, or an error reply, into what the caller asked for.
pub(crate) fn answer<A: FromReply>(result: Result<Reply>) -> Result<A> {
    match result? {
        Reply::Error(error) => Err(Error::from_reply(&error)),
        reply => A::from_reply(reply),
    }
}
