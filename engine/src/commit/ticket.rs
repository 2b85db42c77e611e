//! A ticket: the caller's hold on an answer that comes later. Can be waited for by a thread or
//! polled as a future; knows no runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::command::Receipt;
use crate::error::{Error, ErrorKind, Result};

/// The answer to a submitted command, once it is there. Dropping it does not undo the command.
#[derive(Debug)]
pub struct Ticket(Arc<Slot>);

/// The committer's side: must be answered, or answers "closed" when dropped.
#[derive(Debug)]
pub(crate) struct Completion(Option<Arc<Slot>>);

#[derive(Debug, Default)]
struct Slot {
    state: Mutex<SlotState>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct SlotState {
    answer: Option<Result<Receipt>>,
    waker: Option<Waker>,
}

/// A ticket and the completion that answers it.
pub(crate) fn ticket() -> (Ticket, Completion) {
    let slot = Arc::new(Slot::default());
    (Ticket(Arc::clone(&slot)), Completion(Some(slot)))
}

/// A ticket that has its answer already.
pub(crate) fn answered(answer: Result<Receipt>) -> Ticket {
    let (ticket, completion) = ticket();
    completion.answer(answer);
    ticket
}

impl Ticket {
    /// Blocks until the answer is there.
    pub fn wait(self) -> Result<Receipt> {
        let mut state = self.0.lock();
        loop {
            if let Some(answer) = state.answer.take() {
                return answer;
            }
            state = self.0.answered.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The answer if it is there; once taken, it is gone.
    pub fn try_take(&mut self) -> Option<Result<Receipt>> {
        self.0.lock().answer.take()
    }
}

impl Future for Ticket {
    type Output = Result<Receipt>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        if let Some(answer) = state.answer.take() {
            return Poll::Ready(answer);
        }
        match &state.waker {
            Some(waker) if waker.will_wake(context.waker()) => {}
            _ => state.waker = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Completion {
    /// Hands over the answer.
    pub(crate) fn answer(mut self, answer: Result<Receipt>) {
        self.hand_over(answer);
    }

    fn hand_over(&mut self, answer: Result<Receipt>) {
        let Some(slot) = self.0.take() else { return };
        let waker = {
            let mut state = slot.lock();
            state.answer = Some(answer);
            state.waker.take()
        };
        slot.answered.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.hand_over(Err(Error::new(ErrorKind::Closed, "the engine was closed")));
    }
}
