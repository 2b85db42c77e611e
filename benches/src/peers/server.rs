//! What a server under comparison must be able to do here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use crate::exit::{Failure, Outcome};
use crate::wire::Dialect;
use crate::world::World;

/// A server may read all it has before it answers.
const READY_WITHIN: Duration = Duration::from_secs(600);

/// A world with the number of the next post that nobody has published.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) world: Arc<World>,
    pub(super) next: Arc<AtomicU64>,
}

impl Given {
    pub(super) fn new(world: World) -> Self {
        let next = Arc::new(AtomicU64::new(world.posts()));
        Self { world: Arc::new(world), next }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// The newest page of anybody.
    Page,
    /// The newest page of the last user, who follows many and has no inbox.
    Merged,
    /// A post into the inboxes of all followers.
    Deliver,
    /// A durable post.
    Publish,
}

/// A way to ask a server for something. If there are several, the best counts.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// Of the server and how it is used.
    pub(super) name: String,
    pub(super) dialect: Arc<dyn Dialect>,
    /// How many connections, and requests in flight on each; of a delivery, what suits it best.
    pub(super) shape: (usize, u32),
}

impl Way {
    pub(super) fn new(name: &str, dialect: impl Dialect + 'static) -> Self {
        Self { name: name.to_owned(), dialect: Arc::new(dialect), shape: (1, 1) }
    }

    /// The same with so many connections, and requests in flight on each.
    pub(super) fn shaped(&self, shape: (usize, u32)) -> Self {
        Self { shape, ..self.clone() }
    }
}

/// A server.
pub(super) trait Server {
    fn name(&self) -> &'static str;

    fn address(&self) -> SocketAddr;

    /// Puts a world in. What should be warm is warm afterwards.
    fn load(&mut self, given: &Given) -> Outcome<()>;

    /// How that can be asked for; none if it cannot.
    fn ways(&self, job: Job, given: &Given) -> Vec<Way>;

    /// The texts of a user's newest page.
    fn texts(&self, user: u64) -> Outcome<Vec<Vec<u8>>>;

    /// Named numbers of bytes: memory and disk, for each thing.
    fn sizes(&self, given: &Given) -> Outcome<Vec<(String, f64)>>;

    /// An orderly stop.
    fn stop(&mut self) -> Outcome<()>;

    fn kill(&mut self);

    /// Starts it again, over what it had, without waiting.
    fn start(&mut self) -> Outcome<()>;

    /// Waits until it answers that page with something.
    fn wait_for_page(&mut self, user: u64) -> Outcome<()> {
        let asked = Instant::now();
        while asked.elapsed() < READY_WITHIN {
            if self.texts(user).is_ok_and(|texts| !texts.is_empty()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(Failure::failed(format!("{} does not answer a page", self.name())))
    }

    /// Compares pages of some users with the world.
    fn check(&self, given: &Given, count: u64) -> Outcome<()> {
        let world = &given.world;
        for number in 0..count {
            let user = 1 + number * (world.users() / count).max(1) % world.users();
            let wanted = world.home(user, 20).into_iter();
            let wanted: Vec<Vec<u8>> =
                wanted.map(|number| world.text(number).into_bytes()).collect();
            let found = if wanted.is_empty() { Vec::new() } else { self.texts(user)? };
            if found != wanted {
                return Err(Failure::failed(format!(
                    "{}: the page of user {user} is wrong: {} posts for {}, or others",
                    self.name(),
                    found.len(),
                    wanted.len()
                )));
            }
        }
        Ok(())
    }
}
