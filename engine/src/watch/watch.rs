//! The caller's handle on a watch.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use super::catch_up::{Return, Step, What, catch_up, keeps};
use super::event::{WatchBatch, WatchEvent, WatchQuery};
use super::hub::{Joined, Past};
use super::queue::{Queue, Taken};
use super::roll::Roll;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, PostId, Sequence, Timestamp, UserId};
use crate::limits::{WATCH_BATCH_BYTES, WATCH_BATCH_EVENTS};
use crate::query::Post;
use crate::read::content::Reach;
use crate::read::parents::conceal;
use crate::read::revisions::told;
use crate::repost::Repost;
use crate::shared::Shared;

/// So often a watch notes that its user is active.
const ACTIVE_MILLIS: u64 = 20_000;

/// A stream of what happens to a home. Ends when it is dropped, or with the engine.
///
/// Knows no runtime: threads [`wait`](Self::wait); others [`poll_ready`](Self::poll_ready), then
/// [`take`](Self::take), which may wait for a disk only if [`is_behind`](Self::is_behind).
///
/// A watch whose events are not taken holds a bounded number of them. Beyond, they are dropped, and
/// the next `take` rebuilds from the log what happened since its last batch; if that is too much,
/// it tells a [`Gap`](WatchEvent::Gap).
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    user: UserId,
    epoch: u32,
    queue: Arc<Queue>,
    /// Everything up to here was handed out.
    position: Sequence,
    backlog: Option<Backlog>,
    /// When the user was noted as active.
    noted: Timestamp,
    /// Something was shown as it is by now, or left out because it is deleted; what did that is told up
    /// to here.
    ahead_until: Sequence,
}

/// What is told before the queue.
#[derive(Debug)]
struct Backlog {
    /// `None`: a gap.
    steps: Option<VecDeque<Step>>,
    /// Where the queue begins.
    until: Sequence,
}

impl Watch {
    pub(crate) fn begin(shared: &Arc<Shared>, query: &WatchQuery) -> Result<Self> {
        let user = query.user;
        if let Some(viewer) = query.viewer.filter(|viewer| *viewer != user) {
            let what =
                format!("user {viewer} cannot watch the home of user {user}, only their own");
            return Err(Error::new(ErrorKind::Denied, what));
        }
        let epoch = shared.state()?.position.epoch;
        if let Some(after) = query.after.filter(|after| after.epoch != epoch) {
            let what = format!(
                "position {after} is of another epoch; the database is in epoch {epoch}, and what \
                 was told before may be lost"
            );
            return Err(Error::new(ErrorKind::Conflict, what));
        }
        let after = query.after.map(|after| after.sequence);
        let roll = query.presence.then(|| Box::new(Roll::new()));
        let Joined { queue, at, past } = shared.hub.join(shared, user, after, roll)?;
        let shared = Arc::clone(shared);
        let position = after.unwrap_or(at);
        let (backlog, ahead_until, noted) = (None, Sequence(0), Timestamp(0));
        let mut watch = Self { shared, user, epoch, queue, position, backlog, noted, ahead_until };
        watch.stay_active()?;
        watch.look_back(at, past)?;
        Ok(watch)
    }

    /// Whose home it is.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Where to go on after a reconnect: everything up to here was handed out, or did not concern
    /// the user.
    pub fn position(&mut self) -> Position {
        let told = self.shared.hub.told();
        if self.backlog.is_none() && self.queue.is_empty() {
            self.position = self.position.max(told);
        }
        self.at(self.position)
    }

    /// Whoever watches is active.
    fn stay_active(&mut self) -> Result<()> {
        let now = self.shared.options.clock.now();
        if self.noted.0 + ACTIVE_MILLIS <= now.0 {
            self.noted = now;
            let state = self.shared.state()?;
            let user = state.find(self.user);
            user.into_iter().for_each(|user| state.activity.touch(user, now));
        }
        Ok(())
    }

