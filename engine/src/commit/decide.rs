//! Decides a command: against the state, plus the earlier commands of its own group, which are not
//! applied yet. Pure: no clock, no I/O.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::prepare::Prepared;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Key, PostId, Sequence, UserId};
use crate::log::record::Effect;
use crate::views::receipts::Remembered;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What becomes of a command that is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It changes the state: log it.
    Accept,
    /// Everything is as asked already.
    Unchanged,
    /// Its key was answered before: a write at this sequence, a publish or not.
    Repeated { sequence: Sequence, is_publish: bool },
}

/// The effects of a group so far, over the state before it.
#[derive(Debug)]
pub(crate) struct Pending {
    follows: HashMap<(UserId, UserId), bool>,
    /// How many followees each user gained or lost.
    followees: HashMap<UserId, i64>,
    mutes: HashMap<(UserId, UserId), bool>,
    blocks: HashMap<(UserId, UserId), bool>,
    deleted: HashSet<PostId>,
    keys: HashMap<(UserId, Key), (Sequence, u64, bool)>,
}

/// Decides commands of one group in order.
#[derive(Debug)]
pub(crate) struct Decider<'a> {
    state: &'a State,
    pending: &'a mut Pending,
    followees_max: usize,
}

impl Pending {
    pub(crate) fn new() -> Self {
        Self {
            follows: HashMap::new(),
            followees: HashMap::new(),
            mutes: HashMap::new(),
            blocks: HashMap::new(),
            deleted: HashSet::new(),
            keys: HashMap::new(),
        }
    }

    /// Forgets all: the group was applied, or failed.
    pub(crate) fn clear(&mut self) {
        self.follows.clear();
        self.followees.clear();
        self.mutes.clear();
        self.blocks.clear();
        self.deleted.clear();
        self.keys.clear();
    }
}

impl<'a> Decider<'a> {
    pub(crate) fn new(state: &'a State, pending: &'a mut Pending, followees_max: usize) -> Self {
        Self { state, pending, followees_max }
    }

    /// Decides `prepared`; if it is accepted, it gets `sequence`.
    pub(crate) fn decide(&mut self, prepared: &Prepared, sequence: Sequence) -> Result<Decision> {
        if let Some(repeated) = self.repeated(prepared)? {
            return Ok(repeated);
        }
        let decision = self.decide_effect(&prepared.effect)?;
        if decision == Decision::Accept {
            self.note(prepared, sequence);
        }
        Ok(decision)
    }

    fn decide_effect(&self, effect: &Effect) -> Result<Decision> {
        let changes = match *effect {
            Effect::Publish(_) => true,
            Effect::Delete { post, author } => self.is_alive(post, author),
            Effect::Follow { user, author } => return self.decide_follow(user, author),
            Effect::Unfollow { user, author } => self.follows(user, author),
            Effect::Mute { user, author } => !self.mutes(user, author),
            Effect::Unmute { user, author } => self.mutes(user, author),
            Effect::Block { user, other } => !self.blocks(user, other),
            Effect::Unblock { user, other } => self.blocks(user, other),
        };
        Ok(if changes { Decision::Accept } else { Decision::Unchanged })
    }

