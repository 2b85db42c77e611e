//! The hub: index and trail behind one lock, and how far the log has been told.
//!
//! The lock is held to tell at most [`TELL_RECORDS_MAX`](crate::limits::TELL_RECORDS_MAX) records or
//! to look up one user's edges in memory, never for a disk. The committer does not take it.
//!
//! A watch begins at a position `at`: its edges are as of `at`, and every record above is told. Both
//! hold because edges are read under the hub's lock: what was told by then lies below.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::thread::Thread;

use foldhash::HashMap;

use super::gone::Gone;
use super::index::{Index, Told};
use super::insight::{Meant, Seen};
use super::note::Note;
use super::orphans::orphans;
use super::presence::Leases;
use super::queue::Queue;
use super::roll::Roll;
use super::sight::{Look, Sight};
use super::stir::Stirred;
use super::trail::{Chunk, Trail};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Sequence, Timestamp, UserId};
use crate::limits::{PRESENCE_GRACE_MILLIS, PRESENCE_USERS_MAX, TRAIL_NOTES_MAX, WATCHES_MAX};
use crate::log::record::Effect;
use crate::log::record::Record;
use crate::query::Post;
use crate::read::content::as_content;
use crate::read::followees::InFiles;
use crate::read::ties::Ties;
use crate::shared::Shared;
use crate::views::moderation::Kept;

/// See the module.
#[derive(Debug)]
pub(crate) struct Hub {
    /// Whether anybody watches: all that the committer looks at.
    is_watched: AtomicBool,
    /// A copy of [`Inner::told`] for watches that take: every event up to here is in its queue.
    told: AtomicU64,
    inner: Mutex<Inner>,
    teller: OnceLock<Thread>,
    /// Held by the one who reads older notes from the log.
    pub(crate) reading: Mutex<()>,
    pub(crate) leases: Leases,
    /// Whose presence may have changed, if any watch wants to know.
    pub(crate) stirred: Stirred,
    pub(crate) tally: WatchTally,
}

/// What the watches count.
#[derive(Debug, Default)]
pub(crate) struct WatchTally {
    /// Events handed out.
    pub(crate) events: AtomicU64,
    /// Watches that fell behind and were rebuilt from the log.
    pub(crate) lags: AtomicU64,
    /// Of these, and of those that came back, the ones that could not be: a gap was told.
    pub(crate) gaps: AtomicU64,
}

/// What the lock guards.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) index: Index,
    pub(crate) trail: Trail,
    /// Everything up to here was told.
    told: Sequence,
    is_closed: bool,
}

/// What a watch needs that comes back from below.
#[derive(Debug)]
pub(crate) struct Past {
    /// What the user sees where the watch begins.
    pub(crate) sight: Sight,
    /// What moderators keep from others there.
    pub(crate) kept: Arc<Kept>,
    /// The newest notes.
    pub(crate) chunks: Vec<Chunk>,
}

/// A watch that has begun.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) queue: Arc<Queue>,
    /// What comes after this is told.
    pub(crate) at: Sequence,
    /// For who comes back from below.
    pub(crate) past: Option<Past>,
}

impl Hub {
    /// A hub of a log that ends at `newest`.
    pub(crate) fn new(newest: Sequence) -> Self {
        Self {
            is_watched: AtomicBool::new(false),
            told: AtomicU64::new(newest.0),
            inner: Mutex::new(Inner {
                index: Index::new(),
                trail: Trail::new(newest),
                told: newest,
                is_closed: false,
            }),
            teller: OnceLock::new(),
            reading: Mutex::new(()),
            leases: Leases::default(),
            stirred: Stirred::default(),
            tally: WatchTally::default(),
        }
    }

    /// The thread to wake when something was committed.
    pub(crate) fn set_teller(&self, teller: Thread) {
        let _only_one = self.teller.set(teller);
    }

    /// Something was committed and applied. One load if nobody watches.
    pub(crate) fn committed(&self) {
        // Whoever began to watch stored this before it took the state lock for reading, and the
        // committer has held that lock since: an older value means that the watch saw the records.
        if self.is_watched.load(Ordering::Relaxed) {
            self.wake_teller();
        }
    }

    /// Every event up to here is in the queues that it concerns.
    pub(crate) fn told(&self) -> Sequence {
        Sequence(self.told.load(Ordering::Acquire))
    }

