//! The fan-out: one background thread that puts posts into inboxes.
//!
//! It works in turns. A turn delivers some posts of the queue, then a slice of one job, so that no author
//! holds up another. Whatever it changes it changes while it holds the state, for some tens of
//! microseconds at a time; what may look at files it does before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foldhash::{HashMap, HashMapExt, HashSet};

use super::flights::{Flight, Flights, Job, Task};
use super::inboxes::Sorting;
use super::note::merge_author;
use super::pace::Pace;
use super::policy::Policy;
use super::readers::{look_ahead, rank, readers};
use super::upkeep::Upkeep;
use super::{BOUND_SMALL, Delivery, Tally};
use crate::error::{Error, Result};
use crate::ids::{Sequence, Timestamp};
use crate::shared::Shared;
use crate::views::hidden::Hidden;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Inboxes that are changed under one hold of the state.
const SLICE: usize = 1_024;

/// Posts that are looked at under one hold of the state.
const POSTS: usize = 256;

/// A thread with nothing to do looks up now and then: readers fall asleep.
const IDLE: Duration = Duration::from_millis(500);

/// Between two tries to find an author's readers, if a file is damaged.
const RETRY: Duration = Duration::from_millis(100);

/// The handle on the thread.
#[derive(Debug)]
pub(crate) struct FanOut {
    shared: Arc<Shared>,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with.
struct Worker {
    shared: Arc<Shared>,
    is_stopping: Arc<AtomicBool>,
    /// Readers of jobs, by number.
    readers: HashMap<u64, Arc<[u32]>>,
    /// Readers and posts that are delivered together.
    batch: Vec<(u32, Sequence)>,
    sorting: Sorting,
    pace: Pace,
    upkeep: Upkeep,
}

/// What becomes of a post of the queue.
#[derive(PartialEq, Eq)]
enum Landing {
    /// Its readers are gathered.
    Gathered,
    /// It has many readers, or they are in files.
    Job,
}

impl FanOut {
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self> {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let mut worker = Worker::new(Arc::clone(&shared), Arc::clone(&is_stopping));
        let thread = std::thread::Builder::new()
            .name("fanfold-fanout".to_owned())
            .spawn(move || worker.run())
            .map_err(|error| Error::io("start the fan-out thread", error))?;
        Ok(Self { shared, is_stopping, thread: Some(thread) })
    }

