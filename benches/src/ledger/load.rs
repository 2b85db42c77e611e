//! The load: several connections that publish, delete, follow and unfollow as fast as they are
//! answered, and write each intent and each acknowledgement into the book.
//!
//! A kill of the daemon is none of its business: the client library reconnects and retries. What a
//! retry must not do is answered here: a change that is known to change something must say so,
//! however often it was sent.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fanfold_client::{Client, Pending, PostId, UserId, Write};
use fanfold_engine::testing::seed::Random;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::book::{Book, Deed, Line};
use super::token::{AUTHORS_PER_SOURCE, Texts, Token, author, hash};
use crate::exit::{Explain, Failure, Outcome};
use crate::number::to_usize;

/// Connections, each with its own users: their order among each other is of no consequence.
pub(crate) const WORKERS: u64 = 6;

/// Writes in flight on one connection.
const WINDOW: usize = 128;

/// The followers of a source; above all authors.
const FOLLOWERS: u64 = 1_000_000;
const FOLLOWERS_PER_SOURCE: u64 = 200;

/// Longer than all restarts and audits of a round together.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(240);

/// What all workers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) book: Arc<Book>,
    pub(crate) texts: Arc<Texts>,
    /// Acknowledgements so far.
    pub(crate) acknowledged: AtomicU64,
    /// Wakes whoever waits for an acknowledgement.
    pub(crate) progress: Notify,
    /// Writes without an answer.
    pub(crate) in_flight: AtomicU64,
    /// Begin nothing new, finish what is in flight.
    pub(crate) stop: AtomicBool,
    /// The run is given up.
    pub(crate) abort: AtomicBool,
}

impl Shared {
    /// With a new ledger at `ledger`.
    pub(crate) fn new(ledger: PathBuf, texts: Arc<Texts>) -> Outcome<Self> {
        Ok(Self {
            book: Arc::new(Book::create(ledger)?),
            texts,
            acknowledged: AtomicU64::new(0),
            progress: Notify::new(),
            in_flight: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            abort: AtomicBool::new(false),
        })
    }

    pub(crate) fn acknowledge(&self, deed: Deed, posted: Option<(u64, u64)>) -> Outcome<()> {
        self.book.write(Line::Acknowledged(deed, posted))?;
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        self.progress.notify_one();
        Ok(())
    }
}

/// One of the followers of a source.
pub(crate) fn follower(source: u64, number: u64) -> UserId {
    UserId(FOLLOWERS + source * FOLLOWERS_PER_SOURCE + number % FOLLOWERS_PER_SOURCE)
}

/// Starts the workers against `url`.
pub(crate) async fn start(
    url: &str,
    shared: &Arc<Shared>,
    seed: u64,
) -> Outcome<JoinSet<Outcome<()>>> {
    let mut workers = JoinSet::new();
    for source in 0..WORKERS {
        let client = Client::builder().request_timeout(TIMEOUT).connect(url);
        let client = client.await.explain(|| "cannot connect".to_owned())?;
        let worker = Worker {
            source,
            client,
            shared: Arc::clone(shared),
            random: Random::new(seed.wrapping_mul(WORKERS) + source),
            next: 0,
            posts: Vec::new(),
            follows: HashMap::new(),
            window: VecDeque::new(),
        };
        workers.spawn(worker.run());
    }
    Ok(workers)
}

struct Worker {
    source: u64,
    client: Client,
    shared: Arc<Shared>,
    random: Random,
    /// The number of the next token.
    next: u64,
    /// Acknowledged posts that nobody asked to delete.
    posts: Vec<u64>,
    /// Every follow as it will be once all that was sent has happened.
    follows: HashMap<(u64, u64), bool>,
    window: VecDeque<(Deed, Pending)>,
}

impl Worker {
    async fn run(mut self) -> Outcome<()> {
        while !self.shared.stop.load(Ordering::Relaxed) {
            let deed = self.draw();
            self.send(deed).await?;
            if WINDOW <= self.window.len() {
                self.settle().await?;
            }
        }
        while !self.window.is_empty() {
            self.settle().await?;
        }
        self.client.close().await;
        Ok(())
    }

    fn draw(&mut self) -> Deed {
        match self.random.below(20) {
            0..=5 => self.draw_follow(),
            6 | 7 if !self.posts.is_empty() => {
                let index = to_usize(self.random.below(self.posts.len() as u64));
                Deed::Delete(self.posts.swap_remove(index))
            }
            _ => {
                self.next += 1;
                Deed::Publish(Token { source: self.source, number: self.next })
            }
        }
    }

    /// Turns a follow into its opposite, so that it is known to change something.
    fn draw_follow(&mut self) -> Deed {
        let user = follower(self.source, self.random.below(FOLLOWERS_PER_SOURCE)).0;
        let author = author(self.source, self.random.below(AUTHORS_PER_SOURCE)).0;
        let holds = self.follows.entry((user, author)).or_default();
        *holds = !*holds;
        if *holds { Deed::Follow(user, author) } else { Deed::Unfollow(user, author) }
    }

    async fn send(&mut self, deed: Deed) -> Outcome<()> {
        self.shared.book.write(Line::Intended(deed))?;
        self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
        let write = match deed {
            Deed::Publish(token) => {
                Write::publish(token.author(), self.shared.texts.content(token))
            }
            Deed::Delete(post) => Write::delete(PostId(post)),
            Deed::Follow(user, author) => Write::follow(UserId(user), UserId(author)),
            Deed::Unfollow(user, author) => Write::unfollow(UserId(user), UserId(author)),
        };
        let pending = self.client.start(write).await.explain(|| deed.to_string())?;
        self.window.push_back((deed, pending));
        Ok(())
    }

    /// Waits for the oldest answer.
    async fn settle(&mut self) -> Outcome<()> {
        let Some((deed, pending)) = self.window.pop_front() else { return Ok(()) };
        let written = pending.await.explain(|| deed.to_string())?;
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !written.changed {
            return Err(Failure::failed(format!(
                "{deed} was answered with `changed: false` at position {}: an earlier attempt of \
                 it, or what it changes, was forgotten",
                written.position.sequence
            )));
        }
        let posted = match (deed, written.post) {
            (Deed::Publish(token), Some(post)) => {
                self.posts.push(post.0);
                Some((post.0, hash(&self.shared.texts.content(token))))
            }
            (Deed::Publish(_), None) => {
                return Err(Failure::failed(format!("{deed} was answered without a post id")));
            }
            _ => None,
        };
        self.shared.acknowledge(deed, posted)
    }
}
