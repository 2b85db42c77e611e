//! Decides a command: against the state, plus the earlier commands of its own group, which are not
//! applied yet. Pure: no clock, no I/O.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::decide_audiences::PendingAudiences;
use super::decide_broadcasts::PendingBroadcasts;
use super::decide_forgets::PendingForgets;
use super::decide_groups::PendingGroups;
use super::decide_marks::PendingMarks;
use super::decide_moderation::PendingModeration;
use super::decide_notices::PendingNotices;
use super::decide_reposts::PendingReposts;
use super::decide_requests::PendingRequests;
use super::decide_responses::PendingResponses;
use super::decide_revisions::PendingRevisions;
use super::prepare::Prepared;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Key, PostId, Sequence, Timestamp, UserId};
use crate::limits::WEIGHTS_MAX;
use crate::log::record::{Began, Effect};
use crate::log::view::Segments;
use crate::views::graph::Pairs;
use crate::views::receipts::{Answered, Remembered};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What becomes of a command that is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It changes the state: log it.
    Accept,
    /// Everything is as asked already.
    Unchanged,
    /// The same: what was asked for was asked for already, and is not answered.
    Asked,
    /// What is asked for came to be earlier, at this sequence.
    Known(Sequence),
    /// Its key was answered before: a write at this sequence.
    Repeated { sequence: Sequence, answered: Answered },
}

/// The effects of a group so far, over the state before it.
#[derive(Debug)]
pub(crate) struct Pending {
    follows: HashMap<(UserId, UserId), Began>,
    /// How many followees each user gained or lost.
    followees: HashMap<UserId, i64>,
    /// Weights of follows that were given one; only those of follows that stand count.
    weights: HashMap<(UserId, UserId), u8>,
    mutes: HashMap<(UserId, UserId), Began>,
    blocks: HashMap<(UserId, UserId), Began>,
    requests: PendingRequests,
    groups: PendingGroups,
    responses: PendingResponses,
    reposts: PendingReposts,
    audiences: PendingAudiences,
    notices: PendingNotices,
    marks: PendingMarks,
    revisions: PendingRevisions,
    broadcasts: PendingBroadcasts,
    forgets: PendingForgets,
    moderation: PendingModeration,
    deleted: HashSet<PostId>,
    keys: HashMap<(UserId, Key), (Sequence, u64, Answered)>,
}

/// Decides commands of one group in order.
#[derive(Debug)]
pub(crate) struct Decider<'a> {
    state: &'a State,
    pending: &'a mut Pending,
    limits: Limits,
    /// The command is the engine's own: it removes what there is of somebody who is being forgotten.
    pub(super) is_removal: bool,
    /// For what was written since a command was prepared.
    log: &'a Segments,
}

/// The limits that are options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) followees_max: usize,
    pub(crate) friends_max: usize,
    pub(crate) requests_max: usize,
    pub(crate) groups_max: usize,
    pub(crate) members_max: usize,
    pub(crate) devices_max: usize,
    pub(crate) board_max: usize,
}

impl Pending {
    pub(crate) fn new() -> Self {
        Self {
            follows: HashMap::new(),
            followees: HashMap::new(),
            weights: HashMap::new(),
            mutes: HashMap::new(),
            blocks: HashMap::new(),
            requests: PendingRequests::new(),
            groups: PendingGroups::new(),
            responses: PendingResponses::default(),
            reposts: PendingReposts::default(),
            audiences: PendingAudiences::default(),
            notices: PendingNotices::default(),
            marks: PendingMarks::new(),
            revisions: PendingRevisions::new(),
            broadcasts: PendingBroadcasts::new(),
            forgets: PendingForgets::default(),
            moderation: PendingModeration::default(),
            deleted: HashSet::new(),
            keys: HashMap::new(),
        }
    }

    /// The group is committed at that time.
    pub(crate) fn begin(&mut self, time: Timestamp) {
        self.broadcasts.time = time;
    }

    /// Forgets all: the group was applied, or failed.
    pub(crate) fn clear(&mut self) {
        self.follows.clear();
        self.followees.clear();
        self.weights.clear();
        self.mutes.clear();
        self.blocks.clear();
        self.requests.clear();
        self.groups.clear();
        self.responses.clear();
        self.reposts.clear();
        self.audiences.clear();
        self.notices.clear();
        self.marks.clear();
        self.revisions.clear();
        self.broadcasts.clear();
        self.forgets.clear();
        self.moderation.clear();
        self.deleted.clear();
        self.keys.clear();
    }
}

