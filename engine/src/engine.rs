//! The engine: open, write, read, close. Wiring only; what happens stands in `commit`, `read`,
//! `views` and `log`.

mod broadcasts;
mod forgets;
mod marks;
mod moderation;
mod reposts;
mod users;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::backup::{Backup, backup, fill};
use crate::change::{Changes, ChangesQuery};
use crate::command::{Action, Command, Receipt};
use crate::commit::committer::{CommitStart, Committer};
use crate::commit::prepare::Prepared;
use crate::commit::queue::{QueueSender, queue};
use crate::commit::ticket::{Ticket, answered};
use crate::delivery::advise::{Advice, advise};
use crate::delivery::fanout::FanOut;
use crate::delivery::flights::FanOutProgress;
use crate::delivery::keep::{Kept, keep, load};
use crate::delivery::policy::DeliveryOptions;
use crate::delivery::rank_file;
use crate::delivery::thaw::thaw;
use crate::delivery::upkeep::{hibernate, purge};
use crate::error::{Error, ErrorKind, Result};
use crate::flush::flusher::Flusher;
use crate::forget::sweeper::Sweeper;
use crate::ids::{DatabaseId, Position, PostId, Sequence, UserId};
use crate::log::view::Log;
use crate::log::writer::{LocalLog, LogCounters, Start};
use crate::notice::{NoticesPage, NoticesQuery};
use crate::open::{Opened, Recovery, open_directory, recover};
use crate::options::Options;
use crate::query::{
    CommentsPage, CommentsQuery, CountedPage, CountedQuery, Counts, EdgePage, GroupList,
    GroupQuery, HomeSteps, MembersQuery, Page, PageRef, Post, ReactorsPage, ReactorsQuery, Scan,
    ScanQuery, Status, TimelineQuery,
};
use crate::read::content::Reach;
use crate::read::draft::Draft;
use crate::read::explain::{Explained, explain};
use crate::read::verify::{Verified, verify};
use crate::read::{changes, comments, edges, feed, groups, notices, reactors, scan};
use crate::resident::Resident;
use crate::retain::pass::Retention;
use crate::retain::retainer::{Retainer, round};
use crate::shared::Shared;
use crate::status::{self, Counters};
use crate::storage::Storage;
use crate::storage::catalog::Catalog;
use crate::storage::disk::DirectoryLock;
use crate::views::state::{Digests, State};
use crate::watch::event::WatchQuery;
use crate::watch::presence::{Online, online};
use crate::watch::tail::poll_above;
use crate::watch::teller::Teller;
use crate::watch::watch::Watch;

/// How long closing waits for posts to get into inboxes, so that these are worth keeping.
const DELIVERY_WAIT: Duration = Duration::from_secs(2);

/// An open feed database. Cheap to clone; all clones are one engine.
///
/// Writes go through one committer thread ([`submit`](Self::submit)); reads run on the caller's
/// thread and may wait for a disk, but for those of [`resident`](Self::resident). Dropping the last clone closes the
/// engine as [`close`](Self::close) does, but cannot tell of errors.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    catalog: Arc<Catalog>,
    queue: QueueSender,
    recovery: Recovery,
    /// The first sequence this engine could give to a record.
    first: Sequence,
    /// Held while a backup is made.
    backing_up: Mutex<()>,
    /// Taken by the first close.
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    retainer: Retainer,
    sweeper: Sweeper,
    committer: JoinHandle<Result<()>>,
    /// Stopped after the committer, who may be waiting for it.
    fan_out: FanOut,
    teller: Teller,
    /// Released after everything else.
    _lock: Option<DirectoryLock>,
}

impl Engine {
    /// Opens the database in `directory`, creating one if the directory is missing or empty.
    ///
    /// Fails with [`Unusable`](ErrorKind::Unusable) if the directory is in use (the message names
    /// the process), foreign or unreadable, and with [`Corrupt`](ErrorKind::Corrupt) if the log is
    /// damaged (the message names file and offset).
    pub fn open(directory: impl AsRef<Path>, options: Options) -> Result<Self> {
        let (storage, lock) = open_directory(directory.as_ref())?;
        Self::start(storage, options, Some(lock))
    }

