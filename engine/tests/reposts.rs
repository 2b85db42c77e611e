//! Reposts, where random histories seldom go: long hidden stretches, in memory and in files, and what
//! watches are told when an original goes that many have reposted.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Command, CommentOrder, CommentsQuery, CountedQuery, Durability, Engine, ErrorKind,
    Feed, FullQuery, Mentions, NewPost, NoticeKind, NoticesQuery, Options, Original, PageEnd,
    PostId, ReactorsQuery, RepostersQuery, SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery,
    UnreadQuery, UserId, Watch, WatchEvent, WatchQuery, Why, WriteOptions,
};

const READER: UserId = UserId(1);
const PLAIN: UserId = UserId(2);
const QUOTER: UserId = UserId(3);
const ORIGINAL: UserId = UserId(4);

fn open(storage: &MemoryStorage, options: Options) -> Engine {
    let options =
        Options { durability: Durability::Os, segment_bytes: SEGMENT_BYTES_MIN, ..options };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

fn publish(engine: &Engine, author: UserId) -> PostId {
    engine.write(Command::publish(author, "post")).unwrap().post.unwrap()
}

fn quote(engine: &Engine, author: UserId, parent: PostId) -> PostId {
    let post = NewPost { author, text: "look".into(), ..NewPost::default() };
    engine.write(Command::new(Action::Repost { post, parent })).unwrap().post.unwrap()
}

fn ids(engine: &Engine, span: Span, limit: usize) -> Vec<u64> {
    let query = TimelineQuery { user: READER, viewer: None, span, limit };
    engine.home(&query).unwrap().posts.iter().map(|post| post.id.0).collect()
}

/// The reader follows two authors; one of them quoted a post 600 times, of which only that author's mute
/// hides every one.
fn hidden_stretch(options: Options) {
    let storage = MemoryStorage::default();
    let engine = open(&storage, options.clone());
    for author in [PLAIN, QUOTER] {
        engine.write(Command::follow(READER, author)).unwrap();
    }
    let root = publish(&engine, ORIGINAL);
    let newest_first = |mut ids: Vec<u64>| {
        ids.reverse();
        ids
    };
    let older = newest_first((0..30).map(|_| publish(&engine, PLAIN).0).collect());
    let quotes = newest_first((0..600).map(|_| quote(&engine, QUOTER, root).0).collect());
    let newer = newest_first((0..3).map(|_| publish(&engine, PLAIN).0).collect());
    let engine = {
        engine.close().unwrap();
        open(&storage, options)
    };
    assert_eq!(ids(&engine, Span::Newest, 5), [&newer[..], quotes.get(..2).unwrap()].concat());
    engine.write(Command::new(Action::Mute { user: READER, author: ORIGINAL })).unwrap();
    let first = [&newer[..], older.get(..7).unwrap()].concat();
    assert_eq!(ids(&engine, Span::Newest, 10), first);
    let lowest = PostId(*older.last().unwrap());
    let up: Vec<u64> = [&newer[..], &older[..]].concat().into_iter().rev().skip(1).collect();
    let mut expected: Vec<u64> = up.iter().copied().take(31).collect();
    expected.reverse();
    assert_eq!(ids(&engine, Span::After(lowest), 31), expected);
    let why = engine.explain(READER, PostId(*quotes.first().unwrap()), None).unwrap().why;
    assert_eq!(why, Why::OriginalHidden { root, author: ORIGINAL });
}

#[test]
fn a_page_is_full_although_a_long_stretch_is_hidden() {
    hidden_stretch(Options::default());
    // Everything is in files.
    hidden_stretch(Options { flush_records: 1, memory_budget: 0, ..Options::default() });
}

#[test]
fn a_bare_repost_is_there_once_and_goes_with_its_original() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, Options::default());
    engine.write(Command::follow(READER, QUOTER)).unwrap();
    let root = publish(&engine, ORIGINAL);
    let bare = engine.write(Command::repost(QUOTER, root)).unwrap();
    let again = engine.write(Command::repost(QUOTER, bare.post.unwrap())).unwrap();
    assert_eq!((again.changed, again.post), (false, bare.post), "the first is named");
    let quoted = quote(&engine, QUOTER, bare.post.unwrap());
    let post = engine.post(quoted, None).unwrap().1;
    let link = post.repost.unwrap();
    assert_eq!((link.parent, link.root, link.root_author), (bare.post.unwrap(), root, ORIGINAL));
    engine.write(Command::delete(root)).unwrap();
    assert_eq!(ids(&engine, Span::Newest, 9), [quoted.0]);
    for refused in [root, bare.post.unwrap(), quoted] {
        let error = engine.write(Command::repost(READER, refused)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{refused}");
    }
    let why = engine.explain(READER, bare.post.unwrap(), None).unwrap().why;
    assert!(matches!(why, Why::OriginalDeleted { root: of, .. } if of == root), "{why:?}");
}

