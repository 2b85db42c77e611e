//! What a watch tells of posts that its user may not see, and of what changes whether they do: while it lasts,
//! and to who comes back when nobody has watched meanwhile. Each as exactly as it can be known.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "common/watching.rs"]
mod watching;

use std::sync::Arc;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Audience, Command, Engine, GroupName, NewPost, Options, Position, PostId, Storage,
    UserId, Watch, WatchEvent,
};

/// Watches.
const READER: UserId = UserId(1);
/// The reader follows them; they repost.
const FRIEND: UserId = UserId(2);
/// The friend follows them; who else does, each test says.
const AUTHOR: UserId = UserId(3);

struct World {
    storage: MemoryStorage,
    engine: Engine,
}

fn open(storage: &MemoryStorage) -> Engine {
    let options = Options { flush_records: 1, ..Options::default() };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

fn follow(user: UserId, author: UserId) -> Action {
    Action::Follow { user, author, weight: None }
}

fn group() -> GroupName {
    GroupName::new("family")
}

fn add(author: UserId) -> Action {
    Action::GroupAdd { user: AUTHOR, name: group(), author }
}

fn dissolve() -> Action {
    Action::GroupDelete { user: AUTHOR, name: group() }
}

fn revise(post: PostId) -> Action {
    Action::Revise { post, revision: 0, text: "new".into(), meta: None }
}

fn removed(post: PostId) -> WatchEvent {
    WatchEvent::Removed(post)
}

const CHANGED: WatchEvent = WatchEvent::FeedChanged(AUTHOR);

impl World {
    fn new() -> Self {
        let storage = MemoryStorage::default();
        let world = Self { engine: open(&storage), storage };
        world.act(follow(READER, FRIEND));
        world.act(follow(FRIEND, AUTHOR));
        world
    }

    fn reopened(self) -> Self {
        self.engine.close().unwrap();
        Self { engine: open(&self.storage), ..self }
    }

    fn act(&self, action: Action) -> Option<PostId> {
        let receipt = self.engine.write(Command::new(action.clone())).unwrap();
        assert!(receipt.changed, "{action:?}");
        receipt.post
    }

    fn publish(&self, audience: Audience) -> PostId {
        let post = NewPost { author: AUTHOR, text: "post".into(), audience, ..NewPost::default() };
        self.act(Action::Publish(post)).unwrap()
    }

    /// The friend's; without a text it is bare.
    fn repost(&self, parent: PostId, text: &'static str) -> PostId {
        let post = NewPost { author: FRIEND, text: text.into(), ..NewPost::default() };
        self.act(Action::Repost { post, parent }).unwrap()
    }

    /// A post for a group of the author's that has the friend in it.
    fn grouped(&self) -> PostId {
        self.act(Action::GroupCreate { user: AUTHOR, name: group(), exclusive: false });
        self.act(add(FRIEND));
        self.publish(Audience::group(group()))
    }

    fn watch(&self, user: UserId, after: Option<Position>) -> Watch {
        self.engine.watch(&watching::query(user, after)).unwrap()
    }

    fn told(&self, watch: &mut Watch) -> Vec<WatchEvent> {
        watching::told(&self.engine, watch)
    }

    /// What is told of these to a watch of the user, and to one who comes back afterwards.
    fn tells<const N: usize>(&self, user: UserId, actions: [Action; N]) -> [Vec<WatchEvent>; 2] {
        let mut live = self.watch(user, None);
        let before = live.position();
        for action in actions {
            self.act(action);
        }
        let told = self.told(&mut live);
        drop(live);
        [told, self.told(&mut self.watch(user, Some(before)))]
    }
}

fn both(events: &[WatchEvent]) -> [Vec<WatchEvent>; 2] {
    [(); 2].map(|()| events.to_vec())
}

#[test]
fn reposts_of_whom_the_user_mutes_are_neither_told_to_come_nor_to_go() {
    let world = World::new();
    world.act(Action::Mute { user: READER, author: AUTHOR });
    let [bare, quoted] = [(); 2].map(|()| world.publish(Audience::Everybody));
    let repost = |parent, text: &'static str| {
        let post = NewPost { author: FRIEND, text: text.into(), ..NewPost::default() };
        Action::Repost { post, parent }
    };
    assert_eq!(world.tells(READER, [repost(bare, ""), repost(quoted, "look")]), both(&[]));
    assert_eq!(world.tells(READER, [Action::Delete { post: bare }]), both(&[]));
}

#[test]
fn what_moderators_had_hidden_is_not_told_to_go() {
    let world = World::new();
    world.act(follow(READER, AUTHOR));
    let [hidden, own] = [(); 2].map(|()| world.publish(Audience::Everybody));
    let [bare, quote] = ["", "look"].map(|text| world.repost(own, text));
    world.act(Action::Hide { post: hidden });
    assert_eq!(world.tells(READER, [Action::Delete { post: hidden }]), both(&[]));
    world.act(Action::Hide { post: own });
    let gone = [bare, quote].map(|post| Action::Delete { post });
    assert_eq!(world.tells(READER, gone), both(&[]), "its reposts neither");
    world.act(Action::Unhide { post: own });
    world.act(Action::Suspend { user: AUTHOR });
    assert_eq!(world.tells(READER, [Action::Delete { post: own }]), both(&[]));
}

