//! Private users: in feeds, counts, notices, broadcasts and watches only who follows them sees what they
//! have for everybody, as the graph is now. And ids of posts that somebody could not see are told to nobody.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "common/watching.rs"]
mod watching;

use std::sync::Arc;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::{Expected, Model};
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{
    Action, Audience, BroadcastAction, BroadcastsPage, BroadcastsQuery, Command, Durability,
    Engine, Feed, GroupName, GroupQuery, NewPost, NoticesQuery, Options, Post, PostId,
    SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery, UnreadQuery, UserId, Watch, WatchEvent, Why,
};
use watching::told;

/// Is private, and posts.
const AUTHOR: UserId = UserId(1);
/// Follows the author, and reposts.
const FOLLOWER: UserId = UserId(2);
/// Follows who reposts, and not the author.
const READER: UserId = UserId(3);

fn in_memory() -> Options {
    Options { durability: Durability::Os, segment_bytes: SEGMENT_BYTES_MIN, ..Options::default() }
}

/// Nothing stays in memory that can be read from a file.
fn in_files() -> Options {
    Options { flush_records: 1, memory_budget: 0, ..in_memory() }
}

fn open(options: Options) -> Engine {
    let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
    let engine = Engine::open_on(storage, options).unwrap();
    engine.write(Command::follow(FOLLOWER, AUTHOR)).unwrap();
    engine.write(Command::follow(READER, FOLLOWER)).unwrap();
    engine
}

fn write(engine: &Engine, action: Action) -> Option<PostId> {
    engine.write(Command::new(action)).unwrap().post
}

fn set_private(engine: &Engine, is_on: bool) {
    write(engine, Action::Private { user: AUTHOR, is_on });
}

fn post(author: UserId, audience: Audience) -> NewPost {
    NewPost { author, text: "post".into(), audience, ..NewPost::default() }
}

fn publish(engine: &Engine, author: UserId, audience: Audience) -> PostId {
    write(engine, Action::Publish(post(author, audience))).unwrap()
}

fn repost(engine: &Engine, user: UserId, parent: PostId) -> PostId {
    engine.write(Command::repost(user, parent)).unwrap().post.unwrap()
}

fn page(user: UserId, viewer: Option<UserId>) -> TimelineQuery {
    TimelineQuery { user, viewer, span: Span::Newest, limit: 50 }
}

fn name() -> GroupName {
    GroupName::new("authors")
}

fn home(engine: &Engine, user: UserId, viewer: Option<UserId>) -> Vec<PostId> {
    let home = engine.home(&page(user, viewer)).unwrap();
    home.posts.iter().map(|post| post.id).collect()
}

fn group(engine: &Engine, user: UserId) -> Vec<PostId> {
    let query = GroupQuery { page: page(user, None), name: name() };
    engine.group(&query).unwrap().posts.iter().map(|post| post.id).collect()
}

fn unread(engine: &Engine, user: UserId) -> usize {
    let (feed, since) = (Feed::Group(name()), Some(PostId(0)));
    engine.unread(&UnreadQuery { user, feed, viewer: None, since, limit: 99 }).unwrap().count
}

fn notices(engine: &Engine, user: UserId) -> usize {
    let query = NoticesQuery { user, viewer: Some(user), before: None, limit: 20 };
    engine.notices(&query).unwrap().groups.len()
}

fn broadcasts(engine: &Engine, user: UserId, viewer: UserId) -> usize {
    let page = BroadcastsPage::First { device: None };
    let query = BroadcastsQuery { user, viewer: Some(viewer), page, limit: 9 };
    engine.broadcasts(&query).unwrap().broadcasts.len()
}

/// Everything of the author's that the reader comes by, in the order in which it was published.
struct Things {
    open: PostId,
    grouped: PostId,
    reposted: PostId,
}

