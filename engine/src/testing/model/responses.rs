//! What the oracle says of reactions and comments.

use std::collections::BTreeMap;

use super::{Expected, Model};
use crate::command::{Action, Command};
use crate::error::ErrorKind;
use crate::ids::{PostId, UserId};
use crate::limits::REACTION_KINDS;
use crate::mentions::Mentions;
use crate::query::{CommentOrder, CommentsQuery, Counts, PageEnd, ReactorsQuery};

/// A comment of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelComment {
    /// On which post.
    pub post: u64,
    /// Who wrote it.
    pub author: UserId,
    /// The comment that it answers.
    pub answers: Option<u64>,
    /// Its text.
    pub text: Vec<u8>,
    /// Whom it mentions.
    pub mentions: Mentions,
    /// Whether it was deleted; with its post it is gone all the same.
    pub deleted: bool,
}

/// Who reacted, with what kind, at which sequence.
pub(super) type ModelReactor = (u64, u8, u64);

/// All comments and reactions ever, of posts that are deleted too.
#[derive(Clone, Debug, Default)]
pub struct ModelResponses {
    /// By id.
    pub comments: BTreeMap<u64, ModelComment>,
    /// (target, kind, user) to the sequence at which it began.
    pub reactions: BTreeMap<(u64, u8, u64), u64>,
}

impl Model {
    fn post_stands(&self, post: u64) -> bool {
        self.stands(post)
    }

    fn comment_stands(&self, comment: u64) -> bool {
        let comment = self.responses.comments.get(&comment);
        comment.is_some_and(|comment| !comment.deleted && self.post_stands(comment.post))
    }

    pub(super) fn owner(&self, post: u64) -> Option<UserId> {
        self.posts.get(&post).map(|post| post.author)
    }

    /// Who wrote what stands, and whose post it is or is on.
    pub(super) fn standing(&self, target: u64) -> Option<[UserId; 2]> {
        if self.post_stands(target) {
            return self.owner(target).map(|owner| [owner, owner]);
        }
        let comment = self.responses.comments.get(&target).filter(|_| self.comment_stands(target));
        comment.and_then(|comment| Some([comment.author, self.owner(comment.post)?]))
    }

    /// Who may delete a comment: its author, and whose post it is on.
    pub(super) fn deleters(&self, comment: PostId) -> Option<[UserId; 2]> {
        let comment = self.responses.comments.get(&comment.0)?;
        Some([comment.author, self.owner(comment.post)?])
    }

    /// What is wrong with a response, or with mentions, whatever the state.
    pub(super) fn refuses_response(action: &Action) -> Option<ErrorKind> {
        let is_invalid = match action {
            Action::React { kind, .. } | Action::Unreact { kind, .. } => {
                REACTION_KINDS <= usize::from(*kind)
            }
            _ => false,
        };
        is_invalid.then_some(ErrorKind::Invalid).or_else(|| Self::refuses_mentions(action))
    }

