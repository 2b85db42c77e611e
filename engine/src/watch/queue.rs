//! What waits for one watch: a bounded queue of events, and whom to wake.
//!
//! Invariants:
//! * At most [`WATCH_QUEUE_MAX`] events wait, and a post more than [`WATCH_QUEUE_BYTES`] of texts. One more, and
//!   all are dropped: the watch is behind.
//! * A queue that is behind takes nothing more; its watch makes itself a new one. Presence is no part of
//!   this: the [`Roll`] is bounded by itself, and goes over to the new queue.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::event::WatchEvent;
use super::roll::Roll;
use crate::ids::{Sequence, UserId};
use crate::limits::{WATCH_BATCH_BYTES, WATCH_BATCH_EVENTS, WATCH_QUEUE_BYTES, WATCH_QUEUE_MAX};

/// See the module.
#[derive(Debug)]
pub(crate) struct Queue {
    /// What happened up to here is not told.
    since: Sequence,
    /// Whether it was made with a roll.
    pub(crate) wants_presence: bool,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<(Sequence, WatchEvent)>,
    /// Of the texts in them.
    bytes: usize,
    roll: Option<Box<Roll>>,
    is_behind: bool,
    is_closed: bool,
    waker: Option<Waker>,
}

/// What was taken out of a queue.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The last record of which all events were taken.
    pub(crate) last: Option<Sequence>,
    /// The last event is of a record that has more of them.
    pub(crate) is_cut: bool,
    pub(crate) events: Vec<WatchEvent>,
    /// Nothing is left but of presence.
    pub(crate) is_all: bool,
    pub(crate) is_closed: bool,
}

impl Queue {
    pub(crate) fn new(since: Sequence, roll: Option<Box<Roll>>) -> Self {
        let wants_presence = roll.is_some();
        let state = Mutex::new(State { roll, ..State::default() });
        Self { since, wants_presence, state, arrived: Condvar::new() }
    }

    /// A followee is online, or is not; hands out whom to wake.
    #[must_use]
    pub(crate) fn note_presence(&self, user: UserId, is_online: bool) -> Option<Waker> {
        let mut state = self.lock();
        let roll = state.roll.as_mut()?;
        roll.note(user, is_online);
        if roll.has_news() { self.told(state) } else { None }
    }

    /// The user is no followee any more.
    pub(crate) fn forget_presence(&self, user: UserId) {
        self.lock().roll.iter_mut().for_each(|roll| roll.forget(user));
    }

    /// The roll, for the queue that comes after this one.
    pub(crate) fn take_roll(&self) -> Option<Box<Roll>> {
        self.lock().roll.take()
    }

    /// Adds the events of a record, all at once: nobody takes a part of them for all. Hands out whom to
    /// wake, which the caller does without a lock.
    #[must_use]
    pub(crate) fn push(
        &self,
        sequence: Sequence,
        events: impl IntoIterator<Item = WatchEvent>,
    ) -> Option<Waker> {
        if sequence <= self.since {
            return None;
        }
        let mut state = self.lock();
        if state.is_behind {
            return None;
        }
        for event in events {
            if WATCH_QUEUE_MAX <= state.events.len() || WATCH_QUEUE_BYTES <= state.bytes {
                state.fall_behind();
                break;
            }
            state.bytes += event.bytes();
            state.events.push_back((sequence, event));
        }
        self.told(state)
    }

    /// Drops everything: the watch has to be rebuilt.
    #[must_use]
    pub(crate) fn fall_behind(&self) -> Option<Waker> {
        let mut state = self.lock();
        state.fall_behind();
        self.told(state)
    }

    /// Nothing more will come.
    #[must_use]
    pub(crate) fn close(&self) -> Option<Waker> {
        let mut state = self.lock();
        state.is_closed = true;
        self.told(state)
    }