fn things(engine: &Engine) -> Things {
    write(engine, Action::GroupCreate { user: READER, name: name(), exclusive: false });
    write(engine, Action::GroupAdd { user: READER, name: name(), author: AUTHOR });
    let friends = GroupName::new("friends");
    write(engine, Action::GroupCreate { user: AUTHOR, name: friends.clone(), exclusive: false });
    write(engine, Action::GroupAdd { user: AUTHOR, name: friends.clone(), author: READER });
    let mentions = [READER].into_iter().collect();
    let open = NewPost { mentions, ..post(AUTHOR, Audience::Everybody) };
    let open = write(engine, Action::Publish(open)).unwrap();
    let grouped = publish(engine, AUTHOR, Audience::group(friends));
    let content = post(AUTHOR, Audience::Everybody);
    write(engine, Action::Broadcast(BroadcastAction::StartNew { content }));
    Things { open, grouped, reposted: repost(engine, FOLLOWER, open) }
}

fn in_every_feed(options: Options) {
    let engine = open(options);
    let Things { open, grouped, reposted } = things(&engine);
    let sees_all = |context: &str| {
        assert_eq!(home(&engine, READER, None), [reposted], "{context}");
        assert_eq!(group(&engine, READER), [grouped, open], "{context}");
        assert_eq!((unread(&engine, READER), notices(&engine, READER)), (2, 1), "{context}");
    };
    sees_all("not private yet");
    assert_eq!(home(&engine, FOLLOWER, Some(READER)), [open]);
    assert_eq!(broadcasts(&engine, FOLLOWER, READER), 1);
    set_private(&engine, true);
    for _asked in [false, true] {
        // What says for whom it is stays what it says; a request that waits is no follow.
        assert_eq!(home(&engine, READER, None), []);
        assert_eq!(group(&engine, READER), [grouped]);
        assert_eq!((unread(&engine, READER), notices(&engine, READER)), (1, 0));
        assert_eq!(home(&engine, FOLLOWER, Some(READER)), [], "somebody else's home");
        assert_eq!(broadcasts(&engine, FOLLOWER, READER), 0);
        let why = engine.explain(READER, reposted, None).unwrap().why;
        assert_eq!(why, Why::Audience { post: open, audience: Audience::Followers });
        engine.write(Command::follow(READER, AUTHOR)).unwrap();
    }
    assert_eq!(home(&engine, FOLLOWER, None), [open], "who follows sees it");
    assert_eq!(broadcasts(&engine, FOLLOWER, FOLLOWER), 1);
    write(&engine, Action::Approve { user: AUTHOR, follower: READER });
    assert_eq!(home(&engine, READER, None), [reposted, grouped, open]);
    assert_eq!(group(&engine, READER), [grouped, open]);
    assert_eq!(broadcasts(&engine, FOLLOWER, READER), 1);
    write(&engine, Action::Unfollow { user: READER, author: AUTHOR });
    assert_eq!(group(&engine, READER), [grouped]);
    set_private(&engine, false);
    sees_all("private no more");
}

#[test]
fn only_followers_see_what_a_private_user_has_for_everybody() {
    in_every_feed(in_memory());
    in_every_feed(in_files());
}

fn watch(engine: &Engine, user: UserId) -> Watch {
    engine.watch(&watching::query(user, None)).unwrap()
}

#[test]
fn a_watch_follows_who_is_private() {
    let engine = open(in_memory());
    let open = publish(&engine, AUTHOR, Audience::Everybody);
    let first = repost(&engine, FOLLOWER, open);
    let (mut reader, mut follower) = (watch(&engine, READER), watch(&engine, FOLLOWER));
    set_private(&engine, true);
    let changed = [WatchEvent::FeedChanged(AUTHOR)];
    assert_eq!(told(&engine, &mut reader), changed);
    assert_eq!(told(&engine, &mut follower), [], "nothing changed for who follows");
    engine.write(Command::delete(first)).unwrap();
    let second = repost(&engine, FOLLOWER, open);
    assert_eq!(told(&engine, &mut reader), [], "neither the end of the one nor the other");
    set_private(&engine, false);
    assert_eq!(told(&engine, &mut reader), changed);
    engine.write(Command::delete(second)).unwrap();
    assert_eq!(told(&engine, &mut reader), [WatchEvent::Removed(second)]);
}

