//! Fanfold's engine as a [`Store`].

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanfold_engine::{
    Command, DeliveryOptions, Durability, Engine, Options, Page, PageRef, Policy, Span,
    TimelineQuery, UserId,
};

use super::driver::{DriverArgs, anonymous_bytes, drive, file_bytes};
use super::store::{Done, Store};
use crate::fanout::thread;
use crate::figures::Loader;
use crate::meter::Meter;
use crate::number::float;
use crate::world::{Scene, World};

/// Entries of a page.
const PAGE: usize = 20;

/// Longer than any backlog takes.
const SETTLE_MAX: Duration = Duration::from_secs(300);

/// Enough for any of the worlds: what is measured is not what is evicted.
const MEMORY_BUDGET: u64 = 1 << 34;

/// An engine that is open.
struct EngineStore {
    directory: PathBuf,
    scene: Scene,
    loader: Mutex<Loader>,
    /// The same engine.
    engine: Engine,
    /// By how many bytes the process grew when all inboxes were made.
    grown: Mutex<f64>,
}

/// Measures the engine as it is asked to on standard input.
pub(crate) fn engine_driver(args: &DriverArgs) -> ExitCode {
    drive(args, |directory, scene| EngineStore::open(directory, scene, args.inbox()))
}

impl EngineStore {
    fn open(directory: &Path, scene: Scene, inbox: u16) -> Done<Self> {
        let durability = if scene == Scene::Empty { Durability::Fsync } else { Durability::Os };
        let policy = match scene {
            Scene::World | Scene::Empty => Policy::default(),
            Scene::Pushed | Scene::Celebrity => Policy::Push,
            // A reader without an inbox: the page is merged when it is read.
            Scene::Reader => Policy::Pull,
        };
        let usual = DeliveryOptions::default().inbox_min;
        let inbox_min = if scene == Scene::Pushed { inbox } else { usual };
        let delivery = DeliveryOptions { policy, inbox_min, ..DeliveryOptions::default() };
        let options =
            Options { durability, memory_budget: MEMORY_BUDGET, delivery, ..Options::default() };
        let loader = Loader::open_with(directory, options).map_err(|e| e.to_string())?;
        let engine = loader.engine().clone();
        let (directory, loader) = (directory.to_owned(), Mutex::new(loader));
        Ok(Self { directory, scene, loader, engine, grown: Mutex::new(0.0) })
    }

    fn loader(&self) -> MutexGuard<'_, Loader> {
        self.loader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn home(&self, user: u64) -> Done<Page> {
        self.engine.home(&newest(user)).map_err(|error| error.to_string())
    }

    fn write(loader: &mut Loader, command: Command) -> Done<()> {
        loader.write(command).map_err(|failure| failure.to_string())
    }
}

fn newest(user: u64) -> TimelineQuery {
    TimelineQuery { user: UserId(user), viewer: None, span: Span::Newest, limit: PAGE }
}

impl Store for EngineStore {
    fn load(&self, world: &World) -> Done<()> {
        let mut loader = self.loader();
        let mut meter = Meter::new("follows", None);
        for (user, author) in world.follows() {
            Self::write(&mut loader, Command::follow(UserId(user), UserId(author)))?;
            meter.step();
        }
        let mut meter = Meter::new("posts", world.posts());
        for number in 0..world.posts() {
            let author = UserId(world.author(number));
            Self::write(&mut loader, Command::publish(author, world.text(number)))?;
            meter.step();
        }
        loader.settle_all().map_err(|failure| failure.to_string())?;
        drop(loader);
        self.settle()?;
        let posted = anonymous_bytes();
        // Who reads has an inbox.
        let mut meter = Meter::new("inboxes", world.users());
        for user in 1..=world.users() {
            self.page(user)?;
            meter.step();
        }
        *self.grown.lock().unwrap_or_else(PoisonError::into_inner) = anonymous_bytes() - posted;
        Ok(())
    }

    fn page(&self, user: u64) -> Done<u64> {
        let bytes = |page: PageRef<'_>| page.posts.iter().map(|post| post.text.len() as u64).sum();
        self.engine.see_home(&newest(user), bytes).map_err(|error| error.to_string())
    }

    fn texts(&self, user: u64) -> Done<Vec<Vec<u8>>> {
        Ok(self.home(user)?.posts.iter().map(|post| post.text.to_vec()).collect())
    }

    fn merged(&self, _: &World, user: u64) -> Done<u64> {
        self.page(user)
    }

    fn deliver(&self, world: &World, number: u64) -> Done<()> {
        let author = UserId(world.author(number));
        Self::write(&mut self.loader(), Command::publish(author, world.text(number)))
    }

    fn settle(&self) -> Done<()> {
        self.loader().settle_all().map_err(|failure| failure.to_string())?;
        if self.engine.settle_delivery(SETTLE_MAX) {
            return Ok(());
        }
        Err("the fan-out did not come to rest".to_owned())
    }

    fn delivery_time(&self) -> Option<Duration> {
        thread::cpu("fanfold-fanout").ok()
    }

    fn publish(&self, world: &World, number: u64) -> Done<()> {
        let command = Command::publish(UserId(world.author(number)), world.text(number));
        self.engine.write(command).map(drop).map_err(|error| error.to_string())
    }

    fn sizes(&self, world: &World) -> Done<Vec<(String, f64)>> {
        let counters = self.engine.counters().map_err(|error| error.to_string())?;
        let entries = float(counters.inbox_entries.max(1));
        let grown = *self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sizes = Vec::new();
        if self.scene == Scene::Pushed {
            // What the inboxes themselves count stands beside what the process grew by.
            let counted = float(counters.inbox_bytes) / entries;
            sizes.push(("memory, an inbox entry".to_owned(), counted.max(grown / entries)));
        }
        if world.posts() != 0 {
            let log = float(file_bytes(&self.directory, "log-")?);
            let of_a_post = log / float(world.posts().max(1));
            sizes.push(("disk, a post with its share of the log".to_owned(), of_a_post));
        }
        Ok(sizes)
    }

    fn stop(&self) -> Done<()> {
        self.engine.close().map_err(|error| error.to_string())
    }
}
