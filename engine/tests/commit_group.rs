//! Commands of one commit group: each is decided over those before it, though none of them is applied yet.
//! Random histories have groups too, but seldom two commands in one that meet.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Audience, Clock, Command, Engine, ErrorKind, GroupName, NewPost, Options, PostId,
    Timestamp, UserId,
};

const ANN: UserId = UserId(7);
const BOB: UserId = UserId(8);
const EVE: UserId = UserId(9);

/// A clock at which the committer, who alone has to know the time, stands still while it is shut.
#[derive(Debug, Default)]
struct Gate {
    turn: Mutex<Turn>,
    turned: Condvar,
}

#[derive(Debug, Default)]
struct Turn {
    is_shut: bool,
    is_waited_for: bool,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap()
    }

    fn shut(&self) {
        self.lock().is_shut = true;
    }

    /// Waits until the committer stands before it.
    fn await_committer(&self) {
        drop(self.turned.wait_while(self.lock(), |turn| !turn.is_waited_for).unwrap());
    }

    fn open(&self) {
        *self.lock() = Turn::default();
        self.turned.notify_all();
    }
}

impl Clock for Gate {
    fn now(&self) -> Timestamp {
        if std::thread::current().name() == Some("fanfold-commit") {
            let mut turn = self.lock();
            turn.is_waited_for |= turn.is_shut;
            self.turned.notify_all();
            drop(self.turned.wait_while(turn, |turn| turn.is_shut).unwrap());
        }
        Timestamp(1_000)
    }
}

struct World {
    engine: Engine,
    gate: Arc<Gate>,
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Changed,
    Unchanged,
    /// There is a request now.
    Asked,
    /// There was one already.
    StillAsked,
    Refused(ErrorKind),
}

impl World {
    fn new() -> Self {
        let gate = Arc::new(Gate::default());
        let options =
            Options { requests_max: 1, clock: Arc::clone(&gate) as _, ..Options::default() };
        let engine = Engine::open_on(Arc::new(MemoryStorage::default()), options).unwrap();
        Self { engine, gate }
    }

    fn write(&self, action: Action) -> Option<PostId> {
        self.engine.write(Command::new(action)).unwrap().post
    }

    fn publish(&self, author: UserId, audience: Audience) -> PostId {
        self.write(published(author, audience)).unwrap()
    }

    /// Has all of these decided before any is applied.
    fn together<const N: usize>(&self, actions: [Action; N]) -> [Answer; N] {
        self.gate.shut();
        let first = self.engine.submit(Command::publish(UserId(1), "keeps the committer busy"));
        self.gate.await_committer();
        let tickets = actions.map(|action| self.engine.submit(Command::new(action)));
        self.gate.open();
        first.unwrap().wait().unwrap();
        tickets.map(|ticket| match ticket.and_then(|ticket| ticket.wait()) {
            Ok(receipt) if receipt.changed && receipt.requested => Answer::Asked,
            Ok(receipt) if receipt.requested => Answer::StillAsked,
            Ok(receipt) if receipt.changed => Answer::Changed,
            Ok(_) => Answer::Unchanged,
            Err(error) => Answer::Refused(error.kind()),
        })
    }
}

fn published(author: UserId, audience: Audience) -> Action {
    Action::Publish(NewPost { author, text: "post".into(), audience, ..NewPost::default() })
}

fn follow(user: UserId, author: UserId) -> Action {
    Action::Follow { user, author, weight: None }
}

fn react(user: UserId, target: PostId) -> Action {
    Action::React { user, target, kind: 1 }
}

#[test]
fn what_moderators_did_a_moment_ago_counts() {
    use Answer::{Changed, Refused, Unchanged};
    let world = World::new();
    let post = world.publish(ANN, Audience::Everybody);
    let answers = world.together([
        Action::Hide { post },
        react(BOB, post),
        Action::Hide { post },
        Action::Unhide { post },
        react(BOB, post),
        Action::Suspend { user: BOB },
        published(BOB, Audience::Everybody),
        Action::Befriend { user: ANN, other: BOB },
        Action::Unsuspend { user: BOB },
        Action::Befriend { user: ANN, other: BOB },
        Action::Hide { post },
        Action::Delete { post },
        Action::Unhide { post },
    ]);
    let (unseen, denied) = (Refused(ErrorKind::NotFound), Refused(ErrorKind::Denied));
    let hidden = [Changed, unseen, Unchanged, Changed, Changed];
    let suspended = [Changed, denied, denied, Changed, Changed];
    let deleted = [Changed, Changed, Unchanged];
    assert_eq!(answers[..], [&hidden[..], &suspended, &deleted].concat());
}

