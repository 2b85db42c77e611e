//! Pages and counts that have to pass much that is hidden let others have their turn at the state, and are exact
//! at one position all the same, whatever is shown, hidden and deleted meanwhile.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::Model;
use fanfold_engine::testing::seed::{Random, seed_or};
use fanfold_engine::{
    Action, Audience, Command, Durability, Engine, Feed, GroupName, GroupQuery, NewPost, Options,
    PageEnd, PostId, SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery, UnreadQuery, UserId,
};

const READER: UserId = UserId(1);
/// Whose posts are for themselves alone.
const RECLUSE: UserId = UserId(2);
const FRIEND: UserId = UserId(3);
/// Who reposts what the friend published.
const ECHO: UserId = UserId(4);

const HIDDEN: u64 = 400;

fn open(options: Options) -> Engine {
    let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
    let options = Options { durability: Durability::Os, ..options };
    Engine::open_on(storage, options).unwrap()
}

fn publish(author: UserId, audience: Audience) -> Action {
    Action::Publish(NewPost { author, text: "post".into(), audience, ..NewPost::default() })
}

fn group() -> GroupName {
    GroupName::new("all")
}

/// What the engine was told, in order.
struct History(Vec<(u64, Command)>);

impl History {
    fn tell(&mut self, engine: &Engine, action: Action) -> Option<PostId> {
        let command = Command::new(action);
        let receipt = engine.write(command.clone()).ok().filter(|receipt| receipt.changed)?;
        self.0.push((receipt.position.sequence.0, command));
        receipt.post
    }
}

/// The reader follows three, and has them in a group: the friend's posts, then a long stretch that is hidden.
fn scene(engine: &Engine) -> (History, Vec<PostId>) {
    let mut history = History(Vec::new());
    let (user, name) = (READER, group());
    history.tell(engine, Action::GroupCreate { user, name: name.clone(), exclusive: false });
    for author in [RECLUSE, FRIEND, ECHO] {
        history.tell(engine, Action::Follow { user, author, weight: None });
        history.tell(engine, Action::GroupAdd { user, name: name.clone(), author });
    }
    let mut friends = Vec::new();
    for _ in 0..6 {
        let post = history.tell(engine, publish(FRIEND, Audience::Everybody)).unwrap();
        friends.push(post);
        history.tell(engine, Command::repost(ECHO, post).action);
    }
    for _ in 0..HIDDEN {
        history.tell(engine, publish(RECLUSE, Audience::Author));
    }
    (history, friends)
}

/// Shows, hides, deletes, publishes and parts whom the reader has to do with.
fn change(random: &mut Random, friends: &[PostId]) -> Action {
    let (user, author, name) = (READER, FRIEND, group());
    let index = usize::try_from(random.below(friends.len() as u64)).unwrap();
    let post = friends.get(index).copied().unwrap();
    match random.below(16) {
        0 => Action::Hide { post },
        1 => Action::Unhide { post },
        2 => Action::Mute { user, author },
        3 => Action::Unmute { user, author },
        4 => Action::Suspend { user: author },
        5 => Action::Unsuspend { user: author },
        6 => Action::Unfollow { user, author },
        7 => Action::Follow { user, author, weight: None },
        8 => Action::GroupRemove { user, name, author },
        9 => Action::GroupAdd { user, name, author },
        10 => Action::Unrepost { user: ECHO, post },
        11 => Command::repost(ECHO, post).action,
        12 if random.one_in(8) => Action::Delete { post },
        13 => publish(FRIEND, Audience::Followers),
        14 => Action::Private { user: author, is_on: random.one_in(2) },
        _ => publish(RECLUSE, Audience::Author),
    }
}

/// What a reader saw.
#[derive(Debug)]
enum Seen {
    Home(TimelineQuery, Vec<u64>, PageEnd),
    Group(TimelineQuery, Vec<u64>, PageEnd),
    Outbox(TimelineQuery, Vec<u64>, PageEnd),
    Unread(UnreadQuery, (u64, usize, bool, Option<u64>)),
}

fn look(engine: &Engine, random: &mut Random) -> (u64, Seen) {
    let cursor = PostId(random.below(HIDDEN + 100));
    let span = match random.below(3) {
        0 => Span::Newest,
        1 => Span::Before(cursor),
        _ => Span::After(cursor),
    };
    let limit = usize::try_from(random.below(8) + 1).unwrap();
    let home = TimelineQuery { user: READER, viewer: None, span, limit };
    let outbox = TimelineQuery { user: RECLUSE, viewer: Some(READER), ..home };
    let name = group();
    let ids = |page: &fanfold_engine::Page| page.posts.iter().map(|post| post.id.0).collect();
    match random.below(5) {
        0 => {
            let query = GroupQuery { page: home, name };
            let page = engine.group(&query).unwrap();
            (page.position.sequence.0, Seen::Group(home, ids(&page), page.end))
        }
        1 => {
            let page = engine.outbox(&outbox).unwrap();
            (page.position.sequence.0, Seen::Outbox(outbox, ids(&page), page.end))
        }
        2 => {
            let feed = if random.one_in(2) { Feed::Home } else { Feed::Group(name) };
            let query =
                UnreadQuery { user: READER, viewer: None, feed, since: Some(cursor), limit };
            let unread = engine.unread(&query).unwrap();
            let oldest = unread.oldest.map(|post| post.0);
            let found = (unread.mark.0, unread.count, unread.is_more, oldest);
            (unread.position.sequence.0, Seen::Unread(query, found))
        }
        _ => {
            let page = engine.home(&home).unwrap();
            (page.position.sequence.0, Seen::Home(home, ids(&page), page.end))
        }
    }
}

