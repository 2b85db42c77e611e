//! Moderation, where it can be read as a story: what others see of who is suspended and of what is hidden, out of
//! inboxes and out of files, and that it comes back as it was.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "common/watching.rs"]
mod watching;

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, BroadcastAction, BroadcastId, BroadcastsPage, BroadcastsQuery, Command, Durability,
    EdgeQuery, Engine, ErrorKind, Feed, ModeratedOf, ModeratedQuery, NewPost, Options, PostId,
    ReplayContent, RepostersQuery, SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery, UnreadQuery,
    UserId, Watch, WatchEvent, WatchQuery, Why, WriteOptions,
};
use watching::told;

const READER: UserId = UserId(1);
const AUTHOR: UserId = UserId(2);
const SPAMMER: UserId = UserId(3);
const FAN: UserId = UserId(4);

fn open(storage: &MemoryStorage) -> Engine {
    let options = Options {
        durability: Durability::Os,
        segment_bytes: SEGMENT_BYTES_MIN,
        flush_records: 10,
        memory_budget: 1_000,
        ..Options::default()
    };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

fn write(engine: &Engine, action: Action) -> bool {
    engine.write(Command::new(action)).unwrap().changed
}

fn refusal(engine: &Engine, action: Action) -> ErrorKind {
    engine.write(Command::new(action)).unwrap_err().kind()
}

fn publish(engine: &Engine, author: UserId) -> PostId {
    engine.write(Command::publish(author, "post")).unwrap().post.unwrap()
}

fn repost(engine: &Engine, user: UserId, parent: PostId) -> PostId {
    engine.write(Command::repost(user, parent)).unwrap().post.unwrap()
}

fn home(engine: &Engine, user: UserId) -> Vec<PostId> {
    let query = TimelineQuery { user, viewer: None, span: Span::Newest, limit: 50 };
    let page = engine.home(&query).unwrap();
    if let Some(resident) = engine.resident().home(&query).unwrap() {
        assert_eq!(resident, page);
    }
    let unread = UnreadQuery { user, feed: Feed::Home, viewer: None, since: None, limit: 50 };
    // Nothing that is not shown is counted, but for the user's own.
    assert!(engine.unread(&unread).unwrap().count <= page.posts.len());
    let verified = engine.verify(user).unwrap();
    assert_eq!(verified.mismatch, None, "the read path and the naive merge agree");
    page.posts.iter().map(|post| post.id).collect()
}

/// The reader, the spammer and a fan follow the spammer; the reader follows the author too, who reposts the
/// spammer's first post.
fn scene(engine: &Engine) -> [PostId; 4] {
    for (user, author) in [(READER, AUTHOR), (READER, SPAMMER), (SPAMMER, SPAMMER), (FAN, SPAMMER)]
    {
        assert!(write(engine, Action::Follow { user, author, weight: None }));
    }
    let spam = publish(engine, SPAMMER);
    let news = publish(engine, AUTHOR);
    let reposted = repost(engine, AUTHOR, spam);
    [spam, news, reposted, publish(engine, SPAMMER)]
}

#[test]
fn who_is_suspended_is_there_for_themselves_alone_until_they_are_back() {
    let storage = MemoryStorage::default();
    let mut engine = open(&storage);
    let [spam, news, reposted, more] = scene(&engine);
    let (all, own) = (vec![more, reposted, news, spam], vec![more, spam]);
    for round in 0..3 {
        assert_eq!(home(&engine, READER), all, "{round}");
        assert!(write(&engine, Action::Suspend { user: SPAMMER }));
        assert!(!write(&engine, Action::Suspend { user: SPAMMER }), "twice is once");
        assert_eq!(home(&engine, READER), [news], "{round}");
        assert_eq!(home(&engine, FAN), [], "{round}");
        assert_eq!(home(&engine, SPAMMER), own, "{round}");
        assert!(engine.post(spam, None).is_ok() && engine.post(spam, Some(SPAMMER)).is_ok());
        for viewer in [READER, UserId(99)] {
            let found = engine.post(spam, Some(viewer)).unwrap_err();
            assert_eq!(found.kind(), ErrorKind::NotFound, "{viewer}");
            let found = engine.revision(spam, 0, Some(viewer)).unwrap_err();
            assert_eq!(found.kind(), ErrorKind::NotFound, "{viewer}");
        }
        let why = engine.explain(READER, more, None).unwrap().why;
        assert!(matches!(why, Why::Suspended { .. }), "{why:?}");
        let why = engine.explain(READER, reposted, None).unwrap().why;
        assert!(matches!(why, Why::OriginalHidden { author: SPAMMER, .. }), "{why:?}");
        assert!(engine.user(SPAMMER, None).unwrap().suspended);
        engine.close().unwrap();
        engine = open(&storage);
        assert_eq!(home(&engine, READER), [news], "{round}, after a restart");
        assert!(write(&engine, Action::Unsuspend { user: SPAMMER }));
        assert!(!write(&engine, Action::Unsuspend { user: SPAMMER }));
    }
}

#[test]
fn a_home_is_served_out_of_its_inbox_unless_the_page_has_posts_of_who_is_suspended() {
    let engine = open(&MemoryStorage::default());
    let page = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 2 };
    for author in [AUTHOR, SPAMMER] {
        write(&engine, Action::Follow { user: READER, author, weight: None });
    }
    let [_, stranger] = [FAN, UserId(9)].map(|author| publish(&engine, author));
    let spam = publish(&engine, SPAMMER);
    let is_inboxed = || engine.explain_home(&page).unwrap().from_inbox;
    home(&engine, READER);
    engine.settle_delivery(Duration::from_secs(60));
    assert!(is_inboxed());
    assert!(write(&engine, Action::Suspend { user: UserId(9) }));
    assert!(is_inboxed(), "{stranger} is nobody's whom the reader follows");
    assert!(write(&engine, Action::Suspend { user: SPAMMER }));
    assert!(!is_inboxed(), "{spam} is on the page");
    assert_eq!(home(&engine, READER), []);
    let mut news: Vec<PostId> = (0..3).map(|_| publish(&engine, AUTHOR)).collect();
    news.reverse();
    engine.settle_delivery(Duration::from_secs(60));
    assert!(is_inboxed(), "{spam} is older than the page");
    assert_eq!(home(&engine, READER), news);
    assert!(write(&engine, Action::Unsuspend { user: SPAMMER }));
    assert_eq!(home(&engine, READER).len(), 4);
}