    /// Opens the database in any [`Storage`]. The caller sees to it that nobody else does.
    pub fn open_on(storage: Arc<dyn Storage>, options: Options) -> Result<Self> {
        Self::start(storage, options, None)
    }

    fn start(
        storage: Arc<dyn Storage>,
        options: Options,
        lock: Option<DirectoryLock>,
    ) -> Result<Self> {
        let opened = recover(&storage, &options)?;
        let Opened { catalog, sealed, blocks, state, previous, next, recovery } = opened;
        let database = catalog.manifest().database;
        let (epoch, time) = (state.position.epoch, options.clock.now().max(state.time));
        let log = Arc::new(Log::new(sealed, blocks));
        let counters = Arc::new(LogCounters::default());
        let start = Start { database, epoch, previous, first: next, time };
        let catalog = Arc::new(catalog);
        let writer = LocalLog::begin(
            Arc::clone(&catalog),
            Arc::clone(&log),
            &options,
            start,
            Arc::clone(&counters),
        )?;
        let (sender, receiver) = queue(options.queue_commands_max);
        let mut state = state;
        state.restart_delivery(options.delivery);
        state.delivery.ranks.set_tag_weights(&options.tag_weights);
        // It is worth having only as of an orderly stop at this very position.
        let kept = Kept { database, position: state.position };
        load(&*storage, &mut state, kept);
        state.begin_workload(options.clock.now());
        let shared = Arc::new(Shared::new(database, options, state, log, counters));
        let flusher = Flusher::start(Arc::clone(&shared), Arc::clone(&catalog))?;
        flusher.damage_report().into_iter().for_each(|report| shared.report_damage_to(report));
        // A log whose last records were dropped goes further than what was replayed of it.
        let is_behind = catalog.manifest().covered < previous;
        let unflushed = recovery.records.max(u64::from(is_behind));
        let start = CommitStart { next, flusher, unflushed, time };
        let committer = Committer::new(Arc::clone(&shared), receiver, Box::new(writer), start)?;
        let committer = std::thread::Builder::new()
            .name("fanfold-commit".to_owned())
            .spawn(move || committer.run())
            .map_err(|error| Error::io("start the committer thread", error))?;
        // Deletes of an earlier run may be waiting.
        shared.retained.pend();
        let retainer = Retainer::start(Arc::clone(&shared), Arc::clone(&catalog), sender.clone())?;
        let sweeper = Sweeper::start(Arc::clone(&shared), sender.clone())?;
        let fan_out = FanOut::start(Arc::clone(&shared))?;
        let teller = Teller::start(&shared)?;
        let running = Running { retainer, sweeper, committer, fan_out, teller, _lock: lock };
        let running = Mutex::new(Some(running));
        let (queue, first) = (sender, next);
        let backing_up = Mutex::new(());
        let inner = Inner { shared, catalog, queue, recovery, first, backing_up, running };
        Ok(Self(Arc::new(inner)))
    }

    /// Hands a command to the committer. Never blocks: a full queue is [`Busy`](ErrorKind::Busy).
    /// Commands are decided in the order of the calls.
    pub fn submit(&self, command: Command) -> Result<Ticket> {
        let shared = &self.0.shared;
        if let Action::Touch { user } = command.action {
            command.validate()?;
            let (position, changed) = edges::touch(shared, user)?;
            return Ok(answered(Ok(Receipt { position, changed, ..Receipt::default() })));
        }
        if let Action::Tag { user, tag, is_set } = &command.action {
            command.validate()?;
            let (position, changed) = edges::tag(shared, *user, tag, *is_set)?;
            return Ok(answered(Ok(Receipt { position, changed, ..Receipt::default() })));
        }
        if let Some(fault) = shared.fault() {
            return Err(fault);
        }
        let prepared = shared.noticing(Prepared::new(command, shared))?;
        self.0.queue.submit(prepared)
    }