impl<'a> Decider<'a> {
    pub(crate) fn new(
        (state, log): (&'a State, &'a Segments),
        pending: &'a mut Pending,
        limits: Limits,
    ) -> Self {
        Self { state, pending, limits, is_removal: false, log }
    }

    pub(super) fn state(&self) -> &State {
        self.state
    }

    pub(super) fn pending_requests(&self) -> &PendingRequests {
        &self.pending.requests
    }

    pub(super) fn pending_groups(&self) -> &PendingGroups {
        &self.pending.groups
    }

    pub(super) fn pending_responses(&self) -> &PendingResponses {
        &self.pending.responses
    }

    pub(super) fn pending_reposts(&self) -> &PendingReposts {
        &self.pending.reposts
    }

    pub(super) fn pending_audiences(&self) -> &PendingAudiences {
        &self.pending.audiences
    }

    pub(super) fn pending_notices(&self) -> &PendingNotices {
        &self.pending.notices
    }

    pub(super) fn pending_marks(&self) -> &PendingMarks {
        &self.pending.marks
    }

    pub(super) fn pending_revisions(&self) -> &PendingRevisions {
        &self.pending.revisions
    }

    pub(super) fn log(&self) -> &Segments {
        self.log
    }

    pub(super) fn pending_broadcasts(&self) -> &PendingBroadcasts {
        &self.pending.broadcasts
    }

    pub(super) fn pending_forgets(&self) -> &PendingForgets {
        &self.pending.forgets
    }

    pub(super) fn pending_moderation(&self) -> &PendingModeration {
        &self.pending.moderation
    }

