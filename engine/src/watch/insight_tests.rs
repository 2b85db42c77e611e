//! What a user who watches saw then, looked up in a state that is ahead of what is told.

use super::*;
use crate::audience::Audience;
use crate::command::{Action, Command, NewPost};
use crate::engine::Engine;
use crate::group_name::GroupName;
use crate::ids::PostId;
use crate::options::Options;
use crate::testing::memory::MemoryStorage;
use crate::watch::sight::Look;

const ANN: UserId = UserId(7);
const BOB: UserId = UserId(8);
const EVE: UserId = UserId(9);

struct World(Engine);

impl World {
    fn new() -> Self {
        let storage = std::sync::Arc::new(MemoryStorage::default());
        Self(Engine::open_on(storage, Options::default()).unwrap())
    }

    fn write(&self, action: Action) -> Option<PostId> {
        self.0.write(Command::new(action)).unwrap().post
    }

    fn follow(&self, user: UserId, author: UserId) {
        self.write(Action::Follow { user, author, weight: None });
    }

    /// What Ann has for these.
    fn meant(&self, audience: Audience) -> Meant {
        let post = NewPost { author: ANN, audience, ..NewPost::default() };
        let post = self.write(Action::Publish(post)).unwrap();
        Meant::standing(&self.0.shared().state().unwrap(), ANN, post.into()).unwrap()
    }

    /// The edges of the user now, and their position.
    fn sight(&self, user: UserId) -> Sight {
        match Sight::look(self.0.shared(), user, None).unwrap() {
            Look::Done(sight, _) => sight,
            Look::Files(files) => panic!("{files:?}"),
        }
    }

    /// What the user saw of it who had that sight.
    fn seen(&self, meant: Meant, (user, sight): (UserId, &Sight)) -> Seen {
        let look =
            |state: &State, ties: &Ties<'_>| Ok(meant.seen((state, ties), (user, sight), sight.at));
        settled(self.0.shared(), Reach::Files, look).unwrap().unwrap()
    }

    /// What the user sees of it now, what after the change they saw before, and what they see then.
    fn over(&self, meant: Meant, user: UserId, change: Action) -> [Seen; 3] {
        let sight = self.sight(user);
        let before = self.seen(meant, (user, &sight));
        self.write(change);
        let later = self.seen(meant, (user, &sight));
        [before, later, self.seen(meant, (user, &self.sight(user)))]
    }
}

#[test]
fn nobody_can_say_who_was_in_a_group_that_has_changed() {
    let world = World::new();
    let (user, name) = (ANN, GroupName::new("friends"));
    world.write(Action::GroupCreate { user, name: name.clone(), exclusive: false });
    let meant = world.meant(Audience::group(name.clone()));
    world.follow(BOB, ANN);
    let unsure = Seen::Unsure(ANN);
    let add = |author| Action::GroupAdd { user, name: name.clone(), author };
    assert_eq!(world.over(meant, BOB, add(BOB)), [Seen::No, unsure, Seen::Yes]);
    assert_eq!(world.over(meant, BOB, add(EVE)), [Seen::Yes, unsure, Seen::Yes]);
    let others = Action::Mute { user: EVE, author: BOB };
    assert_eq!(world.over(meant, BOB, others), [Seen::Yes; 3]);
    assert_eq!(world.seen(meant, (ANN, &world.sight(ANN))), Seen::Yes);
}

#[test]
fn nobody_can_say_whom_an_author_followed_who_follows_others_now() {
    let world = World::new();
    world.follow(BOB, ANN);
    let meant = world.meant(Audience::Mutual);
    let unsure = Seen::Unsure(ANN);
    let follow = |author| Action::Follow { user: ANN, author, weight: None };
    let unfollow = Action::Unfollow { user: ANN, author: BOB };
    assert_eq!(world.over(meant, BOB, follow(BOB)), [Seen::No, unsure, Seen::Yes]);
    assert_eq!(world.over(meant, BOB, follow(EVE)), [Seen::Yes, unsure, Seen::Yes]);
    assert_eq!(world.over(meant, BOB, unfollow), [Seen::Yes, unsure, Seen::No]);
}

/// What the user themselves did is told record by record: their sight then counts.
#[test]
fn what_a_user_followed_then_is_known() {
    let world = World::new();
    world.follow(BOB, ANN);
    let meant = world.meant(Audience::Followers);
    let unfollow = Action::Unfollow { user: BOB, author: ANN };
    assert_eq!(world.over(meant, BOB, unfollow), [Seen::Yes, Seen::Yes, Seen::No]);
}

#[test]
fn nobody_can_say_who_was_private_whose_post_others_repost() {
    let world = World::new();
    for user in [BOB, EVE] {
        world.follow(user, UserId(1));
    }
    world.follow(BOB, ANN);
    let repost = Meant::of_bare(UserId(1), (ANN, Circle::EVERYBODY)).unwrap();
    let private = |is_on| Action::Private { user: ANN, is_on };
    let unsure = Seen::Unsure(ANN);
    assert_eq!(world.over(repost, EVE, private(true)), [Seen::Yes, unsure, Seen::No]);
    assert_eq!(world.over(repost, EVE, private(false)), [Seen::No, unsure, Seen::Yes]);
    assert_eq!(world.over(repost, BOB, private(true)), [Seen::Yes; 3], "who follows");
    let other = Action::Private { user: EVE, is_on: true };
    assert_eq!(world.over(repost, EVE, other), [Seen::No; 3]);
}