    /// Looks up in files what [`submit`](Self::submit) and the committer will look up for this
    /// command, so that they find it in memory. For commands that
    /// [`can_submit`](Resident::can_submit) says no to.
    pub fn look_ahead(&self, command: Command) -> Result<()> {
        let shared = &self.0.shared;
        shared.noticing(Prepared::new(command, shared)).map(|_| ())
    }

    /// [`submit`](Self::submit), then waits for the answer.
    pub fn write(&self, command: Command) -> Result<Receipt> {
        self.submit(command)?.wait()
    }

    /// What is in memory, for threads that must not wait for a disk.
    #[must_use]
    pub fn resident(&self) -> Resident<'_> {
        Resident::new(&self.0.shared)
    }

    /// The home feed: the posts of every author the user follows, newest first, minus deleted
    /// posts, minus authors who are muted or in an exclusive group of the user.
    pub fn home(&self, query: &TimelineQuery) -> Result<Page> {
        self.page(feed::home(&self.0.shared, query, Reach::Files))
    }

    /// The same page as of [`home`](Self::home), borrowed from the log: `look` sees it while nothing is locked.
    /// The fastest way to read a page within a process: no text is copied, no reference counted.
    pub fn see_home<R>(
        &self,
        query: &TimelineQuery,
        look: impl FnOnce(PageRef<'_>) -> R,
    ) -> Result<R> {
        self.read(|shared| {
            feed::home(shared, query, Reach::Files)?.map_or(Ok(None), |draft| draft.see(look))
        })
    }

    /// The feed of one of the user's groups: the posts of its members, newest first, minus deleted
    /// posts, minus members whom the owner has muted or between whom and the owner a block stands.
    /// [`NotFound`](ErrorKind::NotFound) if there is no such group; only the owner and the trusted
    /// application may ask.
    pub fn group(&self, query: &GroupQuery) -> Result<Page> {
        self.page(feed::group(&self.0.shared, query, Reach::Files))
    }

    /// The user's groups; only the user and the trusted application may ask. Looks at no file.
    pub fn groups(&self, user: UserId, viewer: Option<UserId>) -> Result<GroupList> {
        groups::groups(&self.0.shared, user, viewer)
    }

    /// Who is in one of the user's groups, newest first; only the user and the trusted application may
    /// ask. Looks at no file.
    pub fn members(&self, query: &MembersQuery) -> Result<EdgePage> {
        groups::members(&self.0.shared, query)
    }

    /// What the user published and did not delete.
    pub fn outbox(&self, query: &TimelineQuery) -> Result<Page> {
        self.page(feed::outbox(&self.0.shared, query, Reach::Files))
    }

    /// One post; [`NotFound`](ErrorKind::NotFound) if it is deleted or hidden from the viewer.
    pub fn post(&self, id: PostId, viewer: Option<UserId>) -> Result<(Position, Post)> {
        self.read(|shared| feed::post(shared, id, viewer, Reach::Files))
    }

    /// A page of posts as [`home`](Self::home), [`outbox`](Self::outbox) and [`group`](Self::group)
    /// give it, and of each post what it was responded with, all at one position.
    pub fn counted(&self, query: &CountedQuery) -> Result<CountedPage> {
        self.read(|shared| feed::counted(shared, query, Reach::Files))
    }

    /// [`post`](Self::post), and what it was responded with.
    pub fn counted_post(
        &self,
        id: PostId,
        viewer: Option<UserId>,
    ) -> Result<(Position, Post, Counts)> {
        self.read(|shared| feed::counted_post(shared, id, viewer, Reach::Files))
    }

    /// Comments on a post, less those whose authors are hidden from the viewer.
    /// [`NotFound`](ErrorKind::NotFound) where [`post`](Self::post) is.
    pub fn comments(&self, query: &CommentsQuery) -> Result<CommentsPage> {
        self.read(|shared| comments::comments(shared, query, Reach::Files))
    }

    /// Who reacted to a post or a comment, less those who are hidden from the viewer, newest first.
    /// [`NotFound`](ErrorKind::NotFound) if the target is deleted or hidden itself, or is on a post that is.
    pub fn reactors(&self, query: &ReactorsQuery) -> Result<ReactorsPage> {
        self.read(|shared| reactors::reactors(shared, query, Reach::Files))
    }

    /// What concerns a user: who mentions them, comments, reacts, reposts and follows, grouped by what it is about,
    /// newest group first. Without what was undone, and without those whom the user has muted, who block
    /// them or are blocked by them, and without what is on posts that the user does not see. Only the user and
    /// the trusted application may ask.
    pub fn notices(&self, query: &NoticesQuery) -> Result<NoticesPage> {
        self.read(|shared| notices::notices(shared, query, Reach::Files))
    }

    fn page(&self, draft: Result<Option<Draft<'_>>>) -> Result<Page> {
        self.read(|_| draft?.map_or(Ok(None), |draft| draft.page()))
    }

    /// A read that may go to files has an answer.
    fn read<T>(&self, read: impl FnOnce(&Shared) -> Result<Option<T>>) -> Result<T> {
        let shared = &self.0.shared;
        let ended = || Error::new(ErrorKind::Internal, "a read of files ended in memory");
        shared.noticing(read(shared))?.ok_or_else(ended)
    }

    /// One step of a walk through everything that holds, in log order.
    pub fn scan(&self, query: &ScanQuery) -> Result<Scan> {
        self.0.shared.noticing(scan::scan(&self.0.shared, query))
    }

    /// A part of the change stream: the committed and applied changes above a position, in order.
    /// May wait for a disk. [`Trimmed`](ErrorKind::Trimmed) if changes above it were dropped, because
    /// they hold no longer; from the very beginning one can always go on.
    /// [`Conflict`](ErrorKind::Conflict) if the position is of another epoch;
    /// [`Denied`](ErrorKind::Denied) to anybody but the trusted application.
    pub fn changes(&self, query: &ChangesQuery, viewer: Option<UserId>) -> Result<Changes> {
        changes::check_viewer(viewer)?;
        self.0.shared.noticing(changes::changes(&self.0.shared, &self.0.catalog, query))
    }

    /// Ready once something is committed above `after`; else the task is woken when it may be.
    pub fn poll_above(&self, after: Sequence, context: &mut Context<'_>) -> Poll<Result<()>> {
        poll_above(&self.0.shared, after, context)
    }

    /// Tells what happens to a home from now on, or from where it was told before. May wait for a
    /// disk. [`Conflict`](ErrorKind::Conflict) if the position is of another epoch.
    pub fn watch(&self, query: &WatchQuery) -> Result<Watch> {
        self.0.shared.noticing(Watch::begin(&self.0.shared, query))
    }

    /// Who is online around a user: their followees, and how many of their followers. Online is who
    /// is watched, or was touched within the last minute. Only the user and the trusted application
    /// may ask.
    pub fn online(&self, user: UserId, viewer: Option<UserId>) -> Result<Online> {
        self.0.shared.noticing(online(&self.0.shared, user, viewer))
    }

    /// Makes a backup in `directory`, which must not exist: everything up to one position, and nothing
    /// above. Everything else goes on. Waits until all of it is durable.
    pub fn backup(&self, directory: impl AsRef<Path>) -> Result<Backup> {
        let Inner { shared, catalog, queue, backing_up, .. } = &*self.0;
        let Ok(_one_at_a_time) = backing_up.try_lock() else {
            let what = "another backup is being made; wait for it";
            return Err(Error::new(ErrorKind::Busy, what));
        };
        backup(shared, catalog, queue, directory.as_ref())
    }

    /// [`backup`](Self::backup) into an empty storage.
    pub fn backup_to(&self, target: &dyn Storage) -> Result<Backup> {
        let Inner { shared, catalog, queue, .. } = &*self.0;
        fill(shared, catalog, queue, target)
    }

    /// Erases the texts of all posts deleted so far and packs what has become old, now instead of
    /// within [`erase_within`](Options::erase_within). Waits for it; everything else goes on.
    pub fn retain(&self) -> Result<Retention> {
        let orders = {
            let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.as_ref().and_then(|running| running.retainer.orders())
        };
        let closed = || Error::new(ErrorKind::Closed, "the engine was closed");
        round(&orders.ok_or_else(closed)?)
    }

    /// How posts are delivered at present.
    pub fn delivery(&self) -> Result<DeliveryOptions> {
        Ok(self.0.shared.state()?.delivery.options)
    }

    /// Delivers posts in another way from now on. Every read stays exact; inboxes are made anew by the
    /// next reads.
    pub fn set_delivery(&self, options: DeliveryOptions) -> Result<()> {
        self.0.shared.change(|state| state.restart_delivery(options))
    }

    /// What each delivery policy costs, for what was read and published within the last half hour to
    /// hour: estimates, from a sample of the readers. Holds nobody up for longer than a page does;
    /// may wait for a disk.
    pub fn advise(&self) -> Result<Advice> {
        self.0.shared.noticing(advise(&self.0.shared))
    }

    /// Waits until all posts committed so far are in the inboxes that they belong in. False if that
    /// took longer than `most`.
    pub fn settle_delivery(&self, most: Duration) -> bool {
        self.0.shared.fan_out.wait_for_rest(most)
    }

    /// Drops what delivery keeps and need not: inboxes of readers who were away for longer than the
    /// active window, which happens by itself within seconds; and deleted posts in the others, which happens by
    /// itself once there are many.
    pub fn tidy_inboxes(&self) -> Result<()> {
        let shared = &self.0.shared;
        let readers = shared.state()?.delivery.inboxes.users();
        hibernate(shared, &readers)?;
        purge(shared)
    }

    /// Reads a page of a home and tells what that took.
    pub fn explain_home(&self, query: &TimelineQuery) -> Result<HomeSteps> {
        self.0.shared.noticing(feed::explain_home(&self.0.shared, query))
    }

    /// How far the fan-out is with a post. `None` if it is in every inbox that it belongs in, or no
    /// post.
    pub fn fan_out(&self, post: PostId) -> Result<Option<FanOutProgress>> {
        let state = self.0.shared.state()?;
        let flights = state.delivery.flights();
        Ok(flights.progress(post.into()))
    }

    /// Why a post is in a user's home, or why it is not. What they muted and blocked is nobody else's
    /// business: another viewer is [`Denied`](ErrorKind::Denied).
    pub fn explain(&self, user: UserId, post: PostId, viewer: Option<UserId>) -> Result<Explained> {
        if let Some(viewer) = viewer.filter(|viewer| *viewer != user) {
            let what = format!("user {viewer} cannot ask about the home of user {user}");
            return Err(Error::new(ErrorKind::Denied, what));
        }
        self.0.shared.noticing(explain(&self.0.shared, (user, viewer), post))
    }

    /// Compares the newest thousand entries of a user's home with a naive merge, at one position.
    pub fn verify(&self, user: UserId) -> Result<Verified> {
        self.0.shared.noticing(verify(&self.0.shared, user))
    }

    /// The 16 bytes that name this database.
    #[must_use]
    pub fn database_id(&self) -> DatabaseId {
        self.0.shared.database
    }

    /// The engine's state for operators.
    pub fn status(&self) -> Result<Status> {
        status::status(&self.0.shared, self.counters()?)
    }

    /// The engine's numbers for metrics.
    pub fn counters(&self) -> Result<Counters> {
        status::counters(&self.0.shared, &self.0.catalog.manifest(), self.0.queue.depth())
    }

    /// What opening found and did.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.0.recovery
    }

    /// The last home that the auditor found to be wrong, if any: a bug of ours.
    #[must_use]
    pub fn audit_failure(&self) -> Option<String> {
        self.0.shared.audited.findings().last
    }

    /// Why no more writes are taken, if so.
    #[must_use]
    pub fn unavailable_reason(&self) -> Option<Error> {
        self.0.shared.fault()
    }

    /// The canonical digest of each view at the newest position. Reads everything under the state
    /// lock: for tests and audits.
    pub fn digests(&self) -> Result<Digests> {
        self.0.shared.noticing(self.0.shared.state()?.digests())
    }

    /// Finishes what was submitted, syncs and seals the log, marks the directory as cleanly closed.
    /// Later writes fail with [`Closed`](ErrorKind::Closed); reads go on. Closing twice is fine.
    pub fn close(&self) -> Result<()> {
        self.0.close()
    }
}

