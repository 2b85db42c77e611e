//! Users who are being forgotten, and who were, in the oracle.
//!
//! Who is being forgotten is hidden, and nobody writes about them. When it is done there is nothing of them:
//! what they had up to then is unknown, and they are somebody new.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::broadcasts::{Stage, named};
use super::{Model, ModelPost};
use crate::broadcast::{BroadcastAction, ReplayContent};
use crate::change::{BroadcastChange, Change, Changed, EdgeChange, GroupChange};
use crate::change::{ModerationChange, ResponseChange};
use crate::command::{Action, Command};
use crate::error::ErrorKind;
use crate::ids::{Key, UserId};
use crate::mentions::Mentions;

/// Who is and who was forgotten.
#[derive(Clone, Debug, Default)]
pub struct ModelForgotten {
    /// Who is being forgotten, and since when.
    pub under_way: BTreeMap<u64, u64>,
    /// Who was, and when nothing was left.
    pub done: BTreeMap<u64, u64>,
    /// Everybody whom anybody wrote about.
    named: BTreeSet<u64>,
}

impl Model {
    /// Whether a forget changes anything.
    pub(super) fn changes_forget(&self, user: UserId) -> bool {
        self.forgotten.named.contains(&user.0) && !self.is_being_forgotten(user)
    }

    /// Whether the user is being forgotten.
    #[must_use]
    pub fn is_being_forgotten(&self, user: UserId) -> bool {
        self.forgotten.under_way.contains_key(&user.0)
    }

    /// Who is being forgotten, and since when before them; the longest first.
    #[must_use]
    pub fn being_forgotten(&self) -> Vec<(u64, u64)> {
        let mut all: Vec<_> =
            self.forgotten.under_way.iter().map(|(user, since)| (*since, *user)).collect();
        all.sort_unstable();
        all
    }

    /// Whether what the user did at that sequence is forgotten.
    pub(super) fn is_bygone(&self, user: UserId, at: u64) -> bool {
        self.forgotten.done.get(&user.0).is_some_and(|done| at <= *done)
    }

    /// A post that is not forgotten, deleted or not.
    pub(super) fn known_post(&self, id: u64) -> Option<&ModelPost> {
        self.posts.get(&id).filter(|post| !self.is_bygone(post.author, id))
    }

    /// Whether a post or a comment that is named is forgotten, or one on a post that is.
    pub(super) fn names_bygone(&self, action: &Action) -> bool {
        let target = |id: u64| match self.responses.comments.get(&id) {
            Some(comment) => {
                self.is_bygone(comment.author, id) || self.known_post(comment.post).is_none()
            }
            None => self.posts.contains_key(&id) && self.known_post(id).is_none(),
        };
        match action {
            Action::React { target: id, .. }
            | Action::Unreact { target: id, .. }
            | Action::CommentDelete { comment: id }
            | Action::Delete { post: id }
            | Action::Revise { post: id, .. }
            | Action::Repost { parent: id, .. }
            | Action::Unrepost { post: id, .. } => target(id.0),
            Action::Comment { post, answers, .. } => target(answers.unwrap_or(*post).0),
            Action::Broadcast(action) => {
                let author = self.broadcaster(action);
                author.zip(named(action)).is_some_and(|(author, id)| self.is_bygone(author, id))
            }
            _ => false,
        }
    }

    /// Everybody whom the action is about; `subject` is who acts.
    fn about(&self, subject: UserId, action: &Action) -> Vec<u64> {
        let mut users = vec![subject.0];
        let mut mentioned = |mentions: &Mentions| users.extend(mentions.iter().map(|user| user.0));
        match action {
            Action::Publish(post) => mentioned(&post.mentions),
            Action::Repost { post, parent } => {
                mentioned(&post.mentions);
                let parent = self.posts.get(&parent.0);
                users.extend(parent.map(|parent| parent.author.0));
                let root = parent.and_then(|parent| self.posts.get(&parent.repost?.1));
                users.extend(root.map(|root| root.author.0));
            }
            Action::Follow { author, .. }
            | Action::Unfollow { author, .. }
            | Action::Mute { author, .. }
            | Action::Unmute { author, .. }
            | Action::GroupAdd { author, .. }
            | Action::GroupRemove { author, .. } => users.push(author.0),
            Action::Befriend { user, other } => users.extend([user.0, other.0]),
            Action::Approve { follower, .. } | Action::Deny { follower, .. } => {
                users.push(follower.0);
            }
            Action::Block { other, .. } | Action::Unblock { other, .. } => users.push(other.0),
            Action::Comment { post, answers, mentions, .. } => {
                mentioned(mentions);
                users.extend(self.authors(answers.unwrap_or(*post).0));
            }
            Action::React { target: id, .. }
            | Action::Unreact { target: id, .. }
            | Action::CommentDelete { comment: id } => users.extend(self.authors(id.0)),
            _ => {}
        }
        users
    }