    pub(super) fn changes_responses(&self, action: &Action) -> Result<bool, ErrorKind> {
        let is_kept = |user: UserId, target: u64| {
            let comment = self.responses.comments.get(&target);
            self.hides_responses(user, comment.map_or(target, |comment| comment.post))
        };
        let respond = |user: UserId, target: u64| match self.standing(target) {
            None => Err(ErrorKind::NotFound),
            Some(_) if is_kept(user, target) => Err(ErrorKind::NotFound),
            Some(authors) => {
                Ok(authors.iter().any(|author| self.is_blocked_between(user, *author)))
            }
        };
        // What moderators keep from a user is not there for what they say to it.
        let sees = |user: UserId, target: u64| {
            let comment = self.responses.comments.get(&target);
            let shows_author = self.shows_user(comment.map(|comment| comment.author), Some(user));
            let post = comment.map_or(target, |comment| comment.post);
            shows_author && self.shows_moderated(post, Some(user))
        };
        let stands = |target: &PostId, kind: &u8, user: &UserId| {
            self.responses.reactions.contains_key(&(target.0, *kind, user.0))
        };
        match action {
            Action::React { user, target, .. } if !sees(*user, target.0) => {
                Err(ErrorKind::NotFound)
            }
            Action::React { user, target, kind } => match respond(*user, target.0)? {
                _ if stands(target, kind, user) => Ok(false),
                true => Err(ErrorKind::Conflict),
                false => Ok(true),
            },
            // Whoever does not see it any more may take back what is theirs.
            Action::Unreact { user, target, kind } => {
                let is_there = self.standing(target.0).is_some();
                match stands(target, kind, user) {
                    true if is_there => Ok(true),
                    _ => respond(*user, target.0).map(|_| false),
                }
            }
            Action::Comment { user, post, answers, mentions, .. } => {
                let is_of_post = |answered: &PostId| {
                    let comment = self.responses.comments.get(&answered.0);
                    comment.is_some_and(|comment| comment.post == post.0)
                };
                if !sees(*user, answers.unwrap_or(*post).0) {
                    return Err(ErrorKind::NotFound);
                }
                if !self.post_stands(post.0) || !answers.as_ref().is_none_or(is_of_post) {
                    return Err(ErrorKind::NotFound);
                }
                match respond(*user, answers.unwrap_or(*post).0)? {
                    true => Err(ErrorKind::Conflict),
                    false if self.mentions_blocked(*user, mentions) => Err(ErrorKind::Conflict),
                    false => Ok(true),
                }
            }
            Action::CommentDelete { comment } => {
                let known = self.responses.comments.get(&comment.0);
                match known.filter(|known| self.post_stands(known.post)) {
                    Some(known) => Ok(!known.deleted),
                    None => Err(ErrorKind::NotFound),
                }
            }
            _ => Ok(false),
        }
    }

    pub(super) fn apply_response(&mut self, action: &Action, sequence: u64) {
        match action {
            Action::React { user, target, kind } => {
                self.responses.reactions.insert((target.0, *kind, user.0), sequence);
            }
            Action::Unreact { user, target, kind } => {
                self.responses.reactions.remove(&(target.0, *kind, user.0));
            }
            Action::Comment { user, post, answers, text, mentions } => {
                let comment = ModelComment {
                    post: post.0,
                    author: *user,
                    answers: answers.map(|answered| answered.0),
                    text: text.to_vec(),
                    mentions: mentions.clone(),
                    deleted: false,
                };
                self.responses.comments.insert(sequence, comment);
            }
            Action::CommentDelete { comment } => {
                if let Some(comment) = self.responses.comments.get_mut(&comment.0) {
                    comment.deleted = true;
                }
            }
            _ => {}
        }
    }

    /// What stands of a post or a comment, and what of it is the viewer's.
    #[must_use]
    pub fn counts_of(&self, target: u64, viewer: Option<UserId>) -> Counts {
        if let Some(counting) = &self.counting {
            return counting.counts_of(target, viewer);
        }
        // Of who is being forgotten nothing is theirs.
        let viewer = viewer.filter(|viewer| !self.is_being_forgotten(*viewer));
        let mut counts = Counts::default();
        let comments = self.responses.comments.iter();
        let on_it = comments.filter(|(id, c)| c.post == target && self.comment_stands(**id));
        counts.comments = u32::try_from(on_it.count()).unwrap_or(u32::MAX);
        counts.reposts = self.repost_count(target);
        if self.standing(target).is_none() {
            return counts;
        }
        for (of, kind, user) in self.responses.reactions.keys() {
            if *of == target {
                if let Some(count) = counts.reactions.get_mut(usize::from(*kind)) {
                    *count += 1;
                }
                if viewer.is_some_and(|viewer| viewer.0 == *user) {
                    counts.mine |= 1 << kind;
                }
            }
        }
        counts
    }

