//! Delivery: inboxes, and the fan-out that fills them. A cache: it decides what a home page costs,
//! never what it says.
//!
//! ```text
//! commit ──> note ──> flights ──> fan-out ──> inboxes
//!                        \                     /
//!                         `──── a home read ──'── outboxes of pulled authors
//! ```
//!
//! In reading order:
//! * [`policy`]: which edges are pushed.
//! * [`slab`], [`inbox`], [`profile`], [`shard`], [`inboxes`]: the ids that were pushed.
//! * [`levels`], [`fans`], [`pace`]: what the policy says of an edge at present.
//! * [`ranks`], [`rank_file`]: who is to get posts before others.
//! * [`flights`]: what is committed and not yet pushed.
//! * [`note`]: what a commit changes at once.
//! * [`home`]: a page out of all that; [`build`]: a new inbox.
//! * [`keep`]: inboxes over an orderly stop.
//! * [`workload`], [`advise`]: what was read and published lately, and what each policy would cost.
//! * [`audiences`]: who the readers of big authors were the last time.
//! * [`readers`], [`fanout`], [`upkeep`], [`audit`]: the worker that pushes, and what goes on beside; [`signal`]: how it is called.
//!
//! The invariant. Take the state at any position, and a reader `u` with an inbox of floor `f`. For
//! every author `a` whom `u` follows and who is not hidden from them (see [`hidden`](crate::views::hidden)),
//! one of these holds:
//! * `a` is in the inbox's `pulled`: reads merge their outbox;
//! * each post of `a` above `f` is in the inbox, or in flight, or deleted.
//!
//! And each id in the inbox is of such an author, or deleted. So a page above the floor is: inbox, plus
//! outboxes of the pulled, plus flights of followees, minus deleted. Everything else is read from the
//! outboxes. Changes of the graph keep the invariant in the same breath ([`note`]); the fan-out keeps
//! it because it delivers while it holds the state, so that nothing ends in between.

pub(crate) mod advise;
pub(crate) mod audiences;
pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod fanout;
pub(crate) mod fans;
pub(crate) mod flights;
pub(crate) mod home;
pub(crate) mod inbox;
pub(crate) mod inboxes;
pub(crate) mod keep;
pub(crate) mod levels;
pub(crate) mod note;
pub(crate) mod pace;
pub(crate) mod policy;
pub(crate) mod profile;
pub(crate) mod rank_file;
pub(crate) mod ranks;
pub(crate) mod readers;
pub(crate) mod shard;
pub(crate) mod signal;
pub(crate) mod slab;
pub(crate) mod thaw;
pub(crate) mod upkeep;
pub(crate) mod workload;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use foldhash::{HashSet, HashSetExt};

use crate::ids::Sequence;
use crate::read::activity::Activity;
use crate::views::graph::Graph;
use crate::views::users::Ordinal;
use audiences::Audiences;
use fans::Fans;
use flights::Flights;
use inboxes::Inboxes;
use levels::Levels;
use pace::BOUND_NEW;
use policy::{DeliveryOptions, Policy};
use ranks::Ranks;
use thaw::Thaw;
use workload::Workload;

/// The level of big authors, and of everybody else.
const BIG: u8 = 1;
const SMALL: u8 = 0;

/// The bound of readers who pull big authors, and of those to whom everything is pushed.
const BOUND_SMALL: u8 = 0;

/// Everything that delivery remembers. Lies beside the views and changes with them.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) options: DeliveryOptions,
    pub(crate) inboxes: Inboxes,
    pub(crate) levels: Levels,
    /// Deleted posts that may still be in inboxes.
    pub(crate) deleted: HashSet<u64>,
    fans: Mutex<Fans>,
    audiences: Mutex<Audiences>,
    flights: RwLock<Flights>,
    /// Held by whoever puts readers on lists of fans, from the lists to the inbox: an inbox that is not
    /// there yet cannot be told that its reader was put off a list.
    joining: Mutex<()>,
    /// Whether there are any: most reads find none and lock nothing.
    flying: AtomicUsize,
    /// Inboxes of an orderly stop that are still to come back, and whether there are any.
    thaw: Mutex<Option<Thaw>>,
    thawing: AtomicBool,
    pub(crate) tally: Tally,
    /// Go on whatever the policy.
    pub(crate) ranks: Ranks,
    pub(crate) workload: Workload,
}

/// What delivery counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Ids put into inboxes by the fan-out.
    pub(crate) deliveries: AtomicUsize,
    /// Posts that the fan-out is done with.
    pub(crate) posts: AtomicUsize,
    /// Pages that came out of an inbox.
    pub(crate) inbox_pages: AtomicUsize,
    /// Inboxes made by a read.
    pub(crate) built: AtomicUsize,
    /// Inboxes dropped because their readers were away.
    pub(crate) hibernated: AtomicUsize,
    /// Authors whose outboxes were merged beside an inbox.
    pub(crate) pulled: AtomicUsize,
}

