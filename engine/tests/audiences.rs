//! Posts that are not for everybody: who sees which through every door, in memory and in files, and that
//! nobody else is told that they are there.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Audience, Command, CommentOrder, CommentsQuery, Durability, Engine, ErrorKind, Feed,
    GroupName, Key, NewPost, NoticesQuery, Options, PostId, ReactorsQuery, RepostersQuery,
    SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery, UnreadQuery, UserId, WatchEvent, WatchQuery,
    Why, WriteOptions,
};

const AUTHOR: UserId = UserId(1);
const MUTUAL: UserId = UserId(2);
const FOLLOWER: UserId = UserId(3);
const MEMBER: UserId = UserId(4);
const STRANGER: UserId = UserId(5);
/// Nobody has written about them.
const UNKNOWN: UserId = UserId(99);

fn open(storage: &MemoryStorage, options: Options) -> Engine {
    let options =
        Options { durability: Durability::Os, segment_bytes: SEGMENT_BYTES_MIN, ..options };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

/// Nothing stays in memory that can be read from a file.
fn in_files() -> Options {
    Options { flush_records: 1, memory_budget: 0, ..Options::default() }
}

fn family() -> GroupName {
    GroupName::new("family")
}

fn do_it(engine: &Engine, action: Action) {
    engine.write(Command::new(action)).unwrap();
}

fn follow(engine: &Engine, user: UserId, author: UserId) {
    engine.write(Command::follow(user, author)).unwrap();
}

fn publish(engine: &Engine, author: UserId, audience: Audience) -> PostId {
    let post = NewPost { author, text: "post".into(), audience, ..NewPost::default() };
    engine.write(Command::new(Action::Publish(post))).unwrap().post.unwrap()
}

/// Two follow the author, one is followed back, one is in a group; and one post for each audience.
fn scene(engine: &Engine) -> [PostId; 5] {
    follow(engine, MUTUAL, AUTHOR);
    follow(engine, FOLLOWER, AUTHOR);
    follow(engine, AUTHOR, MUTUAL);
    follow(engine, STRANGER, MUTUAL);
    do_it(engine, Action::GroupCreate { user: AUTHOR, name: family(), exclusive: false });
    do_it(engine, Action::GroupAdd { user: AUTHOR, name: family(), author: MEMBER });
    let audiences = [
        Audience::Everybody,
        Audience::Followers,
        Audience::Mutual,
        Audience::group(family()),
        Audience::Author,
    ];
    audiences.map(|audience| publish(engine, AUTHOR, audience))
}

/// Which of the five each user sees.
const SEEN: [(UserId, [bool; 5]); 6] = [
    (AUTHOR, [true, true, true, true, true]),
    (MUTUAL, [true, true, true, false, false]),
    (FOLLOWER, [true, true, false, false, false]),
    (MEMBER, [true, false, false, true, false]),
    (STRANGER, [true, false, false, false, false]),
    (UNKNOWN, [true, false, false, false, false]),
];

fn page(user: UserId, viewer: Option<UserId>) -> TimelineQuery {
    TimelineQuery { user, viewer, span: Span::Newest, limit: 50 }
}

/// Every door that shows something of a post, by name, with what it answers a viewer.
fn doors(engine: &Engine, post: PostId, viewer: UserId) -> Vec<(&'static str, Result<(), String>)> {
    let by = Some(viewer);
    let told = |result: Result<(), fanfold_engine::Error>| {
        result.map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            error.to_string().replace(&post.to_string(), "N")
        })
    };
    let comments = CommentsQuery {
        post,
        viewer: by,
        order: CommentOrder::OldestFirst,
        cursor: None,
        limit: 9,
    };
    let reactors = ReactorsQuery { target: post, kind: None, viewer: by, before: None, limit: 9 };
    let reposters = RepostersQuery { post, viewer: by, before: None, limit: 9 };
    let write = |action| engine.write(Command::new(action)).map(|_| ());
    let acting = |action| {
        let options = WriteOptions { key: None, actor: by };
        engine.write(Command::new(action).with(options)).map(|_| ())
    };
    let comment = Action::Comment {
        user: viewer,
        post,
        answers: None,
        text: "so".into(),
        mentions: [].into_iter().collect(),
    };
    let quote = NewPost { author: viewer, text: "look".into(), ..NewPost::default() };
    let (text, meta) = ("other".into(), None);
    let mut all = vec![
        ("post", told(engine.post(post, by).map(|_| ()))),
        ("revision", told(engine.revision(post, 0, by).map(|_| ()))),
        ("comments", told(engine.comments(&comments).map(|_| ()))),
        ("reactors", told(engine.reactors(&reactors).map(|_| ()))),
        ("reposters", told(engine.reposters(&reposters).map(|_| ()))),
        ("react", told(write(Action::React { user: viewer, target: post, kind: 1 }))),
        ("comment", told(write(comment))),
        ("repost", told(write(Action::Repost { post: quote, parent: post }))),
    ];
    if SEEN.iter().any(|(user, seen)| *user == viewer && seen.contains(&false)) {
        let hidden = [
            ("unreact", write(Action::Unreact { user: viewer, target: post, kind: 2 })),
            ("delete", acting(Action::Delete { post })),
            ("revise", acting(Action::Revise { post, revision: 0, text, meta })),
        ];
        // Who sees it is denied some of these: what matters is what the others are told.
        let hidden = hidden.into_iter().filter(|(_, answer)| {
            answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound)
        });
        all.extend(hidden.map(|(door, answer)| (door, told(answer))));
    }
    all
}

