//! Collapsed pages, where random histories seldom go: what many have reposted, days that pass, and pages
//! that are read while others come.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::collapse::check;
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::Model;
use fanfold_engine::{
    Action, Collapse, Command, CountedQuery, Durability, Engine, ErrorKind, FullPage, FullQuery,
    ManualClock, NewPost, Options, PostId, Span, Storage, TimelineQuery, Timestamp, UserId,
};

const READER: UserId = UserId(1);
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

struct World {
    engine: Engine,
    model: Model,
    clock: Arc<ManualClock>,
    now: u64,
}

impl World {
    fn new(memory_budget: u64) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(DAY_MS)));
        let options = Options {
            durability: Durability::Os,
            flush_records: 400,
            memory_budget,
            clock: Arc::clone(&clock) as _,
            ..Options::default()
        };
        let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
        let engine = Engine::open_on(storage, options).unwrap();
        Self { engine, model: Model::new(usize::MAX), clock, now: DAY_MS }
    }

    fn write(&mut self, action: Action) -> PostId {
        let command = Command::new(action);
        let receipt = self.engine.write(command.clone()).unwrap();
        assert!(receipt.changed, "{command:?}");
        self.model.apply(&command, receipt.position.sequence.0);
        receipt.position.sequence.into()
    }

    fn follow(&mut self, author: u64) {
        self.write(Action::Follow { user: READER, author: UserId(author), weight: None });
    }

    fn publish(&mut self, author: u64) -> PostId {
        let post = NewPost { author: UserId(author), text: "post".into(), ..NewPost::default() };
        self.write(Action::Publish(post))
    }

    fn repost(&mut self, author: u64, parent: PostId, text: &'static str) -> PostId {
        let post = NewPost { author: UserId(author), text: text.into(), ..NewPost::default() };
        self.write(Action::Repost { post, parent })
    }

    fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.clock.set(Timestamp(self.now));
    }

    fn page(&self, span: Span, limit: usize, top: Option<PostId>) -> FullPage {
        let page = TimelineQuery { user: READER, viewer: None, span, limit };
        let collapse = Some(Collapse { top, ..Collapse::default() });
        let of = CountedQuery::Home(page);
        self.engine.full_page(&FullQuery { collapse, ..FullQuery::of(of) }).unwrap()
    }

    /// From both ends, with what is newest and what is in the middle as the top.
    fn check(&self, limit: usize, horizon: Duration) {
        let middle = PostId(self.model.last / 2);
        let spans = [Span::Newest, Span::After(PostId(0))];
        for (span, top) in spans.into_iter().flat_map(|span| [(span, None), (span, Some(middle))]) {
            let page = TimelineQuery { user: READER, viewer: None, span, limit };
            let collapse = Collapse { horizon, top };
            let of = CountedQuery::Home(page);
            assert_eq!(check(&self.engine, &self.model, of, collapse).unwrap(), Ok(()));
        }
    }
}

/// (id, who brought it besides, how many) of each post.
fn shown(page: &FullPage) -> Vec<(u64, Vec<u64>, u32)> {
    let collapsed = page.collapsed.clone().unwrap();
    let brought = collapsed.brought_by.into_iter();
    let posts = page.page.posts.iter().map(|post| post.id.0).zip(brought);
    posts.map(|(id, by)| (id, by.users.iter().map(|user| user.0).collect(), by.count)).collect()
}

#[test]
fn the_newest_stands_for_the_others_and_says_so() {
    let mut world = World::new(1 << 30);
    (2..=8).for_each(|author| world.follow(author));
    let root = world.publish(2);
    let other = world.publish(3);
    for author in 3..=7 {
        world.repost(author, root, "");
    }
    world.repost(99, root, "from nobody the reader follows");
    let newest = world.repost(8, root, "look");
    let page = world.page(Span::Newest, 20, None);
    assert_eq!(shown(&page), [(newest.0, vec![7, 6, 5], 6), (other.0, vec![], 0)]);
    let plain = world.engine.full_page(&FullQuery::of(CountedQuery::Home(TimelineQuery {
        user: READER,
        viewer: None,
        span: Span::Newest,
        limit: 20,
    })));
    let plain = plain.unwrap();
    assert_eq!((plain.page.posts.len(), plain.collapsed), (8, None), "off unless asked for");
}

