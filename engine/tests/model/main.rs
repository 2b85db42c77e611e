//! Random histories against the oracle: commands, retries, reads of every kind, reopens with other
//! options, crashes. `FANFOLD_SEED` replays one seed, `FANFOLD_SEEDS` runs that many.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

mod users;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::collapse::check_at_random;
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::broadcasts::{ModelEntry, ModelSession};
use fanfold_engine::testing::model::{Expected, IdPage, Model, ModelLimits, ModelUnread};
use fanfold_engine::testing::removals::forget_some;
use fanfold_engine::testing::seed::seed_or;
use fanfold_engine::testing::workload::{Workload, names_above};
use fanfold_engine::{
    Action, BroadcastAction, BroadcastsPage, BroadcastsQuery, Command, CountedQuery, DeviceMark,
    Durability, Engine, ErrorKind, FullQuery, MarksQuery, Options, Original, PageEnd, PostId,
    Receipt, Result, SEGMENT_BYTES_MIN, SessionId, Storage, TimelineQuery, Unread, UnreadQuery,
    UserId, check_storage,
};
use users::edges;

const FOLLOWEES_MAX: usize = 6;

const LIMITS: ModelLimits = ModelLimits {
    followees: FOLLOWEES_MAX,
    friends: FOLLOWEES_MAX + 1,
    requests: 3,
    groups: 2,
    members: 3,
    devices: 3,
    board: 3,
};

