//! Broadcasts: what can be done with one, what is refused, and feeds that keep their order while
//! everything goes on.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, BroadcastAction, BroadcastFeed, BroadcastId, BroadcastState, BroadcastsPage,
    BroadcastsQuery, Clock, Command, Engine, ErrorKind, Key, ManualClock, NewPost, Options, PostId,
    ReplayContent, Span, Storage, TimelineQuery, Timestamp, UserId, WriteOptions,
};

const ANN: UserId = UserId(1);
const BEN: UserId = UserId(2);
const READER: UserId = UserId(9);

struct World {
    engine: Engine,
    storage: MemoryStorage,
    clock: Arc<ManualClock>,
}

fn open(storage: &MemoryStorage, clock: &Arc<ManualClock>) -> Engine {
    let options = Options {
        board_max: 3,
        live_sessions_age: Duration::from_secs(60),
        flush_records: 1,
        // Rounds begin only where a test asks for one.
        cold_after: Duration::from_secs(1_000_000),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ..Options::default()
    };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

impl World {
    fn new() -> Self {
        let (storage, clock) = (MemoryStorage::default(), ManualClock::new(Timestamp(1_000)));
        let clock = Arc::new(clock);
        let engine = open(&storage, &clock);
        engine.write(Command::follow(READER, ANN)).unwrap();
        engine.write(Command::follow(READER, BEN)).unwrap();
        Self { engine, storage, clock }
    }

    fn reopened(self) -> Self {
        self.engine.close().unwrap();
        let engine = open(&self.storage, &self.clock);
        Self { engine, ..self }
    }

    fn does(&self, action: BroadcastAction) -> fanfold_engine::Result<u64> {
        let written = self.engine.write(Command::new(Action::Broadcast(action)));
        written.map(|receipt| receipt.position.sequence.0)
    }

    fn refuses(&self, action: BroadcastAction) -> (ErrorKind, String) {
        let error = self.does(action).unwrap_err();
        (error.kind(), error.to_string())
    }

    fn schedule(&self, author: UserId, at: u64) -> u64 {
        let content = said(author, "scheduled");
        self.does(BroadcastAction::Schedule { at: Timestamp(at), content }).unwrap()
    }

    fn go_live(&self, author: UserId, text: &'static str) -> u64 {
        self.does(BroadcastAction::StartNew { content: said(author, text) }).unwrap()
    }

    fn end(&self, id: u64) -> u64 {
        self.does(end(id)).unwrap()
    }

    fn page(&self, page: BroadcastsPage, limit: usize) -> fanfold_engine::Result<BroadcastFeed> {
        self.engine.broadcasts(&BroadcastsQuery { user: READER, viewer: None, page, limit })
    }

    fn first(&self, limit: usize) -> BroadcastFeed {
        self.page(BroadcastsPage::First { device: None }, limit).unwrap()
    }

    fn next(&self, before: &BroadcastFeed, limit: usize) -> fanfold_engine::Result<BroadcastFeed> {
        let after = before.broadcasts.last().map(|last| last.cursor());
        self.page(BroadcastsPage::Next { session: before.session, after }, limit)
    }
}

fn said(author: UserId, text: &'static str) -> NewPost {
    NewPost { author, text: text.into(), ..NewPost::default() }
}

fn end(id: u64) -> BroadcastAction {
    BroadcastAction::End { broadcast: BroadcastId(id), replay: ReplayContent::default() }
}

fn start(id: u64) -> BroadcastAction {
    BroadcastAction::Start { broadcast: BroadcastId(id) }
}

fn cancel(id: u64) -> BroadcastAction {
    BroadcastAction::Cancel { broadcast: BroadcastId(id) }
}

fn shown(feed: &BroadcastFeed) -> Vec<(BroadcastState, u64)> {
    feed.broadcasts.iter().map(|shown| (shown.state, shown.id.0)).collect()
}

#[test]
fn live_comes_first_then_what_is_soonest_then_the_latest_replay() {
    use BroadcastState::{Live, Replay, Scheduled};
    let world = World::new();
    let (far, near) = (world.schedule(ANN, 9_000), world.schedule(BEN, 5_000));
    let over = world.go_live(ANN, "over");
    world.end(over);
    let old = world.go_live(BEN, "live");
    world.clock.set(Timestamp(2_000));
    let new = world.go_live(ANN, "live");
    let latest = world.go_live(BEN, "short");
    world.end(latest);
    let expected = [
        (Live, new),
        (Live, old),
        (Scheduled, near),
        (Scheduled, far),
        (Replay, latest),
        (Replay, over),
    ];
    assert_eq!(shown(&world.first(9)), expected);
    let world = world.reopened();
    assert_eq!(shown(&world.first(9)), expected);
    assert_eq!(shown(&world.first(2)), expected.first_chunk::<2>().unwrap());
    world.engine.write(Command::new(Action::Mute { user: READER, author: BEN })).unwrap();
    assert_eq!(shown(&world.first(9)), [(Live, new), (Scheduled, far), (Replay, over)]);
}

#[test]
fn wrong_use_says_what_is_wrong() {
    let world = World::new();
    let id = world.schedule(ANN, 5_000);
    let (kind, text) = world.refuses(end(id));
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(text.contains("not live yet"), "{text}");
    world.does(start(id)).unwrap();
    for action in [start(id), cancel(id)] {
        let (kind, text) = world.refuses(action);
        assert_eq!(kind, ErrorKind::Conflict);
        assert!(text.contains("is live already"), "{text}");
    }
    let foreign = WriteOptions { actor: Some(BEN), key: None };
    let command = Command::new(Action::Broadcast(end(id))).with(foreign);
    assert_eq!(world.engine.write(command).unwrap_err().kind(), ErrorKind::Denied);
    let post = world.end(id);
    let (kind, text) = world.refuses(end(id));
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(text.contains(&format!("its replay is post {post}")), "{text}");
    assert_eq!(world.refuses(start(77)).0, ErrorKind::NotFound);
    assert_eq!(world.refuses(start(1)).0, ErrorKind::NotFound, "a follow is no broadcast");
    let never = BroadcastAction::Schedule { at: Timestamp(0), content: said(ANN, "never") };
    assert_eq!(world.refuses(never).0, ErrorKind::Invalid);
    let gone = world.schedule(ANN, 5_000);
    world.does(cancel(gone)).unwrap();
    assert_eq!(world.refuses(start(gone)).0, ErrorKind::NotFound);
    for at in 0..3 {
        world.schedule(ANN, 5_000 + at);
    }
    let more = BroadcastAction::StartNew { content: said(ANN, "more") };
    let (kind, text) = world.refuses(more);
    assert_eq!(kind, ErrorKind::Limit);
    assert!(text.contains("the limit is 3 (option max-board)"), "{text}");
}

#[test]
fn a_replay_is_a_post_like_any_other() {
    let world = World::new();
    let id = world.go_live(ANN, "the title");
    let replay = ReplayContent { kind: Some(7), ..ReplayContent::default() };
    let broadcast = BroadcastId(id);
    let command = Command::new(Action::Broadcast(BroadcastAction::End { broadcast, replay }));
    let key = WriteOptions { key: Some(Key([3; 16])), actor: None };
    let receipt = world.engine.write(command.clone().with(key)).unwrap();
    let post = receipt.post.unwrap();
    let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 9 };
    let home = world.engine.home(&query).unwrap();
    let [entry] = home.posts.as_slice() else { panic!("{home:?}") };
    assert_eq!((entry.id, entry.author, entry.kind), (post, ANN, 7));
    assert_eq!(&entry.text[..], b"the title");
    assert_eq!(world.engine.user(ANN, None).unwrap().posts, 1);
    world.engine.write(Command::delete(post)).unwrap();
    assert!(world.first(9).broadcasts.is_empty());
    assert_eq!(world.engine.broadcast(broadcast, None).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(world.engine.write(command.with(key)).unwrap(), receipt, "under the same key");
}

#[test]
fn what_ends_between_two_pages_is_shown_once() {
    use BroadcastState::{Live, Replay};
    let world = World::new();
    let over = world.go_live(ANN, "over");
    world.end(over);
    let (one, two) = (world.go_live(ANN, "one"), world.go_live(BEN, "two"));
    let first = world.first(1);
    assert_eq!(shown(&first), [(Live, two)]);
    world.end(one);
    let late = world.go_live(BEN, "late");
    world.end(late);
    let second = world.next(&first, 1).unwrap();
    assert_eq!(shown(&second), [(Live, one)], "as it was, and the new one is not there");
    let third = world.next(&second, 5).unwrap();
    assert_eq!(shown(&third), [(Replay, over)]);
    assert!(world.next(&third, 5).unwrap().broadcasts.is_empty());
    assert_eq!(shown(&world.next(&first, 5).unwrap()), [(Live, one), (Replay, over)], "again");
}

#[test]
fn what_is_deleted_cancelled_or_unfollowed_is_gone_at_once() {
    let world = World::new();
    let (ended, planned) = (world.go_live(ANN, "ended"), world.schedule(ANN, 5_000));
    let other = world.go_live(BEN, "other");
    let last = world.schedule(ANN, 9_000);
    let first = world.first(1);
    assert_eq!(shown(&first).first().unwrap().1, other);
    let post = world.end(ended);
    world.engine.write(Command::delete(PostId(post))).unwrap();
    world.does(cancel(planned)).unwrap();
    assert_eq!(shown(&world.next(&first, 9).unwrap()), [(BroadcastState::Scheduled, last)]);
    world.engine.write(Command::new(Action::Block { user: ANN, other: READER })).unwrap();
    assert!(world.next(&first, 9).unwrap().broadcasts.is_empty());
}

#[test]
fn a_session_that_is_over_says_so() {
    let world = World::new();
    world.go_live(ANN, "one");
    world.go_live(BEN, "two");
    let page = BroadcastsPage::First { device: Some(5) };
    let first = world.page(page, 1).unwrap();
    world.page(page, 1).unwrap();
    let replaced = world.next(&first, 1).unwrap_err();
    assert_eq!(replaced.kind(), ErrorKind::NotFound);
    assert!(replaced.to_string().contains("ask for the first page again"), "{replaced}");
    let first = world.page(page, 1).unwrap();
    world.clock.set(Timestamp(61_001));
    assert_eq!(world.next(&first, 1).unwrap_err().kind(), ErrorKind::NotFound);
    let first = world.first(1);
    let unknown = BroadcastsPage::Next { session: first.session, after: Some(u64::MAX) };
    assert_eq!(world.page(unknown, 1).unwrap_err().kind(), ErrorKind::Invalid);
    let world = world.reopened();
    assert_eq!(world.next(&first, 1).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn what_a_gone_broadcast_was_called_is_erased_and_it_stays_gone() {
    let world = World::new();
    let id = world.go_live(ANN, "<deleted title>");
    let content = said(BEN, "<cancelled title>");
    let planned = world.does(BroadcastAction::Schedule { at: Timestamp(5), content }).unwrap();
    let kept = world.go_live(BEN, "<kept title>");
    let world = world.reopened();
    let post = world.end(id);
    world.end(kept);
    world.does(cancel(planned)).unwrap();
    world.engine.write(Command::delete(PostId(post))).unwrap();
    assert!(world.storage.has_text("<deleted title>"), "the search finds what is there");
    world.engine.retain().unwrap();
    world.engine.retain().unwrap();
    for (title, is_kept) in
        [("<deleted title>", false), ("<cancelled title>", false), ("<kept title>", true)]
    {
        assert_eq!(world.storage.has_text(title), is_kept, "{title}");
    }
    let digests = world.engine.digests().unwrap();
    // The views out of what is left of the log.
    world.engine.close().unwrap();
    let names = world.storage.list().unwrap().into_iter();
    let views = names.filter(|name| name.ends_with(".view"));
    views.for_each(|name| world.storage.remove(&name).unwrap());
    let world = World { engine: open(&world.storage, &world.clock), ..world };
    assert_eq!(world.engine.digests().unwrap(), digests);
    assert_eq!(shown(&world.first(9)), [(BroadcastState::Replay, kept)]);
    assert_eq!(world.refuses(end(id)).0, ErrorKind::NotFound);
}

#[test]
fn a_replay_can_be_revised_and_reacted_to_and_what_it_said_before_is_erased() {
    let world = World::new();
    let id = world.go_live(ANN, "<first title>");
    let key = WriteOptions { key: Some(Key([4; 16])), actor: None };
    let ending = Command::new(Action::Broadcast(end(id))).with(key);
    let receipt = world.engine.write(ending.clone()).unwrap();
    let post = receipt.post.unwrap();
    let (text, meta) = ("<better title>".into(), None);
    let revise = Action::Revise { post, revision: 0, text, meta };
    world.engine.write(Command::new(revise)).unwrap();
    let says = |world: &World| {
        let [shown] = <[_; 1]>::try_from(world.first(9).broadcasts).unwrap();
        let card = world.engine.broadcast(BroadcastId(id), None).unwrap().broadcast;
        assert_eq!((shown.state, &shown), (BroadcastState::Replay, &card));
        assert_eq!(world.engine.post(post, None).unwrap().1.text, shown.text);
        String::from_utf8(shown.text.to_vec()).unwrap()
    };
    assert_eq!(says(&world), "<better title>");
    let world = world.reopened();
    assert!(world.storage.has_text("<first title>"), "the search finds what is there");
    world.engine.retain().unwrap();
    world.engine.retain().unwrap();
    assert!(!world.storage.has_text("<first title>"));
    assert_eq!(says(&world), "<better title>");
    world
        .engine
        .write(Command::new(Action::React { user: READER, target: post, kind: 1 }))
        .unwrap();
    assert_eq!(world.engine.counted_post(post, None).unwrap().2.reactions[1], 1);
    assert_eq!(world.engine.write(ending).unwrap(), receipt, "under the same key");
    let digests = world.engine.digests().unwrap();
    world.engine.close().unwrap();
    let names = world.storage.list().unwrap().into_iter();
    let views = names.filter(|name| name.ends_with(".view"));
    views.for_each(|name| world.storage.remove(&name).unwrap());
    let world = World { engine: open(&world.storage, &world.clock), ..world };
    assert_eq!(world.engine.digests().unwrap(), digests);
    assert_eq!(says(&world), "<better title>");
}