impl Default for Delivery {
    fn default() -> Self {
        Self::new(DeliveryOptions::default())
    }
}

impl Delivery {
    pub(crate) fn new(options: DeliveryOptions) -> Self {
        Self {
            options,
            inboxes: Inboxes::default(),
            levels: Levels::default(),
            deleted: HashSet::new(),
            fans: Mutex::default(),
            audiences: Mutex::default(),
            flights: RwLock::default(),
            joining: Mutex::default(),
            flying: AtomicUsize::new(0),
            thaw: Mutex::default(),
            thawing: AtomicBool::new(false),
            tally: Tally::default(),
            ranks: Ranks::default(),
            workload: Workload::default(),
        }
    }

    /// Begins anew under another policy: nothing is cached, everything is pulled until it is.
    pub(crate) fn restart(&mut self, options: DeliveryOptions, graph: &Graph, users: usize) {
        self.options = options;
        self.end_thaw();
        self.inboxes.clear();
        self.levels = Levels::default();
        self.deleted.clear();
        self.deleted.shrink_to_fit();
        self.flights_mut().clear();
        self.fans_mut().clear();
        self.audiences().clear();
        self.note_flights(0);
        self.grow(users);
        // Where size does not matter nobody is looked at: there may be a hundred million.
        let looked_at = if self.is_big(u32::MAX) { users } else { 0 };
        for user in (0..u32::try_from(looked_at).unwrap_or(u32::MAX)).map(Ordinal) {
            if self.is_big(graph.followers.count(user)) {
                self.set_big(user);
            }
        }
    }

    /// The bound of a reader who has no inbox yet.
    pub(crate) fn bound_new(&self) -> u8 {
        if self.options.policy == Policy::Adaptive { BOUND_NEW } else { BOUND_SMALL }
    }

    /// Makes room for `users` users.
    pub(crate) fn grow(&mut self, users: usize) {
        self.workload.grow(users);
        if self.is_on() {
            self.inboxes.grow(users);
            self.levels.grow(users);
        }
    }

    /// Whether anything is ever pushed.
    pub(crate) fn is_on(&self) -> bool {
        self.options.policy != Policy::Pull
    }

    /// Whether an author with so many followers is big, and it matters.
    fn is_big(&self, followers: u32) -> bool {
        let matters = matches!(self.options.policy, Policy::Threshold | Policy::ActiveFans);
        matters && self.options.big_author <= followers
    }

    /// Before anything can be wrong about it: nobody has an inbox, or a job is to follow.
    fn set_big(&mut self, author: Ordinal) {
        match self.options.policy {
            Policy::Threshold => {
                self.levels.set_pull(author, BIG);
                self.levels.set_push(author, BIG);
            }
            Policy::ActiveFans => self.fans_mut().begin(author),
            Policy::Pull | Policy::Push | Policy::Adaptive => {}
        }
    }

    pub(crate) fn flights(&self) -> RwLockReadGuard<'_, Flights> {
        self.flights.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn flights_mut(&mut self) -> &mut Flights {
        self.flights.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fans(&self) -> MutexGuard<'_, Fans> {
        self.fans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn audiences(&self) -> MutexGuard<'_, Audiences> {
        self.audiences.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See the field.
    pub(crate) fn joining(&self) -> MutexGuard<'_, ()> {
        self.joining.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fans_mut(&mut self) -> &mut Fans {
        self.fans.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a reader stands among the author's: by when they were active last, as if each step of their
    /// rank were a sixteenth of the active window later.
    pub(crate) fn standing(&self, activity: &Activity, reader: Ordinal, author: Ordinal) -> u64 {
        let active = activity.at(reader).map_or(0, |at| at.0);
        let step = self.options.active_window.as_millis() / 16;
        let step = u64::try_from(step).unwrap_or(u64::MAX);
        let bonus = u64::from(self.ranks.bonus(reader, author));
        active.saturating_add(bonus.saturating_mul(step))
    }

    /// Whether anything is on its way.
    pub(crate) fn is_flying(&self) -> bool {
        self.flying.load(Ordering::Acquire) != 0
    }

    fn note_flights(&self, count: usize) {
        self.flying.store(count, Ordering::Release);
    }

    /// Changes the flights and notes how many are left.
    pub(crate) fn with_flights<T>(&self, edit: impl FnOnce(&mut Flights) -> T) -> T {
        let mut flights = self.flights.write().unwrap_or_else(PoisonError::into_inner);
        let done = edit(&mut flights);
        self.note_flights(flights.waiting() + flights.jobs().len());
        done
    }

    /// Whether the post was deleted since it may have come into inboxes.
    pub(crate) fn is_deleted(&self, post: Sequence) -> bool {
        !self.deleted.is_empty() && self.deleted.contains(&post.0)
    }
}

impl Tally {
    pub(crate) fn count(counter: &AtomicUsize, by: usize) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn total(counter: &AtomicUsize) -> u64 {
        counter.load(Ordering::Relaxed) as u64
    }
}