/// An engine, the oracle beside it, and the disk beneath.
struct Pair {
    engine: Engine,
    model: Model,
    storage: MemoryStorage,
    workload: Workload,
    /// A feed of broadcasts that somebody goes on reading, and the last entry they saw.
    reading: Option<(SessionId, ModelSession, Option<u64>)>,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let storage = MemoryStorage::default();
        let mut workload = Workload::new(seed, 9).forgetting();
        if workload.random.one_in(4) {
            // Long texts, so that segments roll and pages end by their bytes.
            workload.text_bytes_max = 64 * 1024;
        }
        let engine = open(&storage, &mut workload);
        let mut model = Model::new(FOLLOWEES_MAX);
        model.limits = LIMITS;
        Self { engine, model, storage, workload, reading: None }
    }

    fn write(&mut self, context: &str) {
        self.workload.knows(self.model.some_broadcasts());
        let command = self.workload.command(self.model.last);
        let answer = self.engine.write(command.clone());
        note(&mut self.workload, &answer);
        settle(&mut self.model, &command, &answer, context);
    }

    /// Several commands submitted before the first is answered: one or few groups.
    fn write_batch(&mut self, context: &str) {
        let last = self.model.last;
        let count = self.workload.random.below(30) + 2;
        let commands: Vec<_> = (0..count)
            .map(|_| self.workload.command(last))
            .filter(|command| !names_above(command, last))
            .collect();
        let tickets: Vec<_> =
            commands.iter().map(|command| self.engine.submit(command.clone())).collect();
        for (command, ticket) in commands.iter().zip(tickets) {
            let answer = ticket.and_then(|ticket| ticket.wait());
            note(&mut self.workload, &answer);
            settle(&mut self.model, command, &answer, context);
        }
    }

    fn read_pages(&mut self, context: &str) -> TimelineQuery {
        let last = self.model.last;
        let query = self.workload.timeline(last);
        let context = format!("{context}: {query:?}");
        let home = self.engine.home(&query).unwrap();
        // What a read finds in memory is what it finds with files.
        if let Some(resident) = self.engine.resident().home(&query).unwrap() {
            assert_eq!(resident, home, "resident home {context}");
        }
        assert_eq!(home.position.sequence.0 & 0xffff_ffff, last & 0xffff_ffff, "{context}");
        let ids: Vec<_> = home.posts.iter().map(|post| post.id.0).collect();
        assert_eq!((ids, home.end), self.model.home(&query), "home {context}");
        for post in &home.posts {
            self.check_post(post, query.viewer.or(Some(query.user)), &context);
        }
        let outbox = self.engine.outbox(&query).unwrap();
        if let Some(resident) = self.engine.resident().outbox(&query).unwrap() {
            assert_eq!(resident, outbox, "resident outbox {context}");
        }
        let page: IdPage = (outbox.posts.iter().map(|post| post.id.0).collect(), outbox.end);
        assert_eq!(page, self.model.outbox(&query), "outbox {context}");
        outbox.posts.iter().for_each(|post| self.check_post(post, query.viewer, &context));
        let collapsed = check_at_random(&self.engine, &self.model, &mut self.workload).unwrap();
        assert_eq!(collapsed, Ok(()), "{context}");
        query
    }

    /// What is there of those who are being forgotten shows nowhere.
    fn read(&mut self, context: &str) {
        let Cow::Owned(shown) = self.model.shown() else { return self.read_all(context) };
        let model = std::mem::replace(&mut self.model, shown);
        self.read_all(&format!("{context}, {:?} being forgotten", model.being_forgotten()));
        self.model = model;
    }

    fn read_all(&mut self, context: &str) {
        let query = self.read_pages(context);
        self.read_groups(context);
        self.read_counts(&query, context);
        self.read_responses(context);
        self.read_notices(context);
        self.read_moderated(context);
        self.read_marks(context);
        self.read_broadcasts(context);
        self.read_edges(context);
        self.read_users(context);
    }

    fn read_moderated(&mut self, context: &str) {
        let query = self.workload.moderated(self.model.last);
        let page = self.engine.moderated(&query).unwrap();
        let rows = page.moderated.iter();
        let rows = rows.map(|row| (row.user.0, row.post.map(|post| post.0), row.since.0));
        let found = (rows.collect(), page.end);
        assert_eq!(found, self.model.moderated(&query), "moderated {context}: {query:?}");
    }

    fn read_groups(&mut self, context: &str) {
        let query = self.workload.group(self.model.last);
        let context = format!("{context}: {query:?}");
        let feed = self.engine.group(&query);
        match self.model.group(&query) {
            Some(expected) => {
                let feed = feed.unwrap();
                if let Some(resident) = self.engine.resident().group(&query).unwrap() {
                    assert_eq!(resident, feed, "resident group {context}");
                }
                let ids: Vec<_> = feed.posts.iter().map(|post| post.id.0).collect();
                assert_eq!((ids, feed.end), expected, "group {context}");
                let reader = query.page.viewer.or(Some(query.page.user));
                feed.posts.iter().for_each(|post| self.check_post(post, reader, &context));
            }
            None => assert_eq!(feed.unwrap_err().kind(), ErrorKind::NotFound, "{context}"),
        }
        let query = self.workload.members(self.model.last);
        let page = self.engine.members(&query).ok();
        let found = page.map(|page| (edges(&page), page.end));
        assert_eq!(found, self.model.members(&query), "members {context}: {query:?}");
        let user = query.page.user;
        let list = self.engine.groups(user, None).unwrap().groups.into_iter();
        let list: Vec<_> =
            list.map(|g| (g.id.0, g.name.to_string(), g.exclusive, g.members)).collect();
        assert_eq!(list, self.model.group_list(user), "groups of {user}, {context}");
    }

    /// The same pages, counted.
    fn read_counts(&self, query: &TimelineQuery, context: &str) {
        let (home, outbox) = (CountedQuery::Home(*query), CountedQuery::Outbox(*query));
        for (query, viewer) in [(home, query.viewer.or(Some(query.user))), (outbox, query.viewer)] {
            let counted = self.engine.counted(&query).unwrap();
            let plain = match &query {
                CountedQuery::Home(query) => self.engine.home(query).unwrap(),
                CountedQuery::Outbox(query) => self.engine.outbox(query).unwrap(),
                CountedQuery::Group(group) => self.engine.group(group).unwrap(),
            };
            assert_eq!(counted.page, plain, "{context}");
            let expected: Vec<_> =
                plain.posts.iter().map(|post| self.model.counts_of(post.id.0, viewer)).collect();
            assert_eq!(counted.counts, expected, "counts of {query:?}, {context}");
            self.read_originals(&query, viewer, context);
        }
    }

    /// And with what reposts refer to.
    fn read_originals(&self, of: &CountedQuery, viewer: Option<UserId>, context: &str) {
        let counted = self.engine.counted(of).unwrap();
        let query = FullQuery {
            of: of.clone(),
            counts: true,
            originals: true,
            groups: true,
            collapse: None,
        };
        let full = self.engine.full_page(&query).unwrap();
        if let Some(resident) = self.engine.resident().full_page(&query).unwrap() {
            assert_eq!(resident, full, "resident originals {context}");
        }
        let shown = full.page.posts.len();
        assert!(shown == counted.page.posts.len() || full.page.end == PageEnd::Bytes, "{context}");
        assert_eq!(full.counts.len(), shown, "{context}");
        let links = full.page.posts.iter().filter_map(|post| post.repost);
        let mut roots: Vec<u64> = links.map(|link| link.root.0).collect();
        roots.sort_unstable_by(|one, other| other.cmp(one));
        roots.dedup();
        let ids: Vec<u64> = full.originals.iter().map(|original| original.id().0).collect();
        assert_eq!(ids, roots, "{context}");
        for (original, counts) in full.originals.iter().zip(&full.original_counts) {
            let expected = &self.model.posts[&original.id().0];
            match original {
                Original::Post(post) => {
                    assert!(!expected.deleted, "{context}");
                    self.check_post(post, viewer, context);
                    assert_eq!(*counts, self.model.counts_of(post.id.0, viewer), "{context}");
                }
                Original::Deleted { author, .. } => {
                    assert_eq!((expected.deleted, *author), (true, expected.author), "{context}");
                }
            }
        }
        let names = full.page.posts.iter().enumerate().map(|(place, post)| {
            let came_by = full.came_by.of(place).map(|name| name.as_str().to_owned());
            (post.author, came_by.collect::<Vec<_>>())
        });
        for (author, names) in names {
            assert_eq!(names, self.model.groups_with(viewer, author), "{context}");
        }
        let plain = FullQuery { counts: false, groups: false, ..query };
        let plain = self.engine.full_page(&plain).unwrap();
        assert_eq!((plain.page, plain.originals), (full.page, full.originals), "{context}");
    }

    fn read_responses(&mut self, context: &str) {
        let query = self.workload.comments(self.model.last);
        let context = format!("{context}: {query:?}");
        let page = self.engine.comments(&query);
        let found = page
            .as_ref()
            .ok()
            .map(|page| (page.comments.iter().map(|c| c.id.0).collect(), page.end, page.total));
        assert_eq!(found, self.model.comments_page(&query), "comments {context}");
        for comment in page.iter().flat_map(|page| &page.comments) {
            let expected = &self.model.responses.comments[&comment.id.0];
            assert_eq!(comment.author, expected.author, "{context}");
            assert_eq!(&comment.text[..], &expected.text[..], "{context}");
            assert_eq!(comment.mentions, expected.mentions, "{context}");
            assert_eq!(comment.answers.map(|id| id.0), expected.answers, "{context}");
            let counts = self.model.counts_of(comment.id.0, query.viewer);
            assert_eq!(comment.counts, counts, "{context}");
        }
        if let Ok(Some(resident)) = self.engine.resident().comments(&query) {
            assert_eq!(resident, page.unwrap(), "resident comments {context}");
        }
        let query = self.workload.reactors(self.model.last);
        let context = format!("{context}: {query:?}");
        let page = self.engine.reactors(&query);
        let found = page.as_ref().ok().map(|page| {
            let reactors = page.reactors.iter();
            (reactors.map(|r| (r.user.0, r.kind, r.sequence.0)).collect(), page.end)
        });
        assert_eq!(found, self.model.reactors_page(&query), "reactors {context}");
        if let Ok(Some(resident)) = self.engine.resident().reactors(&query) {
            assert_eq!(resident, page.unwrap(), "resident reactors {context}");
        }
        self.read_reposters(&context);
        let counters = self.engine.counters().unwrap();
        assert_eq!(counters.reposts, self.model.standing_reposts(), "{context}");
        let standing = (counters.reactions, counters.comments);
        assert_eq!(standing, self.model.standing_responses(), "{context}");
    }

    fn read_reposters(&mut self, context: &str) {
        let query = self.workload.reposters(self.model.last);
        let context = format!("{context}: {query:?}");
        let page = self.engine.reposters(&query);
        let found = page.as_ref().ok().map(|page| {
            let reposters = page.reposters.iter();
            let reposters = reposters.map(|r| (r.user.0, r.repost.0, r.is_quote)).collect();
            (page.root.0, reposters, page.end)
        });
        assert_eq!(found, self.model.reposters_page(&query), "reposters {context}");
        if let Ok(Some(resident)) = self.engine.resident().reposters(&query) {
            let page = page.unwrap();
            assert_eq!(resident, page, "resident reposters {context}");
            assert_eq!(page.total, u64::from(self.model.repost_count(page.root.0)), "{context}");
        }
    }

    fn read_notices(&mut self, context: &str) {
        let query = self.workload.notices(self.model.last);
        let context = format!("{context}: {query:?}");
        let page = self.engine.notices(&query).unwrap();
        let groups = page.groups.iter().map(|group| {
            let about = (group.kind, group.post.map(|id| id.0), group.comment.map(|id| id.0));
            let actors = group.actors.iter().map(|actor| actor.0).collect();
            (about, actors, group.count, group.newest.0, group.is_unread)
        });
        let found = (groups.collect(), page.end, page.unread, page.read_up_to.0);
        assert_eq!(found, self.model.notices(&query), "notices {context}");
        if let Some(resident) = self.engine.resident().notices(&query).unwrap() {
            assert_eq!(resident, page, "resident notices {context}");
        }
    }

    fn read_marks(&mut self, context: &str) {
        let query = self.workload.unread(self.model.last);
        let context = format!("{context}: {query:?}");
        let unread = self.engine.unread(&query);
        match self.model.unread(&query) {
            Some(expected) => {
                let unread = unread.unwrap();
                assert_eq!(unread_of(&unread), expected, "unread {context}");
                if let Some(resident) = self.engine.resident().unread(&query).unwrap() {
                    assert_eq!(resident, unread, "resident unread {context}");
                }
            }
            None => assert_eq!(unread.unwrap_err().kind(), ErrorKind::NotFound, "{context}"),
        }
        let UnreadQuery { user, feed, .. } = query;
        let expected = self.model.mark_list(user, &feed);
        let marks = self.engine.marks(&MarksQuery { user, feed, viewer: Some(user) }).ok();
        let device = |mark: &DeviceMark| (mark.device, mark.post.0);
        let marks = marks.map(|it| (it.mark.0, it.devices.iter().map(device).collect()));
        assert_eq!(marks, expected, "marks {context}");
    }

    fn read_broadcasts(&mut self, context: &str) {
        let (id, viewer) = (self.workload.broadcast_id(self.model.last), self.workload.viewer());
        let card = self.engine.broadcast(id, viewer).ok();
        let found = card.map(|card| ModelEntry::of(&card.broadcast));
        assert_eq!(found, self.model.broadcast(id.0, viewer), "broadcast {id}, {context}");
        match self.reading.take().filter(|_| !self.workload.random.one_in(9)) {
            Some(reading) => self.read_on(reading, context),
            None => self.begin_to_read(context),
        }
    }

    fn begin_to_read(&mut self, context: &str) {
        let (user, viewer) = (self.workload.user(), self.workload.viewer());
        let limit = usize::try_from(self.workload.random.below(5) + 1).unwrap();
        let device = self.workload.random.one_in(2).then_some(7);
        let page = BroadcastsPage::First { device };
        let query = BroadcastsQuery { user, viewer, page, limit };
        let feed = self.engine.broadcasts(&query).unwrap();
        let session = self.model.begin_session(user, viewer);
        let expected = self.model.session_page(&session, None, limit);
        assert_eq!(ModelEntry::page(&feed), expected, "broadcasts {query:?}, {context}");
        if let Some(mut resident) = self.engine.resident().broadcasts(&query).unwrap() {
            assert_ne!(resident.session, feed.session, "{context}");
            if device.is_none() {
                resident.session = feed.session;
                assert_eq!(resident, feed, "resident broadcasts {query:?}, {context}");
            } else {
                return;
            }
        }
        let last = feed.broadcasts.last().map(|last| last.cursor());
        self.reading = Some((feed.session, session, last));
    }

    /// The next page of a session, whatever was written since.
    fn read_on(
        &mut self,
        (session, frozen, after): (SessionId, ModelSession, Option<u64>),
        context: &str,
    ) {
        let limit = usize::try_from(self.workload.random.below(3) + 1).unwrap();
        let ModelSession { user, viewer, .. } = frozen;
        let page = BroadcastsPage::Next { session, after };
        let query = BroadcastsQuery { user, viewer, page, limit };
        let feed = self.engine.broadcasts(&query).unwrap();
        let expected = self.model.session_page(&frozen, after, limit);
        assert_eq!(ModelEntry::page(&feed), expected, "broadcasts {query:?}, {context}");
        let last = feed.broadcasts.last().map(|last| last.cursor());
        self.reading = last.map(|last| (session, frozen, Some(last)));
    }

    /// Rewrites segments; nothing that anybody can read changes.
    fn retain(&mut self, context: &str) {
        let digests = self.engine.digests().unwrap();
        let done = self.engine.retain().unwrap();
        assert_eq!(self.engine.digests().unwrap(), digests, "{context}: {done:?}");
        assert!(done.erased.0 & 0xffff_ffff <= self.model.last & 0xffff_ffff, "{context}");
    }

    /// Removes some of what there is of those who are being forgotten, or all of it.
    fn forget(&mut self, context: &str) {
        let some = self.workload.random.below(12);
        let most = if self.workload.random.one_in(4) { u64::MAX } else { some };
        if let Err(error) = forget_some(&self.engine, &mut self.model, most) {
            // A round of retention dropped what was removed before anybody has seen it.
            assert_eq!(error.kind(), ErrorKind::Trimmed, "{context}: {error}");
            self.engine.finish_forgetting().unwrap();
            let last = self.engine.position().unwrap().sequence.0;
            for (_, user) in self.model.being_forgotten() {
                self.model.finish_forget(UserId(user), last);
            }
        }
        let listed = self.engine.forgotten(None).unwrap().users;
        let listed: Vec<_> = listed.iter().map(|it| (it.since.0, it.user.0)).collect();
        assert_eq!(listed, self.model.being_forgotten(), "{context}");
    }

    /// Closes or kills the engine and opens what is left, with other options.
    fn reopen(&mut self, context: &str) {
        let digests = self.engine.digests().unwrap();
        let crash = self.workload.random.one_in(2);
        let survivor = if crash { self.storage.image() } else { self.storage.clone() };
        self.engine.close().unwrap();
        let report = check_storage(&survivor).unwrap();
        assert!(report.is_clean(), "{context}: {:?}", report.damage);
        let without_views = self.workload.random.one_in(2);
        if without_views {
            // The views must come out of the log alone, whatever retention left of it.
            let files = survivor.list().unwrap().into_iter();
            let views = files.filter(|name| name.ends_with(".view"));
            views.for_each(|name| survivor.remove(&name).unwrap());
        }
        self.engine = open(&survivor, &mut self.workload);
        self.storage = survivor;
        if let Some((session, ModelSession { user, viewer, .. }, after)) = self.reading.take() {
            let page = BroadcastsPage::Next { session, after };
            let query = BroadcastsQuery { user, viewer, page, limit: 1 };
            let over = self.engine.broadcasts(&query).unwrap_err();
            assert_eq!(over.kind(), ErrorKind::NotFound, "{context}: sessions end with the engine");
        }
        let rebuilt = &self.engine.recovery().rebuilt;
        assert!(without_views || rebuilt.is_none(), "{context}: {rebuilt:?}");
        assert_eq!(self.engine.recovery().clean, !crash, "{context}");
        assert_eq!(self.engine.digests().unwrap(), digests, "{context}");
    }
}