/// The same once the author is private: what they had for everybody is for who follows them.
const SEEN_OF_PRIVATE: [(UserId, [bool; 5]); 6] = [
    (AUTHOR, [true, true, true, true, true]),
    (MUTUAL, [true, true, true, false, false]),
    (FOLLOWER, [true, true, false, false, false]),
    (MEMBER, [false, false, false, true, false]),
    (STRANGER, [false, false, false, false, false]),
    (UNKNOWN, [false, false, false, false, false]),
];

fn through_every_door(options: Options, is_on: bool) {
    let storage = MemoryStorage::default();
    let engine = open(&storage, options);
    let posts = scene(&engine);
    do_it(&engine, Action::Private { user: AUTHOR, is_on });
    let absent = doors(&engine, PostId(1_000_000), STRANGER);
    assert!(absent.iter().all(|(_, answer)| answer.is_err()), "{absent:?}");
    for (viewer, seen) in if is_on { SEEN_OF_PRIVATE } else { SEEN } {
        for (post, is_seen) in posts.into_iter().zip(seen) {
            let answers = doors(&engine, post, viewer);
            for (door, answer) in &answers {
                assert_eq!(answer.is_ok(), is_seen, "{door} of {post} for {viewer}: {answer:?}");
            }
            let unlike = answers.iter().filter(|found| !is_seen && !absent.contains(found));
            assert_eq!(unlike.collect::<Vec<_>>(), Vec::<&_>::new(), "{post} for {viewer}");
            let kept = if is_seen { 8 } else { absent.len() };
            assert_eq!(answers.len(), kept, "{answers:?}");
        }
        let outbox = engine.outbox(&page(AUTHOR, Some(viewer))).unwrap();
        let shown = outbox.posts.iter().filter(|post| posts.contains(&post.id)).count();
        assert_eq!(shown, seen.iter().filter(|seen| **seen).count(), "outbox for {viewer}");
    }
    // Quotes of what others do not see are not shown to them either.
    let homes = [(MUTUAL, 3), (FOLLOWER, 2), (STRANGER, usize::from(!is_on))];
    for (user, count) in homes {
        let home = engine.home(&page(user, None)).unwrap().posts;
        let originals = home.iter().map(|post| post.repost.map_or(post.id, |link| link.root));
        let mut seen: Vec<PostId> = originals.collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count, "home of {user}: {seen:?}");
    }
    assert_eq!(engine.outbox(&page(AUTHOR, None)).unwrap().posts.len(), 10, "and five quotes");
}

