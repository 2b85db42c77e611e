//! The world of `extras`: a reader of a hundred authors, of whose posts one in five is a repost (half of them
//! with a text), all of them with reactions and a comment, who reacted to every other post and has five groups
//! of twenty of the authors each.

use fanfold_engine::{
    Action, Audience, Command, GroupName, Mentions, NewPost, PostId, Span, TimelineQuery, UserId,
};

use crate::exit::Outcome;
use crate::figures::Loader;

/// Who follows everybody.
pub(super) const READER: UserId = UserId(u64::MAX - 1);

/// Authors of the pages.
const AUTHORS: u64 = 100;

/// Posts of each.
const POSTS: u64 = 20;

/// The reader's groups; each has its part of the authors.
const GROUPS: u64 = 5;

/// One post in so many is a repost.
const REPOSTS: u64 = 5;

/// Who reposts one post without being followed.
const STRANGERS: u64 = 300_000;

/// The page that is read again and again.
pub(crate) const PAGE: TimelineQuery =
    TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 20 };

/// Makes it.
pub(crate) fn populate(loader: &mut Loader) -> Outcome<()> {
    let name = |group: u64| GroupName::new(&format!("group {group}"));
    for group in 0..GROUPS {
        let (user, name) = (READER, name(group));
        loader.write(Command::new(Action::GroupCreate { user, name, exclusive: false }))?;
    }
    for author in 1..=AUTHORS {
        let (user, author, name) = (READER, UserId(author), name(author % GROUPS));
        loader.write(Command::follow(user, author))?;
        loader.write(Command::new(Action::GroupAdd { user, name, author }))?;
    }
    loader.settle_all()?;
    let first = GROUPS + 2 * AUTHORS + 1;
    (0..AUTHORS * POSTS).try_for_each(|number| post(loader, first, number))?;
    loader.settle_all()?;
    (first..first + AUTHORS * POSTS).map(PostId).try_for_each(|post| respond(loader, post))?;
    loader.settle_all()
}

/// Whom nobody follows.
pub(super) const STRANGER: UserId = UserId(900_000);

/// Another reader, of as many authors.
pub(super) fn reader(number: u64) -> UserId {
    UserId(READER.0 - number)
}

/// That reader's authors, who follow them too. Of their posts a tenth is for that audience, the others are for
/// everybody. The newest post of all is a stranger's.
pub(super) fn restricted(loader: &mut Loader, number: u64, audience: &Audience) -> Outcome<()> {
    let (reader, first) = (reader(number), 1 + number * 10_000);
    for author in (first..first + AUTHORS).map(UserId) {
        loader.write(Command::follow(reader, author))?;
        loader.write(Command::follow(author, reader))?;
    }
    let text = "a text of usual length, as people write them, ".repeat(6);
    for post in 0..AUTHORS * POSTS {
        let audience = if post % 10 == 3 { audience.clone() } else { Audience::Everybody };
        let (author, text) = (UserId(first + post % AUTHORS), text.clone().into());
        let post = NewPost { author, text, audience, ..NewPost::default() };
        loader.write(Command::new(Action::Publish(post)))?;
    }
    loader.write(Command::publish(STRANGER, "hello"))?;
    loader.settle_all()
}

/// Strangers repost one post, every tenth with a text, and then some of the authors. Answers how many there are.
pub(crate) fn hot(loader: &mut Loader) -> Outcome<u64> {
    let parent = PostId(GROUPS + 2 * AUTHORS + 1);
    let strangers = (0..STRANGERS).map(|number| (1_000 + number, number.is_multiple_of(10)));
    let authors = (1..=AUTHORS / 10).map(|author| (author * 10, true));
    for (author, is_quote) in strangers.chain(authors) {
        let text = if is_quote { "look" } else { "" };
        let post = NewPost { author: UserId(author), text: text.into(), ..NewPost::default() };
        loader.write(Command::new(Action::Repost { post, parent }))?;
    }
    loader.settle_all()?;
    Ok(STRANGERS + AUTHORS / 10)
}

/// Thirty reactions of three kinds, a comment, and to every other post a reaction of the reader.
fn respond(loader: &mut Loader, post: PostId) -> Outcome<()> {
    for user in 1..=30 {
        let kind = u8::try_from(user % 3).unwrap_or(0);
        let action = Action::React { user: UserId(user), target: post, kind };
        loader.write(Command::new(action))?;
    }
    if post.0.is_multiple_of(2) {
        loader.write(Command::new(Action::React { user: READER, target: post, kind: 1 }))?;
    }
    let (user, text, mentions) = (UserId(1), "indeed".into(), Mentions::new());
    loader.write(Command::new(Action::Comment { user, post, answers: None, text, mentions }))
}

/// Writes a post, or a repost of the one that is half as old.
fn post(loader: &mut Loader, first: u64, number: u64) -> Outcome<()> {
    let author = UserId(number % AUTHORS + 1);
    let text = "a text of usual length, as people write them, ".repeat(6);
    if number < AUTHORS || !number.is_multiple_of(REPOSTS) {
        return loader.write(Command::publish(author, text));
    }
    // A repost names a post that is committed.
    loader.settle_all()?;
    let is_quote = number.is_multiple_of(2 * REPOSTS);
    let text = if is_quote { text } else { String::new() };
    let post = NewPost { author, text: text.into(), ..NewPost::default() };
    // One of the first posts of all, of which none is a repost; another one each time.
    let parent = PostId(first + (number * 7 + number / AUTHORS) % AUTHORS);
    loader.write(Command::new(Action::Repost { post, parent }))
}