/// Posts that the follower does not see go: neither a watch nor one that comes back is told of them.
#[test]
fn what_one_could_not_see_is_not_told_to_be_gone() {
    let engine = open(in_memory());
    write(&engine, Action::Mute { user: READER, author: UserId(9) });
    let muted = publish(&engine, UserId(9), Audience::Everybody);
    let unseen = [
        publish(&engine, AUTHOR, Audience::Author),
        publish(&engine, AUTHOR, Audience::Mutual),
        repost(&engine, FOLLOWER, muted),
    ];
    let hidden = publish(&engine, AUTHOR, Audience::Everybody);
    let seen = publish(&engine, AUTHOR, Audience::Everybody);
    write(&engine, Action::Hide { post: hidden });
    let mut watches = [FOLLOWER, READER].map(|user| watch(&engine, user));
    let positions = watches.each_mut().map(Watch::position);
    // A hidden one goes before it is looked at by who comes back.
    for gone in unseen.into_iter().chain([hidden]) {
        engine.write(Command::delete(gone)).unwrap();
    }
    // The follower's own repost is not in their home, and the reader does not see of whom they mute.
    let [follower, reader] = &mut watches;
    assert_eq!(told(&engine, follower), []);
    assert_eq!(told(&engine, reader), []);
    engine.write(Command::delete(seen)).unwrap();
    assert_eq!(told(&engine, follower), [WatchEvent::Removed(seen)]);
    for (user, expected) in [(FOLLOWER, vec![WatchEvent::Removed(seen)]), (READER, vec![])] {
        let after = positions.first().copied();
        let mut back = engine.watch(&watching::query(user, after)).unwrap();
        assert_eq!(told(&engine, &mut back), expected, "{user}");
    }
}

#[test]
fn a_repost_names_its_parent_to_who_sees_it() {
    let engine = open(in_memory());
    let root = publish(&engine, UserId(9), Audience::Everybody);
    let quote = post(AUTHOR, Audience::Followers);
    let quote = write(&engine, Action::Repost { post: quote, parent: root }).unwrap();
    let mut watch = watch(&engine, READER);
    let again = repost(&engine, FOLLOWER, quote);
    let named = |viewer| engine.post(again, viewer).unwrap().1.repost.unwrap().parent;
    let at_home = |user| {
        let home = engine.home(&page(user, None)).unwrap();
        home.posts.first().and_then(|post| post.repost).unwrap().parent
    };
    assert_eq!((named(None), named(Some(FOLLOWER)), named(Some(READER))), (quote, quote, root));
    assert_eq!(at_home(READER), root);
    let event = told(&engine, &mut watch).pop().unwrap();
    assert!(
        matches!(&event, WatchEvent::Entry(post) if post.repost.unwrap().parent == root),
        "{event:?}"
    );
    engine.write(Command::follow(READER, AUTHOR)).unwrap();
    assert_eq!((named(Some(READER)), at_home(READER)), (quote, quote));
}

/// A quote of a quote, by whoever reads old revisions too.
#[test]
fn a_parent_is_not_named_that_is_private_or_parted_or_gone() {
    let engine = open(in_memory());
    let root = publish(&engine, UserId(9), Audience::Everybody);
    let quote = |author, parent| {
        let post = post(author, Audience::Everybody);
        write(&engine, Action::Repost { post, parent }).unwrap()
    };
    let parent = quote(AUTHOR, root);
    let again = quote(FOLLOWER, parent);
    let named = || {
        let of = |post: Post| post.repost.unwrap().parent;
        let viewer = Some(READER);
        let (_, whole) = engine.post(again, viewer).unwrap();
        let (_, first) = engine.revision(again, 0, viewer).unwrap();
        assert_eq!(of(whole.clone()), of(first));
        of(whole)
    };
    assert_eq!(named(), parent);
    set_private(&engine, true);
    assert_eq!(named(), root);
    set_private(&engine, false);
    write(&engine, Action::Block { user: AUTHOR, other: READER });
    assert_eq!(named(), root);
    write(&engine, Action::Unblock { user: AUTHOR, other: READER });
    assert_eq!(named(), parent);
    engine.write(Command::delete(parent)).unwrap();
    assert_eq!(named(), root);
}