fn told(reposters: u64) -> Vec<WatchEvent> {
    let engine = open(&MemoryStorage::default(), Options::default());
    let root = publish(&engine, ORIGINAL);
    for author in (100..100 + reposters).map(UserId) {
        if author.0 < 110 {
            engine.write(Command::follow(READER, author)).unwrap();
        }
        engine.write(Command::repost(author, root)).unwrap();
    }
    let query = WatchQuery { user: READER, viewer: None, after: None, presence: false };
    let mut watch = engine.watch(&query).unwrap();
    engine.write(Command::delete(root)).unwrap();
    let position = engine.position().unwrap();
    let mut events = Vec::new();
    while watch.position() < position {
        let batch = watch.wait(Duration::from_secs(60)).unwrap();
        events.extend(batch.into_iter().flat_map(|batch| batch.events));
    }
    events
}

#[test]
fn watches_are_told_what_goes_with_an_original_or_that_it_is_too_much() {
    let few = told(20);
    assert_eq!(few.len(), 10, "{few:?}");
    assert!(few.iter().all(|event| matches!(event, WatchEvent::Removed(_))), "{few:?}");
    assert_eq!(told(1_100), [WatchEvent::Gap]);
}

fn revise(engine: &Engine, post: PostId, revision: u32, text: &str) -> fanfold_engine::Result<()> {
    let text = text.to_owned().into();
    let action = Action::Revise { post, revision, text, meta: None };
    engine.write(Command::new(action)).map(|_| ())
}

fn originals(engine: &Engine) -> Vec<Original> {
    let page = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 9 };
    let query = FullQuery { originals: true, ..FullQuery::of(CountedQuery::Home(page)) };
    engine.full_page(&query).unwrap().originals
}

/// Texts alone leave room in a page of two hundred quotes with their originals; with whom these mention it is
/// full before, or no frame could carry it.
#[test]
fn mentions_count_towards_the_bytes_of_a_page_with_originals() {
    let engine = open(&MemoryStorage::default(), Options::default());
    engine.write(Command::follow(READER, QUOTER)).unwrap();
    let post = |author| NewPost {
        author,
        text: "x".repeat(2_400).into(),
        mentions: (1..=50).map(|number| UserId(u64::MAX - 100 + number)).collect(),
        ..NewPost::default()
    };
    for _ in 0..200 {
        let published = engine.write(Command::new(Action::Publish(post(ORIGINAL))));
        let parent = published.unwrap().post.unwrap();
        engine.write(Command::new(Action::Repost { post: post(QUOTER), parent })).unwrap();
    }
    let page = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 200 };
    assert_eq!(engine.home(&page).unwrap().posts.len(), 200);
    let query = FullQuery { originals: true, ..FullQuery::of(CountedQuery::Home(page)) };
    let page = engine.full_page(&query).unwrap();
    assert_eq!(page.page.end, PageEnd::Bytes);
    assert!((170..200).contains(&page.page.posts.len()), "{}", page.page.posts.len());
    assert_eq!(page.originals.len(), page.page.posts.len());
}

#[test]
fn a_quote_stays_one_whatever_it_says_and_a_bare_repost_says_nothing() {
    let storage = MemoryStorage::default();
    let options = Options {
        flush_records: 1,
        cold_after: Duration::ZERO,
        memory_budget: 0,
        ..Options::default()
    };
    let engine = open(&storage, options.clone());
    engine.write(Command::follow(READER, QUOTER)).unwrap();
    let root = publish(&engine, ORIGINAL);
    let bare = engine.write(Command::repost(QUOTER, root)).unwrap().post.unwrap();
    let error = revise(&engine, bare, 0, "more").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    let quoted = quote(&engine, QUOTER, root);
    revise(&engine, quoted, 0, "").unwrap();
    revise(&engine, root, 0, "as it is now").unwrap();
    let shown = originals(&engine);
    assert_eq!(shown.first().and_then(Original::text).unwrap(), "as it is now");
    let engine = {
        // The text before is erased: what is left of the record is a quote still.
        engine.retain().unwrap();
        engine.close().unwrap();
        let views: Vec<String> = storage.list().unwrap();
        let views = views.iter().filter(|name| name.ends_with(".view"));
        views.for_each(|name| storage.remove(name).unwrap());
        open(&storage, options)
    };
    let post = engine.post(quoted, None).unwrap().1;
    assert_eq!((post.repost.unwrap().root, &post.text[..], post.revision), (root, &b""[..], 1));
    engine.write(Command::delete(root)).unwrap();
    assert_eq!(ids(&engine, Span::Newest, 9), [quoted.0]);
    assert_eq!(originals(&engine), [Original::Deleted { id: root, author: ORIGINAL }]);
}