#[test]
fn after_three_days_it_is_shown_again() {
    let mut world = World::new(1 << 30);
    (2..=4).for_each(|author| world.follow(author));
    let root = world.publish(2);
    world.pass(3 * DAY_MS);
    let first = world.repost(3, root, "");
    assert_eq!(shown(&world.page(Span::Newest, 9, None)), [(first.0, vec![2], 1)]);
    world.pass(3 * DAY_MS + 1);
    let second = world.repost(4, root, "");
    let expected = [(second.0, vec![], 0), (first.0, vec![2], 1)];
    assert_eq!(shown(&world.page(Span::Newest, 9, None)), expected);
}

/// What comes while somebody pages changes nothing below.
#[test]
fn pages_with_one_top_neither_repeat_nor_skip() {
    let mut world = World::new(1 << 30);
    (2..=6).for_each(|author| world.follow(author));
    let roots: Vec<PostId> = (0..4).map(|_| world.publish(2)).collect();
    for (author, root) in [(3, 0), (4, 0), (3, 2), (5, 0)] {
        world.repost(author, *roots.get(root).unwrap(), "");
    }
    let whole: Vec<_> = shown(&world.page(Span::Newest, 9, None));
    let first = world.page(Span::Newest, 1, None);
    let top = first.collapsed.as_ref().unwrap().top;
    let mut paged = shown(&first);
    for author in [6, 7] {
        // A newer one of everything, by somebody who is followed, and by somebody who is not.
        for root in &roots {
            world.repost(author, *root, "later");
        }
        let last = PostId(paged.last().unwrap().0);
        paged.extend(shown(&world.page(Span::Before(last), 1, Some(top))));
    }
    let last = PostId(paged.last().unwrap().0);
    paged.extend(shown(&world.page(Span::Before(last), 9, Some(top))));
    assert_eq!(paged, whole);
    // Upwards it ends at the top.
    assert_eq!(shown(&world.page(Span::After(PostId(0)), 20, Some(top))), whole);
    let now = world.page(Span::Newest, 20, None);
    assert_eq!(now.page.posts.len(), 4);
    // A top above everything is what is newest now: what comes later is not below it.
    let above = world.page(Span::Newest, 20, Some(PostId(1_000_000)));
    assert_eq!(above, now);
}

/// Some of the authors quote it often, before and after its quotes are listed by user; all in memory, and
/// all in files.
#[test]
fn what_many_reposted_is_collapsed_as_what_few_did() {
    for memory_budget in [0, 1 << 30] {
        let mut world = World::new(memory_budget);
        (2..=20).for_each(|author| world.follow(author));
        let root = world.publish(2);
        let mut gone = Vec::new();
        for n in 0..2_000 {
            let (author, text) = if n % 3 == 0 { (n % 40, "quote") } else { (1_000 + n, "") };
            let repost = world.repost(author, root, text);
            if n % 50 == 12 {
                gone.push(repost);
            }
            if n % 97 == 0 {
                world.publish(n % 30);
                world.pass(DAY_MS);
            }
        }
        for author in 3..=9 {
            world.repost(author, root, "");
        }
        for post in gone {
            world.write(Action::Delete { post });
        }
        for horizon in [1, DAY_MS, 3 * DAY_MS].map(Duration::from_millis) {
            world.check(3, horizon);
        }
        world.write(Action::Mute { user: READER, author: UserId(5) });
        world.check(5, Duration::from_millis(DAY_MS));
        world.write(Action::Delete { post: root });
        world.check(4, Duration::from_millis(DAY_MS));
    }
}

#[test]
fn a_horizon_out_of_range_is_refused() {
    let world = World::new(1 << 30);
    let page = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 1 };
    let of = CountedQuery::Home(page);
    let days = |days: u64| Duration::from_millis(days * DAY_MS);
    for (horizon, is_right) in [
        (Duration::ZERO, false),
        (Duration::from_millis(1), true),
        (days(366), true),
        (days(366) + Duration::from_millis(1), false),
    ] {
        let collapse = Some(Collapse { horizon, top: None });
        let query = FullQuery { collapse, ..FullQuery::of(of.clone()) };
        let found = world.engine.full_page(&query).map_err(|error| error.kind());
        assert_eq!(found.map(|_| ()), if is_right { Ok(()) } else { Err(ErrorKind::Invalid) });
    }
}
