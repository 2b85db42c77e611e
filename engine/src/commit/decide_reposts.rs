//! Decides commands about reposts: whether what they refer to is there, and whether anything changes. A
//! part of [`decide`](super::decide).

use foldhash::HashMap;

use super::decide::{Decider, Decision};
use crate::command::NewPost;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence, UserId};
use crate::log::record::Began;
use crate::repost::Repost;
use crate::views::reposts::Root;

/// What the commands of a commit group did to reposts so far, over the state before it.
#[derive(Debug, Default)]
pub(crate) struct PendingReposts {
    /// New reposts with their authors.
    authors: HashMap<PostId, UserId>,
    /// Bare reposts by root and user.
    bare: HashMap<(PostId, UserId), Began>,
    /// Bare reposts that are new, with their roots.
    roots: HashMap<PostId, PostId>,
}

impl PendingReposts {
    pub(crate) fn clear(&mut self) {
        self.authors.clear();
        self.bare.clear();
        self.roots.clear();
    }

    /// Remembers an accepted repost; `at` is its sequence.
    pub(super) fn note(&mut self, post: &NewPost, at: Sequence) {
        let Some(link) = post.repost else { return };
        self.authors.insert(at.into(), post.author);
        if post.text.is_empty() {
            self.bare.insert((link.root, post.author), Some(at));
            self.roots.insert(at.into(), link.root);
        }
    }

    /// Remembers that the user's bare repost of the root ended.
    pub(super) fn end(&mut self, root: PostId, user: UserId) {
        self.bare.insert((root, user), None);
    }
}

impl Decider<'_> {
    /// Decides a repost.
    pub(super) fn decide_repost(&self, post: &NewPost, link: Repost) -> Result<Decision> {
        let user = post.author;
        let absent =
            || Error::new(ErrorKind::NotFound, format!("there is no post {}", link.parent));
        if !self.is_alive(link.root, link.root_author)? || self.is_link_kept_from(user, link) {
            return Err(absent());
        }
        let parent_author = match link.parent == link.root {
            true => link.root_author,
            false => self.repost_author(link.parent).ok_or_else(absent)?,
        };
        if !self.admits(user, (link.parent, link.parent_author))? {
            return Err(absent());
        }
        if post.text.is_empty()
            && let Some(first) = self.bare(link.root, user)
        {
            return Ok(Decision::Known(first));
        }
        for other in [link.root_author, parent_author] {
            if self.is_blocked_between(user, other) {
                let what = format!(
                    "user {user} cannot repost {}: between user {user} and user {other} stands a \
                     block",
                    link.parent
                );
                return Err(Error::new(ErrorKind::Conflict, what));
            }
        }
        self.check_mentions(user, &post.mentions)?;
        Ok(Decision::Accept)
    }

    /// Decides the end of a bare repost, and finds out when it had begun. With its root it is gone; and
    /// a repost that is deleted names no root any more.
    pub(super) fn decide_unrepost(
        &self,
        user: UserId,
        (post, author, root): (PostId, UserId, PostId),
        began: &mut Began,
    ) -> Result<Decision> {
        let is_named = post == root || self.repost_author(post).is_some();
        let stands = is_named && !self.is_root_gone(root);
        *began = if stands { self.bare(root, user) } else { None };
        if began.is_some() {
            return Ok(Decision::Accept);
        }
        // Whoever does not see the post is not told that it is there.
        match self.admits(user, (post, author))? {
            true => Ok(Decision::Unchanged),
            false => Err(Error::new(ErrorKind::NotFound, format!("there is no post {post}"))),
        }
    }

    /// The root of a bare repost; `None` if it is anything else.
    pub(super) fn bare_root(&self, post: PostId) -> Option<PostId> {
        let pending = self.pending_reposts().roots.get(&post).copied();
        let reposts = &self.state().reposts;
        pending.or_else(|| {
            let slot = if reposts.is_empty() { None } else { reposts.find(post.into()) };
            slot.filter(|slot| slot.is_bare).map(|slot| slot.root)
        })
    }

    /// Whether it is a bare repost whose root is deleted.
    pub(super) fn is_orphan(&self, post: PostId) -> bool {
        self.bare_root(post).is_some_and(|root| self.is_root_gone(root))
    }

    fn is_root_gone(&self, root: PostId) -> bool {
        let settled = self.state().reposts.root(root);
        self.is_deleted(root) || settled.is_some_and(Root::is_gone)
    }

    /// Whose repost it is; `None` if there is no such, or no more.
    fn repost_author(&self, repost: PostId) -> Option<UserId> {
        if self.is_deleted(repost) {
            return None;
        }
        let state = self.state();
        let pending = self.pending_reposts().authors.get(&repost).copied();
        pending.or_else(|| Some(state.users.id(state.reposts.find(repost.into())?.author)))
    }

    /// The user's bare repost of the root.
    fn bare(&self, root: PostId, user: UserId) -> Began {
        if let Some(began) = self.pending_reposts().bare.get(&(root, user)) {
            return *began;
        }
        self.state().reposts.bare(root, self.state().users.find(user)?)
    }
}
