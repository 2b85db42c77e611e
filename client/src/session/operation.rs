//! One request on its way: what is asked, until when, and who waits for the answer.
//!
//! It knows neither its id nor whether it was sent: the lanes know that. However often it is sent,
//! it keeps its key, so that it happens once.

use std::time::Instant;

use fanfold_protocol::{Reply, Request};

use crate::error::{Error, ErrorKind, Result};

/// Who waits. In the connection a one-shot channel, in tests a name.
pub(crate) trait Waiter {
    /// Whether nobody waits any more.
    fn is_gone(&self) -> bool;
}

/// A request that has not been answered.
#[derive(Debug)]
pub(crate) struct Operation<W> {
    pub(crate) request: Request,
    pub(crate) deadline: Instant,
    pub(crate) waiter: W,
}

/// A request that has been answered, or never will be.
#[derive(Debug)]
pub(crate) struct Completion<W> {
    pub(crate) waiter: W,
    pub(crate) result: Result<Reply>,
}

impl<W: Waiter> Operation<W> {
    pub(crate) fn complete(self, result: Result<Reply>) -> Completion<W> {
        Completion { waiter: self.waiter, result }
    }

    /// Ends the operation because its caller went away. Nobody reads the result.
    pub(crate) fn abandon(self) -> Completion<W> {
        self.complete(Err(Error::new(ErrorKind::Closed, "the caller went away")))
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.waiter.is_gone() || self.deadline <= now
    }
}