impl Seen {
    fn check(self, model: &Model, at: u64) {
        match self {
            Self::Home(query, ids, end) => {
                assert_eq!((ids, end), model.home(&query), "at {at}: {query:?}");
            }
            Self::Group(page, ids, end) => {
                let expected = model.group(&GroupQuery { page, name: group() });
                assert_eq!(Some((ids, end)), expected, "at {at}: {page:?}");
            }
            Self::Outbox(query, ids, end) => {
                assert_eq!((ids, end), model.outbox(&query), "at {at}: {query:?}");
            }
            Self::Unread(query, found) => {
                assert_eq!(Some(found), model.unread(&query), "at {at}: {query:?}");
            }
        }
    }
}

fn read_and_write(options: Options, seed: u64) {
    let engine = open(options);
    let (mut history, friends) = scene(&engine);
    let is_done = AtomicBool::new(false);
    let mut seen = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut random, mut seen) = (Random::new(seed + 1), Vec::new());
            while !is_done.load(Ordering::Relaxed) {
                seen.push(look(&engine, &mut random));
            }
            seen
        });
        let mut random = Random::new(seed);
        for _ in 0..1_500 {
            history.tell(&engine, change(&mut random, &friends));
            thread::sleep(Duration::from_micros(random.below(200)));
        }
        is_done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    seen.sort_by_key(|(at, _)| *at);
    let (mut model, mut history) = (Model::new(8), history.0.into_iter().peekable());
    for (at, seen) in seen {
        while let Some((sequence, command)) = history.next_if(|(sequence, _)| *sequence <= at) {
            model.apply(&command, sequence);
        }
        seen.check(&model, at);
    }
    engine.close().unwrap();
}

#[test]
fn what_changes_in_the_middle_of_a_walk_is_in_the_page_or_after_it() {
    for (hold_entries, seed) in [(1, 1), (7, 2), (40, 3), (usize::MAX, 4)] {
        let options = Options { hold_entries, ..Options::default() };
        read_and_write(options.clone(), seed_or(seed));
        let in_files = Options {
            flush_records: 20,
            memory_budget: 0,
            segment_bytes: SEGMENT_BYTES_MIN,
            ..options
        };
        read_and_write(in_files, seed_or(seed) + 100);
    }
}

/// How long a write waits beside a reader whose pages have to pass a million hidden posts:
/// `cargo test --release -p fanfold-engine --test holds -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "its figures")]
fn writes_beside_a_page_below_a_million_hidden_posts() {
    for hold_entries in [usize::MAX, 2_048] {
        let options = Options { hold_entries, flush_records: 10_000_000, ..Options::default() };
        let engine = open(options);
        let mut history = History(Vec::new());
        for author in [RECLUSE, FRIEND] {
            history.tell(&engine, Action::Follow { user: READER, author, weight: None });
        }
        history.tell(&engine, publish(FRIEND, Audience::Everybody));
        let mut tickets = Vec::new();
        for _ in 0..1_000_000 {
            tickets.push(engine.submit(Command::new(publish(RECLUSE, Audience::Author))).unwrap());
            if tickets.len() == 4_000 {
                tickets.drain(..).for_each(|ticket| assert!(ticket.wait().is_ok()));
            }
        }
        tickets.drain(..).for_each(|ticket| assert!(ticket.wait().is_ok()));
        let is_done = AtomicBool::new(false);
        let (pages, mut waits) = thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut pages = Vec::new();
                while !is_done.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let (user, span) = (READER, Span::Newest);
                    let query = TimelineQuery { user, viewer: None, span, limit: 20 };
                    assert_eq!(engine.home(&query).unwrap().posts.len(), 1);
                    pages.push(begun.elapsed());
                }
                pages
            });
            let (begun, mut waits) = (Instant::now(), Vec::new());
            while begun.elapsed() < Duration::from_secs(8) {
                let written = Instant::now();
                engine.write(Command::publish(UserId(9), "post")).unwrap();
                waits.push(written.elapsed());
            }
            is_done.store(true, Ordering::Relaxed);
            (reader.join().unwrap(), waits)
        });
        waits.sort_unstable();
        let at = |share: usize| waits.get((waits.len() - 1) * share / 1_000).copied().unwrap();
        let longest = (at(500), at(990), at(999), at(1_000));
        let page = pages.iter().sum::<Duration>() / u32::try_from(pages.len()).unwrap();
        println!("{hold_entries}: a page {page:?}; {} writes {longest:?}", waits.len());
    }
}
