//! What the oracle says of moderation: whoever is suspended is seen by nobody else and writes nothing; a
//! hidden post is seen by its author alone, and what reposts it goes with it.

use super::{Model, ModelPost};
use crate::broadcast::BroadcastAction;
use crate::command::{Action, Command};
use crate::error::ErrorKind;
use crate::ids::UserId;
use crate::moderation::{ModeratedOf, ModeratedQuery};
use crate::query::PageEnd;

/// (user, post, since) of what is moderated.
pub type ModelModerated = (u64, Option<u64>, u64);

impl Model {
    /// Whether moderators let somebody see the post, and what it reposts; nobody is the trusted application.
    #[must_use]
    pub fn shows_moderated(&self, id: u64, to: Option<UserId>) -> bool {
        let root = self.posts.get(&id).and_then(|post| post.repost).map(|(_, root)| root);
        let shows = |id: u64| {
            let author = self.posts.get(&id).map(|post| post.author);
            author == to || !self.is_hidden(id) && self.shows_user(author, to)
        };
        to.is_none() || shows(id) && root.is_none_or(shows)
    }

    /// Whether moderators let somebody see what is of the user.
    pub(super) fn shows_user(&self, user: Option<UserId>, to: Option<UserId>) -> bool {
        let is_suspended = user.is_some_and(|user| self.suspended.contains_key(&user.0));
        to.is_none() || user == to || !is_suspended
    }

    /// Whether somebody else than the trusted application moderates.
    pub(super) fn is_no_moderator(command: &Command) -> bool {
        let is_moderation = matches!(
            command.action,
            Action::Suspend { .. }
                | Action::Unsuspend { .. }
                | Action::Hide { .. }
                | Action::Unhide { .. }
        );
        is_moderation && command.options.actor.is_some()
    }

    /// Whether it is refused because its user is suspended: what is to be seen by others, if what it is about
    /// is known at all.
    pub(super) fn writes_suspended(&self, command: &Command, user: UserId) -> bool {
        let has_post = |post: u64| self.posts.contains_key(&post);
        let is_writing = match &command.action {
            // Follows begin in the name of both.
            Action::Befriend { user, other } => {
                return [user, other].iter().any(|user| self.suspended.contains_key(&user.0));
            }
            Action::Publish(_)
            | Action::Follow { .. }
            | Action::Approve { .. }
            | Action::Revise { .. } => true,
            Action::Repost { parent, .. } => has_post(parent.0),
            Action::React { target, .. } => {
                has_post(target.0) || self.responses.comments.contains_key(&target.0)
            }
            Action::Comment { post, answers, .. } => {
                let is_of_post = |answered: u64| {
                    let comment = self.responses.comments.get(&answered);
                    comment.is_some_and(|comment| comment.post == post.0)
                };
                has_post(post.0) && answers.is_none_or(|answered| is_of_post(answered.0))
            }
            Action::Broadcast(BroadcastAction::Cancel { .. }) => false,
            Action::Broadcast(action) => !self.names_gone(action),
            _ => false,
        };
        is_writing && self.suspended.contains_key(&user.0)
    }

    pub(super) fn changes_moderation(&self, action: &Action) -> Result<bool, ErrorKind> {
        match action {
            Action::Suspend { user } => Ok(!self.suspended.contains_key(&user.0)),
            Action::Unsuspend { user } => Ok(self.suspended.contains_key(&user.0)),
            Action::Hide { post } if !self.stands(post.0) => Err(ErrorKind::NotFound),
            Action::Hide { post } if self.posts.get(&post.0).is_some_and(|post| post.bare) => {
                Err(ErrorKind::Invalid)
            }
            Action::Hide { post } => Ok(!self.is_hidden(post.0)),
            Action::Unhide { post } => Ok(self.is_hidden(post.0)),
            _ => Ok(false),
        }
    }

    pub(super) fn apply_moderation(&mut self, action: &Action, sequence: u64) {
        let _before = match action {
            Action::Suspend { user } => self.suspended.insert(user.0, sequence),
            Action::Unsuspend { user } => self.suspended.remove(&user.0),
            Action::Hide { post } => self.hidden.insert(post.0, sequence),
            Action::Unhide { post } => self.hidden.remove(&post.0),
            _ => None,
        };
    }

    /// What is deleted is not hidden any more.
    fn is_hidden(&self, post: u64) -> bool {
        self.stands(post) && self.hidden.contains_key(&post)
    }

    /// A page of what is moderated, newest first.
    #[must_use]
    pub fn moderated(&self, query: &ModeratedQuery) -> (Vec<ModelModerated>, PageEnd) {
        let users = self.suspended.iter().map(|(user, since)| (*user, None, *since));
        let author = |post: &u64| self.posts.get(post).map_or(0, |post: &ModelPost| post.author.0);
        let hidden = self.hidden.iter().filter(|(post, _)| self.is_hidden(**post));
        let posts = hidden.map(|(post, since)| (author(post), Some(*post), *since));
        let mut found: Vec<ModelModerated> = match query.of {
            ModeratedOf::All => users.chain(posts).collect(),
            ModeratedOf::Users => users.collect(),
            ModeratedOf::Posts => posts.collect(),
        };
        found.retain(|row| query.before.is_none_or(|before| row.2 < before.0));
        found.sort_by_key(|row| std::cmp::Reverse(row.2));
        let end = if query.limit < found.len() { PageEnd::More } else { PageEnd::End };
        found.truncate(query.limit);
        (found, end)
    }
}
