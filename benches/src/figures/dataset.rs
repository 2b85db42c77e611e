//! The database that pages are read from and that is reopened: a population and its posts, written
//! through the engine.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fanfold_engine::testing::seed::Random;
use fanfold_engine::{Command, Durability, Engine, ErrorKind, Options, Ticket, UserId};

use super::Scale;
use crate::exit::{Explain, Failure, Outcome};
use crate::population::{Population, Words};

/// Bytes of a post's text.
pub(crate) const TEXT_BYTES: usize = 280;

const SEED: u64 = 1;

/// Writes in flight while loading.
const WINDOW: usize = 8_192;

/// A loaded and closed data directory.
#[derive(Clone, Debug)]
pub(super) struct Dataset {
    pub(super) directory: PathBuf,
    pub(super) users: u64,
    pub(super) posts: u64,
    pub(super) follows: u64,
}

impl Dataset {
    /// Loads the follows, then the posts, which the authors publish in turn.
    pub(super) fn load(directory: PathBuf, scale: &Scale) -> Outcome<(Self, Duration)> {
        let population = Population::new(scale.users, scale.followers, SEED);
        let (users, posts) = (population.users(), scale.posts);
        let started = Instant::now();
        let mut loader = Loader::open(&directory)?;
        for (user, author) in population.follows() {
            loader.write(Command::follow(UserId(user), UserId(author)))?;
        }
        let mut words = Words::new(SEED);
        for number in 0..posts {
            let author = UserId(1 + number % users);
            loader.write(Command::publish(author, words.text(TEXT_BYTES)))?;
        }
        let follows = population.follow_count();
        loader.finish(follows, posts)?;
        Ok((Self { directory, users, posts, follows }, started.elapsed()))
    }

    /// Adds random follows until there are `follows`.
    pub(super) fn top_up(&mut self, follows: u64) -> Outcome<()> {
        let mut loader = Loader::open(&self.directory)?;
        let mut random = Random::new(SEED);
        while self.follows < follows {
            let missing = follows - self.follows;
            for _ in 0..missing {
                let user = UserId(1 + random.below(self.users));
                let author = UserId(1 + random.below(self.users));
                loader.write(Command::follow(user, author))?;
            }
            // Some of them were there already.
            self.follows = loader.follows()?;
        }
        loader.finish(self.follows, self.posts)
    }
}

/// An engine that is written to as fast as it takes it. Durability is not what is measured here.
pub(crate) struct Loader {
    engine: Engine,
    window: VecDeque<Ticket>,
}

impl Loader {
    pub(crate) fn open(directory: &Path) -> Outcome<Self> {
        Self::open_with(directory, Options { durability: Durability::Os, ..Options::default() })
    }

    pub(crate) fn open_with(directory: &Path, options: Options) -> Outcome<Self> {
        let engine = Engine::open(directory, options).explain(|| "cannot open".to_owned())?;
        Ok(Self { engine, window: VecDeque::with_capacity(WINDOW) })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn write(&mut self, command: Command) -> Outcome<()> {
        if WINDOW <= self.window.len() {
            self.settle()?;
        }
        loop {
            match self.engine.submit(command.clone()) {
                Ok(ticket) => {
                    self.window.push_back(ticket);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Busy && !self.window.is_empty() => {
                    self.settle()?;
                }
                Err(error) => return Err(Failure::failed(format!("cannot load: {error}"))),
            }
        }
    }

    fn settle(&mut self) -> Outcome<()> {
        match self.window.pop_front() {
            Some(ticket) => ticket.wait().explain(|| "cannot load".to_owned()).map(drop),
            None => Ok(()),
        }
    }

    /// Waits for everything.
    pub(crate) fn settle_all(&mut self) -> Outcome<()> {
        while !self.window.is_empty() {
            self.settle()?;
        }
        Ok(())
    }

    fn follows(&mut self) -> Outcome<u64> {
        self.settle_all()?;
        Ok(self.engine.counters().explain(|| "cannot count".to_owned())?.follows)
    }

    /// Waits for everything, verifies the counts, closes.
    pub(crate) fn finish(mut self, follows: u64, posts: u64) -> Outcome<()> {
        let counted = self.follows()?;
        let counters = self.engine.counters().explain(|| "cannot count".to_owned())?;
        if (counted, counters.posts) != (follows, posts) {
            return Err(Failure::failed(format!(
                "{follows} follows and {posts} posts were loaded, the engine counts {counted} and \
                 {}",
                counters.posts
            )));
        }
        self.engine.close().explain(|| "cannot close".to_owned())
    }
}
