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

use super::flights::{Flight, Job, Task};
use super::note::merge_author;
use super::policy::Policy;
use super::readers::readers;
use super::upkeep::Upkeep;
use super::{BIG, BOUND_SMALL, Delivery, SMALL, Tally};
use crate::error::{Error, Result};
use crate::shared::Shared;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Inboxes that are changed under one hold of the state.
const SLICE: usize = 512;

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
    upkeep: Upkeep,
}

/// What became of the first post of the queue.
enum Landing {
    /// So many inboxes have it: all that should.
    Landed(usize),
    /// It has many readers, or they are in files.
    Job,
}

impl FanOut {
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self> {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let mut worker = Worker {
            shared: Arc::clone(&shared),
            is_stopping: Arc::clone(&is_stopping),
            readers: HashMap::new(),
            upkeep: Upkeep::new(Instant::now()),
        };
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
                Err(error) => {
                    // Reads go on: what is not delivered is in flight. Damage is being mended.
                    let _ = self.shared.noticing::<()>(Err(error));
                    self.shared.fan_out.wait(RETRY);
                }
            }
            self.shared.fan_out.progress();
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Does a little of everything; false if there was nothing to do.
    fn turn(&mut self) -> Result<bool> {
        let has_landed = self.land_some()?;
        let has_sliced = self.slice_of_job()?;
        let has_tidied = self.upkeep.step(&self.shared)?;
        Ok(has_landed || has_sliced || has_tidied)
    }

    /// Delivers some posts of the queue.
    fn land_some(&self) -> Result<bool> {
        let state = self.shared.state()?;
        let delivery = &state.delivery;
        let (mut room, mut any) = (SLICE, false);
        for _ in 0..POSTS {
            let Some(flight) = delivery.flights().front() else { break };
            any = true;
            match land(&state, flight) {
                Landing::Landed(count) => {
                    Tally::count(&delivery.tally.deliveries, count);
                    Tally::count(&delivery.tally.posts, 1);
                    delivery.with_flights(super::flights::Flights::pop);
                    room = room.saturating_sub(count);
                }
                Landing::Job => delivery.with_flights(super::flights::Flights::take_off),
            }
            if room == 0 {
                break;
            }
        }
        Ok(any)
    }

    /// Goes on with the job whose turn it is.
    fn slice_of_job(&mut self) -> Result<bool> {
        let next = {
            let state = self.shared.state()?;
            if !state.delivery.is_flying() {
                self.readers.clear();
                return Ok(false);
            }
            state.delivery.with_flights(super::flights::Flights::next_job)
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
        let goes_on = work(&state, &job, slice)?;
        if is_done || !goes_on {
            finish(&state, &job);
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
            Task::Raise | Task::Lower => None,
        };
        let found = match listed {
            Some(readers) => Some(readers),
            None => readers(&self.shared, job.author, &|| self.is_stopping())?,
        };
        let found: Option<Arc<[u32]>> = found.map(Arc::from);
        if let Some(found) = &found {
            self.readers.insert(job.number, Arc::clone(found));
        }
        Ok(found)
    }
}

/// Delivers the first post of the queue, if that is little work.
fn land(state: &State, Flight { post, author }: Flight) -> Landing {
    let State { delivery, graph, .. } = state;
    let level = delivery.levels.push(author);
    if delivery.is_deleted(post) || delivery.inboxes.count() == 0 || BOUND_SMALL < level {
        return Landing::Landed(0);
    }
    if delivery.options.policy == Policy::ActiveFans && delivery.fans().has(author) {
        return Landing::Job;
    }
    let part = graph.followers.part(author);
    if !part.files.is_empty() || SLICE < part.hot.len() {
        return Landing::Job;
    }
    let may_be_muted = graph.mutes.has_target(author);
    let is_reader = |reader: &u32| {
        let reader = Ordinal(*reader);
        delivery.inboxes.is_live(reader) && !(may_be_muted && graph.mutes.contains(reader, author))
    };
    let readers: Vec<u32> = part.hot.payloads().filter(is_reader).collect();
    Landing::Landed(delivery.inboxes.deliver(&readers, post, level))
}

/// Does a slice of a job; false if the rest need not be done.
fn work(state: &State, job: &Job, slice: &[u32]) -> Result<bool> {
    let severed: HashSet<u32> = job.severed.iter().copied().collect();
    let slice: Vec<u32> =
        slice.iter().copied().filter(|reader| !severed.contains(reader)).collect();
    let delivery = &state.delivery;
    match job.task {
        Task::Deliver(post) => {
            let level = delivery.levels.push(job.author);
            if delivery.is_deleted(post) || BOUND_SMALL < level {
                return Ok(false);
            }
            let count = delivery.inboxes.deliver(&slice, post, level);
            Tally::count(&delivery.tally.deliveries, count);
        }
        Task::Raise => slice.into_iter().for_each(|reader| raise(state, job.author, reader)),
        Task::Lower => slice.into_iter().for_each(|reader| lower(state, job.author, reader)),
    }
    Ok(true)
}

/// From now on the reader pulls the author, unless there is a list and they are on it.
fn raise(state: &State, author: Ordinal, reader: u32) {
    let delivery = &state.delivery;
    let _lists = delivery.joining();
    let reader = Ordinal(reader);
    if delivery.options.policy == Policy::ActiveFans
        && delivery.is_pushed_to(&state.activity, reader, author)
    {
        return;
    }
    if let Some(open) = delivery.inboxes.shard(reader).open(reader.0) {
        open.inbox.pull(author.0);
    }
}

/// The reader has all of the author's posts pushed again, if they can be caught up with.
fn lower(state: &State, author: Ordinal, reader: u32) {
    let mut shard = state.delivery.inboxes.shard(Ordinal(reader));
    if let Some(mut open) = shard.open(reader)
        && open.inbox.pulled.binary_search(&author.0).is_ok()
    {
        // One that cannot goes on pulling: that is always right.
        let _ = merge_author(&state.outboxes, author, &mut open);
    }
}

/// All readers are done: what was begun for some holds for all.
fn finish(state: &State, job: &Job) {
    let delivery: &Delivery = &state.delivery;
    let (author, has_lists) = (job.author, delivery.options.policy == Policy::ActiveFans);
    match job.task {
        Task::Deliver(_) => Tally::count(&delivery.tally.posts, 1),
        Task::Raise if has_lists => delivery.fans().set_changing(author, false),
        Task::Raise => delivery.levels.set_push(author, BIG),
        Task::Lower if has_lists => delivery.fans().end(author),
        Task::Lower => delivery.levels.set_pull(author, SMALL),
    }
    delivery.with_flights(|flights| flights.end(job.number));
    // It may have changed its size meanwhile.
    delivery.judge_size(author, state.graph.followers.count(author));
}