#[test]
fn each_audience_sees_its_posts_through_every_door_and_nobody_else_does() {
    through_every_door(Options::default(), false);
    through_every_door(in_files(), false);
}

#[test]
fn what_a_private_user_has_for_everybody_is_for_followers_at_every_door() {
    through_every_door(Options::default(), true);
    through_every_door(in_files(), true);
}

#[test]
fn the_graph_of_today_says_who_sees_a_post() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, in_files());
    let [_, followers, mutual, group, _] = scene(&engine);
    let sees = |user, post| engine.post(post, Some(user)).is_ok();
    engine.write(Command::follow(AUTHOR, FOLLOWER)).unwrap();
    assert!(sees(FOLLOWER, mutual));
    do_it(&engine, Action::Unfollow { user: AUTHOR, author: MUTUAL });
    assert!(!sees(MUTUAL, mutual) && sees(MUTUAL, followers));
    do_it(&engine, Action::Unfollow { user: FOLLOWER, author: AUTHOR });
    assert!(!sees(FOLLOWER, mutual) && !sees(FOLLOWER, followers));
    do_it(&engine, Action::GroupDelete { user: AUTHOR, name: family() });
    do_it(&engine, Action::GroupCreate { user: AUTHOR, name: family(), exclusive: false });
    do_it(&engine, Action::GroupAdd { user: AUTHOR, name: family(), author: MEMBER });
    assert!(!sees(MEMBER, group) && sees(AUTHOR, group), "that was another group");
    let unknown = NewPost {
        author: AUTHOR,
        audience: Audience::group(GroupName::new("none")),
        ..NewPost::default()
    };
    let error = engine.write(Command::new(Action::Publish(unknown))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[test]
fn a_page_is_full_although_a_long_stretch_is_for_others() {
    for options in [Options::default(), in_files()] {
        let storage = MemoryStorage::default();
        let engine = open(&storage, options.clone());
        follow(&engine, FOLLOWER, AUTHOR);
        let older: Vec<PostId> =
            (0..30).map(|_| publish(&engine, AUTHOR, Audience::Followers)).collect();
        for _ in 0..500 {
            publish(&engine, AUTHOR, Audience::Mutual);
        }
        engine.close().unwrap();
        let engine = open(&storage, options);
        let query = TimelineQuery { limit: 20, ..page(FOLLOWER, None) };
        let shown: Vec<PostId> = engine.home(&query).unwrap().posts.iter().map(|p| p.id).collect();
        assert_eq!(shown, older.iter().rev().take(20).copied().collect::<Vec<_>>());
        let query =
            UnreadQuery { user: FOLLOWER, feed: Feed::Home, viewer: None, since: None, limit: 99 };
        assert_eq!(engine.unread(&query).unwrap().count, 30);
        follow(&engine, AUTHOR, FOLLOWER);
        assert_eq!(engine.unread(&UnreadQuery { limit: 900, ..query }).unwrap().count, 530);
    }
}

#[test]
fn a_key_is_of_one_audience_and_a_notice_only_of_who_sees_the_post() {
    let engine = open(&MemoryStorage::default(), Options::default());
    scene(&engine);
    let keyed = |audience| {
        let mentions = [MUTUAL, FOLLOWER].into_iter().collect();
        let post = NewPost { author: AUTHOR, audience, mentions, ..NewPost::default() };
        let options = WriteOptions { key: Some(Key([7; 16])), actor: None };
        engine.write(Command::new(Action::Publish(post)).with(options))
    };
    let first = keyed(Audience::Mutual).unwrap();
    assert_eq!(keyed(Audience::Mutual).unwrap().post, first.post);
    assert_eq!(keyed(Audience::Followers).unwrap_err().kind(), ErrorKind::Conflict);
    let notices = |user| {
        let query = NoticesQuery { user, viewer: None, before: None, limit: 9 };
        engine.notices(&query).unwrap().groups.iter().filter(|it| it.post == first.post).count()
    };
    assert_eq!((notices(MUTUAL), notices(FOLLOWER)), (1, 0));
}

#[test]
fn why_a_post_is_not_there_is_told_to_the_application_alone() {
    let engine = open(&MemoryStorage::default(), in_files());
    let [_, followers, mutual, ..] = scene(&engine);
    let why = |post, viewer| engine.explain(FOLLOWER, post, viewer).unwrap().why;
    let audience = Audience::Mutual;
    assert_eq!(why(mutual, None), Why::Audience { post: mutual, audience });
    assert_eq!(why(mutual, Some(FOLLOWER)), Why::NoSuchPost);
    assert!(matches!(why(followers, Some(FOLLOWER)), Why::Present { .. }));
}

#[test]
fn a_watch_is_told_what_its_user_sees_and_when_that_changes() {
    let engine = open(&MemoryStorage::default(), Options::default());
    scene(&engine);
    let query = WatchQuery { user: FOLLOWER, viewer: None, after: None, presence: false };
    let mut watch = engine.watch(&query).unwrap();
    publish(&engine, AUTHOR, Audience::Mutual);
    let seen = publish(&engine, AUTHOR, Audience::Followers);
    follow(&engine, AUTHOR, FOLLOWER);
    let back = publish(&engine, AUTHOR, Audience::Mutual);
    let position = engine.position().unwrap();
    let mut told = Vec::new();
    while watch.position() < position {
        let batch = watch.wait(Duration::from_secs(60)).unwrap();
        told.extend(batch.into_iter().flat_map(|batch| batch.events));
    }
    let told: Vec<_> = told
        .iter()
        .map(|event| match event {
            WatchEvent::Entry(post) => Some(post.id),
            WatchEvent::FeedChanged(author) => {
                assert_eq!(*author, AUTHOR);
                None
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(told.contains(&Some(seen)) && told.contains(&None) && told.contains(&Some(back)));
}

/// A post for a group comes to who does not follow its author by a repost, and goes with the group.
#[test]
fn a_watch_is_told_that_a_group_is_gone_whose_posts_others_repost() {
    let engine = open(&MemoryStorage::default(), Options::default());
    let [.., post, _] = scene(&engine);
    do_it(&engine, Action::GroupAdd { user: AUTHOR, name: family(), author: MUTUAL });
    engine.write(Command::repost(MUTUAL, post)).unwrap();
    follow(&engine, MEMBER, MUTUAL);
    let query = WatchQuery { user: MEMBER, viewer: None, after: None, presence: false };
    let mut watch = engine.watch(&query).unwrap();
    let home = || engine.home(&page(MEMBER, None)).unwrap().posts.len();
    assert_eq!(home(), 1);
    let after = Some(engine.position().unwrap());
    do_it(&engine, Action::GroupDelete { user: AUTHOR, name: family() });
    assert_eq!(home(), 0);
    let mut back = engine.watch(&WatchQuery { after, ..query }).unwrap();
    for watch in [&mut watch, &mut back] {
        let told = watch.wait(Duration::from_secs(60)).unwrap().unwrap().events;
        assert_eq!(told, [WatchEvent::FeedChanged(AUTHOR)]);
    }
}

#[test]
fn what_is_said_below_a_post_is_news_to_who_sees_the_post() {
    let engine = open(&MemoryStorage::default(), Options::default());
    let [_, post, ..] = scene(&engine);
    let comment = |user, answers| {
        let mentions = [].into_iter().collect();
        let comment = Action::Comment { user, post, answers, text: "so".into(), mentions };
        engine.write(Command::new(comment)).unwrap().post
    };
    let first = comment(FOLLOWER, None);
    comment(MUTUAL, first);
    let notices = || {
        let query = NoticesQuery { user: FOLLOWER, viewer: None, before: None, limit: 9 };
        engine.notices(&query).unwrap().groups.len()
    };
    assert_eq!(notices(), 1);
    do_it(&engine, Action::Unfollow { user: FOLLOWER, author: AUTHOR });
    assert_eq!(notices(), 0, "it is a post for followers");
    follow(&engine, FOLLOWER, AUTHOR);
    assert_eq!(notices(), 1);
}
