//! The sweeper: one background thread that removes what there is of users who are being forgotten.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::bounded;
use foldhash::HashMap;

use super::progress::Order;
use super::removal::{Removal, What, broadcast_end, removal};
use crate::command::Receipt;
use crate::commit::prepare::Prepared;
use crate::commit::queue::QueueSender;
use crate::commit::ticket::Ticket;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{BroadcastId, Sequence, UserId};
use crate::limits::FORGET_AT_ONCE_DEFAULT;
use crate::log::forget_effect::ForgetEffect;
use crate::log::record::Effect;
use crate::log::view::Segments;
use crate::shared::Shared;
use crate::views::broadcasts::Standing;
use crate::views::users::Ordinal;

/// After a failure, or where something was left, the next try.
const REST: Duration = Duration::from_secs(1);

/// Where others fill the queue, the next try.
const GIVE_WAY: Duration = Duration::from_millis(2);

/// How often a resting thread looks whether it is to stop.
const STEP: Duration = Duration::from_millis(5);

/// Commands of others in the queue at which the sweeper waits.
const CROWD: usize = 1_024;

/// The handle on the thread.
#[derive(Debug)]
pub(crate) struct Sweeper {
    shared: Arc<Shared>,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with.
struct Worker {
    shared: Arc<Shared>,
    queue: QueueSender,
    is_stopping: Arc<AtomicBool>,
}

/// One walk along the log.
struct Walk<'a> {
    worker: &'a Worker,
    /// Who is being forgotten, and since when.
    users: HashMap<UserId, Sequence>,
    /// Removals that are under way, oldest first.
    flying: VecDeque<(UserId, Ticket)>,
    removed: u64,
    /// It ends when so many things are removed.
    most: u64,
}

impl Sweeper {
    pub(crate) fn start(shared: Arc<Shared>, queue: QueueSender) -> Result<Self> {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let worker =
            Worker { shared: Arc::clone(&shared), queue, is_stopping: Arc::clone(&is_stopping) };
        let thread = std::thread::Builder::new()
            .name("fanfold-forget".to_owned())
            .spawn(move || worker.run())
            .map_err(|error| Error::io("start the thread that forgets", error))?;
        Ok(Self { shared, is_stopping, thread: Some(thread) })
    }