    /// Ends the thread. What is in flight stays so.
    pub(crate) fn stop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        self.shared.fan_out.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for FanOut {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Worker {
    fn new(shared: Arc<Shared>, is_stopping: Arc<AtomicBool>) -> Self {
        Self {
            shared,
            is_stopping,
            readers: HashMap::new(),
            batch: Vec::new(),
            sorting: Sorting::default(),
            pace: Pace::default(),
            upkeep: Upkeep::new(Instant::now()),
        }
    }

    fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        let _running = shared.fan_out.run();
        while !self.is_stopping() {
            match self.turn() {
                Ok(true) => {}
                Ok(false) => {
                    self.shared.fan_out.rest();
                    self.shared.fan_out.wait(IDLE);
                }
                Err(error) => self.give_up(error),
            }
            self.shared.fan_out.progress();
        }
    }

    /// Somebody's followers are in a damaged file. That is being mended; until then nobody waits for
    /// posts that cannot be delivered: without inboxes everything is pulled.
    fn give_up(&mut self, error: Error) {
        let _ = self.shared.noticing::<()>(Err(error));
        let _ = self.shared.change(|state| state.restart_delivery(state.delivery.options));
        self.readers.clear();
        self.shared.fan_out.wait(RETRY);
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Does a little of everything; false if there was nothing to do.
    fn turn(&mut self) -> Result<bool> {
        let has_landed = self.land_some()?;
        let has_sliced = self.slice_of_job()?;
        let has_tidied = self.upkeep.step(&self.shared)?;
        if has_landed || has_sliced || has_tidied {
            return Ok(true);
        }
        look_ahead(&self.shared, &|| self.is_stopping())
    }

    /// Delivers some posts of the queue: gathered first, so that each shard is visited once.
    fn land_some(&mut self) -> Result<bool> {
        let now = self.shared.options.clock.now();
        let state = self.shared.state()?;
        let delivery = &state.delivery;
        self.batch.clear();
        let flights = delivery.flights().first(POSTS);
        let (mut gathered, mut becomes_job) = (0, false);
        for flight in &flights {
            becomes_job = gather(&state, *flight, &mut self.batch) == Landing::Job;
            if becomes_job {
                break;
            }
            gathered += 1;
            if SLICE <= self.batch.len() {
                break;
            }
        }
        let delivered = delivery.inboxes.deliver(&self.batch, &mut self.sorting);
        Tally::count(&delivery.tally.deliveries, delivered);
        Tally::count(&delivery.tally.posts, gathered);
        delivery.with_flights(|flights| {
            (0..gathered).for_each(|_| flights.pop());
            if becomes_job {
                flights.take_off();
            }
        });
        for flight in flights.iter().take(gathered) {
            self.pace.note(now, flight.post);
            judge_pace(&state, flight.author, &self.pace, now);
        }
        Ok(!flights.is_empty())
    }

    /// Goes on with the job whose turn it is.
    fn slice_of_job(&mut self) -> Result<bool> {
        let next = {
            let state = self.shared.state()?;
            if !state.delivery.is_flying() {
                self.readers.clear();
                return Ok(false);
            }
            state.delivery.with_flights(Flights::next_job)
        };
        let Some(job) = next else { return Ok(false) };
        let Some(readers) = self.readers_of(&job)? else { return Ok(false) };
        let slice = readers.get(job.done..readers.len().min(job.done + SLICE)).unwrap_or_default();
        let is_done = slice.len() < SLICE;
        let state = self.shared.state()?;
        let delivery = &state.delivery;
        // A change of policy may have ended it, and an edge may have ended since.
        let current = delivery.flights().jobs().iter().find(|j| j.number == job.number).cloned();
        let Some(job) = current else { return Ok(true) };
        let goes_on = work(&state, &job, slice, &mut self.sorting)?;
        if is_done || !goes_on {
            finish(&state, &job);
            judge_pace(&state, job.author, &self.pace, self.shared.options.clock.now());
            self.readers.remove(&job.number);
        } else {
            delivery.with_flights(|flights| {
                if let Some(job) = flights.job_mut(job.number) {
                    (job.done, job.readers) = (job.done + slice.len(), Some(readers.len()));
                }
            });
        }
        Ok(true)
    }

    /// Who is concerned by a job. `None` if the engine is stopping.
    fn readers_of(&mut self, job: &Job) -> Result<Option<Arc<[u32]>>> {
        if let Some(readers) = self.readers.get(&job.number) {
            return Ok(Some(Arc::clone(readers)));
        }
        let listed = match job.task {
            Task::Deliver(_) => self.shared.state()?.delivery.fans().list(job.author),
            Task::Raise(_) | Task::Lower(_) => None,
        };
        let found = match listed {
            Some(readers) => Some(rank(&self.shared, job.author, readers)?),
            None => readers(&self.shared, job.author, &|| self.is_stopping())?,
        };
        let found: Option<Arc<[u32]>> = found.map(Arc::from);
        if let Some(found) = &found {
            self.readers.insert(job.number, Arc::clone(found));
        }
        Ok(found)
    }
}

/// Gathers the readers of a post, if that is little work.
fn gather(
    state: &State,
    Flight { post, author }: Flight,
    batch: &mut Vec<(u32, Sequence)>,
) -> Landing {
    let delivery = &state.delivery;
    if delivery.is_deleted(post) || !delivery.may_push(author) {
        return Landing::Gathered;
    }
    if delivery.options.policy == Policy::ActiveFans && delivery.fans().has(author) {
        return Landing::Job;
    }
    let level = delivery.levels.push(author);
    let is_little = each_reader(state, author, level, |reader| batch.push((reader, post)));
    if is_little { Landing::Gathered } else { Landing::Job }
}

/// Hands out the readers whose bound is at least `level` among few followers that are in memory. False,
/// and nobody is handed out, if they are many, or not in memory.
fn each_reader(state: &State, author: Ordinal, level: u8, mut each: impl FnMut(u32)) -> bool {
    let State { delivery, graph, .. } = state;
    let part = graph.followers.part(author);
    if !part.files.is_empty() || SLICE < part.hot.len() {
        return false;
    }
    let hidden = Hidden::of(state);
    let may_be_hidden = hidden.has_author(author);
    for reader in part.hot.payloads() {
        let ordinal = Ordinal(reader);
        if delivery.inboxes.takes(ordinal, level)
            && !(may_be_hidden && hidden.contains(ordinal, author))
        {
            each(reader);
        }
    }
    true
}

/// Adaptive delivery: gives the author another level if they publish more, or less, than before.
fn judge_pace(state: &State, author: Ordinal, pace: &Pace, now: Timestamp) {
    let State { delivery, outboxes, .. } = state;
    if delivery.options.policy != Policy::Adaptive || delivery.flights().is_changing(author) {
        return;
    }
    let before = delivery.levels.pull(author);
    let level = pace.level(outboxes.posts.hot(author), now, before);
    let task = match level.cmp(&before) {
        std::cmp::Ordering::Equal => return,
        std::cmp::Ordering::Greater => Task::Raise(level),
        std::cmp::Ordering::Less => Task::Lower(level),
    };
    match task {
        Task::Lower(level) => delivery.levels.set_push(author, level),
        _ => delivery.levels.begin_rise(author, level),
    }
    // After the levels: whoever makes an inbox from now on knows.
    if each_reader(state, author, 0, |reader| change(state, task, author, reader)) {
        settle(delivery, task, author);
    } else {
        delivery.begin(task, author);
    }
}

/// Does a slice of a job; false if the rest need not be done.
fn work(state: &State, job: &Job, slice: &[u32], sorting: &mut Sorting) -> Result<bool> {
    let severed: HashSet<u32> = job.severed.iter().copied().collect();
    let slice: Vec<u32> =
        slice.iter().copied().filter(|reader| !severed.contains(reader)).collect();
    let delivery = &state.delivery;
    let Task::Deliver(post) = job.task else {
        slice.into_iter().for_each(|reader| change(state, job.task, job.author, reader));
        return Ok(true);
    };
    if delivery.is_deleted(post) || !delivery.may_push(job.author) {
        return Ok(false);
    }
    let level = delivery.levels.push(job.author);
    let takes = |reader: &u32| delivery.inboxes.takes(Ordinal(*reader), level);
    let readers = slice.into_iter().filter(takes).map(|reader| (reader, post));
    let count = delivery.inboxes.deliver(&readers.collect::<Vec<_>>(), sorting);
    Tally::count(&delivery.tally.deliveries, count);
    Ok(true)
}

/// Tells a reader of an author's new level.
fn change(state: &State, task: Task, author: Ordinal, reader: u32) {
    match task {
        Task::Deliver(_) => {}
        Task::Raise(level) => raise(state, level, author, Ordinal(reader)),
        Task::Lower(level) => lower(state, level, author, Ordinal(reader)),
    }
}

/// From now on the reader pulls the author, if their bound is lower; or, where there are lists, if there
/// is no room on the author's.
fn raise(state: &State, level: u8, author: Ordinal, reader: Ordinal) {
    let delivery = &state.delivery;
    let has_lists = delivery.options.policy == Policy::ActiveFans;
    let _lists = has_lists.then(|| delivery.joining());
    let edge = (reader, delivery.bound_of(reader));
    if has_lists && delivery.is_pushed_to(&state.activity, edge, author) {
        return;
    }
    if let Some(mut open) = delivery.inboxes.hold(reader).open()
        && (has_lists || open.profile.bound < level)
    {
        open.pull(author.0);
    }
}

/// The reader has all of the author's posts pushed again, if they can be caught up with.
fn lower(state: &State, level: u8, author: Ordinal, reader: Ordinal) {
    let mut held = state.delivery.inboxes.hold(reader);
    if let Some(mut open) = held.open()
        && level <= open.profile.bound
        && open.profile.pulls(author.0)
    {
        // One that cannot goes on pulling: that is always right.
        let _ = merge_author(&state.outboxes, author, &mut open);
    }
}

/// All readers are done: what was begun for some holds for all.
fn settle(delivery: &Delivery, task: Task, author: Ordinal) {
    let has_lists = delivery.options.policy == Policy::ActiveFans;
    match task {
        Task::Deliver(_) => Tally::count(&delivery.tally.posts, 1),
        Task::Raise(_) if has_lists => delivery.fans().set_changing(author, false),
        Task::Raise(level) => delivery.levels.set_push(author, level),
        Task::Lower(_) if has_lists => delivery.fans().end(author),
        Task::Lower(level) => delivery.levels.set_pull(author, level),
    }
}

fn finish(state: &State, job: &Job) {
    let delivery = &state.delivery;
    settle(delivery, job.task, job.author);
    delivery.with_flights(|flights| flights.end(job.number));
    // It may have changed its size meanwhile.
    delivery.judge_size(job.author, state.graph.followers.count(job.author));
}

impl Delivery {
    /// Whether there may be an inbox that the author's posts are pushed to.
    fn may_push(&self, author: Ordinal) -> bool {
        let bound_max = if self.options.policy == Policy::Adaptive { u8::MAX } else { BOUND_SMALL };
        0 < self.inboxes.count() && self.levels.push(author) <= bound_max
    }
}

#[cfg(test)]
#[path = "fanout_tests.rs"]
mod tests;