    /// Whether there is nothing to take and nothing to rebuild.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.events.is_empty() && !state.is_behind
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.lock().is_behind
    }

    /// Drops what waits; events that come later are told.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        (state.events, state.bytes) = (VecDeque::new(), 0);
    }

    /// The oldest events, up to the size of a batch.
    pub(crate) fn take(&self) -> Taken {
        let mut state = self.lock();
        let (events, is_closed) = (Vec::new(), state.is_closed);
        let mut taken = Taken { last: None, is_cut: false, events, is_all: false, is_closed };
        if state.is_behind {
            // Nothing may be told past what was dropped, not even presence.
            return taken;
        }
        let mut bytes = 0;
        while taken.events.len() < WATCH_BATCH_EVENTS && bytes < WATCH_BATCH_BYTES {
            let Some((sequence, event)) = state.events.pop_front() else { break };
            bytes += event.bytes();
            state.bytes -= event.bytes();
            taken.is_cut = state.events.front().is_some_and(|(next, _)| *next == sequence);
            if !taken.is_cut {
                taken.last = Some(sequence);
            }
            taken.events.push(event);
        }
        taken.is_all = state.events.is_empty();
        if taken.is_all {
            // An idle watch keeps no room for a burst.
            state.events.shrink_to(0);
            if let Some(roll) = &mut state.roll {
                roll.take(&mut taken.events, WATCH_BATCH_EVENTS);
            }
        }
        taken
    }

    /// Ready once there is something to take, to rebuild, or to end.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.has_news() {
            return Poll::Ready(());
        }
        match &state.waker {
            Some(waker) if waker.will_wake(context.waker()) => {}
            _ => state.waker = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Blocks until there is something, at most for `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) {
        let has_none = |state: &mut State| !state.has_news();
        let waited = self.arrived.wait_timeout_while(self.lock(), timeout, has_none);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn told(&self, mut state: MutexGuard<'_, State>) -> Option<Waker> {
        let waker = state.waker.take();
        drop(state);
        self.arrived.notify_all();
        waker
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_news(&self) -> bool {
        let has_presence = self.roll.as_ref().is_some_and(|roll| roll.has_news());
        has_presence || !self.events.is_empty() || self.is_behind || self.is_closed
    }

    fn fall_behind(&mut self) {
        (self.events, self.bytes) = (VecDeque::new(), 0);
        self.is_behind = true;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::ids::{PostId, Timestamp};
    use crate::query::Post;

    fn entry(sequence: u64, text: usize) -> (Sequence, WatchEvent) {
        let (at, text) = (Timestamp(0), Bytes::from(vec![b'x'; text]));
        let (id, meta) = (PostId(sequence), Bytes::new());
        let (author, repost) = (UserId(2), None);
        let post = Post { id, author, at, committed_at: at, text, meta, repost, ..Post::default() };
        (Sequence(sequence), WatchEvent::Entry(Arc::new(post)))
    }

    fn push(queue: &Queue, (sequence, event): (Sequence, WatchEvent)) {
        let _nobody_waits = queue.push(sequence, [event]);
    }

    #[test]
    fn of_a_queue_that_is_behind_nothing_is_told() {
        let queue = Queue::new(Sequence(0), Some(Box::new(Roll::new())));
        let _nobody_waits = queue.note_presence(UserId(7), true);
        (0..=WATCH_QUEUE_MAX as u64).for_each(|number| push(&queue, entry(number + 1, 1)));
        assert!(queue.is_behind());
        let taken = queue.take();
        assert!(taken.events.is_empty() && !taken.is_all, "presence is told after the catch-up");
        assert!(queue.take_roll().is_some_and(|roll| roll.has_news()));
    }

    #[test]
    fn a_record_is_told_up_to_only_with_its_last_event() {
        let queue = Queue::new(Sequence(0), None);
        push(&queue, entry(1, 1));
        let many = WATCH_BATCH_EVENTS + 3;
        let _nobody_waits =
            queue.push(Sequence(2), (0..many as u64).map(|id| WatchEvent::Removed(PostId(id))));
        let first = queue.take();
        assert_eq!((first.last, first.is_cut, first.is_all), (Some(Sequence(1)), true, false));
        let rest = queue.take();
        assert_eq!((rest.last, rest.is_cut, rest.is_all), (Some(Sequence(2)), false, true));
        assert_eq!(first.events.len() + rest.events.len(), 1 + many);
    }

    #[test]
    fn texts_that_nobody_takes_are_dropped() {
        let queue = Queue::new(Sequence(0), None);
        push(&queue, entry(1, WATCH_QUEUE_BYTES));
        assert!(!queue.is_behind());
        assert_eq!(queue.take().events.len(), 1);
        push(&queue, entry(2, WATCH_QUEUE_BYTES));
        assert!(!queue.is_behind(), "what was taken counts no longer");
        push(&queue, entry(3, 1));
        assert!(queue.is_behind());
    }
}