    /// Ends the thread; the next opening goes on.
    pub(crate) fn stop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        self.shared.forgetting.order(Order::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Has at most so many things removed now, and tells how many were.
pub(crate) fn sweep(shared: &Shared, most: u64) -> Result<u64> {
    let closed = || Error::new(ErrorKind::Closed, "the engine was closed");
    let (answer, answered) = bounded(1);
    shared.forgetting.order(Order::Sweep(most, answer));
    answered.recv().unwrap_or_else(|_| Err(closed()))
}

impl Worker {
    fn run(&self) {
        // What an earlier run left.
        self.look();
        while !self.is_stopping() {
            match self.shared.forgetting.inbox.recv() {
                Ok(Order::Look) => self.look(),
                Ok(Order::Sweep(most, answer)) => {
                    let _ = answer.send(self.sweep(most));
                }
                Ok(Order::Stop) | Err(_) => break,
            }
        }
        // Whoever waits for an answer gets none.
        self.shared.forgetting.inbox.try_iter().for_each(drop);
    }

    /// Forgets everybody who is to be forgotten, however often that has to be tried.
    fn look(&self) {
        while self.shared.options.forget_at_once != 0 && !self.is_stopping() && self.has_work() {
            let walk = self.walk(u64::MAX);
            // A stop in its middle is no fault.
            if !self.is_stopping() {
                self.shared.forgetting.note_walk(&walk);
            }
            if walk.is_err() {
                self.rest(REST);
            }
        }
    }

    fn sweep(&self, most: u64) -> Result<u64> {
        let mut removed = 0;
        while self.has_work() && removed < most && !self.is_stopping() {
            removed += self.walk(most.saturating_sub(removed))?;
        }
        Ok(removed)
    }

    fn has_work(&self) -> bool {
        self.shared.fault().is_none()
            && self.shared.state().is_ok_and(|state| !state.forgotten.is_idle())
    }

    /// Removes what the log has of everybody who is being forgotten. Answers how many things went.
    fn walk(&self, most: u64) -> Result<u64> {
        let (users, until) = {
            let state = self.shared.state()?;
            let under_way = state.forgotten.under_way().into_iter();
            let users = under_way.map(|(user, since)| (state.users.id(user), since));
            (users.collect::<HashMap<_, _>>(), state.position.sequence)
        };
        let flying = VecDeque::new();
        let mut walk = Walk { worker: self, users, flying, removed: 0, most };
        walk.along(&self.shared.log.segments(), until)?;
        walk.settle()?;
        if walk.is_over() {
            return Ok(walk.removed);
        }
        let mut is_left = false;
        for (user, since) in std::mem::take(&mut walk.users) {
            let forgotten = ForgetEffect { user, began: Some(since) };
            match self.submit(Effect::Forget(forgotten))?.wait() {
                Ok(_) => self.shared.forgetting.finish(user),
                // The next walk finds it.
                Err(error) if error.kind() == ErrorKind::Conflict => is_left = true,
                Err(error) => return Err(error),
            }
        }
        if is_left {
            self.rest(REST);
        }
        Ok(walk.removed)
    }

    /// Queues a removal. Others go first.
    fn submit(&self, effect: Effect) -> Result<Ticket> {
        let prepared = Prepared::removal(effect, &self.shared)?;
        loop {
            while CROWD <= self.queue.depth() && !self.is_stopping() {
                self.rest(GIVE_WAY);
            }
            match self.queue.submit(prepared.clone()) {
                Err(error) if error.kind() == ErrorKind::Busy && !self.is_stopping() => {
                    self.rest(GIVE_WAY);
                }
                other => return other,
            }
        }
    }

    /// Sleeps, unless it is to stop.
    fn rest(&self, time: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < time && !self.is_stopping() {
            std::thread::sleep(STEP.min(time));
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }
}

impl Walk<'_> {
    /// From the first record to that one.
    fn along(&mut self, segments: &Segments, until: Sequence) -> Result<()> {
        let mut next = segments.skip_holes(Sequence(1));
        for segment in &segments.sealed {
            self.trim()?;
            let mut outcome = Ok(());
            segment.each_record(|at, record| {
                if outcome.is_ok() && !self.is_over() {
                    outcome = self.meet(at, &record.effect);
                }
            })?;
            outcome?;
            next = segment.last().next();
            if self.is_over() {
                return Ok(());
            }
        }
        next = segments.skip_holes(next);
        while next <= until && !self.is_over() {
            if let Some(record) = segments.record(next)? {
                self.meet(next, &record.effect)?;
            }
            next = segments.skip_holes(next.next());
        }
        Ok(())
    }

    /// Drops from memory what files have of the users: to take an entry out of the front of a long list moves all
    /// of it, and a grave costs nothing.
    fn trim(&self) -> Result<()> {
        self.worker.shared.change(|state| {
            let users: Vec<Ordinal> =
                self.users.keys().filter_map(|user| state.users.find(*user)).collect();
            for user in users {
                state.trim(user.0..user.0 + 1, Sequence(u64::MAX));
            }
        })
    }

    fn is_over(&self) -> bool {
        self.most <= self.removed || self.worker.is_stopping()
    }

    fn meet(&mut self, at: Sequence, effect: &Effect) -> Result<()> {
        for Removal { user, what } in removal(at, effect, |user| self.users.contains_key(&user)) {
            match what {
                What::Effect(effect) => self.send(user, *effect)?,
                What::Broadcast(broadcast) => self.end_broadcast(user, broadcast)?,
            }
        }
        Ok(())
    }

    fn send(&mut self, user: UserId, effect: Effect) -> Result<()> {
        let at_once = match self.worker.shared.options.forget_at_once {
            // Whoever orders it has it done as if it had not been switched off.
            0 => FORGET_AT_ONCE_DEFAULT,
            some => some,
        };
        while at_once <= self.flying.len() || self.most <= self.hoped_for() {
            self.land()?;
            if self.is_over() {
                return Ok(());
            }
        }
        let ticket = self.worker.submit(effect)?;
        self.flying.push_back((user, ticket));
        Ok(())
    }

    /// How many things will be gone if all that is under way succeeds.
    fn hoped_for(&self) -> u64 {
        self.removed + self.flying.len() as u64
    }

    /// Waits for the oldest removal.
    fn land(&mut self) -> Result<()> {
        let Some((user, ticket)) = self.flying.pop_front() else { return Ok(()) };
        let receipt = gone_is_fine(ticket.wait())?;
        if receipt.is_some_and(|receipt| receipt.changed) {
            self.worker.shared.forgetting.count(user);
            self.removed += 1;
        }
        Ok(())
    }

    /// Waits for all of them.
    fn settle(&mut self) -> Result<()> {
        while !self.flying.is_empty() {
            self.land()?;
        }
        Ok(())
    }

    /// A live one ends as any does; its replay is a post, and goes.
    fn end_broadcast(&mut self, user: UserId, broadcast: BroadcastId) -> Result<()> {
        let is_live = {
            let state = self.worker.shared.state()?;
            let owner = state.users.find(user);
            match owner.and_then(|owner| state.broadcasts.standing(owner, broadcast)) {
                Some(Standing::OnBoard(place)) => place.is_live(),
                Some(Standing::Replayed(_)) | None => return Ok(()),
            }
        };
        self.settle()?;
        let ended = self.worker.submit(broadcast_end(user, broadcast, is_live))?.wait();
        let Some(Receipt { post, .. }) = gone_is_fine(ended)? else { return Ok(()) };
        self.worker.shared.forgetting.count(user);
        self.removed += 1;
        match post {
            Some(post) => {
                let (author, commented, revised, hidden) = (user, None, None, None);
                self.send(user, Effect::Delete { post, author, commented, revised, hidden })
            }
            None => Ok(()),
        }
    }
}

/// What is gone already need not go.
fn gone_is_fine(answer: Result<Receipt>) -> Result<Option<Receipt>> {
    match answer {
        Ok(receipt) => Ok(Some(receipt)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => Ok(None),
        Err(error) => Err(error),
    }
}
