//! Decides commands about reactions and comments: whether what they are about is there, and whether
//! anything changes. A part of [`decide`](super::decide).

use foldhash::{HashMap, HashSet};

use super::decide::{Decider, Decision};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence, UserId};
use crate::limits::LISTS_MAX;
use crate::log::record::Began;
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::read::targets::no_target;
use crate::views::responses::Responses;

/// What the commands of a commit group did to responses so far, over the state before it.
#[derive(Debug, Default)]
pub(crate) struct PendingResponses {
    reactions: HashMap<(PostId, u8, UserId), Began>,
    /// Comments that are new, and those of all that are deleted.
    comments: HashSet<PostId>,
    deleted: HashSet<PostId>,
    /// Posts with new comments, and the first of these.
    commented: HashMap<PostId, Sequence>,
}

impl PendingResponses {
    pub(crate) fn clear(&mut self) {
        self.reactions.clear();
        self.comments.clear();
        self.deleted.clear();
        self.commented.clear();
    }

    /// Remembers an accepted effect; `at` is its sequence.
    pub(super) fn note(&mut self, effect: &ResponseEffect, at: Sequence) {
        let ResponseEffect { user, post, target, .. } = *effect;
        match effect.act {
            ResponseAct::React { kind } => {
                self.reactions.insert((target, kind, user), Some(at));
            }
            ResponseAct::Unreact { kind, .. } => {
                self.reactions.insert((target, kind, user), None);
            }
            ResponseAct::Comment { .. } => {
                self.comments.insert(at.into());
                self.commented.entry(post).or_insert(at);
            }
            ResponseAct::Delete => {
                self.deleted.insert(target);
            }
        }
    }
}

impl Decider<'_> {
    /// Decides, and completes the effect: since when the reaction stands that it ends.
    pub(super) fn decide_response(&self, effect: &mut ResponseEffect) -> Result<Decision> {
        let ResponseEffect { user, post, owner, target, author, .. } = *effect;
        let is_there = self.is_alive(post, owner)?;
        let is_target_there = is_there && (target == post || self.is_comment(post, target)?);
        let begins = matches!(effect.act, ResponseAct::React { .. } | ResponseAct::Comment { .. });
        let is_kept = self.is_kept_from(user, (post, owner)) || self.is_author_kept(user, author);
        if begins && is_kept {
            return Err(no_target(target));
        }
        let admits = self.admits(user, (post, owner))?;
        let changes = match &mut effect.act {
            // Deleting a comment again changes nothing; with its post it is gone.
            ResponseAct::Delete if is_there => is_target_there,
            _ if !is_target_there => return Err(no_target(target)),
            // Whoever does not see it any more may take back what is theirs.
            ResponseAct::Delete => true,
            ResponseAct::Unreact { kind, began } => {
                *began = self.reaction(target, *kind, user);
                if began.is_none() && !admits {
                    return Err(no_target(target));
                }
                began.is_some()
            }
            _ if !admits => return Err(no_target(target)),
            ResponseAct::Comment { .. } => true,
            ResponseAct::React { kind } => self.reaction(target, *kind, user).is_none(),
        };
        if !changes {
            return Ok(Decision::Unchanged);
        }
        if let ResponseAct::React { .. } | ResponseAct::Comment { .. } = effect.act {
            self.check_blocks(effect)?;
            if let Some(mentions) = effect.mentions() {
                self.check_mentions(effect.user, mentions)?;
            }
            check_lists(&self.state().responses)?;
        }
        Ok(Decision::Accept)
    }

    /// Since when comments of the post may stand in the log.
    pub(super) fn commented_since(&self, post: PostId) -> Began {
        let settled = self.state().responses.commented_since(post);
        settled.or_else(|| self.pending_responses().commented.get(&post).copied())
    }

    fn check_blocks(&self, effect: &ResponseEffect) -> Result<()> {
        let ResponseEffect { user, owner, author, target, .. } = *effect;
        let verb = match effect.act {
            ResponseAct::Comment { .. } => "comment on",
            _ => "react to",
        };
        for other in [author, owner] {
            if self.is_blocked_between(user, other) {
                let what = format!(
                    "user {user} cannot {verb} {target} of user {author}: between user {user} and \
                     user {other} stands a block"
                );
                return Err(Error::new(ErrorKind::Conflict, what));
            }
        }
        Ok(())
    }

    /// Whether the post has that comment.
    fn is_comment(&self, post: PostId, comment: PostId) -> Result<bool> {
        let pending = self.pending_responses();
        if pending.deleted.contains(&comment) {
            return Ok(false);
        }
        if pending.comments.contains(&comment) {
            return Ok(true);
        }
        let responses = &self.state().responses;
        let list = responses.comments_of(post);
        list.map_or(Ok(false), |list| responses.entries.part(list).contains(comment.into()))
    }

    /// Since when the user reacts that way.
    fn reaction(&self, target: PostId, kind: u8, user: UserId) -> Began {
        if let Some(began) = self.pending_responses().reactions.get(&(target, kind, user)) {
            return *began;
        }
        let user = self.state().users.find(user)?;
        self.state().responses.reacted_since(target, kind, user)
    }
}

/// A commit group needs fewer lists than are kept back.
fn check_lists(responses: &Responses) -> Result<()> {
    let lists = responses.lists() as usize;
    let most = LISTS_MAX - crate::limits::GROUP_COMMANDS_MAX;
    if lists < most {
        return Ok(());
    }
    Err(Error::limit(format!(
        "there are {lists} lists of reactions and comments already; the limit is {most}"
    )))
}
