//! Who is private, and who asked to follow them.
//!
//! Both are few and wholly in memory. A private user is a pair of the user with themselves, so that files,
//! graves and digests are those of mutes and blocks.
//!
//! Invariants:
//! * A request is a pair of who is asked and who asks; nobody follows whom they ask.
//! * No request stands where a block stands, in either direction.
//! * Requests stay when their user is not private any more, until they are answered or taken back.

use super::changed::Changed;
use super::graph::Pairs;
use super::timeline::Removal;
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::audience::Circle;
use crate::error::Result;
use crate::ids::Sequence;
use crate::log::record::Began;
use crate::log::request_effect::{RequestAct, RequestEffect};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// Private users, each with themselves.
    pub(crate) private: Pairs,
    /// By who is asked: who asks.
    pub(crate) asked: Pairs,
    /// When each user became private, or ceased to be, last.
    changed: Changed<CHANGED>,
}

/// Places of what tells who is private and was not, or the other way.
const CHANGED: usize = 4_096;

impl Requests {
    /// Since when the user is private.
    pub(crate) fn private_since(&self, user: Ordinal) -> Began {
        self.private.since(user, user)
    }

    pub(crate) fn is_private(&self, user: Ordinal) -> bool {
        self.private_since(user).is_some()
    }

    /// Whether anybody is private.
    pub(crate) fn has_private(&self) -> bool {
        self.private.len() != 0
    }

    /// Whether the user is as private as they were then.
    pub(crate) fn is_as_of(&self, user: Ordinal, position: Sequence) -> bool {
        self.changed.is_as_of(user, position)
    }

    /// For whom a post of the author's is today that they published for that circle: what a private user
    /// has for everybody is for who follows them.
    pub(crate) fn circle_of(&self, author: Ordinal, circle: Circle) -> Circle {
        if circle.is_everybody() && self.is_private(author) { Circle::FOLLOWERS } else { circle }
    }

    /// Since when `user` asks to follow `author`.
    pub(crate) fn asked_since(&self, user: Ordinal, author: Ordinal) -> Began {
        self.asked.since(author, user)
    }

    /// How many ask to follow the user.
    pub(crate) fn count(&self, author: Ordinal) -> u32 {
        self.asked.lists.count(author)
    }

    /// The user is private, or is not any more.
    pub(crate) fn set_private(&mut self, user: Ordinal, is_on: bool, began: Began, at: Removal) {
        self.changed.note(user, at.at);
        if is_on {
            self.private.add(user, user, at.at);
        } else {
            self.private.remove(user, user, began, at);
        }
    }

    /// Folds a record about a request. `user` is who acts.
    pub(crate) fn apply(
        &mut self,
        (user, other): (Ordinal, Ordinal),
        effect: &RequestEffect,
        removal: Removal,
    ) {
        match effect.act {
            RequestAct::Ask { .. } => self.asked.add(other, user, removal.at),
            RequestAct::Withdraw { began } => self.end(user, other, began, removal),
            RequestAct::Deny { began } => self.end(other, user, began, removal),
        }
    }

    /// Ends the request by `user` to follow `author` that began at `began`, if there was one.
    pub(crate) fn end(&mut self, user: Ordinal, author: Ordinal, began: Began, removal: Removal) {
        self.asked.remove(author, user, began, removal);
    }

    pub(crate) fn digest(&self, users: usize) -> Result<Digest> {
        let mut digest = DigestBuilder::new();
        for user in (0..u32::try_from(users).unwrap_or(u32::MAX)).map(Ordinal) {
            for pairs in [&self.private, &self.asked] {
                pairs.lists.digest(user, &mut digest)?;
            }
        }
        Ok(digest.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Sequence, UserId};

    #[test]
    fn the_digest_tells_who_is_private_and_who_asks() {
        let (user, other) = (Ordinal(0), Ordinal(1));
        let at = |at| Removal { at: Sequence(at), frontier: Sequence(0) };
        let digest = |requests: &Requests| requests.digest(2).unwrap();
        let mut requests = Requests::default();
        let nothing = digest(&requests);
        requests.set_private(user, true, None, at(1));
        let private = digest(&requests);
        let act = RequestAct::Ask { weight: None };
        let ask = RequestEffect { user: UserId(9), other: UserId(8), act };
        requests.apply((other, user), &ask, at(2));
        let asked = digest(&requests);
        assert!(nothing != private && private != asked && asked != nothing);
        assert_eq!(requests.asked_since(other, user), Some(Sequence(2)));
        let act = RequestAct::Deny { began: Some(Sequence(2)) };
        requests.apply((user, other), &RequestEffect { act, ..ask }, at(3));
        assert_eq!(digest(&requests), private);
        requests.set_private(user, false, Some(Sequence(1)), at(4));
        assert_eq!(digest(&requests), nothing);
    }
}