#[test]
fn nothing_is_written_in_the_name_of_who_is_suspended_but_what_takes_back() {
    let engine = open(&MemoryStorage::default());
    let [spam, news, ..] = scene(&engine);
    assert!(write(&engine, Action::React { user: SPAMMER, target: news, kind: 1 }));
    assert!(write(&engine, Action::Suspend { user: SPAMMER }));
    let (user, post) = (SPAMMER, NewPost { author: SPAMMER, ..NewPost::default() });
    let quote = NewPost { text: "look".into(), ..post.clone() };
    let comment = |user, post| {
        let (answers, mentions) = (None, [].into_iter().collect());
        Action::Comment { user, post, answers, text: "so".into(), mentions }
    };
    for refused in [
        Action::Publish(post),
        Action::Repost { post: quote, parent: news },
        Action::Follow { user, author: AUTHOR, weight: None },
        Action::React { user, target: news, kind: 2 },
        comment(user, news),
        Action::Revise { post: spam, revision: 0, text: "x".into(), meta: None },
    ] {
        assert_eq!(refusal(&engine, refused.clone()), ErrorKind::Denied, "{refused:?}");
    }
    // Nobody can say anything to what they do not see.
    assert_eq!(refusal(&engine, comment(FAN, spam)), ErrorKind::NotFound);
    let post = NewPost { author: FAN, ..NewPost::default() };
    assert_eq!(refusal(&engine, Action::Repost { post, parent: spam }), ErrorKind::NotFound);
    assert!(write(&engine, Action::Unreact { user, target: news, kind: 1 }));
    assert!(write(&engine, Action::Unfollow { user, author: SPAMMER }));
    assert!(write(&engine, Action::Mute { user, author: AUTHOR }));
    assert!(write(&engine, Action::Mute { user: READER, author: SPAMMER }));
    let mutes = EdgeQuery { user: READER, viewer: Some(READER), before: None, limit: 9 };
    assert_eq!(engine.mutes(&mutes).unwrap().edges.len(), 1, "whom one mutes one knows");
    assert!(write(&engine, Action::Delete { post: spam }));
    let actor = Some(SPAMMER);
    let by_themselves = WriteOptions { actor, ..WriteOptions::default() };
    let command = Command::new(Action::Unsuspend { user }).with(by_themselves);
    assert_eq!(engine.write(command).unwrap_err().kind(), ErrorKind::Denied);
}