/// One may ask at a time.
#[test]
fn requests_are_counted_and_answered() {
    use Answer::{Asked, Changed, Refused, StillAsked, Unchanged};
    let unfollow = |user, author| Action::Unfollow { user, author };
    let world = World::new();
    let answers = world.together([
        follow(BOB, ANN),
        Action::Private { user: ANN, is_on: true },
        unfollow(BOB, ANN),
        follow(BOB, ANN),
        follow(BOB, ANN),
        follow(EVE, ANN),
        unfollow(BOB, ANN),
        unfollow(BOB, ANN),
        follow(EVE, ANN),
    ]);
    let full = Refused(ErrorKind::Limit);
    let private = [Changed, Changed, Changed];
    let asked = [Asked, StillAsked, full, Changed, Unchanged, Asked];
    assert_eq!(answers[..], [&private[..], &asked].concat());
    let answers = world.together([
        Action::Approve { user: ANN, follower: EVE },
        Action::Approve { user: ANN, follower: EVE },
        follow(BOB, ANN),
        Action::Befriend { user: BOB, other: ANN },
        unfollow(BOB, ANN),
        follow(BOB, ANN),
    ]);
    assert_eq!(answers, [Changed, Unchanged, Asked, Changed, Changed, Asked]);
    let unblock = |user, other| Action::Unblock { user, other };
    let answers = world.together([
        Action::Block { user: ANN, other: BOB },
        unblock(ANN, BOB),
        follow(BOB, ANN),
        Action::Block { user: BOB, other: ANN },
        unblock(BOB, ANN),
        follow(BOB, ANN),
    ]);
    assert_eq!(answers, [Changed, Changed, Asked, Changed, Changed, Asked]);
}

/// The follow that answers one's own request has its weight.
#[test]
fn weights_of_follows_that_were_asked_for_are_known() {
    use Answer::{Asked, Changed, Unchanged};
    let weighed = |weight| Action::Follow { user: BOB, author: ANN, weight: Some(weight) };
    let private = |is_on| Action::Private { user: ANN, is_on };
    let answers = World::new().together([
        private(true),
        weighed(5),
        private(false),
        weighed(6),
        weighed(6),
        weighed(5),
    ]);
    assert_eq!(answers, [Changed, Asked, Changed, Changed, Unchanged, Changed]);
}

#[test]
fn for_whom_a_post_is_is_judged_by_the_graph_of_a_moment_ago() {
    use Answer::{Changed, Refused, Unchanged};
    let world = World::new();
    let name = GroupName::new("friends");
    world.write(Action::GroupCreate { user: ANN, name: name.clone(), exclusive: false });
    let grouped = world.publish(ANN, Audience::group(name.clone()));
    let [followers, mutual] =
        [Audience::Followers, Audience::Mutual].map(|it| world.publish(ANN, it));
    let open = world.publish(ANN, Audience::Everybody);
    let answers = world.together([
        Action::GroupAdd { user: ANN, name: name.clone(), author: BOB },
        react(BOB, grouped),
        Action::GroupRemove { user: ANN, name, author: BOB },
        react(BOB, grouped),
        follow(BOB, ANN),
        react(BOB, followers),
        react(BOB, mutual),
        follow(ANN, BOB),
        react(BOB, mutual),
        Action::Unrepost { user: EVE, post: mutual },
        Action::Delete { post: mutual },
        Action::Unrepost { user: EVE, post: mutual },
        Action::Private { user: ANN, is_on: true },
        react(EVE, open),
    ]);
    let unseen = Refused(ErrorKind::NotFound);
    let grouped = [Changed, Changed, Changed, unseen];
    let followed = [Changed, Changed, unseen, Changed, Changed];
    // Of what is deleted nobody knows for whom it was.
    let deleted = [unseen, Changed, Unchanged];
    let private = [Changed, unseen];
    assert_eq!(answers[..], [&grouped[..], &followed, &deleted, &private].concat());
}
