//! What the oracle says of private users, of requests to follow them, and of friends.

use super::Model;
use crate::command::{Action, Command};
use crate::error::ErrorKind;
use crate::ids::UserId;
use crate::query::{EdgeQuery, PageEnd};

impl Model {
    /// Whether it changes anything, or why it is refused: befriending, and what concerns private users.
    pub(super) fn changes_requests(&self, action: &Action) -> Result<bool, ErrorKind> {
        match action {
            Action::Follow { user, author, .. } => self.changes_follow(*user, *author),
            Action::Unfollow { user, author } => {
                let pair = (user.0, author.0);
                Ok(self.follows.contains_key(&pair) || self.requests.contains_key(&pair))
            }
            Action::Befriend { user, other } => {
                let ways = [(user.0, other.0), (other.0, user.0)];
                let mut new = ways.into_iter().filter(|way| !self.follows.contains_key(way));
                if new.clone().next().is_none() {
                    return Ok(false);
                }
                if self.is_blocked_between(*user, *other) {
                    return Err(ErrorKind::Conflict);
                }
                let is_full = |(user, _): (u64, u64)| {
                    self.limits.friends <= self.following(UserId(user)).len()
                };
                if new.any(is_full) { Err(ErrorKind::Limit) } else { Ok(true) }
            }
            Action::Private { user, is_on } => Ok(self.private.contains(&user.0) != *is_on),
            Action::Approve { user, follower } => {
                let pair = (follower.0, user.0);
                if self.follows.contains_key(&pair) {
                    return Ok(false);
                }
                if !self.requests.contains_key(&pair) {
                    return Err(ErrorKind::NotFound);
                }
                self.may_follow(*follower, *user)
            }
            Action::Deny { user, follower } => {
                Ok(self.requests.contains_key(&(follower.0, user.0)))
            }
            _ => Ok(false),
        }
    }

    /// A follow that does not stand.
    fn changes_follow(&self, user: UserId, author: UserId) -> Result<bool, ErrorKind> {
        if !self.needs_request(user, author) {
            return self.may_follow(user, author);
        }
        if self.requests.contains_key(&(user.0, author.0)) {
            return Ok(false);
        }
        if self.is_blocked_between(user, author) {
            return Err(ErrorKind::Conflict);
        }
        let asking = self.requests.keys().filter(|(_, asked)| *asked == author.0).count();
        if self.limits.requests <= asking { Err(ErrorKind::Limit) } else { Ok(true) }
    }

    fn may_follow(&self, user: UserId, author: UserId) -> Result<bool, ErrorKind> {
        if self.is_blocked_between(user, author) {
            return Err(ErrorKind::Conflict);
        }
        let is_full = self.limits.followees <= self.following(user).len();
        if is_full { Err(ErrorKind::Limit) } else { Ok(true) }
    }

    pub(super) fn weight(&self, user: UserId, author: UserId) -> u8 {
        self.weights.get(&(user.0, author.0)).copied().unwrap_or(0)
    }

    /// Whether the user cannot follow the author without asking.
    pub(super) fn needs_request(&self, user: UserId, author: UserId) -> bool {
        user != author && self.private.contains(&author.0)
    }

    /// Whether the answer to a command that is not refused says that a follow was asked for.
    #[must_use]
    pub fn is_request(&self, command: &Command) -> bool {
        match command.action {
            Action::Follow { user, author, .. } => {
                !self.follows.contains_key(&(user.0, author.0)) && self.needs_request(user, author)
            }
            _ => false,
        }
    }

    /// Applies befriending, and what concerns private users.
    pub(super) fn apply_requests(&mut self, action: &Action, sequence: u64) {
        match action {
            Action::Follow { user, author, weight } => {
                let pair = (user.0, author.0);
                if !self.follows.contains_key(&pair) && self.needs_request(*user, *author) {
                    self.requests.insert(pair, sequence);
                    return;
                }
                // One that stands goes on: it has another weight.
                self.begin_follow(pair, sequence);
                self.weights.insert(pair, weight.unwrap_or(0));
            }
            Action::Unfollow { user, author } => {
                self.follows.remove(&(user.0, author.0));
                self.requests.remove(&(user.0, author.0));
            }
            Action::Befriend { user, other } => {
                for pair in [(user.0, other.0), (other.0, user.0)] {
                    if !self.follows.contains_key(&pair) {
                        self.weights.insert(pair, 0);
                    }
                    self.begin_follow(pair, sequence);
                }
            }
            Action::Private { user, is_on: true } => {
                self.private.insert(user.0);
            }
            Action::Private { user, .. } => {
                self.private.remove(&user.0);
            }
            Action::Approve { user, follower } => {
                self.weights.insert((follower.0, user.0), 0);
                self.begin_follow((follower.0, user.0), sequence);
            }
            Action::Deny { user, follower } => {
                self.requests.remove(&(follower.0, user.0));
            }
            _ => {}
        }
    }

    fn begin_follow(&mut self, pair: (u64, u64), sequence: u64) {
        self.follows.entry(pair).or_insert(sequence);
        self.requests.remove(&pair);
    }

    /// A page of (user, sequence) who ask to follow the user.
    #[must_use]
    pub fn requests_page(&self, query: &EdgeQuery) -> (Vec<(u64, u64)>, PageEnd) {
        self.edge_page(query, &self.requests, |(from, to)| (*to == query.user.0).then_some(*from))
    }

    /// Whether the user is private, asks to follow the other, and is asked by them.
    #[must_use]
    pub fn asks(&self, user: UserId, other: UserId) -> [bool; 3] {
        [
            self.private.contains(&user.0),
            self.requests.contains_key(&(user.0, other.0)),
            self.requests.contains_key(&(other.0, user.0)),
        ]
    }
}