#[test]
fn a_hidden_post_goes_with_its_reposts_and_comes_back_with_them() {
    let storage = MemoryStorage::default();
    let engine = open(&storage);
    let [spam, news, reposted, more] = scene(&engine);
    assert!(write(&engine, Action::Hide { post: spam }));
    assert!(!write(&engine, Action::Hide { post: spam }));
    assert_eq!(home(&engine, READER), [more, news]);
    assert_eq!(home(&engine, SPAMMER), [more, spam], "its author sees it");
    assert!(engine.revision(spam, 0, Some(SPAMMER)).is_ok());
    let found = engine.revision(spam, 0, Some(READER)).unwrap_err();
    assert_eq!(found.kind(), ErrorKind::NotFound);
    assert_eq!(refusal(&engine, Action::Hide { post: reposted }), ErrorKind::Invalid);
    assert_eq!(refusal(&engine, Action::Hide { post: PostId(9_999) }), ErrorKind::NotFound);
    let why = engine.explain(FAN, spam, None).unwrap().why;
    assert!(matches!(why, Why::Hidden { .. }), "{why:?}");
    let query = ModeratedQuery { of: ModeratedOf::All, viewer: None, before: None, limit: 10 };
    let moderated = |engine: &Engine| {
        let page = engine.moderated(&query).unwrap();
        page.moderated.iter().map(|row| (row.user, row.post)).collect::<Vec<_>>()
    };
    assert!(write(&engine, Action::Suspend { user: UserId(77) }), "nobody has heard of them");
    assert_eq!(moderated(&engine), [(UserId(77), None), (SPAMMER, Some(spam))]);
    let denied = ModeratedQuery { viewer: Some(READER), ..query };
    assert_eq!(engine.moderated(&denied).unwrap_err().kind(), ErrorKind::Denied);
    engine.close().unwrap();
    let engine = open(&storage);
    assert_eq!(home(&engine, READER), [more, news]);
    assert!(write(&engine, Action::Unhide { post: spam }));
    assert_eq!(home(&engine, READER), [more, reposted, news, spam]);
    assert!(write(&engine, Action::Hide { post: spam }));
    assert!(write(&engine, Action::Delete { post: spam }));
    assert!(!write(&engine, Action::Unhide { post: spam }), "a delete ends it");
    assert_eq!(moderated(&engine), [(UserId(77), None)]);
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    assert_eq!(open(&storage).digests().unwrap(), digests);
}

#[test]
fn a_hidden_quote_is_not_among_those_who_reposted() {
    let storage = MemoryStorage::default();
    let engine = open(&storage);
    let post = publish(&engine, AUTHOR);
    let quote = NewPost { author: FAN, text: "look".into(), ..NewPost::default() };
    write(&engine, Action::Repost { post: quote, parent: post });
    let quote = PostId(engine.position().unwrap().sequence.0);
    let reposters = |viewer| {
        let query = RepostersQuery { post, viewer, before: None, limit: 9 };
        let page = engine.reposters(&query).unwrap();
        page.reposters.iter().map(|reposter| reposter.repost).collect::<Vec<_>>()
    };
    assert_eq!(reposters(Some(READER)), [quote]);
    assert!(write(&engine, Action::Hide { post: quote }));
    assert_eq!(reposters(Some(READER)), []);
    assert_eq!(reposters(Some(FAN)), [quote], "its author sees it");
    assert_eq!(reposters(None), [quote], "and so does the application");
}

/// Nothing else is there that would have to be judged.
#[test]
fn a_hidden_post_alone_is_judged() {
    let engine = open(&MemoryStorage::default());
    assert!(write(&engine, Action::Follow { user: READER, author: SPAMMER, weight: None }));
    let spam = publish(&engine, SPAMMER);
    assert_eq!(home(&engine, READER), [spam]);
    assert!(write(&engine, Action::Hide { post: spam }));
    assert_eq!(home(&engine, READER), []);
    assert!(engine.post(spam, Some(READER)).is_err());
    assert!(engine.post(spam, Some(SPAMMER)).is_ok());
}

/// Flushed with each record, and all at once.
#[test]
fn what_moderators_took_back_is_in_no_file() {
    for flush_records in [1, 8] {
        let storage = MemoryStorage::default();
        let open = || {
            let storage = Arc::new(storage.clone()) as Arc<dyn Storage>;
            Engine::open_on(storage, Options { flush_records, ..Options::default() }).unwrap()
        };
        let engine = open();
        let [post, deleted] = [publish(&engine, SPAMMER), publish(&engine, SPAMMER)];
        for action in [
            Action::Hide { post },
            Action::Suspend { user: SPAMMER },
            Action::Hide { post: deleted },
            Action::Unhide { post },
            Action::Unsuspend { user: SPAMMER },
            Action::Delete { post: deleted },
        ] {
            assert!(write(&engine, action));
        }
        let digests = engine.digests().unwrap();
        engine.close().unwrap();
        assert_eq!(open().digests().unwrap(), digests, "{flush_records}");
    }
}

