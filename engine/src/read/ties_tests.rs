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
fn all_that_may_show_or_hide_a_post_that_there_was_is_a_turn() {
    let engine = open();
    let [root, post] = [(); 2].map(|()| publish(&engine, Audience::Everybody));
    let restricted = publish(&engine, Audience::Author);
    let name = GroupName::new("apart");
    let (user, author) = (BOB, ANN);
    let turns = || engine.shared().state().unwrap().turns();
    let repost = || Command::repost(EVE, root).action;
    for (action, is_turn) in [
        (follow(user, author), false),
        (Action::Publish(NewPost { author, ..NewPost::default() }), false),
        (repost(), false),
        (Action::React { user, target: root, kind: 1 }, false),
        (Action::Mute { user, author }, true),
        (Action::Unmute { user, author }, true),
        (Action::Block { user, other: author }, true),
        (Action::Unblock { user, other: author }, true),
        (Action::GroupCreate { user, name: name.clone(), exclusive: true }, true),
        (Action::GroupAdd { user, name: name.clone(), author }, true),
        (Action::GroupRemove { user, name: name.clone(), author }, true),
        (Action::GroupDelete { user, name }, true),
        (Action::Private { user, is_on: true }, true),
        (Action::Private { user, is_on: false }, true),
        (Action::Suspend { user: author }, true),
        (Action::Unsuspend { user: author }, true),
        (Action::Hide { post }, true),
        (Action::Unhide { post }, true),
        (Action::Unrepost { user: EVE, post: root }, true),
        (repost(), false),
        (Action::Delete { post: root }, true),
        (Action::Delete { post: restricted }, true),
        (Action::Delete { post }, false),
        (Action::Forget { user: EVE }, true),
    ] {
        let before = turns();
        write(&engine, action.clone());
        assert_eq!(before < turns(), is_turn, "{action:?}");
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
