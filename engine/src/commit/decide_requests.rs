//! Decides what concerns private users: requests to follow them, and what answers these; and befriending,
//! which needs no request. A part of [`decide`](super::decide).

use foldhash::{HashMap, HashMapExt};

use super::decide::{Decider, Decision};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Sequence, UserId};
use crate::log::befriend_effect::{BefriendEffect, Half, Said};
use crate::log::record::{Began, Effect};
use crate::log::request_effect::{RequestAct, RequestEffect};
use crate::views::state::State;

/// What the commands of a commit group did to private users so far, over the state before it.
#[derive(Debug)]
pub(crate) struct PendingRequests {
    private: HashMap<UserId, Began>,
    /// By who asks, and who is asked.
    asked: HashMap<(UserId, UserId), Began>,
    /// How many more ask, or fewer, by who is asked.
    counts: HashMap<UserId, i64>,
}

impl PendingRequests {
    pub(crate) fn new() -> Self {
        Self { private: HashMap::new(), asked: HashMap::new(), counts: HashMap::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.private.clear();
        self.asked.clear();
        self.counts.clear();
    }

    /// Remembers an accepted effect; `at` is its sequence.
    pub(super) fn note(&mut self, effect: &Effect, at: Sequence) {
        match effect {
            Effect::Private { user, is_on, .. } => {
                self.private.insert(*user, is_on.then_some(at));
            }
            Effect::Befriend(befriend) => {
                let BefriendEffect { user, other, forth, back, .. } = *befriend;
                self.end((user, other), forth.request);
                self.end((other, user), back.request);
            }
            Effect::Block { user, other, requests: [forth, back], .. } => {
                self.end((*user, *other), *forth);
                self.end((*other, *user), *back);
            }
            Effect::Request(RequestEffect { user, other, act }) => match act {
                RequestAct::Ask { .. } => {
                    self.asked.insert((*user, *other), Some(at));
                    *self.counts.entry(*other).or_insert(0) += 1;
                }
                RequestAct::Withdraw { began } => self.end((*user, *other), *began),
                RequestAct::Deny { began } => self.end((*other, *user), *began),
            },
            _ => {}
        }
    }

    fn end(&mut self, (user, author): (UserId, UserId), began: Began) {
        if began.is_some() {
            self.asked.insert((user, author), None);
            *self.counts.entry(author).or_insert(0) -= 1;
        }
    }
}

impl Decider<'_> {
    /// A follow that does not stand: it begins, or becomes a request, or answers the user's own.
    pub(super) fn decide_new_follow(
        &self,
        effect: &mut Effect,
        (user, author): (UserId, UserId),
        weight: Option<u8>,
    ) -> Result<Decision> {
        let asked = self.asked_since(user, author);
        if user != author && self.is_private(author) {
            if asked.is_some() {
                return Ok(Decision::Asked);
            }
            self.check_request(user, author)?;
            let act = RequestAct::Ask { weight };
            *effect = Effect::Request(RequestEffect { user, other: author, act });
            return Ok(Decision::Accept);
        }
        self.check_follow((user, author), weight)?;
        if asked.is_some() {
            let forth = Half { is_new: true, request: asked };
            let befriend = BefriendEffect::new(user, author, Said::Follow(weight));
            *effect = Effect::Befriend(BefriendEffect { forth, ..befriend });
        }
        Ok(Decision::Accept)
    }

    /// An unfollow of somebody who is not followed takes a request back, if there is one.
    pub(super) fn decide_unfollow(&self, effect: &mut Effect) -> Result<bool> {
        let Effect::Unfollow { user, author, began } = effect else { return Ok(false) };
        *began = self.follow(*user, *author)?;
        if began.is_some() {
            return Ok(true);
        }
        let (user, other, began) = (*user, *author, self.asked_since(*user, *author));
        if began.is_some() {
            let act = RequestAct::Withdraw { began };
            *effect = Effect::Request(RequestEffect { user, other, act });
        }
        Ok(began.is_some())
    }

