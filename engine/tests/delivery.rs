//! Delivery against the oracle: under every policy, with inboxes of a few posts, authors who become big
//! and small again, readers who fall asleep, policies that change, and reopens. `FANFOLD_SEED` replays
//! one seed, `FANFOLD_SEEDS` runs that many.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::collapse::check_at_random;
use fanfold_engine::testing::delivery::random_delivery;
use fanfold_engine::testing::forge::sign;
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::{Expected, Model};
use fanfold_engine::testing::removals::forget_some;
use fanfold_engine::testing::seed::seed_or;
use fanfold_engine::testing::workload::{Workload, names_above};
use fanfold_engine::{
    Action, Command, DeliveryOptions, Engine, ErrorKind, GroupName, HomeSteps, ManualClock, Moment,
    Options, Page, Policy, PostId, Receipt, Result, SEGMENT_BYTES_MIN, Sequence, Span, Storage,
    TimelineQuery, Timestamp, UserId, Way, Why,
};

const FOLLOWEES_MAX: usize = 8;

struct World {
    engine: Engine,
    model: Model,
    storage: MemoryStorage,
    workload: Workload,
    clock: Arc<ManualClock>,
    now: u64,
}

fn draw(workload: &mut Workload, choices: [u64; 3]) -> u64 {
    let index = usize::try_from(workload.random.below(3)).unwrap();
    choices.get(index).copied().unwrap()
}

fn open(storage: &MemoryStorage, workload: &mut Workload, clock: &Arc<ManualClock>) -> Engine {
    let options = Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: FOLLOWEES_MAX,
        flush_records: draw(workload, [1, 30, 1_000_000]),
        memory_budget: draw(workload, [0, 1_000, 1 << 30]),
        // When something is removed is for the test to say.
        forget_at_once: 0,
        hold_entries: if workload.random.one_in(2) { 3 } else { 2_048 },
        delivery: random_delivery(&mut workload.random),
        clock: Arc::clone(clock) as _,
        ..Options::default()
    };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

impl World {
    fn new(seed: u64) -> Self {
        let storage = MemoryStorage::default();
        let mut workload = Workload::new(seed, 10).forgetting();
        let now = 1_000_000_000;
        let clock = Arc::new(ManualClock::new(Timestamp(now)));
        let engine = open(&storage, &mut workload, &clock);
        Self { engine, model: Model::new(FOLLOWEES_MAX), storage, workload, clock, now }
    }

    fn write(&mut self, context: &str) {
        self.workload.knows(self.model.some_broadcasts());
        let command = self.workload.command(self.model.last);
        let answer = self.engine.write(command.clone());
        settle(&mut self.model, &command, &answer, context);
    }

    /// Many commands while the fan-out is at work on the ones before.
    fn write_batch(&mut self, context: &str) {
        let last = self.model.last;
        let count = self.workload.random.below(60) + 2;
        let is_late = |command: &Command| names_above(command, last);
        let commands: Vec<_> = (0..count)
            .map(|_| self.workload.command(last))
            .filter(|command| !is_late(command))
            .collect();
        let submit = |command: &Command| self.engine.submit(command.clone());
        let tickets: Vec<_> = commands.iter().map(submit).collect();
        for (command, ticket) in commands.iter().zip(tickets) {
            let answer = ticket.and_then(|ticket| ticket.wait());
            settle(&mut self.model, command, &answer, context);
        }
    }

    fn read(&mut self, context: &str) {
        let last = self.model.last;
        let model = self.model.shown();
        let query = self.workload.timeline(last);
        let home = self.engine.home(&query).unwrap();
        let context = format!("{context}: {query:?} {:?}", self.engine.delivery().unwrap());
        assert_eq!(home.position.sequence.0, last, "{context}");
        let ids: Vec<_> = home.posts.iter().map(|post| post.id.0).collect();
        assert_eq!((ids, home.end), model.home(&query), "{context}");
        if let Some(resident) = self.engine.resident().home(&query).unwrap() {
            assert_eq!(resident, home, "resident {context}");
        }
        let query = self.workload.group(last);
        let ids = |page: Page| {
            let ids: Vec<_> = page.posts.iter().map(|post| post.id.0).collect();
            (ids, page.end)
        };
        let feed = self.engine.group(&query).ok().map(ids);
        assert_eq!(feed, model.group(&query), "{context}: {query:?}");
        let collapsed = check_at_random(&self.engine, &model, &mut self.workload).unwrap();
        assert_eq!(collapsed, Ok(()), "{context}");
        let query = self.workload.unread(last);
        let unread = self.engine.unread(&query).ok();
        let unread =
            unread.map(|it| (it.mark.0, it.count, it.is_more, it.oldest.map(|post| post.0)));
        assert_eq!(unread, model.unread(&query), "{context}: {query:?}");
    }