#[test]
fn what_a_hidden_quote_says_is_neither_told_nor_counted() {
    let engine = open(&MemoryStorage::default(), Options::default());
    engine.write(Command::follow(READER, QUOTER)).unwrap();
    let root = publish(&engine, ORIGINAL);
    let quoted = quote(&engine, QUOTER, root);
    let unread =
        UnreadQuery { user: READER, feed: Feed::Home, viewer: None, since: None, limit: 9 };
    assert_eq!(engine.unread(&unread).unwrap().count, 1);
    engine.write(Command::new(Action::Mute { user: READER, author: ORIGINAL })).unwrap();
    assert_eq!(engine.unread(&unread).unwrap().count, 0);
    let before = engine.position().unwrap();
    let query = WatchQuery { user: READER, viewer: None, after: None, presence: false };
    let mut live = engine.watch(&query).unwrap();
    revise(&engine, quoted, 0, "look again").unwrap();
    let plain = publish(&engine, QUOTER);
    let told = |watch: &mut Watch| {
        let events = watch.wait(Duration::from_secs(60)).unwrap().unwrap().events;
        let entry = |event: &WatchEvent| match event {
            WatchEvent::Entry(post) => Some(post.id),
            _ => None,
        };
        events.iter().map(entry).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut live), [Some(plain)]);
    let mut back = engine.watch(&WatchQuery { after: Some(before), ..query }).unwrap();
    assert_eq!(told(&mut back), [Some(plain)]);
}

#[test]
fn who_is_reposted_gets_a_notice_of_it() {
    let engine = open(&MemoryStorage::default(), Options::default());
    let root = publish(&engine, ORIGINAL);
    let bare = engine.write(Command::repost(QUOTER, root)).unwrap().post.unwrap();
    let quoted = quote(&engine, PLAIN, bare);
    let notices = |user| {
        let query = NoticesQuery { user, viewer: None, before: None, limit: 9 };
        let groups = engine.notices(&query).unwrap().groups;
        groups.iter().map(|group| (group.kind, group.post, group.count)).collect::<Vec<_>>()
    };
    assert_eq!(notices(ORIGINAL), [(NoticeKind::Repost, Some(root), 2)]);
    assert_eq!(notices(QUOTER), [(NoticeKind::Repost, Some(bare), 1)]);
    engine.write(Command::delete(quoted)).unwrap();
    assert_eq!(notices(ORIGINAL), [(NoticeKind::Repost, Some(root), 1)]);
    assert!(notices(QUOTER).is_empty());
}

fn comment(user: UserId, post: PostId, answers: Option<PostId>) -> Action {
    let mentions = Mentions::default();
    Action::Comment { user, post, answers, text: "so it is".into(), mentions }
}

/// Whether each read that is about the post, or about the comment on it, answers the viewer.
fn answered(engine: &Engine, viewer: UserId, [post, comment]: [PostId; 2]) -> Vec<bool> {
    let viewer = Some(viewer);
    let (cursor, order) = (None, CommentOrder::NewestFirst);
    let comments = CommentsQuery { post, viewer, order, cursor, limit: 9 };
    let reposters = RepostersQuery { post, viewer, before: None, limit: 9 };
    let mut answered = vec![
        engine.post(post, viewer).is_ok(),
        engine.counted_post(post, viewer).is_ok(),
        engine.comments(&comments).is_ok(),
        engine.reposters(&reposters).is_ok(),
    ];
    for target in [post, comment] {
        let reactors = ReactorsQuery { target, viewer, kind: None, before: None, limit: 9 };
        answered.push(engine.reactors(&reactors).is_ok());
    }
    answered
}

/// What the user gets who says something of the post, or of the comment on it.
fn refused(engine: &Engine, user: UserId, [post, answered]: [PostId; 2]) -> Vec<Option<ErrorKind>> {
    let text = "look".into();
    let quote = NewPost { author: user, text, ..NewPost::default() };
    let actions = [
        Action::React { user, target: post, kind: 3 },
        Action::React { user, target: answered, kind: 3 },
        comment(user, post, None),
        comment(user, post, Some(answered)),
        Action::Repost { post: quote, parent: post },
        Command::repost(user, post).action,
    ];
    let refusal = |action| engine.write(Command::new(action)).err().map(|error| error.kind());
    actions.into_iter().map(refusal).collect()
}

