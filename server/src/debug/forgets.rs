//! `FORGOTTEN`: who is being forgotten, one line each. A part of `answer.rs`.

use fanfold_engine::{BeingForgotten, ForgottenList};

use super::answer::line;
use crate::text::count;

pub(super) fn list(list: &ForgottenList) -> String {
    let mut out = String::new();
    for BeingForgotten { user, since, removed } in &list.users {
        line(&mut out, format_args!("{since}  user {user}  removed={removed}"));
    }
    let users = count(list.users.len(), "user", "users");
    line(&mut out, format_args!("({users} being forgotten) at {}", list.position));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfold_engine::{Position, Sequence, UserId};

    #[test]
    fn a_line_for_each() {
        let position = Position { epoch: 1, sequence: Sequence(12) };
        let (user, since) = (UserId(7), Sequence(9));
        let users = vec![BeingForgotten { user, since, removed: 300 }];
        let expected = "9  user 7  removed=300\n(1 user being forgotten) at 1:12\n";
        assert_eq!(list(&ForgottenList { position, users }), expected);
        let none = list(&ForgottenList { position, users: Vec::new() });
        assert_eq!(none, "(0 users being forgotten) at 1:12\n");
    }
}