    /// Removes some of what there is of those who are being forgotten, or all of it.
    fn forget(&mut self) {
        let most = draw(&mut self.workload, [3, 20, u64::MAX]);
        forget_some(&self.engine, &mut self.model, most).unwrap();
    }

    fn verify(&mut self, context: &str) {
        let user = self.workload.user();
        let verified = self.engine.verify(user).unwrap();
        assert_eq!(verified.mismatch, None, "{context}: user {user}");
    }

    fn reopen(&mut self) {
        self.engine.close().unwrap();
        self.engine = open(&self.storage, &mut self.workload, &self.clock);
    }

    fn pass_time(&mut self) {
        self.now += self.workload.random.below(4) * 4_000;
        self.clock.set(Timestamp(self.now));
    }

    fn step(&mut self, context: &str) {
        match self.workload.random.below(100) {
            0 => self.reopen(),
            1 => {
                let options = random_delivery(&mut self.workload.random);
                self.engine.set_delivery(options).unwrap();
            }
            2..=3 => assert!(self.engine.settle_delivery(Duration::from_secs(60)), "{context}"),
            4 => self.engine.tidy_inboxes().unwrap(),
            5..=7 => self.pass_time(),
            8 => self.verify(context),
            9..=10 if !self.model.being_forgotten().is_empty() => self.forget(),
            9..=14 => self.write_batch(context),
            15..=49 => self.write(context),
            _ => self.read(context),
        }
    }
}

/// Compares an answer with the oracle's and tells the oracle what was accepted.
fn settle(model: &mut Model, command: &Command, answer: &Result<Receipt>, context: &str) {
    match (model.expect(command), answer) {
        (Expected::Changed, Ok(receipt)) if receipt.changed => {
            model.apply(command, receipt.position.sequence.0);
        }
        (Expected::Changed, _) => panic!("{context}: {command:?} was answered {answer:?}"),
        _ => {}
    }
}