    /// Begins a watch, from `after` if it comes back; with a roll, it is told of presence.
    pub(crate) fn join(
        &self,
        shared: &Shared,
        user: UserId,
        after: Option<Sequence>,
        mut roll: Option<Box<Roll>>,
    ) -> Result<Joined> {
        let (mut known, now) = (None, shared.options.clock.now());
        loop {
            let mut inner = self.lock();
            self.open(&mut inner, shared, after)?;
            let mut kept = Arc::clone(&inner.index.kept);
            let at = inner.index.sight(user).map(|sight| sight.at);
            if at.is_some_and(|at| inner.told < at) {
                // Of a moment ago: the records up to there are not told yet.
                kept = Arc::clone(shared.state()?.moderation.kept());
            }
            if !inner.index.knows(user) {
                match Sight::look(shared, user, known.as_ref())? {
                    Look::Done(sight, now) => {
                        kept = now;
                        inner.index.add(user, sight);
                    }
                    Look::Files(in_files) => {
                        drop(inner);
                        known = Some(in_files.read()?);
                        continue;
                    }
                }
            }
            if let Some(roll) = &mut roll {
                // Before it is looked who is online: who comes from now on is stirred.
                self.stirred.open();
                inner.index.call(user, roll, &|other| self.leases.hold(other, now));
            }
            let joined = inner.attach(user, after, (roll, kept));
            drop(inner);
            self.stirred.stir(user, now);
            self.wake_teller();
            return joined;
        }
    }

    /// Ends a watch.
    pub(crate) fn leave(&self, shared: &Shared, user: UserId, queue: &Arc<Queue>) {
        let is_gone = {
            let index = &mut self.lock().index;
            index.detach(user, queue);
            if index.rolls() == 0 {
                self.stirred.close();
            }
            !index.knows(user)
        };
        if is_gone {
            self.stirred
                .stir(user, Timestamp(shared.options.clock.now().0 + PRESENCE_GRACE_MILLIS));
        }
    }

    /// Tells the watches that want to know whose presence changed.
    pub(crate) fn tell_presence(&self, now: Timestamp) {
        for user in self.leases.expired(now) {
            self.stirred.stir(user, now);
        }
        let due = self.stirred.due(now);
        for group in due.users.chunks(PRESENCE_USERS_MAX) {
            let mut wakers = Vec::new();
            {
                let index = &self.lock().index;
                for user in group {
                    let is_online = index.is_online(*user, self.leases.hold(*user, now));
                    index.tell_presence(*user, is_online, &mut wakers);
                }
            }
            wakers.into_iter().for_each(Waker::wake);
        }
        if due.has_missed {
            let mut wakers = Vec::new();
            self.lock().index.call_all(&|user| self.leases.hold(user, now), &mut wakers);
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    /// How far was told, if somebody is to be told more. From here on the committer is no longer to
    /// wake anybody otherwise.
    pub(crate) fn to_tell(&self) -> Option<Sequence> {
        let inner = self.lock();
        if inner.index.watches() == 0 {
            self.is_watched.store(false, Ordering::Relaxed);
            return None;
        }
        Some(inner.told)
    }

    /// Tells the records behind `from`, in their order; nothing if others were told meanwhile.
    pub(crate) fn tell(&self, shared: &Shared, from: Sequence, records: &[Option<Record>]) {
        let (ties, gone) = (self.ties(shared, records), self.gone(shared, from, records));
        let mut wakers = Vec::new();
        let met = {
            let mut inner = self.lock();
            if inner.told != from {
                return;
            }
            for record in records {
                inner.tell((shared, &ties, &gone), record.as_ref(), &mut wakers);
            }
            self.told.store(inner.told.0, Ordering::Release);
            std::mem::take(&mut inner.index.met)
        };
        wakers.into_iter().for_each(Waker::wake);
        met.into_iter().for_each(|author| self.stirred.stir(author, Timestamp(0)));
    }

    /// Whom those follow whose posts among the records are for mutual follows, read without the lock. What
    /// cannot be read is missing: a read will report it.
    fn ties<'a>(&self, shared: &'a Shared, records: &[Option<Record>]) -> Ties<'a> {
        let mut ties = Ties::new(shared);
        let meant = records.iter().flatten().filter_map(Meant::of);
        let meant: Vec<Meant> = meant.filter(|it| it.followers_of().next().is_some()).collect();
        if meant.is_empty() {
            return ties;
        }
        let lacking: Vec<InFiles> = {
            let inner = self.lock();
            let Ok(state) = shared.state() else { return ties };
            let told = meant.iter().filter(|it| inner.index.has_audience(it.author()));
            let authors = told.flat_map(Meant::followers_of);
            let authors = authors.filter_map(|author| state.users.find(author));
            authors.filter_map(|author| ties.lacking(&state, author)).collect()
        };
        let _damage_is_not_ours_to_report = ties.read(lacking);
        ties
    }

    /// The posts that go with these records, which begin behind `from`, as far as they concern anybody who
    /// watches: looked up in the log without the lock.
    fn gone(
        &self,
        shared: &Shared,
        from: Sequence,
        records: &[Option<Record>],
    ) -> HashMap<Sequence, Gone> {
        let mut going = Vec::new();
        for (sequence, record) in (from.0 + 1..).map(Sequence).zip(records) {
            match Note::of(record.as_ref()) {
                Note::Delete { post, author, was_hidden } => {
                    going.push((sequence, (post, author), was_hidden));
                }
                Note::Hidden { post, author } => going.push((sequence, (post, author), false)),
                _ => {}
            }
        }
        if going.is_empty() {
            return HashMap::default();
        }
        {
            let inner = self.lock();
            let Ok(state) = shared.state() else { return HashMap::default() };
            going.retain(|(_, (post, author), _)| {
                inner.index.has_audience(*author) || state.reposts.root(*post).is_some()
            });
        }
        let look = |(at, post, was_hidden)| (at, Gone::look(shared, post, was_hidden));
        going.into_iter().map(look).collect()
    }