#[test]
fn a_bare_repost_goes_once() {
    let world = World::new();
    let roots = [(); 2].map(|()| world.publish(Audience::Everybody));
    let [first, second] = roots.map(|root| world.repost(root, ""));
    let [root, other] = roots.map(|post| Action::Delete { post });
    // Nobody who is concerned follows whose the original is.
    assert_eq!(world.tells(READER, [root]), both(&[removed(first)]));
    let again = world.engine.write(Command::delete(first)).unwrap();
    assert!(!again.changed, "it is gone already");
    let itself = Action::Delete { post: second };
    assert_eq!(world.tells(READER, [itself, other]), both(&[removed(second)]), "and then its root");
}

#[test]
fn for_whom_it_was_counts_whatever_else_goes_with_it() {
    let world = World::new();
    let audiences = [Audience::Followers, Audience::Followers, Audience::Mutual];
    let [root, revised, own] = audiences.map(|audience| world.publish(audience));
    for post in [root, revised] {
        world.repost(post, "");
    }
    for post in [revised, own] {
        world.act(revise(post));
    }
    world.engine.retain().unwrap();
    // Of two the first texts are erased.
    let gone = [root, revised].map(|post| Action::Delete { post });
    assert_eq!(world.tells(READER, gone), both(&[]), "the reposts");
    world.act(follow(READER, AUTHOR));
    assert_eq!(world.tells(READER, [Action::Delete { post: own }]), both(&[]));
}

#[test]
fn what_came_and_went_is_not_told_to_who_comes_back() {
    let world = World::new();
    let before = world.engine.position().unwrap();
    let post = world.repost(world.publish(Audience::Everybody), "");
    world.act(Action::Delete { post });
    assert_eq!(world.told(&mut world.watch(READER, Some(before))), []);
}

/// Of a group that is gone nobody knows who was in it.
#[test]
fn who_sees_the_posts_for_a_group_is_told_that_it_changes() {
    let world = World::new();
    world.grouped();
    let other = UserId(9);
    assert_eq!(world.tells(FRIEND, [add(other)]), both(&[]), "somebody else");
    world.act(follow(READER, AUTHOR));
    assert_eq!(world.tells(READER, [add(READER)]), both(&[CHANGED]));
    let leave = Action::GroupRemove { user: AUTHOR, name: group(), author: READER };
    assert_eq!(world.tells(READER, [leave]), both(&[CHANGED]));
    assert_eq!(world.tells(other, [add(READER)]), both(&[]), "who does not follow");
    assert_eq!(world.tells(READER, [dissolve()]), both(&[CHANGED]));
}

/// What others have reposted comes to who does not follow the author; the files know of it too.
#[test]
fn who_sees_reposts_of_a_post_for_a_group_is_told_too() {
    for is_reopened in [false, true] {
        let world = World::new();
        let post = world.grouped();
        world.act(add(READER));
        world.repost(post, "");
        let world = if is_reopened { world.reopened() } else { world };
        assert_eq!(world.tells(READER, [dissolve()]), both(&[CHANGED]), "{is_reopened}");
    }
}

#[test]
fn who_is_private_is_told_to_others() {
    let world = World::new();
    world.repost(world.publish(Audience::Everybody), "");
    let private = |is_on| Action::Private { user: AUTHOR, is_on };
    assert_eq!(world.tells(AUTHOR, [private(true)]), both(&[]), "it is themselves");
    let [live, _] = world.tells(FRIEND, [private(false)]);
    assert_eq!(live, [], "who follows sees as much");
    assert_eq!(world.tells(READER, [private(true)]), both(&[CHANGED]));
}

#[test]
fn what_is_hidden_is_not_even_looked_at_for_who_comes_back() {
    let world = World::new();
    world.act(follow(READER, AUTHOR));
    let [hidden, root] = [(); 2].map(|()| world.publish(Audience::Everybody));
    let quote = world.repost(root, "look");
    for post in [hidden, root] {
        world.act(Action::Hide { post });
    }
    let before = world.engine.position().unwrap();
    for post in [hidden, quote] {
        world.act(revise(post));
    }
    assert!(!world.watch(READER, Some(before)).is_behind());
}

#[test]
fn what_is_hidden_before_it_is_handed_out_is_not() {
    let world = World::new();
    world.act(follow(READER, AUTHOR));
    let before = world.engine.position().unwrap();
    let [post, shown] = [(); 2].map(|()| world.publish(Audience::Everybody));
    let mut watch = world.watch(READER, Some(before));
    assert!(watch.is_behind());
    world.act(Action::Hide { post });
    let batch = watch.take().unwrap().unwrap();
    let is_shown = |event: &WatchEvent| matches!(event, WatchEvent::Entry(it) if it.id == shown);
    assert!(
        batch.more && batch.events.len() == 1 && batch.events.iter().all(is_shown),
        "{batch:?}"
    );
    assert_eq!(world.told(&mut watch), [removed(post), CHANGED]);
}