fn watch(engine: &Engine, user: UserId) -> Watch {
    let query = WatchQuery { user, viewer: None, after: None, presence: false };
    engine.watch(&query).unwrap()
}

#[test]
fn watches_are_told_what_goes_and_what_comes_back() {
    let engine = open(&MemoryStorage::default());
    let [spam, ..] = scene(&engine);
    let (mut reader, mut spammer) = (watch(&engine, READER), watch(&engine, SPAMMER));
    assert!(write(&engine, Action::Hide { post: spam }));
    let text = "new".into();
    assert!(write(&engine, Action::Revise { post: spam, revision: 0, text, meta: None }));
    let changed = WatchEvent::FeedChanged(SPAMMER);
    assert_eq!(told(&engine, &mut reader), [WatchEvent::Removed(spam), changed.clone()]);
    let (after, text) = (Some(engine.position().unwrap()), "newer".into());
    assert!(write(&engine, Action::Revise { post: spam, revision: 1, text, meta: None }));
    let back = WatchQuery { user: READER, viewer: None, after, presence: false };
    assert_eq!(told(&engine, &mut engine.watch(&back).unwrap()), [], "it is hidden still");
    let own = told(&engine, &mut spammer);
    let is_own = |event: &WatchEvent| matches!(event, WatchEvent::Changed(post) if post.id == spam);
    assert!(own.len() == 2 && own.iter().all(is_own), "{own:?}");
    assert!(write(&engine, Action::Unhide { post: spam }));
    assert!(write(&engine, Action::Suspend { user: SPAMMER }));
    assert!(write(&engine, Action::Unsuspend { user: SPAMMER }));
    assert_eq!(told(&engine, &mut reader), [changed.clone(), changed.clone(), changed]);
    assert_eq!(told(&engine, &mut spammer), []);
}

/// Who follows neither the suspended nor the author of what is hidden may still have what others repost of theirs.
#[test]
fn watches_of_who_has_but_reposts_are_told_too() {
    let engine = open(&MemoryStorage::default());
    let [spam, ..] = scene(&engine);
    let post = NewPost { author: AUTHOR, text: "look".into(), ..NewPost::default() };
    let quote = engine.write(Command::new(Action::Repost { post, parent: spam })).unwrap();
    let post = quote.post.unwrap();
    let user = UserId(5);
    assert!(write(&engine, Action::Follow { user, author: AUTHOR, weight: None }));
    let mut watch = watch(&engine, user);
    assert!(write(&engine, Action::Suspend { user: SPAMMER }));
    let after = Some(engine.position().unwrap());
    assert!(write(&engine, Action::Revise { post, revision: 0, text: "no".into(), meta: None }));
    let back = WatchQuery { user, viewer: None, after, presence: false };
    assert_eq!(told(&engine, &mut engine.watch(&back).unwrap()), [], "nor who comes back");
    let changed = WatchEvent::FeedChanged(SPAMMER);
    let once = std::slice::from_ref(&changed);
    assert_eq!(told(&engine, &mut watch), once, "the quote is not there, whatever it says");
    assert!(write(&engine, Action::Unsuspend { user: SPAMMER }));
    assert_eq!(told(&engine, &mut watch), once);
}

#[test]
fn a_hidden_replay_is_in_no_feed_of_broadcasts_but_its_authors() {
    let engine = open(&MemoryStorage::default());
    scene(&engine);
    let content = NewPost { author: SPAMMER, text: "show".into(), ..NewPost::default() };
    let started = Action::Broadcast(BroadcastAction::StartNew { content });
    let broadcast = engine.write(Command::new(started)).unwrap().position.sequence;
    let broadcast = BroadcastId(broadcast.0);
    let replay = ReplayContent::default();
    let ended = Action::Broadcast(BroadcastAction::End { broadcast, replay });
    let post = engine.write(Command::new(ended)).unwrap().post.unwrap();
    let shown = |user, viewer| {
        let page = BroadcastsPage::First { device: None };
        let query = BroadcastsQuery { user, viewer, page, limit: 9 };
        engine.broadcasts(&query).unwrap().broadcasts.len()
    };
    assert_eq!((shown(READER, None), shown(SPAMMER, Some(READER))), (1, 1));
    assert!(write(&engine, Action::Hide { post }));
    assert_eq!((shown(SPAMMER, None), shown(SPAMMER, Some(SPAMMER))), (1, 1));
    assert_eq!((shown(READER, None), shown(SPAMMER, Some(READER))), (0, 0));
}