/// Later responses go to what came to be.
fn note(workload: &mut Workload, answer: &Result<Receipt>) {
    let new = answer.as_ref().ok().and_then(|receipt| receipt.post);
    new.into_iter().for_each(|id| workload.note(id));
}

fn unread_of(unread: &Unread) -> ModelUnread {
    (unread.mark.0, unread.count, unread.is_more, unread.oldest.map(|post| post.0))
}

fn open(storage: &MemoryStorage, workload: &mut Workload) -> Engine {
    let options = Options {
        durability: match workload.random.below(3) {
            0 => Durability::Fsync,
            1 => Durability::Interval(Duration::from_millis(workload.random.below(5))),
            _ => Durability::Os,
        },
        segment_bytes: SEGMENT_BYTES_MIN + workload.random.below(3) * 100_000,
        // When something is removed is for the test to say.
        forget_at_once: 0,
        hold_entries: if workload.random.one_in(2) { 3 } else { 2_048 },
        followees_max: FOLLOWEES_MAX,
        friends_max: LIMITS.friends,
        requests_max: LIMITS.requests,
        groups_max: LIMITS.groups,
        members_max: LIMITS.members,
        devices_max: LIMITS.devices,
        board_max: LIMITS.board,
        flush_records: match workload.random.below(4) {
            0 => 1,
            1 => 20,
            2 => 150,
            _ => 1_000_000,
        },
        // Everything that is sealed is packed for the long term, or nothing.
        cold_after: Duration::from_secs(workload.random.below(2) * 1_000_000),
        // Nothing, some fifty records, everything.
        memory_budget: match workload.random.below(3) {
            0 => 0,
            1 => 1_000,
            _ => 1 << 30,
        },
        ..Options::default()
    };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

/// Compares an answer with the oracle's and tells the oracle what was accepted.
fn settle(model: &mut Model, command: &Command, answer: &Result<Receipt>, context: &str) {
    let expected = model.expect(command);
    match (expected, answer) {
        (Expected::Changed, Ok(receipt)) if receipt.changed => {
            assert_eq!(receipt.requested, model.is_request(command), "{context}");
            model.apply(command, receipt.position.sequence.0);
            assert_eq!(receipt.post, new_post(command, receipt), "{context}");
        }
        (Expected::Unchanged, Ok(receipt)) if !receipt.changed => {
            assert_eq!(receipt.requested, model.is_request(command), "{context}");
            let first = model.first_repost(&command.action).map(PostId);
            assert_eq!(receipt.post, first, "{context}");
        }
        (Expected::Unchanged, Ok(_))
            if matches!(command.action, Action::Touch { .. } | Action::Tag { .. }) => {}
        (Expected::Repeated(at), Ok(receipt)) => {
            assert_eq!((receipt.position.sequence.0, receipt.changed), (at, true), "{context}");
            assert_eq!(receipt.requested, model.was_requested(command), "{context}");
            assert_eq!(receipt.post, new_post(command, receipt), "{context}");
        }
        (Expected::Refused(kind), Err(error)) if error.kind() == kind => {}
        // Of what is deleted and erased the engine does not know that it was theirs who are being forgotten.
        (Expected::Refused(ErrorKind::Conflict), Err(error))
            if model.may_refuse(command, error.kind()) => {}
        _ => panic!("{context}: {command:?} was answered {answer:?}, expected {expected:?}"),
    }
}

/// The id of what came to be with the record that a receipt names, if anything did.
fn new_post(command: &Command, receipt: &Receipt) -> Option<PostId> {
    let is_new = matches!(
        command.action,
        Action::Publish(_)
            | Action::Repost { .. }
            | Action::Comment { .. }
            | Action::Broadcast(BroadcastAction::End { .. })
    );
    is_new.then(|| PostId::from(receipt.position.sequence))
}

fn run(seed: u64, steps: u64) {
    let mut pair = Pair::new(seed);
    for step in 0..steps {
        let context = format!("seed {seed} step {step}");
        match pair.workload.random.below(40) {
            0 => pair.reopen(&context),
            39 => pair.retain(&context),
            37..=38 if !pair.model.being_forgotten().is_empty() => pair.forget(&context),
            1..=3 => pair.write_batch(&context),
            4..=19 => pair.write(&context),
            _ => pair.read(&context),
        }
    }
}

#[test]
fn random_histories_equal_the_oracle() {
    let first = seed_or(1);
    let count = std::env::var("FANFOLD_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let seeds = if std::env::var("FANFOLD_SEED").is_ok() { 1 } else { count };
    for seed in first..first + seeds {
        run(seed, 400);
    }
}