#[cfg(test)]
impl Engine {
    /// What is inside, for tests of single parts.
    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// The same, to keep.
    pub(crate) fn shared_arc(&self) -> Arc<Shared> {
        Arc::clone(&self.0.shared)
    }

    /// From now on nothing is delivered but by the test.
    pub(crate) fn stop_fan_out(&self) {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.iter_mut().for_each(|running| running.fan_out.stop());
    }

    /// The opposite.
    pub(crate) fn resume_fan_out(&self) {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        for running in running.iter_mut() {
            running.fan_out = FanOut::start(Arc::clone(&self.0.shared)).unwrap();
        }
    }
}

impl Inner {
    fn close(&self) -> Result<()> {
        let mut slot = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut running) = slot.take() else { return Ok(()) };
        running.sweeper.stop();
        running.retainer.stop();
        self.queue.close();
        let panicked = |_| Error::new(ErrorKind::Internal, "the committer thread panicked");
        let committed = running.committer.join().map_err(panicked);
        running.teller.stop();
        if self.shared.state()?.delivery.is_flying() {
            self.shared.fan_out.wait_for_rest(DELIVERY_WAIT);
        }
        running.fan_out.stop();
        committed??;
        let position = self.shared.state()?.position;
        self.keep_inboxes(position);
        self.keep_ranks();
        // An epoch that began here stays begun, even if nothing was written in it.
        let floor = position.sequence.next().max(self.first);
        self.catalog.change(|manifest| {
            manifest.epoch = position.epoch;
            manifest.clean = Some(position.sequence);
            manifest.newest_segment = Sequence(0);
            manifest.floor = floor;
        })
    }
}

impl Inner {
    /// Nothing is lost without them but time: what goes wrong here is left at that.
    fn keep_inboxes(&self, position: Position) {
        let kept = Kept { database: self.shared.database, position };
        // What has not come back since the start is worth keeping, too.
        while thaw(&self.shared).unwrap_or(false) {}
        let _purged = purge(&self.shared);
        let state = self.shared.state();
        let _ = state.and_then(|state| keep(self.catalog.storage(), &state.delivery, kept));
    }
}

impl Inner {
    /// A hint: what cannot be written is lost.
    fn keep_ranks(&self) {
        let _ = self.shared.change(|state| {
            state.delivery.ranks.freeze(state.position.sequence);
        });
        let lend = |look: &mut dyn FnMut(&State)| {
            look(&*self.shared.state()?);
            Ok(())
        };
        let _ = rank_file::write(self.catalog.storage(), self.shared.database, &lend);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Errors of an orderly stop are told by `close`; here nobody listens.
        let _ = self.close();
    }
}

impl Counters {
    /// Reads one atomic counter.
    pub(crate) fn load(counter: &std::sync::atomic::AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}