    fn decide_follow(&self, user: UserId, author: UserId) -> Result<Decision> {
        if self.follows(user, author) {
            return Ok(Decision::Unchanged);
        }
        if self.blocks(user, author) || self.blocks(author, user) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("user {user} cannot follow user {author}: one has blocked the other"),
            ));
        }
        let followees = self.followees(user);
        let limit = self.followees_max;
        if limit <= followees {
            return Err(Error::limit(format!(
                "user {user} follows {followees} users already; the limit is {limit} \
                 (option max-followees)"
            )));
        }
        Ok(Decision::Accept)
    }

    fn repeated(&self, prepared: &Prepared) -> Result<Option<Decision>> {
        let Some(key) = prepared.key else { return Ok(None) };
        let scope = prepared.effect.subject();
        let found = match self.pending.keys.get(&(scope, key)) {
            Some(found) => Some(*found),
            None => self.remembered(scope, key).map(|r| (r.sequence, r.fingerprint, r.is_publish)),
        };
        let Some((sequence, fingerprint, is_publish)) = found else { return Ok(None) };
        if fingerprint != prepared.fingerprint {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "idempotency key {key:?} of user {scope} was used for another write, at \
                     sequence {sequence}; use a new key"
                ),
            ));
        }
        Ok(Some(Decision::Repeated { sequence, is_publish }))
    }

    fn remembered(&self, scope: UserId, key: Key) -> Option<&Remembered> {
        self.state.receipts.find(self.state.users.find(scope)?, key)
    }

    /// Remembers an accepted effect for the rest of the group.
    fn note(&mut self, prepared: &Prepared, sequence: Sequence) {
        let is_publish = matches!(prepared.effect, Effect::Publish(_));
        if let Some(key) = prepared.key {
            let answer = (sequence, prepared.fingerprint, is_publish);
            self.pending.keys.insert((prepared.effect.subject(), key), answer);
        }
        match prepared.effect {
            Effect::Publish(_) => {}
            Effect::Delete { post, .. } => {
                self.pending.deleted.insert(post);
            }
            Effect::Follow { user, author } => self.set_follow(user, author, true),
            Effect::Unfollow { user, author } => self.set_follow(user, author, false),
            Effect::Mute { user, author } => {
                self.pending.mutes.insert((user, author), true);
            }
            Effect::Unmute { user, author } => {
                self.pending.mutes.insert((user, author), false);
            }
            Effect::Block { user, other } => {
                self.set_follow(user, other, false);
                self.set_follow(other, user, false);
                self.pending.blocks.insert((user, other), true);
            }
            Effect::Unblock { user, other } => {
                self.pending.blocks.insert((user, other), false);
            }
        }
    }

    fn set_follow(&mut self, user: UserId, author: UserId, follows: bool) {
        if self.follows(user, author) == follows {
            return;
        }
        self.pending.follows.insert((user, author), follows);
        *self.pending.followees.entry(user).or_insert(0) += if follows { 1 } else { -1 };
    }

    fn is_alive(&self, post: PostId, author: UserId) -> bool {
        let author = self.state.users.find(author);
        !self.pending.deleted.contains(&post)
            && author.is_some_and(|author| self.state.outboxes.contains(author, post.into()))
    }

    fn follows(&self, user: UserId, author: UserId) -> bool {
        let settled = |u, a| self.state.graph.followed_since(u, a).is_some();
        self.holds(&self.pending.follows, user, author, settled)
    }

    fn mutes(&self, user: UserId, author: UserId) -> bool {
        let settled = |u, a| self.state.graph.mutes.contains(u, a);
        self.holds(&self.pending.mutes, user, author, settled)
    }

    fn blocks(&self, user: UserId, other: UserId) -> bool {
        if self.state.graph.blocks.len() == 0 && self.pending.blocks.is_empty() {
            return false;
        }
        let settled = |u, o| self.state.graph.blocks.contains(u, o);
        self.holds(&self.pending.blocks, user, other, settled)
    }

    /// What the group says of the pair, else what the state says.
    fn holds(
        &self,
        pending: &HashMap<(UserId, UserId), bool>,
        first: UserId,
        second: UserId,
        settled: impl Fn(Ordinal, Ordinal) -> bool,
    ) -> bool {
        if let Some(holds) = pending.get(&(first, second)) {
            return *holds;
        }
        let users = &self.state.users;
        match (users.find(first), users.find(second)) {
            (Some(first), Some(second)) => settled(first, second),
            _ => false,
        }
    }

    fn followees(&self, user: UserId) -> usize {
        let node = self.state.users.find(user).map(|user| self.state.graph.node(user));
        let settled = node.map_or(0, |node| node.following.len());
        let pending = self.pending.followees.get(&user).copied().unwrap_or(0);
        settled.saturating_add_signed(isize::try_from(pending).unwrap_or(0))
    }
}
