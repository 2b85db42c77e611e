//! What is judged later than it was selected: whatever may have changed the judgement says so.
//!
//! No test holds a read between its looks at the state, so what tells it to look again is asked itself.

use super::*;
use crate::audience::Audience;
use crate::command::{Action, Command, NewPost};
use crate::engine::Engine;
use crate::group_name::GroupName;
use crate::ids::{PostId, UserId};
use crate::options::Options;
use crate::testing::memory::MemoryStorage;

const ANN: UserId = UserId(7);
const BOB: UserId = UserId(8);
const EVE: UserId = UserId(9);

fn open() -> Engine {
    Engine::open_on(Arc::new(MemoryStorage::default()), Options::default()).unwrap()
}

fn write(engine: &Engine, action: Action) -> Option<PostId> {
    let receipt = engine.write(Command::new(action)).unwrap();
    assert!(receipt.changed);
    receipt.post
}

fn publish(engine: &Engine, audience: Audience) -> PostId {
    let post = NewPost { author: ANN, audience, ..NewPost::default() };
    write(engine, Action::Publish(post)).unwrap()
}

fn follow(user: UserId, author: UserId) -> Action {
    Action::Follow { user, author, weight: None }
}

fn unfollow(user: UserId, author: UserId) -> Action {
    Action::Unfollow { user, author }
}

fn group() -> GroupName {
    GroupName::new("friends")
}

fn add(author: UserId) -> Action {
    Action::GroupAdd { user: ANN, name: group(), author }
}

#[test]
fn all_that_may_show_or_hide_a_post_that_there_was_says_whom_it_concerns() {
    let engine = open();
    let [root, post] = [(); 2].map(|()| publish(&engine, Audience::Everybody));
    let restricted = publish(&engine, Audience::Author);
    let name = GroupName::new("apart");
    let (user, author) = (BOB, ANN);
    // Nobody else shares a place with so few.
    let concerned = |at| {
        let state = engine.shared().state().unwrap();
        let is_concerned = |user: &UserId| {
            let user = state.users.find(*user);
            user.is_some_and(|user| !state.sights.is_as_of(user, at))
        };
        [ANN, BOB, EVE].into_iter().filter(is_concerned).collect::<Vec<_>>()
    };
    let repost = || Command::repost(EVE, root).action;
    let (nobody, both): (&[UserId], &[UserId]) = (&[], &[ANN, BOB]);
    for (action, expected) in [
        (follow(user, author), nobody),
        (Action::Publish(NewPost { author, ..NewPost::default() }), nobody),
        (repost(), nobody),
        (Action::React { user, target: root, kind: 1 }, nobody),
        (Action::Mute { user, author }, &[BOB]),
        (Action::Unmute { user, author }, &[BOB]),
        (Action::Block { user, other: author }, both),
        (Action::Unblock { user, other: author }, both),
        (Action::GroupCreate { user, name: name.clone(), exclusive: true }, &[BOB]),
        (Action::GroupAdd { user, name: name.clone(), author }, &[BOB]),
        (Action::GroupRemove { user, name: name.clone(), author }, &[BOB]),
        (Action::GroupDelete { user, name }, &[BOB]),
        (Action::Private { user, is_on: true }, &[BOB]),
        (Action::Private { user, is_on: false }, &[BOB]),
        (Action::Suspend { user: author }, &[ANN]),
        (Action::Unsuspend { user: author }, &[ANN]),
        (Action::Hide { post }, &[ANN]),
        (Action::Unhide { post }, &[ANN]),
        (Action::Unrepost { user: EVE, post: root }, &[EVE]),
        (repost(), nobody),
        (Action::Delete { post: root }, &[ANN]),
        (Action::Delete { post: restricted }, &[ANN]),
        (Action::Delete { post }, &[ANN]),
        (Action::Forget { user: EVE }, &[EVE]),
    ] {
        let before = engine.shared().state().unwrap().position.sequence;
        write(&engine, action.clone());
        assert_eq!(concerned(before), expected, "{action:?}");
    }
}

#[test]
fn ties_are_as_of_a_position_until_that_changes_which_was_asked_for() {
    let engine = open();
    write(&engine, follow(BOB, EVE));
    write(&engine, Action::GroupCreate { user: ANN, name: group(), exclusive: false });
    write(&engine, add(EVE));
    let ties = Ties::new(engine.shared());
    let ask = |is_of_group: bool| {
        let state = engine.shared().state().unwrap();
        let [ann, bob] = [ANN, BOB].map(|user| state.find(user).unwrap());
        ties.begin();
        match is_of_group {
            true => ties.is_member(&state, (ann, GroupId(1)), bob),
            false => ties.follows(&state, bob, ann),
        };
        state.position.sequence
    };
    for (is_of_group, action, is_as_it_was) in [
        (false, follow(BOB, ANN), false),
        (false, follow(EVE, ANN), true),
        (false, add(BOB), true),
        (false, unfollow(BOB, EVE), false),
        (true, follow(BOB, EVE), true),
        (true, Action::GroupRemove { user: ANN, name: group(), author: EVE }, false),
        (true, add(EVE), false),
        (true, Action::GroupDelete { user: ANN, name: group() }, false),
    ] {
        let position = ask(is_of_group);
        assert!(ties.are_as_of(&engine.shared().state().unwrap(), position));
        write(&engine, action.clone());
        let is_as_of = ties.are_as_of(&engine.shared().state().unwrap(), position);
        assert_eq!(is_as_of, is_as_it_was, "{action:?}");
    }
}
