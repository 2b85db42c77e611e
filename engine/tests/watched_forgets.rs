//! Watches while somebody is being forgotten: what is told of them, and to themselves.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "common/watching.rs"]
mod watching;

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{Action, Command, Engine, NewPost, Options, UserId, WatchEvent};
use watching::{query, settle};

/// A reader who follows an author.
fn start() -> (Engine, UserId, UserId) {
    // When something is removed is for the test to say.
    let options = Options { forget_at_once: 0, ..Options::default() };
    let engine = Engine::open_on(Arc::new(MemoryStorage::default()), options).unwrap();
    let (reader, author) = (UserId(1), UserId(2));
    engine.write(Command::follow(reader, author)).unwrap();
    (engine, reader, author)
}

/// That their posts went is told, and nothing else of theirs: not each post, and not over a return.
#[test]
fn of_who_is_being_forgotten_nothing_is_told_but_that_their_posts_went() {
    let (engine, reader, author) = start();
    let friend = UserId(3);
    engine.write(Command::follow(reader, friend)).unwrap();
    engine.write(Command::follow(author, friend)).unwrap();
    let publish = |text: &str| engine.write(Command::publish(author, text.to_owned())).unwrap();
    let posts: Vec<_> = (0..9).map(|n| publish(&n.to_string()).post.unwrap()).collect();
    let quote = NewPost { author: friend, text: "look".into(), ..NewPost::default() };
    let repost = Action::Repost { post: quote, parent: posts[0] };
    engine.write(Command::new(repost)).unwrap();
    // The follow that brings the posts is the last to go.
    engine.write(Command::new(Action::Unfollow { user: reader, author })).unwrap();
    engine.write(Command::follow(reader, author)).unwrap();
    let before = engine.position().unwrap();
    let mut watch = engine.watch(&query(reader, None)).unwrap();
    let mut own = engine.watch(&query(author, None)).unwrap();
    let mut told = |wait| watch.wait(Duration::from_millis(wait)).unwrap().map(|it| it.events);
    engine.write(Command::new(Action::Forget { user: author })).unwrap();
    let went = WatchEvent::FeedChanged(author);
    assert_eq!(told(60_000), Some(vec![went.clone()]));
    let gap = own.wait(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(gap.events, [WatchEvent::Gap], "whose home it is");
    let begun = engine.position().unwrap();
    engine.write(Command::publish(friend, "meanwhile")).unwrap();
    assert!(matches!(told(60_000).unwrap()[..], [WatchEvent::Entry(_)]));
    assert_eq!(own.wait(Duration::from_millis(20)).unwrap(), None, "nobody's home");
    // Some posts, and not yet the follow.
    engine.forget_some(6).unwrap();
    settle(&engine, reader);
    let only_went = |events: &[WatchEvent]| events.iter().all(|event| *event == went);
    assert!(only_went(&told(20).unwrap_or_default()), "not each post");
    let mut back = engine.watch(&query(reader, Some(begun))).unwrap();
    let missed = back.wait(Duration::from_secs(60)).unwrap().unwrap().events;
    assert!(
        matches!(&missed[..], [WatchEvent::Entry(_), rest @ ..] if only_went(rest)),
        "{missed:?}"
    );
    engine.finish_forgetting().unwrap();
    settle(&engine, reader);
    let last = told(60_000).unwrap();
    assert!(!last.is_empty() && only_went(&last), "{last:?}: the quote shows again");
    let mut late = engine.watch(&query(reader, Some(before))).unwrap();
    let missed = late.wait(Duration::from_secs(60)).unwrap().unwrap().events;
    let is_news = |event: &WatchEvent| *event == went || matches!(event, WatchEvent::Entry(_));
    assert!(missed.len() == 2 && missed.iter().all(is_news), "{missed:?}");
    // Somebody new.
    engine.write(Command::follow(reader, author)).unwrap();
    let new = publish("new").post.unwrap();
    settle(&engine, reader);
    let events = told(60_000).unwrap();
    let is_new = |event: &WatchEvent| matches!(event, WatchEvent::Entry(post) if post.id == new);
    assert!(events.iter().any(is_new), "{events:?}");
    engine.close().unwrap();
}

#[test]
fn who_is_being_forgotten_is_not_online() {
    let (engine, reader, author) = start();
    let mut watch = engine.watch(&query(author, None)).unwrap();
    assert_eq!(engine.online(reader, None).unwrap().followees, [author]);
    engine.write(Command::new(Action::Forget { user: author })).unwrap();
    assert_eq!(engine.online(reader, None).unwrap().followees, []);
    assert!(!engine.online(author, None).unwrap().user);
    engine.finish_forgetting().unwrap();
    settle(&engine, reader);
    let gap = watch.take().unwrap().unwrap();
    assert_eq!(gap.events, [WatchEvent::Gap]);
    assert!(engine.online(author, None).unwrap().user, "somebody new, who watches");
    engine.close().unwrap();
}