    /// All reactions and comments of posts that are not deleted themselves: of bare reposts too whose
    /// original is gone.
    #[must_use]
    pub fn standing_responses(&self) -> (u64, u64) {
        if let Some(counting) = &self.counting {
            return counting.standing_responses();
        }
        let reactions = self.responses.reactions.keys();
        let keeps = |post: &u64| self.posts.get(post).is_some_and(|post| !post.deleted);
        let has = |id: &u64| {
            let comment = self.responses.comments.get(id);
            comment.is_some_and(|comment| !comment.deleted && keeps(&comment.post))
        };
        let reactions = reactions.filter(|(target, ..)| keeps(target) || has(target)).count();
        let comments = self.responses.comments.keys().filter(|id| has(id));
        (reactions as u64, comments.count() as u64)
    }

    /// A page of comments: ids; `None` if the post is not there for the viewer.
    #[must_use]
    pub fn comments_page(&self, query: &CommentsQuery) -> Option<(Vec<u64>, PageEnd, u64)> {
        if !self.sees_post(query.post, query.viewer) {
            return None;
        }
        let all = self.responses.comments.iter();
        let all = all.filter(|(id, c)| c.post == query.post.0 && self.comment_stands(**id));
        let total = u64::from(self.counts_of(query.post.0, None).comments);
        let mut ids: Vec<u64> =
            all.filter(|(_, c)| self.may_see(query.viewer, c.author)).map(|(id, _)| *id).collect();
        if query.order == CommentOrder::NewestFirst {
            ids.reverse();
        }
        ids.retain(|id| match (query.order, query.cursor) {
            (_, None) => true,
            (CommentOrder::OldestFirst, Some(cursor)) => cursor.0 < *id,
            (CommentOrder::NewestFirst, Some(cursor)) => *id < cursor.0,
        });
        let end = if query.limit < ids.len() { PageEnd::More } else { PageEnd::End };
        ids.truncate(query.limit);
        Some((ids, end, total))
    }

    /// A page of who reacted; `None` if the target is not there for the viewer.
    #[must_use]
    pub fn reactors_page(&self, query: &ReactorsQuery) -> Option<(Vec<ModelReactor>, PageEnd)> {
        let on = self.responses.comments.get(&query.target.0);
        let post = on.map_or(query.target.0, |comment| comment.post);
        let [author, _] = self.standing(query.target.0)?;
        if !self.sees_post(PostId(post), query.viewer) || !self.may_see(query.viewer, author) {
            return None;
        }
        let mut found: Vec<(u64, u8, u64)> = self
            .responses
            .reactions
            .iter()
            .filter(|((target, kind, user), at)| {
                *target == query.target.0
                    && query.kind.is_none_or(|wanted| wanted == *kind)
                    && query.before.is_none_or(|before| **at < before.0)
                    && self.may_see(query.viewer, UserId(*user))
            })
            .map(|((_, kind, user), at)| (*user, *kind, *at))
            .collect();
        found.sort_by_key(|(_, _, at)| std::cmp::Reverse(*at));
        let end = if query.limit < found.len() { PageEnd::More } else { PageEnd::End };
        found.truncate(query.limit);
        Some((found, end))
    }

    /// Whether somebody else than who may asks for a delete of a comment.
    pub(super) fn is_denied(&self, command: &Command, subject: UserId) -> Option<Expected> {
        let actor = command.options.actor?;
        let is_allowed = match command.action {
            Action::CommentDelete { comment } => {
                self.deleters(comment).is_some_and(|users| users.contains(&actor))
            }
            _ => actor == subject,
        };
        let post = self.post_of(&command.action);
        let is_kept = post.is_some_and(|post| self.hides_responses(actor, post.0));
        let kind = if is_kept { ErrorKind::NotFound } else { ErrorKind::Denied };
        (!is_allowed).then_some(Expected::Refused(kind))
    }
}
