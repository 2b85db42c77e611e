//! Decides forgets, and refuses what is about somebody who is being forgotten. A part of
//! [`decide`](super::decide).

use super::decide::{Decider, Decision};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::UserId;
use crate::limits::FORGETTING_MAX;
use crate::log::concerned::each_concerned;
use crate::log::forget_effect::ForgetEffect;
use crate::log::record::Effect;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What the commands of a commit group did so far, over the state before it.
#[derive(Debug, Default)]
pub(crate) struct PendingForgets {
    /// Who is to be forgotten.
    begun: Vec<UserId>,
    /// Whom accepted commands named, in no order: somebody nobody wrote about before is not forgotten.
    named: Vec<UserId>,
}

impl PendingForgets {
    pub(crate) fn clear(&mut self) {
        self.begun.clear();
        self.named.clear();
    }

    /// Remembers an accepted effect.
    pub(super) fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::Forget(forget) if !forget.is_done() => self.begun.push(forget.user),
            _ => {}
        }
        self.named.push(effect.subject());
        self.named.extend(effect.other());
        each_concerned(effect, |user| self.named.push(user));
    }
}

impl Decider<'_> {
    /// Decides the record that begins a forget, or the one that ends it.
    pub(super) fn decide_forget(&self, effect: &ForgetEffect) -> Result<Decision> {
        if effect.is_done() {
            return self.decide_forgotten(effect);
        }
        let user = effect.user;
        let is_known =
            self.state().users.find(user).is_some() || self.pending_forgets().named.contains(&user);
        if !is_known || self.is_being_forgotten(user) {
            return Ok(Decision::Unchanged);
        }
        let [settled, _] = self.state().forgotten.counts();
        let under_way = settled + self.pending_forgets().begun.len();
        if FORGETTING_MAX <= under_way {
            return Err(Error::limit(format!(
                "{under_way} users are being forgotten already; the limit is {FORGETTING_MAX}: try \
                 again when some are"
            )));
        }
        Ok(Decision::Accept)
    }

    /// Nothing is left; what says so is sent when nothing is under way.
    fn decide_forgotten(&self, effect: &ForgetEffect) -> Result<Decision> {
        let state = self.state();
        let user = state.users.find(effect.user).filter(|user| state.forgotten.hides(*user));
        let Some(user) = user.filter(|user| Some(state.forgotten.of(*user).since) == effect.began)
        else {
            return Ok(Decision::Unchanged);
        };
        if has_anything(state, user) {
            let what = format!("something of user {} is left", effect.user);
            return Err(Error::new(ErrorKind::Conflict, what));
        }
        Ok(Decision::Accept)
    }

    /// Refuses what is done by somebody who is being forgotten, or about them.
    pub(super) fn check_forgotten(&self, effect: &Effect) -> Result<()> {
        if self.state().forgotten.is_idle() && self.pending_forgets().begun.is_empty()
            || matches!(effect, Effect::Forget(_))
        {
            return Ok(());
        }
        if let Effect::Broadcast(it) = effect
            && it.broadcast().is_some_and(|id| self.standing(it.author(), id).is_none())
        {
            // It is gone: that is told first, whether or not the log still has what it was.
            return Ok(());
        }
        let mut found = None;
        let mut look = |user: UserId| {
            if found.is_none() && self.is_being_forgotten(user) {
                found = Some(user);
            }
        };
        look(effect.subject());
        effect.other().into_iter().for_each(&mut look);
        if let Effect::Response(response) = effect {
            look(response.owner);
        }
        each_concerned(effect, look);
        found.map_or(Ok(()), |user| Err(being_forgotten(user)))
    }

    fn is_being_forgotten(&self, user: UserId) -> bool {
        let state = self.state();
        let is_hidden = || state.users.find(user).is_some_and(|user| state.forgotten.hides(user));
        self.pending_forgets().begun.contains(&user) || !state.forgotten.is_idle() && is_hidden()
    }
}

/// What can be counted of a user.
fn has_anything(state: &State, user: Ordinal) -> bool {
    let (graph, requests) = (&state.graph, &state.requests);
    let pairs = [&graph.mutes, &graph.blocks, &requests.private, &requests.asked];
    let edges = [&graph.following, &graph.followers];
    edges.into_iter().any(|edges| edges.count(user) != 0)
        || pairs.into_iter().any(|pairs| pairs.lists.count(user) != 0 || pairs.has_target(user))
        || state.outboxes.posts.count(user) != 0
        || !state.groups.of(user).is_empty()
        || state.broadcasts.of(user).is_some()
        || state.moderation.suspended_since(user).is_some()
}

/// What writes say that are about them.
pub(crate) fn being_forgotten(user: UserId) -> Error {
    let what =
        format!("user {user} is being forgotten; try again when `forgotten` says that it is done");
    Error::new(ErrorKind::Conflict, what)
}