    /// Who wrote a post or a comment, and whose post it is on.
    fn authors(&self, target: u64) -> Vec<u64> {
        let comment = self.responses.comments.get(&target);
        let post = comment.map_or(target, |comment| comment.post);
        let authors = [comment.map(|comment| comment.author), self.owner(post)];
        authors.into_iter().flatten().map(|user| user.0).collect()
    }

    /// Whether it is about somebody who is being forgotten.
    pub(super) fn is_about_hidden(&self, subject: UserId, action: &Action) -> bool {
        let is_hidden = |user: &u64| self.forgotten.under_way.contains_key(user);
        !self.forgotten.under_way.is_empty()
            && self.is_found(action)
            && self.about(subject, action).iter().any(is_hidden)
            && !matches!(action, Action::Forget { .. })
    }

    /// Whether what the action names was ever there, and a broadcast still is; what is not is told first.
    fn is_found(&self, action: &Action) -> bool {
        let has_post = |post: u64| self.posts.contains_key(&post);
        match action {
            Action::Repost { parent: id, .. } | Action::Unrepost { post: id, .. } => has_post(id.0),
            Action::React { target, .. } | Action::Unreact { target, .. } => {
                has_post(target.0) || self.responses.comments.contains_key(&target.0)
            }
            Action::Comment { post, answers, .. } => {
                let is_of_post = |answered: u64| {
                    let comment = self.responses.comments.get(&answered);
                    comment.is_some_and(|comment| comment.post == post.0)
                };
                has_post(post.0) && answers.is_none_or(|answered| is_of_post(answered.0))
            }
            Action::Broadcast(action) => !self.names_gone(action),
            _ => true,
        }
    }

    /// How a command may be refused that names a deleted post, beside what is expected. Whose it was is known for
    /// as long as the log has it, and that is up to retention: then nobody can say that it is about somebody who is
    /// being forgotten, and the next reason is told.
    #[must_use]
    pub fn may_refuse(&self, command: &Command, kind: ErrorKind) -> bool {
        let is_next = match kind {
            ErrorKind::NotFound => true,
            ErrorKind::Denied => {
                self.subject(command).is_some_and(|user| self.writes_suspended(command, user))
            }
            _ => false,
        };
        is_next && self.names_deleted(&command.action)
    }

    fn names_deleted(&self, action: &Action) -> bool {
        let post = match action {
            Action::Repost { parent: id, .. }
            | Action::Unrepost { post: id, .. }
            | Action::Comment { post: id, .. } => id.0,
            Action::React { target: id, .. } | Action::Unreact { target: id, .. } => {
                self.responses.comments.get(&id.0).map_or(id.0, |comment| comment.post)
            }
            _ => return false,
        };
        let is_deleted = |id: u64| self.posts.get(&id).is_some_and(|post| post.deleted);
        let root = self.posts.get(&post).and_then(|post| post.repost);
        is_deleted(post) || root.is_some_and(|(_, root)| is_deleted(root))
    }

    /// Notes whom an accepted command names.
    pub(super) fn note_named(&mut self, subject: UserId, action: &Action, at: u64) {
        let named = self.about(subject, action);
        self.forgotten.named.extend(named);
        if let Action::Forget { user } = action {
            // The answer to the forget before this one is not remembered any more.
            if let Some(done) = self.forgotten.done.get(&user.0) {
                self.keys.retain(|(scope, _), (at, ..)| *scope != user.0 || done < at);
            }
            self.forgotten.under_way.insert(user.0, at);
        }
    }