    /// Decides, and completes the effect: which of the follows is new.
    pub(super) fn decide_befriend(&self, effect: &mut BefriendEffect) -> Result<Decision> {
        let BefriendEffect { user, other, said, .. } = *effect;
        let back = self.half(other, user)?;
        match said {
            Said::Approve => {
                if !back.is_new {
                    return Ok(Decision::Unchanged);
                }
                if back.request.is_none() {
                    let what = format!("user {other} does not ask to follow user {user}");
                    return Err(Error::new(ErrorKind::NotFound, what));
                }
                self.check_follow((other, user), None)?;
                effect.back = back;
            }
            Said::Befriend | Said::Follow(_) => {
                let forth = self.half(user, other)?;
                if !forth.is_new && !back.is_new {
                    return Ok(Decision::Unchanged);
                }
                self.check_unparted((user, other), "befriend")?;
                for (follower, half) in [(user, forth), (other, back)] {
                    if half.is_new {
                        self.check_friends(follower)?;
                    }
                }
                (effect.forth, effect.back) = (forth, back);
            }
        }
        Ok(Decision::Accept)
    }

    /// Decides, and completes the effect: which request is denied.
    pub(super) fn decide_deny(&self, effect: &mut RequestEffect) -> Decision {
        let RequestEffect { user, other, act } = effect;
        let RequestAct::Deny { began } = act else { return Decision::Unchanged };
        *began = self.asked_since(*other, *user);
        if began.is_some() { Decision::Accept } else { Decision::Unchanged }
    }

    /// Decides, and completes the effect: since when the user was private.
    pub(super) fn decide_private(&self, effect: &mut Effect) -> Decision {
        let Effect::Private { user, is_on, began } = effect else { return Decision::Unchanged };
        let since = self.private_since(*user);
        if since.is_some() == *is_on {
            return Decision::Unchanged;
        }
        *began = since;
        Decision::Accept
    }

    /// Since when `user` asks to follow `author`.
    pub(super) fn asked_since(&self, user: UserId, author: UserId) -> Began {
        if let Some(began) = self.pending_requests().asked.get(&(user, author)) {
            return *began;
        }
        let state = self.state();
        if state.requests.asked.len() == 0 {
            return None;
        }
        let (user, author) = (state.users.find(user)?, state.users.find(author)?);
        state.requests.asked_since(user, author)
    }

    /// The follow of `author` by `user`, as it would begin now.
    fn half(&self, user: UserId, author: UserId) -> Result<Half> {
        let is_new = self.follow(user, author)?.is_none();
        Ok(Half { is_new, request: self.asked_since(user, author) })
    }

    fn private_since(&self, user: UserId) -> Began {
        if let Some(since) = self.pending_requests().private.get(&user) {
            return *since;
        }
        let requests = &self.state().requests;
        if requests.private.len() == 0 {
            return None;
        }
        requests.private_since(self.state().users.find(user)?)
    }

    pub(super) fn is_private(&self, user: UserId) -> bool {
        self.private_since(user).is_some()
    }

    fn check_friends(&self, user: UserId) -> Result<()> {
        let (followees, limit) = (self.followees(user), self.limits().friends_max);
        if followees < limit {
            return Ok(());
        }
        Err(Error::limit(format!(
            "user {user} follows {followees} users already; the limit for friends is {limit} \
             (option max-friends)"
        )))
    }

    fn check_request(&self, user: UserId, author: UserId) -> Result<()> {
        self.check_unparted((user, author), "follow")?;
        let asking = asking(self.state(), author);
        let change = self.pending_requests().counts.get(&author).copied().unwrap_or(0);
        let asking = asking.saturating_add_signed(isize::try_from(change).unwrap_or(0));
        let limit = self.limits().requests_max;
        if asking < limit {
            return Ok(());
        }
        Err(Error::limit(format!(
            "{asking} users ask to follow user {author} already; the limit is {limit} \
             (option max-requests)"
        )))
    }
}

/// How many ask to follow the user.
fn asking(state: &State, author: UserId) -> usize {
    let author = state.users.find(author);
    author.map_or(0, |author| state.requests.count(author) as usize)
}
