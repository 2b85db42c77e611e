//! Posts that are committed and not yet in every inbox that they belong in: a read looks through them,
//! so that nobody sees a lag.
//!
//! Most posts wait in a queue and are delivered at once. One with many readers becomes a job, and is
//! delivered slice by slice beside the others.

use std::collections::VecDeque;

use foldhash::{HashMap, HashMapExt};

use crate::ids::Sequence;
use crate::views::users::Ordinal;

/// A post on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    pub(crate) post: Sequence,
    pub(crate) author: Ordinal,
}

/// What a job does for each reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Adds a post to their inbox.
    Deliver(Sequence),
    /// The author has that level from now on, which is higher: some will pull their posts.
    Raise(u8),
    /// The author has that level, which is lower: to some their posts are pushed from now on.
    Lower(u8),
}

/// Something to do for many readers of one author.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) number: u64,
    pub(crate) task: Task,
    pub(crate) author: Ordinal,
    /// Readers whose edge ended since the job began: they are passed over.
    pub(crate) severed: Vec<u32>,
    /// For how many readers it is done, and how many there are, once they are known.
    pub(crate) done: usize,
    pub(crate) readers: Option<usize>,
}

/// How far the fan-out is with a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FanOutProgress {
    /// Posts that are before it in the queue; 0 once its own delivery has begun.
    pub ahead: usize,
    /// Readers that were looked at.
    pub done: usize,
    /// How many readers there are, once they are known.
    pub readers: Option<usize>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Flights {
    queue: VecDeque<Flight>,
    jobs: Vec<Job>,
    /// How many flights each author has.
    authors: HashMap<u32, u32>,
    next_job: u64,
}

impl Default for Flights {
    fn default() -> Self {
        Self { queue: VecDeque::new(), jobs: Vec::new(), authors: HashMap::new(), next_job: 1 }
    }
}

impl Flights {
    /// Posts in the queue.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Nothing is in flight any more. Numbers of jobs go on.
    pub(crate) fn clear(&mut self) {
        *self = Self { next_job: self.next_job, ..Self::default() };
    }

    /// A post was committed.
    pub(crate) fn push(&mut self, flight: Flight) {
        self.queue.push_back(flight);
        *self.authors.entry(flight.author.0).or_insert(0) += 1;
    }

    /// The posts that are next.
    pub(crate) fn first(&self, count: usize) -> Vec<Flight> {
        self.queue.iter().take(count).copied().collect()
    }

    fn pop_if(&mut self, post: Sequence) -> Option<Flight> {
        let is_first = self.queue.front().is_some_and(|flight| flight.post == post);
        if is_first { self.queue.pop_front() } else { None }
    }

    /// The first post is delivered, if it is this one.
    pub(crate) fn pop(&mut self, post: Sequence) {
        if let Some(flight) = self.pop_if(post) {
            self.landed(flight.author);
        }
    }

    /// The first post is delivered by a job from now on, if it is this one.
    pub(crate) fn take_off(&mut self, post: Sequence) {
        let first = self.pop_if(post);
        if let Some(Flight { post, author }) = first {
            self.begin(Task::Deliver(post), author);
        }
    }

    /// Begins a job. A change of level is no flight.
    pub(crate) fn begin(&mut self, task: Task, author: Ordinal) {
        let number = self.next_job;
        self.next_job += 1;
        let (severed, done, readers) = (Vec::new(), 0, None);
        self.jobs.push(Job { number, task, author, severed, done, readers });
    }

    /// The job that has waited longest for its turn, put behind the others.
    pub(crate) fn next_job(&mut self) -> Option<Job> {
        if self.jobs.is_empty() {
            return None;
        }
        self.jobs.rotate_left(1);
        self.jobs.last().cloned()
    }

    /// The job of that number.
    pub(crate) fn job_mut(&mut self, number: u64) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.number == number)
    }

    /// A job is done, or need not be done any more.
    pub(crate) fn end(&mut self, number: u64) {
        let Some(at) = self.jobs.iter().position(|job| job.number == number) else { return };
        let job = self.jobs.remove(at);
        if let Task::Deliver(_) = job.task {
            self.landed(job.author);
        }
    }

    /// Whether the author's level is being changed.
    pub(crate) fn is_changing(&self, author: Ordinal) -> bool {
        let is_change = |job: &Job| job.author == author && !matches!(job.task, Task::Deliver(_));
        self.jobs.iter().any(is_change)
    }

    /// The reader is not among the author's any more.
    pub(crate) fn sever(&mut self, reader: Ordinal, author: Ordinal) {
        let of_author = self.jobs.iter_mut().filter(|job| job.author == author);
        of_author.for_each(|job| job.severed.push(reader.0));
    }

    /// Whether the author has a post on its way.
    pub(crate) fn has(&self, author: u32) -> bool {
        self.authors.contains_key(&author)
    }

    /// All posts on their way.
    pub(crate) fn each(&self) -> impl Iterator<Item = Flight> + '_ {
        let job = |job: &Job| match job.task {
            Task::Deliver(post) => Some(Flight { post, author: job.author }),
            Task::Raise(_) | Task::Lower(_) => None,
        };
        self.queue.iter().copied().chain(self.jobs.iter().filter_map(job))
    }

    /// How far the post is, if it is on its way.
    pub(crate) fn progress(&self, post: Sequence) -> Option<FanOutProgress> {
        let job = self.jobs.iter().find(|job| job.task == Task::Deliver(post));
        if let Some(job) = job {
            return Some(FanOutProgress { ahead: 0, done: job.done, readers: job.readers });
        }
        let ahead = self.queue.iter().position(|flight| flight.post == post)?;
        Some(FanOutProgress { ahead, done: 0, readers: None })
    }

    /// Forgets posts that need not be delivered any more.
    pub(crate) fn retain(&mut self, keep: impl Fn(Sequence) -> bool) {
        let gone: Vec<Flight> = self.each().filter(|flight| !keep(flight.post)).collect();
        self.queue.retain(|flight| keep(flight.post));
        self.jobs.retain(|job| !matches!(job.task, Task::Deliver(post) if !keep(post)));
        gone.iter().for_each(|flight| self.landed(flight.author));
    }

    fn landed(&mut self, author: Ordinal) {
        if let Some(count) = self.authors.get_mut(&author.0) {
            *count -= 1;
            if *count == 0 {
                self.authors.remove(&author.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_post_that_is_meant_leaves_the_queue() {
        let mut flights = Flights::default();
        let flight = |post| Flight { post: Sequence(post), author: Ordinal(7) };
        (1..=3).for_each(|post| flights.push(flight(post)));
        flights.retain(|post| post != Sequence(1));
        // Delivered, by somebody who saw all three.
        flights.pop(Sequence(1));
        flights.pop(Sequence(2));
        flights.take_off(Sequence(2));
        assert_eq!((flights.waiting(), flights.jobs().len()), (1, 0));
        assert_eq!(flights.each().map(|flight| flight.post).collect::<Vec<_>>(), [Sequence(3)]);
    }
}