    /// The same without anything of those who are being forgotten: what reads show. Counts have them still.
    #[must_use]
    pub fn shown(&self) -> Cow<'_, Self> {
        if self.forgotten.under_way.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut shown = self.clone();
        shown.counting = Some(Box::new(self.clone()));
        for user in self.forgotten.under_way.keys() {
            shown.finish_forget(UserId(*user), self.last);
        }
        // A quote of theirs is hidden too, until it is one of a deleted post.
        let is_hidden = |post: &ModelPost| {
            let author = self.original_author(post);
            author.is_some_and(|author| self.is_being_forgotten(author))
        };
        for post in shown.posts.values_mut().filter(|post| is_hidden(post)) {
            post.deleted = true;
        }
        Cow::Owned(shown)
    }

    /// What counts go by: they have those who are being forgotten for as long as something of them is left.
    pub(super) fn counting(&self) -> &Self {
        self.counting.as_deref().unwrap_or(self)
    }

    /// Keeps up with what the engine removed by itself: as if somebody had asked for it.
    pub fn remove(&mut self, change: &Change) {
        let at = change.sequence.0;
        match (&change.what, removal(&change.what)) {
            (Changed::Forgotten { user, is_done: true }, _) => self.finish_forget(*user, at),
            (_, Some(action)) => self.apply(&Command::new(action), at),
            (what, None) => panic!("the engine removes nothing by {what:?}"),
        }
    }

    /// Nothing is left of the user at `last`, the newest sequence.
    pub fn finish_forget(&mut self, user: UserId, last: u64) {
        self.last = last;
        let Some(since) = self.forgotten.under_way.remove(&user.0) else { return };
        self.forgotten.done.insert(user.0, last);
        let user = user.0;
        let is_theirs = |pair: &(u64, u64)| pair.0 == user || pair.1 == user;
        self.follows.retain(|pair, _| !is_theirs(pair));
        self.mutes.retain(|pair, _| !is_theirs(pair));
        self.blocks.retain(|pair, _| !is_theirs(pair));
        self.requests.retain(|pair, _| !is_theirs(pair));
        self.private.remove(&user);
        self.groups.retain(|(owner, _), _| *owner != user);
        for group in self.groups.values_mut() {
            group.members.remove(&user);
        }
        self.marks.retain(|(owner, ..), _| *owner != user);
        for post in self.posts.values_mut().filter(|post| post.author.0 == user) {
            post.deleted = true;
        }
        self.responses.reactions.retain(|(_, _, by), _| *by != user);
        let comments = self.responses.comments.values_mut();
        for comment in comments.filter(|comment| comment.author.0 == user) {
            comment.deleted = true;
        }
        let broadcasts = self.broadcasts.values_mut();
        for broadcast in broadcasts.filter(|broadcast| broadcast.content.author.0 == user) {
            broadcast.stage = Stage::Cancelled;
        }
        self.suspended.remove(&user);
        self.notebook.forget(user);
        let is_kept = |of: &(u64, Key), at: u64| of.0 != user || at == since;
        self.keys.retain(|of, (at, ..)| is_kept(of, *at));
    }
}

/// What somebody would ask for to have the same change.
fn removal(change: &Changed) -> Option<Action> {
    Some(match change.clone() {
        Changed::Deleted { post, .. } => Action::Delete { post },
        Changed::Edge { kind, user, other: author } => match kind {
            EdgeChange::Unfollow | EdgeChange::Withdraw => Action::Unfollow { user, author },
            EdgeChange::Unmute => Action::Unmute { user, author },
            EdgeChange::Unblock => Action::Unblock { user, other: author },
            _ => return None,
        },
        Changed::Private { user, is_on: false } => Action::Private { user, is_on: false },
        Changed::Group { kind: GroupChange::Delete, user, name, .. } => {
            Action::GroupDelete { user, name }
        }
        Changed::Group { kind: GroupChange::Remove(author), user, name, .. } => {
            Action::GroupRemove { user, name, author }
        }
        Changed::Response { kind, user, target, .. } => match kind {
            ResponseChange::Unreact(kind) => Action::Unreact { user, target, kind },
            ResponseChange::Delete => Action::CommentDelete { comment: target },
            _ => return None,
        },
        Changed::Moderated { kind: ModerationChange::Unsuspend, user, .. } => {
            Action::Unsuspend { user }
        }
        Changed::Broadcast { kind: BroadcastChange::End, broadcast, .. } => {
            let replay = ReplayContent::default();
            Action::Broadcast(BroadcastAction::End { broadcast, replay })
        }
        Changed::Broadcast { kind: BroadcastChange::Cancel, broadcast, .. } => {
            Action::Broadcast(BroadcastAction::Cancel { broadcast })
        }
        _ => return None,
    })
}