    /// A batch without events, with the [`position`](Self::position).
    pub fn idle(&mut self) -> WatchBatch {
        // Of an engine that answers nothing more, nobody need be active.
        let _ = self.stay_active();
        let position = self.position().sequence;
        self.batch(position, Vec::new())
    }

    /// Whether the next [`take`](Self::take) reads the log or files, and so may wait for a disk.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.backlog.is_some() || self.queue.is_behind()
    }

    /// Ready once [`take`](Self::take) has something to hand out or to do; else the task is woken
    /// when it has.
    pub fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.backlog.is_some() { Poll::Ready(()) } else { self.queue.poll(context) }
    }

    /// What has happened, if anything. [`Closed`](ErrorKind::Closed) when the engine was closed and
    /// all is handed out.
    pub fn take(&mut self) -> Result<Option<WatchBatch>> {
        let batch = self.try_take();
        if batch.as_ref().is_err_and(|error| error.kind() != ErrorKind::Closed) {
            // What was taken for it is lost: the next one begins behind the last that was handed out.
            self.backlog = None;
            let _ourselves = self.queue.fall_behind();
        }
        let batch = batch?;
        self.count(batch.as_ref());
        Ok(batch)
    }

    fn try_take(&mut self) -> Result<Option<WatchBatch>> {
        if self.backlog.is_none() && self.queue.is_behind() {
            self.rejoin()?;
        }
        match self.backlog.take() {
            Some(backlog) => self.tell_backlog(backlog).map(Some),
            None => self.tell_queue(),
        }
    }

    /// The same from memory alone; `None` also if the watch [`is_behind`](Self::is_behind).
    pub fn take_resident(&mut self) -> Result<Option<WatchBatch>> {
        if self.backlog.is_some() {
            return Ok(None);
        }
        let batch = self.tell_queue()?;
        self.count(batch.as_ref());
        Ok(batch)
    }

    /// [`take`](Self::take), once there is something; `None` if there is nothing for so long.
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<WatchBatch>> {
        if self.backlog.is_none() {
            self.queue.wait(timeout);
        }
        self.take()
    }

    /// Drops what has happened so far, for those who only want to know that something did. What they
    /// read afterwards is newer.
    pub fn forget(&mut self) -> Result<()> {
        self.backlog = None;
        if self.queue.is_behind() {
            // It may be known to nobody any more.
            let roll = self.queue.take_roll();
            let joined = self.shared.hub.join(&self.shared, self.user, None, roll)?;
            self.replace(joined.queue);
            self.position = self.position.max(joined.at);
        }
        self.queue.forget();
        Ok(())
    }

    fn count(&self, batch: Option<&WatchBatch>) {
        let events = batch.map_or(0, |batch| batch.events.len() as u64);
        self.shared.hub.tally.events.fetch_add(events, Ordering::Relaxed);
    }

    /// The queue was dropped: a new one, and what happened since the last batch from the log.
    fn rejoin(&mut self) -> Result<()> {
        self.shared.hub.tally.lags.fetch_add(1, Ordering::Relaxed);
        let roll = self.queue.take_roll();
        let joined = self.shared.hub.join(&self.shared, self.user, Some(self.position), roll)?;
        self.replace(joined.queue);
        self.look_back(joined.at, joined.past)
    }

    fn replace(&mut self, queue: Arc<Queue>) {
        let old = std::mem::replace(&mut self.queue, queue);
        self.shared.hub.leave(&self.shared, self.user, &old);
    }

    fn look_back(&mut self, at: Sequence, past: Option<Past>) -> Result<()> {
        let Some(past) = past else { return Ok(()) };
        let back = Return { user: self.user, after: self.position, at, past };
        match catch_up(&self.shared, back)? {
            Some(steps) if steps.is_empty() => self.position = at,
            steps => self.backlog = Some(Backlog { steps: steps.map(Into::into), until: at }),
        }
        Ok(())
    }

    fn tell_backlog(&mut self, backlog: Backlog) -> Result<WatchBatch> {
        let Backlog { steps, until } = backlog;
        let Some(mut steps) = steps else {
            self.shared.hub.tally.gaps.fetch_add(1, Ordering::Relaxed);
            return Ok(self.batch(until, vec![WatchEvent::Gap]));
        };
        let (mut events, mut bytes, mut last) = (Vec::new(), 0, self.position);
        while events.len() < WATCH_BATCH_EVENTS && bytes < WATCH_BATCH_BYTES {
            let Some(step) = steps.pop_front() else { break };
            let event = self.event(step, until)?;
            bytes += event.as_ref().map_or(0, WatchEvent::bytes);
            if steps.front().is_none_or(|next| next.sequence != step.sequence) {
                last = step.sequence;
            }
            if event.is_none() {
                self.ahead_until = self.shared.state()?.position.sequence;
            }
            events.extend(event);
        }
        if steps.is_empty() {
            return Ok(self.batch(until, events));
        }
        self.backlog = Some(Backlog { steps: Some(steps), until });
        Ok(WatchBatch { more: true, ..self.batch(last, events) })
    }

    /// The event with its content; none if the post was deleted meanwhile: its end is told behind. So is a
    /// revision above `until` that is shown here already.
    fn event(&mut self, step: Step, until: Sequence) -> Result<Option<WatchEvent>> {
        Ok(match step.what {
            What::Removed(post) => Some(WatchEvent::Removed(post)),
            What::FeedChanged(author) => Some(WatchEvent::FeedChanged(author)),
            What::Entry => {
                let post = self.post(step.sequence.into(), until)?;
                post.map(|post| WatchEvent::Entry(Arc::new(post)))
            }
            What::Changed(post) => {
                let post = self.post(post, until)?;
                post.map(|post| WatchEvent::Changed(Arc::new(post)))
            }
        })
    }

    fn post(&mut self, id: PostId, until: Sequence) -> Result<Option<Post>> {
        let Some((post, is_later)) = told(&self.shared, id, until)? else { return Ok(None) };
        // What moderators have hidden meanwhile is shown no more; that they did is told behind.
        if keeps(self.shared.state()?.moderation.kept(), &post, self.user) {
            return Ok(None);
        }
        if is_later {
            self.ahead_until = self.shared.state()?.position.sequence;
        }
        Ok(Some(post))
    }

    fn tell_queue(&mut self) -> Result<Option<WatchBatch>> {
        self.stay_active()?;
        // Before the queue is looked at: what is told by now is in it.
        let told = self.shared.hub.told();
        let Taken { last, is_cut, events, is_all, is_closed } = self.queue.take();
        if events.is_empty() {
            let closed = || Error::new(ErrorKind::Closed, "the engine was closed");
            return if is_closed { Err(closed()) } else { Ok(None) };
        }
        let last = last.unwrap_or(self.position);
        let batch = self.batch(if is_all { last.max(told) } else { last }, events);
        Ok(Some(WatchBatch { more: batch.more || is_cut, ..batch }))
    }

    fn batch(&mut self, position: Sequence, mut events: Vec<WatchEvent>) -> WatchBatch {
        events.iter_mut().for_each(|event| self.conceal(event));
        self.position = position;
        WatchBatch { position: self.at(position), more: position < self.ahead_until, events }
    }

    /// A repost names its root where its parent is not seen, or memory does not say whether it is.
    fn conceal(&self, event: &mut WatchEvent) {
        let (WatchEvent::Entry(post) | WatchEvent::Changed(post)) = event else { return };
        if post.repost.is_none_or(|link| link.parent == link.root) {
            return;
        }
        let link = &mut Arc::make_mut(post).repost;
        let reader = Some(self.user);
        if !conceal(&self.shared, reader, link.iter_mut(), Reach::Memory).unwrap_or(false) {
            *link = link.map(Repost::of_root);
        }
    }

    fn at(&self, sequence: Sequence) -> Position {
        Position { epoch: self.epoch, sequence }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.hub.leave(&self.shared, self.user, &self.queue);
    }
}