fn heard(engine: &Engine, user: UserId) -> u32 {
    let query = NoticesQuery { user, viewer: None, before: None, limit: 20 };
    engine.notices(&query).unwrap().groups.iter().map(|group| group.count).sum()
}

/// A quote is hidden from whom a block parts from the author of the original, and so is what is said on it.
#[test]
fn what_hangs_on_a_hidden_quote_is_hidden_with_it() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, Options { memory_budget: 0, ..Options::default() });
    let act = |action| engine.write(Command::new(action)).unwrap().post;
    let root = publish(&engine, ORIGINAL);
    let theirs = quote(&engine, QUOTER, root);
    let own = quote(&engine, READER, root);
    let said = act(comment(READER, theirs, None)).unwrap();
    act(Action::React { user: READER, target: theirs, kind: 0 });
    act(comment(PLAIN, theirs, Some(said)));
    act(Action::React { user: PLAIN, target: own, kind: 0 });
    assert_eq!((heard(&engine, READER), heard(&engine, QUOTER)), (2, 3));
    for (user, other) in [(ORIGINAL, READER), (READER, ORIGINAL)] {
        assert_eq!(answered(&engine, READER, [theirs, said]), [true; 6]);
        act(Action::Block { user, other });
        assert_eq!(answered(&engine, READER, [theirs, said]), [false; 6]);
        let refusals = refused(&engine, READER, [theirs, said]);
        assert_eq!(refusals, [Some(ErrorKind::NotFound); 6]);
        assert_eq!((heard(&engine, READER), heard(&engine, QUOTER)), (0, 3));
        assert_eq!(answered(&engine, PLAIN, [theirs, said]), [true; 6]);
        act(Action::Unblock { user, other });
    }
    assert_eq!(heard(&engine, READER), 2);
    act(Action::Mute { user: READER, author: ORIGINAL });
    // A mute hides what others repost in what is one's own, not where one looks it up.
    assert_eq!(answered(&engine, READER, [theirs, said]), [true; 6]);
    act(Action::Block { user: ORIGINAL, other: READER });
    let unreact =
        |kind| engine.write(Command::new(Action::Unreact { user: READER, target: theirs, kind }));
    assert_eq!(unreact(3).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(unreact(0).unwrap().changed, "what is one's own one may take back");
}

/// How many posts the user has, and the newest, as they see it themselves and as the application does.
fn card(engine: &Engine, user: UserId) -> [(u64, Option<PostId>); 2] {
    [None, Some(user)].map(|viewer| {
        let card = engine.user(user, viewer).unwrap();
        (card.posts, card.newest_post)
    })
}

/// What went with its original is no post any more, for nobody: as if its author had deleted it.
#[test]
fn a_bare_repost_of_what_was_deleted_is_a_deleted_post() {
    let storage = MemoryStorage::default();
    let mut engine = open(&storage, Options::default());
    let root = publish(&engine, ORIGINAL);
    let first = publish(&engine, QUOTER);
    let bare = engine.write(Command::repost(QUOTER, root)).unwrap().post.unwrap();
    let before = engine.counters().unwrap();
    assert_eq!(card(&engine, QUOTER), [(2, Some(bare)); 2]);
    engine.write(Command::delete(root)).unwrap();
    for _ in 0..2 {
        assert_eq!(card(&engine, QUOTER), [(1, None); 2]);
        let after = engine.counters().unwrap();
        assert_eq!((after.posts, after.reposts), (before.posts - 2, before.reposts - 1));
        let by = |actor| WriteOptions { actor: Some(actor), key: None };
        let own = engine.write(Command::delete(bare).with(by(QUOTER))).unwrap();
        let undone = engine.write(Command::new(Action::Unrepost { user: QUOTER, post: bare }));
        assert!(!own.changed && !undone.unwrap().changed);
        let foreign = engine.write(Command::delete(bare).with(by(PLAIN))).unwrap_err();
        assert_eq!(foreign.kind(), ErrorKind::Denied);
        engine.close().unwrap();
        engine = open(&storage, Options::default());
    }
    let next = publish(&engine, QUOTER);
    assert_eq!(card(&engine, QUOTER), [(2, Some(next)); 2]);
    engine.write(Command::delete(first)).unwrap();
    assert_eq!(card(&engine, QUOTER), [(1, Some(next)); 2]);
}