    /// Whether an earlier command of the group deletes the post.
    pub(super) fn is_deleted_in_group(&self, post: PostId) -> bool {
        self.pending.deleted.contains(&post)
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Decides `prepared`; if it is accepted, it gets `sequence`, and its effect is completed.
    pub(crate) fn decide(
        &mut self,
        prepared: &mut Prepared,
        sequence: Sequence,
    ) -> Result<Decision> {
        if let Some(repeated) = self.repeated(prepared)? {
            return Ok(repeated);
        }
        self.is_removal = prepared.is_removal;
        if !self.is_removal {
            self.check_forgotten(&prepared.effect)?;
        }
        let decision = self.decide_effect(&mut prepared.effect)?;
        if decision == Decision::Accept {
            self.note(prepared, sequence);
        }
        Ok(decision)
    }

    fn decide_effect(&self, effect: &mut Effect) -> Result<Decision> {
        self.check_suspended(effect)?;
        let changes = match effect {
            Effect::Publish(post) => {
                self.complete_audience(post)?;
                if let Some(link) = post.repost {
                    return self.decide_repost(post, link);
                }
                self.check_mentions(post.author, &post.mentions)?;
                true
            }
            Effect::Unrepost { user, post, author, root, began } => {
                return self.decide_unrepost(*user, (*post, *author, *root), began);
            }
            Effect::NoticesRead(read) => return self.decide_notices_read(read),
            Effect::Delete { post, author, commented, revised, hidden } => {
                *hidden = self.hidden_since(*post);
                *commented = self.commented_since(*post);
                *revised = self.revised_at(*post);
                self.is_alive(*post, *author)?
            }
            Effect::Revise(revise) => return self.decide_revise(revise),
            Effect::Follow { user, author, weight } => {
                let (user, author, weight) = (*user, *author, *weight);
                if self.follow(user, author)?.is_none() {
                    return self.decide_new_follow(effect, (user, author), weight);
                }
                let Some(weight) = weight.filter(|new| *new != self.weight(user, author)) else {
                    return Ok(Decision::Unchanged);
                };
                self.check_weights(weight)?;
                *effect = Effect::Weigh { user, author, weight };
                true
            }
            Effect::Weigh { .. } => false,
            Effect::Unfollow { .. } => self.decide_unfollow(effect)?,
            Effect::Befriend(befriend) => return self.decide_befriend(befriend),
            Effect::Private { .. } => return Ok(self.decide_private(effect)),
            Effect::Request(request) => return Ok(self.decide_deny(request)),
            Effect::Mute { user, author } => self.mute(*user, *author).is_none(),
            Effect::Unmute { user, author, began } => {
                *began = self.mute(*user, *author);
                began.is_some()
            }
            Effect::Block { user, other, forth, back, requests } => {
                *requests = [self.asked_since(*user, *other), self.asked_since(*other, *user)];
                *forth = self.follow(*user, *other)?;
                *back = if user == other { None } else { self.follow(*other, *user)? };
                self.block(*user, *other).is_none()
            }
            Effect::Unblock { user, other, began } => {
                *began = self.block(*user, *other);
                began.is_some()
            }
            Effect::Group(group) => return self.decide_group(group),
            Effect::Response(response) => return self.decide_response(response),
            Effect::Mark(mark) => return self.decide_mark(mark),
            Effect::Broadcast(broadcast) => return self.decide_broadcast(broadcast),
            Effect::Forget(forget) => return self.decide_forget(forget),
            Effect::Moderation(moderation) => return self.decide_moderation(moderation),
            Effect::Emptied(_) | Effect::Retired(_) => false,
        };
        Ok(if changes { Decision::Accept } else { Decision::Unchanged })
    }

    /// Refuses what a block forbids.
    pub(super) fn check_unparted(&self, (user, other): (UserId, UserId), verb: &str) -> Result<()> {
        if !self.is_blocked_between(user, other) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            format!("user {user} cannot {verb} user {other}: one has blocked the other"),
        ))
    }

    /// Whether a follow that does not stand may begin.
    pub(super) fn check_follow(
        &self,
        (user, author): (UserId, UserId),
        weight: Option<u8>,
    ) -> Result<()> {
        self.check_weights(weight.unwrap_or(0))?;
        self.check_unparted((user, author), "follow")?;
        let followees = self.followees(user);
        let limit = self.limits.followees_max;
        if limit <= followees {
            return Err(Error::limit(format!(
                "user {user} follows {followees} users already; the limit is {limit} \
                 (option max-followees)"
            )));
        }
        Ok(())
    }

    fn repeated(&self, prepared: &Prepared) -> Result<Option<Decision>> {
        let Some(key) = prepared.key else { return Ok(None) };
        let scope = prepared.effect.subject();
        let found = match self.pending.keys.get(&(scope, key)) {
            Some(found) => Some(*found),
            None => self.remembered(scope, key).map(|r| (r.sequence, r.fingerprint, r.answered)),
        };
        let Some((sequence, fingerprint, answered)) = found else { return Ok(None) };
        if fingerprint != prepared.fingerprint {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "idempotency key {key:?} of user {scope} was used for another write, at \
                     sequence {sequence}; use a new key"
                ),
            ));
        }
        Ok(Some(Decision::Repeated { sequence, answered }))
    }

    fn remembered(&self, scope: UserId, key: Key) -> Option<&Remembered> {
        self.state.receipts.find(self.state.users.find(scope)?, key)
    }

    /// Remembers an accepted effect for the rest of the group.
    fn note(&mut self, prepared: &Prepared, sequence: Sequence) {
        if let Some(key) = prepared.key {
            let answer = (sequence, prepared.fingerprint, prepared.effect.answered());
            self.pending.keys.insert((prepared.effect.subject(), key), answer);
        }
        let began = Some(sequence);
        self.pending.notices.note(&prepared.effect, sequence);
        self.pending.forgets.note(&prepared.effect);
        self.pending.requests.note(&prepared.effect, sequence);
        self.pending.marks.note_newest(sequence);
        match prepared.effect {
            Effect::Group(ref group) => self.pending.groups.note(group, sequence),
            Effect::Response(ref response) => self.pending.responses.note(response, sequence),
            Effect::Mark(ref mark) => self.pending.marks.note(mark),
            Effect::Revise(ref revise) => self.pending.revisions.note(revise, sequence),
            Effect::Broadcast(ref effect) => self.pending.broadcasts.note(effect, sequence),
            Effect::Moderation(ref effect) => self.pending.moderation.note(effect, sequence),
            Effect::Publish(ref post) => {
                self.pending.reposts.note(post, sequence);
                self.pending.audiences.note(post, sequence);
            }
            Effect::Befriend(ref befriend) => {
                for (user, author) in befriend.begun() {
                    self.note_follow(user, author, began);
                    self.pending.weights.insert((user, author), befriend.weight());
                }
            }
            Effect::NoticesRead(_)
            | Effect::Private { .. }
            | Effect::Request(_)
            | Effect::Emptied(_)
            | Effect::Forget(_)
            | Effect::Retired(_) => {}
            Effect::Delete { post, author, .. } => {
                let root = self.bare_root(post);
                root.into_iter().for_each(|root| self.pending.reposts.end(root, author));
                self.pending.deleted.insert(post);
                self.pending.broadcasts.note_delete(post);
            }
            Effect::Unrepost { user, root, began, .. } => {
                self.pending.deleted.extend(began.map(PostId::from));
                self.pending.reposts.end(root, user);
            }
            Effect::Follow { user, author, weight } => {
                self.note_follow(user, author, began);
                self.pending.weights.insert((user, author), weight.unwrap_or(0));
            }
            Effect::Weigh { user, author, weight } => {
                self.pending.weights.insert((user, author), weight);
            }
            Effect::Unfollow { user, author, .. } => self.note_follow(user, author, None),
            Effect::Mute { user, author } => {
                self.pending.mutes.insert((user, author), began);
            }
            Effect::Unmute { user, author, .. } => {
                self.pending.mutes.insert((user, author), None);
            }
            Effect::Block { user, other, forth, back, .. } => {
                if forth.is_some() {
                    self.note_follow(user, other, None);
                }
                if back.is_some() {
                    self.note_follow(other, user, None);
                }
                self.pending.blocks.insert((user, other), began);
            }
            Effect::Unblock { user, other, .. } => {
                self.pending.blocks.insert((user, other), None);
            }
        }
    }

    /// The follow began, or ended: it was the other way before.
    fn note_follow(&mut self, user: UserId, author: UserId, began: Began) {
        let change = if began.is_some() { 1 } else { -1 };
        self.pending.follows.insert((user, author), began);
        *self.pending.followees.entry(user).or_insert(0) += change;
    }

    pub(super) fn is_alive(&self, post: PostId, author: UserId) -> Result<bool> {
        let author = self.state.users.find(author);
        // What nobody sees is removed all the same.
        let is_hidden = || !self.is_removal && self.is_orphan(post);
        match author.filter(|_| !self.is_deleted(post) && !is_hidden()) {
            Some(author) => self.state.outboxes.posts.part(author).contains(post.into()),
            None => Ok(false),
        }
    }

    /// Whether a command of the group deletes the post.
    pub(super) fn is_deleted(&self, post: PostId) -> bool {
        self.pending.deleted.contains(&post)
    }

    /// Since when `user` follows `author`.
    pub(super) fn follow(&self, user: UserId, author: UserId) -> Result<Began> {
        if let Some(began) = self.pending.follows.get(&(user, author)) {
            return Ok(*began);
        }
        match self.pair(user, author) {
            Some((user, author)) => self.state.graph.followed_since(user, author),
            None => Ok(None),
        }
    }

    /// What the follow weighs, which stands.
    fn weight(&self, user: UserId, author: UserId) -> u8 {
        if let Some(weight) = self.pending.weights.get(&(user, author)) {
            return *weight;
        }
        let pair = self.pair(user, author);
        pair.map_or(0, |(user, author)| self.state.delivery.ranks.weight(user, author))
    }

    fn check_weights(&self, weight: u8) -> Result<()> {
        let weighted = self.state.delivery.ranks.weighted();
        if weight == 0 || weighted < WEIGHTS_MAX {
            return Ok(());
        }
        Err(Error::limit(format!(
            "{weighted} follows have a weight already; the limit is {WEIGHTS_MAX}: follow without one"
        )))
    }

    /// Since when `user` mutes `author`.
    fn mute(&self, user: UserId, author: UserId) -> Began {
        self.since(&self.pending.mutes, &self.state.graph.mutes, (user, author))
    }

    /// Since when `user` blocks `other`.
    fn block(&self, user: UserId, other: UserId) -> Began {
        self.since(&self.pending.blocks, &self.state.graph.blocks, (user, other))
    }

    /// Whether a block stands between the two, in either direction.
    pub(super) fn is_blocked_between(&self, a: UserId, b: UserId) -> bool {
        self.block(a, b).or_else(|| self.block(b, a)).is_some()
    }

    /// What the group says of the pair, else what the state says.
    fn since(
        &self,
        pending: &HashMap<(UserId, UserId), Began>,
        settled: &Pairs,
        pair: (UserId, UserId),
    ) -> Began {
        if let Some(began) = pending.get(&pair) {
            return *began;
        }
        if settled.len() == 0 {
            return None;
        }
        let (first, second) = self.pair(pair.0, pair.1)?;
        settled.since(first, second)
    }

    fn pair(&self, first: UserId, second: UserId) -> Option<(Ordinal, Ordinal)> {
        Some((self.state.users.find(first)?, self.state.users.find(second)?))
    }

    /// How many users the user follows.
    pub(super) fn followees(&self, user: UserId) -> usize {
        let user_ordinal = self.state.users.find(user);
        let settled = user_ordinal.map_or(0, |user| self.state.graph.following.count(user));
        let pending = self.pending.followees.get(&user).copied().unwrap_or(0);
        (settled as usize).saturating_add_signed(isize::try_from(pending).unwrap_or(0))
    }
}
