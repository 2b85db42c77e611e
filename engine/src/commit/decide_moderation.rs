//! Decides what moderators do, and what they have put a stop to: nothing is written in the name of who is
//! suspended, and nothing is said in response to what its author alone sees. A part of
//! [`decide`](super::decide).

use foldhash::HashMap;

use super::decide::{Decider, Decision};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence, UserId};
use crate::log::befriend_effect::Said;
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::record::{Began, Effect};
use crate::log::response_effect::ResponseAct;
use crate::repost::Repost;

/// What the commands of a commit group did so far, over the state before it.
#[derive(Debug, Default)]
pub(crate) struct PendingModeration {
    suspended: HashMap<UserId, Began>,
    hidden: HashMap<PostId, Began>,
}

impl PendingModeration {
    pub(crate) fn clear(&mut self) {
        self.suspended.clear();
        self.hidden.clear();
    }

    /// Remembers an accepted effect; `at` is its sequence.
    pub(super) fn note(&mut self, effect: &ModerationEffect, at: Sequence) {
        let began = effect.is_begin().then_some(at);
        match effect.post() {
            Some(post) => drop(self.hidden.insert(post, began)),
            None => drop(self.suspended.insert(effect.user, began)),
        }
    }
}

impl Decider<'_> {
    /// Decides, and completes the effect: since when that stands which it ends.
    pub(super) fn decide_moderation(&self, effect: &mut ModerationEffect) -> Result<Decision> {
        let user = effect.user;
        let changes = match &mut effect.act {
            ModerationAct::Suspend => self.suspended_since(user).is_none(),
            ModerationAct::Unsuspend { began } => {
                *began = self.suspended_since(user);
                began.is_some()
            }
            ModerationAct::Hide { post } => {
                self.check_hideable(*post, user)?;
                self.hidden_since(*post).is_none()
            }
            // With a post that is deleted its hiding ended.
            ModerationAct::Unhide { post, began } => {
                *began = if self.is_deleted(*post) { None } else { self.hidden_since(*post) };
                began.is_some()
            }
        };
        Ok(if changes { Decision::Accept } else { Decision::Unchanged })
    }

    /// Refuses to write in the name of who is suspended. To take back what one has done is no writing, and
    /// what shows to nobody else is nobody's business.
    pub(super) fn check_suspended(&self, effect: &Effect) -> Result<()> {
        if !is_writing(effect) {
            return Ok(());
        }
        self.check_suspended_user(effect.subject())?;
        match effect {
            // Follows begin in the name of both.
            Effect::Befriend(befriend) if befriend.said == Said::Befriend => {
                self.check_suspended_user(befriend.other)
            }
            _ => Ok(()),
        }
    }

    /// The same of what is a writing. The engine may end what is live, to forget somebody.
    pub(super) fn check_suspended_user(&self, user: UserId) -> Result<()> {
        if self.is_removal || self.suspended_since(user).is_none() {
            return Ok(());
        }
        let what = format!(
            "user {user} is suspended: nothing can be written in their name until they are unsuspended"
        );
        Err(Error::new(ErrorKind::Denied, what))
    }

    /// Whether moderators keep the post from the user: it is hidden, its author is suspended, or one of both
    /// holds of what it reposts.
    pub(super) fn is_kept_from(&self, user: UserId, (post, author): (PostId, UserId)) -> bool {
        let state = self.state();
        let slot = state.reposts.find(post.into());
        let root = slot.and_then(|slot| Some((slot.root, state.reposts.root(slot.root)?.author)));
        let root = root.map(|(root, author)| (root, state.users.id(author)));
        let keeps = |(post, author): (PostId, UserId)| {
            user != author && self.hidden_since(post).is_some() || self.is_author_kept(user, author)
        };
        keeps((post, author)) || root.is_some_and(keeps)
    }

    /// The same of what a repost refers to.
    pub(super) fn is_link_kept_from(&self, user: UserId, link: Repost) -> bool {
        let Repost { parent, parent_author, root, root_author, .. } = link;
        self.is_kept_from(user, (root, root_author))
            || self.is_kept_from(user, (parent, parent_author))
    }

    /// Whether everything of the author is kept from the user.
    pub(super) fn is_author_kept(&self, user: UserId, author: UserId) -> bool {
        user != author && self.suspended_since(author).is_some()
    }

    /// Since when the post is hidden.
    pub(super) fn hidden_since(&self, post: PostId) -> Began {
        if let Some(began) = self.pending_moderation().hidden.get(&post) {
            return *began;
        }
        self.state().moderation.hidden(post).map(|hidden| hidden.at)
    }

    fn suspended_since(&self, user: UserId) -> Began {
        if let Some(began) = self.pending_moderation().suspended.get(&user) {
            return *began;
        }
        let moderation = &self.state().moderation;
        if !moderation.has_suspended() {
            return None;
        }
        moderation.suspended_since(self.state().users.find(user)?)
    }

    /// A bare repost goes with its original, and says nothing that could be hidden.
    fn check_hideable(&self, post: PostId, author: UserId) -> Result<()> {
        if !self.is_alive(post, author)? {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no post {post}")));
        }
        match self.bare_root(post) {
            None => Ok(()),
            Some(root) => Err(Error::invalid(format!(
                "post {post} is a repost without a text: there is nothing to hide but the original, \
                 post {root}"
            ))),
        }
    }
}

/// Whether others might see what it does.
fn is_writing(effect: &Effect) -> bool {
    match effect {
        Effect::Publish(_) | Effect::Revise(_) | Effect::Follow { .. } | Effect::Befriend(_) => true,
        Effect::Response(response) => {
            matches!(response.act, ResponseAct::React { .. } | ResponseAct::Comment { .. })
        }
        // Whether the broadcast is there at all is asked first.
        Effect::Broadcast(_)
        | Effect::Emptied(_)
        | Effect::Retired(_)
        | Effect::Delete { .. }
        | Effect::Unrepost { .. }
        | Effect::Weigh { .. }
        | Effect::Unfollow { .. }
        | Effect::Mute { .. }
        | Effect::Unmute { .. }
        | Effect::Block { .. }
        | Effect::Unblock { .. }
        | Effect::Private { .. }
        // A command that asks is a follow until it is decided.
        | Effect::Request(_)
        | Effect::Group(_)
        | Effect::NoticesRead(_)
        | Effect::Mark(_)
        | Effect::Forget(_)
        | Effect::Moderation(_) => false,
    }
}