#[test]
fn every_page_equals_the_oracle_under_every_policy() {
    let first = seed_or(1);
    let count = std::env::var("FANFOLD_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let seeds = if std::env::var("FANFOLD_SEED").is_ok() { 1 } else { count };
    let mut pulled = 0;
    for seed in first..first + seeds {
        let mut world = World::new(seed);
        for step in 0..500 {
            world.step(&format!("seed {seed} step {step}"));
        }
        if world.engine.delivery().unwrap().policy == Policy::Adaptive {
            pulled += world.engine.counters().unwrap().pulled_authors;
        }
    }
    assert!(seeds < 100 || 0 < pulled, "adaptive delivery pulls now and then");
}

/// What a start after an orderly stop replays is nothing: all is in files.
fn small() -> Options {
    Options { segment_bytes: SEGMENT_BYTES_MIN, flush_records: 1, ..Options::default() }
}

/// A reader's page out of the inbox.
fn steps(engine: &Engine, user: u64) -> HomeSteps {
    let query = TimelineQuery { user: UserId(user), viewer: None, span: Span::Newest, limit: 20 };
    engine.explain_home(&query).unwrap()
}

/// Users 1 to 9 follow 101 to 130; user 1 has read.
fn settled(storage: &MemoryStorage, delivery: DeliveryOptions) -> Engine {
    let options = Options { delivery, ..small() };
    let engine = Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap();
    for (user, author) in (1..10).flat_map(|user| (101..131).map(move |author| (user, author))) {
        engine.write(Command::follow(UserId(user), UserId(author))).unwrap();
    }
    (1..10).for_each(|user| {
        steps(&engine, user);
    });
    // Author 130 is followed by many.
    (1_000..1_020).for_each(|user| {
        engine.write(Command::follow(UserId(user), UserId(130))).unwrap();
    });
    for author in (101..131).chain(101..131) {
        engine.write(Command::publish(UserId(author), "post")).unwrap();
    }
    assert!(engine.settle_delivery(Duration::from_secs(60)));
    engine
}

/// A warm reader pulls nobody under `push`, and the big authors under `threshold`; so too on the first
/// read after an orderly stop.
#[test]
fn a_warm_reader_pulls_nobody_but_whom_the_policy_says() {
    let of = |policy| DeliveryOptions { policy, big_author: 20, ..DeliveryOptions::default() };
    for (policy, pulled) in [(Policy::Push, 0), (Policy::Threshold, 1)] {
        let storage = MemoryStorage::default();
        let engine = settled(&storage, of(policy));
        let warm = steps(&engine, 1);
        let counts = (warm.from_inbox, warm.inbox_built, warm.authors_pulled, warm.in_flight);
        assert_eq!(counts, (true, false, pulled, 0), "{policy}: {warm:?}");
        engine.close().unwrap();
        let options = Options { delivery: of(policy), ..small() };
        let storage = Arc::new(storage) as Arc<dyn Storage>;
        let engine = Engine::open_on(Arc::clone(&storage), options).unwrap();
        assert!(engine.settle_delivery(Duration::from_secs(60)));
        assert_eq!(engine.counters().unwrap().inboxes, 9, "{policy}");
        engine.tidy_inboxes().unwrap();
        assert_eq!(engine.counters().unwrap().inboxes, 9, "{policy}: nobody was away for long");
        let again = steps(&engine, 1);
        let counts = (again.from_inbox, again.inbox_built, again.authors_pulled, again.in_flight);
        assert_eq!(counts, (true, false, pulled, 0), "{policy} after a stop: {again:?}");
        assert_eq!(again.entries, 20);
        assert!(!storage.list().unwrap().contains(&"INBOXES".to_owned()), "it is over now");
    }
}

/// A list has room for one: who reads again and again comes back to it.
#[test]
fn who_was_put_off_a_list_comes_back() {
    let clock = Arc::new(ManualClock::new(Timestamp(1_000_000)));
    let (policy, big_author, active_fans) = (Policy::ActiveFans, 2, 1);
    let delivery = DeliveryOptions { policy, big_author, active_fans, ..Default::default() };
    let options = Options { delivery, clock: Arc::clone(&clock) as _, ..small() };
    let engine = Engine::open_on(Arc::new(MemoryStorage::default()), options).unwrap();
    for user in [1, 2] {
        engine.write(Command::follow(UserId(user), UserId(9))).unwrap();
    }
    engine.write(Command::publish(UserId(9), "post")).unwrap();
    assert!(engine.settle_delivery(Duration::from_secs(60)));
    let pulls = |user| steps(&engine, user).authors_pulled;
    let later = |seconds: u64| clock.set(Timestamp(1_000_000 + seconds * 1_000));
    steps(&engine, 2);
    later(100);
    steps(&engine, 1);
    assert_eq!((pulls(1), pulls(2)), (0, 1), "there is room for the one who came last");
    later(200);
    let back = (0..40).position(|_| pulls(2) == 0);
    assert!(back.is_some(), "user 2 is the more active now");
    assert!((0..40).all(|_| pulls(1) + pulls(2) <= 1), "one of them is on the list");
}

/// Inboxes of another policy, or with a byte that differs, are not taken; nothing else is lost.
#[test]
fn inboxes_that_do_not_fit_are_made_anew() {
    let push = DeliveryOptions { policy: Policy::Push, ..DeliveryOptions::default() };
    let storage = MemoryStorage::default();
    settled(&storage, push).close().unwrap();
    let open = |storage: &MemoryStorage, policy| {
        let delivery = DeliveryOptions { policy, ..DeliveryOptions::default() };
        let options = Options { delivery, ..small() };
        Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
    };
    let inboxes = |engine: &Engine| {
        assert!(engine.settle_delivery(Duration::from_secs(60)));
        engine.counters().unwrap().inboxes
    };
    assert_eq!(inboxes(&open(&storage.image(), Policy::Push)), 9);
    assert_eq!(inboxes(&open(&storage.image(), Policy::Threshold)), 0);
    let whole = storage.bytes("INBOXES");
    for at in (0..whole.len()).step_by(5) {
        let damaged = storage.image();
        let mut bytes = whole.clone();
        *bytes.get_mut(at).unwrap() ^= 0x10;
        damaged.set_bytes("INBOXES", bytes);
        let engine = open(&damaged, Policy::Push);
        assert_eq!(inboxes(&engine), 0, "byte {at}");
        assert_eq!(engine.verify(UserId(1)).unwrap().mismatch, None);
    }
}

/// Whatever a file of inboxes says, checksum right: it is taken or not, and nothing panics.
#[test]
fn any_byte_of_the_inboxes_is_borne() {
    let push = DeliveryOptions { policy: Policy::Push, ..DeliveryOptions::default() };
    let storage = MemoryStorage::default();
    settled(&storage, push).close().unwrap();
    let whole = storage.bytes("INBOXES");
    for at in (0..whole.len()).step_by(2) {
        for byte in [0, 0x7f, 0xff] {
            let forged = storage.image();
            let mut bytes = whole.clone();
            *bytes.get_mut(at).unwrap() = byte;
            sign("INBOXES", &mut bytes);
            forged.set_bytes("INBOXES", bytes);
            let options = Options { delivery: push, ..small() };
            let forged = Arc::new(forged) as Arc<dyn Storage>;
            let engine = Engine::open_on(forged, options).unwrap();
            assert!(engine.settle_delivery(Duration::from_secs(60)));
            let query = |span| TimelineQuery { user: UserId(1), viewer: None, span, limit: 20 };
            // An id that is no post is damage.
            for span in [Span::Newest, Span::Before(PostId(340)), Span::After(PostId(300))] {
                if let Err(error) = engine.home(&query(span)) {
                    assert_eq!(error.kind(), ErrorKind::Corrupt, "{byte} at {at}: {error}");
                }
            }
            engine.write(Command::publish(UserId(130), "post")).unwrap();
            assert!(engine.settle_delivery(Duration::from_secs(60)));
            engine.tidy_inboxes().unwrap();
        }
    }
}

/// Each reason for which a post is in a home or is not, with the record behind it.
#[test]
fn a_post_is_there_or_not_for_a_reason() {
    let (ann, ben, cem) = (UserId(1), UserId(2), UserId(3));
    let clock = Arc::new(ManualClock::new(Timestamp(1_000)));
    let delivery = DeliveryOptions { policy: Policy::Push, ..DeliveryOptions::default() };
    let options = Options { delivery, clock: Arc::clone(&clock) as _, ..small() };
    let storage = Arc::new(MemoryStorage::default());
    let engine = Engine::open_on(storage, options).unwrap();
    let why = |post| engine.explain(ann, post, None).unwrap().why;
    let at = |sequence| Moment { sequence: Sequence(sequence), time: Some(Timestamp(1_000)) };
    let do_it = |action| engine.write(Command::new(action)).unwrap();
    let post = engine.write(Command::publish(ben, "post")).unwrap().post.unwrap();
    assert_eq!(why(PostId(99)), Why::NoSuchPost);
    assert_eq!(why(post), Why::NotFollowing { ended: None });
    do_it(Action::Follow { user: ann, author: ben, weight: None });
    assert_eq!(why(post), Why::Present { since: at(2), way: Way::Pulled }, "nobody has read yet");
    steps(&engine, 1);
    assert_eq!(why(post), Why::Present { since: at(2), way: Way::Pushed });
    do_it(Action::Mute { user: ann, author: ben });
    assert_eq!(why(post), Why::Muted { since: at(3) });
    do_it(Action::Unmute { user: ann, author: ben });
    let group = GroupName::new("shop");
    do_it(Action::GroupCreate { user: ann, name: group.clone(), exclusive: true });
    do_it(Action::GroupAdd { user: ann, name: group.clone(), author: ben });
    assert_eq!(why(post), Why::Apart { group: group.clone(), since: at(6) });
    do_it(Action::GroupDelete { user: ann, name: group });
    assert_eq!(why(post), Why::Present { since: at(2), way: Way::Pulled }, "the inbox went");
    do_it(Action::Unfollow { user: ann, author: ben });
    assert_eq!(why(post), Why::NotFollowing { ended: Some(at(8)) });
    do_it(Action::Block { user: ben, other: ann });
    assert_eq!(why(post), Why::Blocked { by: ben, since: at(9) });
    do_it(Action::Unblock { user: ben, other: ann });
    do_it(Action::Delete { post });
    assert_eq!(why(post), Why::Deleted { at: Some(at(11)) });
    assert_eq!(engine.explain(ann, post, None).unwrap().author, Some(ben));
    let refused = engine.explain(ann, post, Some(cem)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied, "{refused}");
}

#[test]
fn posts_wait_for_their_delivery_and_writers_for_them() {
    const READERS: u64 = 3_000;
    const BACKLOG: usize = 4;
    let delivery = DeliveryOptions {
        policy: Policy::Push,
        backlog_max: BACKLOG,
        ..DeliveryOptions::default()
    };
    let options = Options { delivery, ..Options::default() };
    let engine = Engine::open_on(Arc::new(MemoryStorage::default()), options).unwrap();
    let star = UserId(READERS + 1);
    for user in (1..=READERS).map(UserId) {
        engine.write(Command::follow(user, star)).unwrap();
        let newest = TimelineQuery { user, viewer: None, span: Span::Newest, limit: 20 };
        engine.home(&newest).unwrap();
    }
    // Delivering has begun: until then nobody waits for it.
    assert!(engine.settle_delivery(Duration::from_secs(60)));
    let mut most = 0;
    for _ in 0..400 {
        engine.write(Command::publish(star, "to all of them")).unwrap();
        let counters = engine.counters().unwrap();
        most = most.max(counters.backlog + counters.fan_out_jobs);
    }
    // One more than may wait is let in, and then nobody.
    assert!(most <= BACKLOG as u64 + 1, "{most} posts waited");
    assert!(engine.settle_delivery(Duration::from_secs(60)));
    assert_eq!(engine.counters().unwrap().deliveries, 400 * READERS);
}