    /// Ends all watches: what is in their queues can still be taken.
    pub(crate) fn close(&self) {
        let wakers: Vec<Waker> = {
            let mut inner = self.lock();
            inner.is_closed = true;
            inner.index.queues().filter_map(|queue| queue.close()).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn wake_teller(&self) {
        self.teller.get().into_iter().for_each(Thread::unpark);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on commits are told, if they were not before.
    fn open(&self, inner: &mut Inner, shared: &Shared, after: Option<Sequence>) -> Result<()> {
        if inner.is_closed {
            return Err(Error::new(ErrorKind::Closed, "the engine was closed"));
        }
        let watches = inner.index.watches();
        if WATCHES_MAX <= watches {
            let what = format!("there are {watches} watches; the limit is {WATCHES_MAX}");
            return Err(Error::limit(what));
        }
        self.is_watched.store(true, Ordering::Relaxed);
        let (newest, kept) = {
            let state = shared.state()?;
            (state.position.sequence, Arc::clone(state.moderation.kept()))
        };
        if watches == 0 {
            inner.index.keep(kept, newest);
        }
        if let Some(after) = after.filter(|after| newest < *after) {
            let what = format!("position {after} is above the newest, {newest}");
            return Err(Error::invalid(what));
        }
        if watches == 0 && TRAIL_NOTES_MAX / 4 < newest.0 - inner.told.0 {
            // Nobody was there for long: nobody misses what happened.
            inner.trail = Trail::new(newest);
            inner.told = newest;
            self.told.store(newest.0, Ordering::Release);
        }
        Ok(())
    }
}

impl Inner {
    fn attach(
        &mut self,
        user: UserId,
        after: Option<Sequence>,
        (roll, kept): (Option<Box<Roll>>, Arc<Kept>),
    ) -> Result<Joined> {
        let ended = || Error::new(ErrorKind::Internal, "a watched user has no edges");
        let sight = self.index.sight(user).ok_or_else(ended)?;
        let at = sight.at.max(self.told);
        let past = after.filter(|after| *after < at);
        let chunks = past.map(|after| self.trail.above(after));
        let past = chunks.map(|chunks| Past { sight: sight.clone(), kept, chunks });
        let queue = Arc::new(Queue::new(after.map_or(at, |after| at.max(after)), roll));
        self.index.attach(user, Arc::clone(&queue));
        Ok(Joined { queue, at, past })
    }

    fn tell(
        &mut self,
        (shared, ties, gone): (&Shared, &Ties<'_>, &HashMap<Sequence, Gone>),
        record: Option<&Record>,
        wakers: &mut Vec<Waker>,
    ) {
        let (sequence, note) = (self.told.next(), Note::of(record));
        self.trail.push(note);
        if note == Note::Lost {
            // The edges here may be wrong from now on; each watch reads its own again.
            wakers.extend(self.index.clear());
        }
        let post = || {
            let has_text = |record: &&Record| !record.effect.is_emptied();
            let post = as_content(sequence, record.filter(has_text)?.clone());
            post.map(|post| Arc::new(own(post)))
        };
        // A state that is half applied answers nothing more: then everybody reads anew, and fails.
        let orphans = |root| orphans(shared, &[root]).unwrap_or(None);
        let moderated = record.and_then(|record| match &record.effect {
            Effect::Moderation(effect) => Some((effect, has_reposts(shared))),
            _ => None,
        });
        let seen = |meant: Option<Meant>, user, sight: &Sight| {
            let Some(meant) = meant.filter(|meant| !meant.is_plain_to(user, sight)) else {
                return Seen::Yes;
            };
            let Ok(state) = shared.state() else { return Seen::No };
            ties.begin();
            meant.seen((&state, ties), (user, sight), sequence)
        };
        let depends = |author| {
            let Ok(state) = shared.state() else { return 0 };
            let author = state.find(author);
            author.map_or(0, |author| state.audiences.depend_on(author))
        };
        let (post, orphans, seen, depends) = (&post, &orphans, &seen, &depends);
        let (gone, meant) = (gone.get(&sequence), record.and_then(Meant::of));
        let told = Told { sequence, note, post, moderated, orphans, gone, meant, seen, depends };
        self.index.tell(&told, wakers);
        self.told = sequence;
    }
}

/// Whether there are reposts; if that cannot be said, there may be.
fn has_reposts(shared: &Shared) -> bool {
    shared.state().map_or(true, |state| !state.reposts.is_empty())
}

/// The post with bytes of its own: those of the log would keep a whole segment in memory for as long
/// as a slow watch has not taken it.
fn own(post: Post) -> Post {
    let copy = |bytes: &bytes::Bytes| bytes::Bytes::copy_from_slice(bytes);
    let mentions = post.mentions.own();
    Post { text: copy(&post.text), meta: copy(&post.meta), mentions, ..post }
}
