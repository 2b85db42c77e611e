//! The sample and the made-up readers into an engine, by the commands anybody would use.
//!
//! Many commands are in flight at a time, so that they share the syncs of the log: that, not
//! skipping durability, is what makes it quick.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanfold_engine::{Action, Command, Engine, ErrorKind, NewPost, Ticket, Timestamp, UserId};

use super::population::{FIRST_READER, Follow, READERS, follows};
use super::sample::{self, SamplePost};
use crate::exit::Failure;

/// Commands in flight; fewer than any queue holds.
const WINDOW: usize = 256;

/// What was loaded. `Display` says it to the user.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) names: BTreeMap<u64, String>,
    pub(super) follows: Vec<Follow>,
    posts: usize,
    took: Duration,
}

/// Loads everything.
pub(super) fn load(engine: &Engine) -> Result<Loaded, Failure> {
    let started = Instant::now();
    let posts = sample::posts()?;
    let names = sample::names(&posts);
    let authors: Vec<u64> = names.keys().copied().collect();
    let follows = follows(&authors);
    let mut loader = Loader { engine, in_flight: VecDeque::new() };
    for Follow { reader, author } in &follows {
        loader.send(Command::follow(UserId(*reader), UserId(*author)))?;
    }
    for post in &posts {
        loader.send(publication(post))?;
    }
    loader.finish()?;
    Ok(Loaded { names, follows, posts: posts.len(), took: started.elapsed() })
}

fn publication(post: &SamplePost) -> Command {
    Command::new(Action::Publish(NewPost {
        author: UserId(post.author),
        created_at: Some(Timestamp(post.at)),
        text: Bytes::copy_from_slice(post.text.as_bytes()),
        ..NewPost::default()
    }))
}

struct Loader<'a> {
    engine: &'a Engine,
    in_flight: VecDeque<Ticket>,
}

impl Loader<'_> {
    fn send(&mut self, command: Command) -> Result<(), Failure> {
        if WINDOW <= self.in_flight.len() {
            self.wait_for_one()?;
        }
        loop {
            match self.engine.submit(command.clone()) {
                Ok(ticket) => {
                    self.in_flight.push_back(ticket);
                    return Ok(());
                }
                // Somebody else fills the queue through a port; our own share of it is small.
                Err(error) if error.kind() == ErrorKind::Busy => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn wait_for_one(&mut self) -> Result<(), Failure> {
        if let Some(ticket) = self.in_flight.pop_front() {
            ticket.wait()?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        while !self.in_flight.is_empty() {
            self.wait_for_one()?;
        }
        Ok(())
    }
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (posts, authors) = (self.posts, self.names.len());
        let follows = self.follows.len();
        let (first, last) = (FIRST_READER, FIRST_READER + READERS - 1);
        writeln!(f, "posts:   {posts} by {authors} publishers, real (reddit, 2013, PDDL 1.0)")?;
        writeln!(f, "readers: {READERS} (users {first} to {last}), generated, not real")?;
        writeln!(f, "follows: {follows}, generated with a heavy tail (seeded), not real")?;
        writeln!(
            f,
            "loaded in {:.1} s, by the same commands an application sends",
            self.took.as_secs_f64()
        )
    }
}
