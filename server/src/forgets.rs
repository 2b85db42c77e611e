//! Forgetting on its way in and out: a part of `translate.rs` and `reply.rs`, with the same rule: by hand, and no
//! decision.

use fanfold_engine as engine;
use fanfold_engine::{Action, UserId};
use fanfold_protocol as wire;
use fanfold_protocol::{BeingForgotten, ForgottenList, Reply};

use crate::reply::position;

/// A user is to be forgotten.
pub(crate) fn forget(forget: wire::Forget) -> (Action, wire::WriteOptions) {
    (Action::Forget { user: UserId(forget.user) }, forget.options)
}

pub(crate) fn list(list: engine::ForgottenList) -> Reply {
    let user = |user: &engine::BeingForgotten| BeingForgotten {
        since: user.since.0,
        user: user.user.0,
        removed: user.removed,
    };
    let users = list.users.iter().map(user).collect();
    Reply::Forgotten(ForgottenList { position: position(list.position), users })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::command;
    use fanfold_engine::{Position, Sequence};

    #[test]
    fn the_user_and_the_progress_come_through() {
        let options = wire::WriteOptions::default();
        let asked = wire::Request::Forget(wire::Forget { options, user: 7 });
        let expected = engine::Command::new(Action::Forget { user: UserId(7) });
        assert_eq!(command(asked), Some(expected));
        let position = Position { epoch: 1, sequence: Sequence(90) };
        let (user, since) = (UserId(7), Sequence(80));
        let users = vec![engine::BeingForgotten { user, since, removed: 4 }];
        let Reply::Forgotten(found) = list(engine::ForgottenList { position, users }) else {
            panic!("another reply");
        };
        assert_eq!(found.users, [BeingForgotten { since: 80, user: 7, removed: 4 }]);
    }
}