/// Nothing else is there that would have to be judged.
#[test]
fn a_private_user_alone_is_judged() {
    let engine = open(in_memory());
    write(&engine, Action::GroupCreate { user: READER, name: name(), exclusive: false });
    write(&engine, Action::GroupAdd { user: READER, name: name(), author: AUTHOR });
    let open = publish(&engine, AUTHOR, Audience::Everybody);
    let seen = || {
        let by_viewer = home(&engine, FOLLOWER, Some(READER)).len();
        let counted = (group(&engine, READER).len(), unread(&engine, READER), by_viewer);
        (engine.post(open, Some(READER)).is_ok(), counted)
    };
    assert_eq!(seen(), (true, (1, 1, 1)));
    set_private(&engine, true);
    assert_eq!(seen(), (false, (0, 0, 0)));
    assert_eq!(home(&engine, FOLLOWER, None), [open]);
}

/// Of what is there now and matters only because a private user has it for everybody: reposts of it, members
/// of groups who have it and are not followed, and posts with comments.
fn private_things(model: &Model) -> [bool; 3] {
    let is_private = |user: UserId| model.asks(user, user).first() == Some(&true);
    let is_open = |post: u64| {
        let post = model.posts.get(&post).filter(|post| post.audience == Audience::Everybody);
        post.is_some_and(|post| !post.deleted && is_private(post.author))
    };
    let open = || model.posts.keys().copied().filter(|post| is_open(*post));
    let is_reposted = model
        .posts
        .iter()
        .any(|(id, post)| model.stands(*id) && post.repost.is_some_and(|(_, root)| is_open(root)));
    let is_grouped = model.groups.iter().any(|((owner, _), group)| {
        let follows =
            |author: u64| author == *owner || model.follows.contains_key(&(*owner, author));
        let is_member = |author: u64| group.members.contains_key(&author) && !follows(author);
        open().any(|post| model.posts.get(&post).is_some_and(|post| is_member(post.author.0)))
    });
    let is_commented = model.responses.comments.values().any(|comment| is_open(comment.post));
    [is_reposted, is_grouped, is_commented]
}

/// Random histories are worth nothing here unless private users post, and others have to do with that.
#[test]
fn random_histories_have_private_users_whom_others_talk_about() {
    let (mut looks, mut found) = (0_u32, [0_u32; 3]);
    for seed in 1..=10 {
        let (mut model, mut workload) = (Model::new(6), Workload::new(seed, 9));
        for step in 0..600 {
            workload.knows(model.some_broadcasts());
            let command = workload.command(model.last);
            if model.expect(&command) == Expected::Changed {
                model.apply(&command, model.last + 1);
            }
            if model.posts.contains_key(&model.last) {
                workload.note(PostId(model.last));
            }
            if step % 20 == 0 {
                looks += 1;
                let things = private_things(&model);
                found.iter_mut().zip(things).for_each(|(count, is)| *count += u32::from(is));
            }
        }
    }
    assert!(found.iter().all(|count| looks / 20 < *count), "{found:?} of {looks}");
}

/// A card named the newest post of its user to whoever asked.
#[test]
fn a_card_names_no_post_that_is_not_for_its_viewer() {
    for options in [in_memory(), in_files()] {
        let engine = open(options);
        let newest = |viewer| engine.user(AUTHOR, viewer).unwrap().newest_post;
        let told = || [None, Some(AUTHOR), Some(FOLLOWER), Some(READER)].map(newest);
        let everybody = Some(publish(&engine, AUTHOR, Audience::Everybody));
        assert_eq!(told(), [everybody; 4]);
        set_private(&engine, true);
        assert_eq!(told(), [everybody, everybody, everybody, None]);
        set_private(&engine, false);
        let own = Some(publish(&engine, AUTHOR, Audience::Author));
        assert_eq!(told(), [own, own, None, None]);
        let mutual = publish(&engine, AUTHOR, Audience::Mutual);
        assert_eq!(told(), [Some(mutual), Some(mutual), None, None]);
        engine.write(Command::follow(AUTHOR, FOLLOWER)).unwrap();
        assert_eq!(newest(Some(FOLLOWER)), Some(mutual), "they follow each other");
        write(&engine, Action::Hide { post: mutual });
        assert_eq!(told(), [Some(mutual), Some(mutual), None, None], "hidden");
    }
}
