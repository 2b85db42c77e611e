//! What the oracle says of reposts.

use super::{Model, ModelPost};
use crate::command::Action;
use crate::error::ErrorKind;
use crate::ids::{PostId, UserId};
use crate::query::PageEnd;
use crate::repost::RepostersQuery;

/// The root, and who reposted it: (user, repost, whether it is a quote), newest first.
pub type ModelReposters = (u64, Vec<(u64, u64, bool)>, PageEnd);

impl Model {
    /// Whether the post is there for anybody: not deleted, and not a bare repost of what is.
    #[must_use]
    pub fn stands(&self, post: u64) -> bool {
        self.posts.get(&post).is_some_and(|post| self.is_there(post))
    }

    /// The same of a post at hand.
    pub(super) fn is_there(&self, post: &ModelPost) -> bool {
        let root = post.repost.and_then(|(_, root)| self.posts.get(&root));
        let is_orphan = post.bare && root.is_some_and(|root| root.deleted);
        !post.deleted && !is_orphan
    }

    /// Whose post it refers to, if it does.
    pub(super) fn original_author(&self, post: &ModelPost) -> Option<UserId> {
        let (_, root) = post.repost?;
        self.posts.get(&root).map(|root| root.author)
    }

    /// The parent and the root that a post names to who reads it: where they do not see the parent, it is
    /// the root. The trusted application, which is nobody, sees what was reposted.
    #[must_use]
    pub fn shown_link(&self, post: u64, reader: Option<UserId>) -> Option<(u64, u64)> {
        let (parent, root) = self.posts.get(&post)?.repost?;
        let is_shown = reader.is_none() || self.sees_post(PostId(parent), reader);
        Some((if is_shown { parent } else { root }, root))
    }

    /// What a repost of the post would have as its root.
    pub(super) fn root_of(&self, post: u64) -> Option<u64> {
        Some(self.posts.get(&post)?.repost.map_or(post, |(_, root)| root))
    }

    /// The user's bare repost of the root.
    #[must_use]
    pub fn bare_repost(&self, user: UserId, root: u64) -> Option<u64> {
        let bare = |post: &ModelPost| {
            let is_of_root = post.repost.is_some_and(|(_, of)| of == root);
            post.author == user && is_of_root && post.bare && self.is_there(post)
        };
        self.posts.iter().find(|(_, post)| bare(post)).map(|(id, _)| *id)
    }

    /// The bare repost that is there already, if the action would make another.
    #[must_use]
    pub fn first_repost(&self, action: &Action) -> Option<u64> {
        match action {
            Action::Repost { post, parent } => {
                self.bare_repost(post.author, self.root_of(parent.0)?)
            }
            _ => None,
        }
    }

    pub(super) fn changes_reposts(&self, action: &Action) -> Result<bool, ErrorKind> {
        match action {
            Action::Repost { post, parent } => {
                let root = self.root_of(parent.0).ok_or(ErrorKind::NotFound)?;
                let shows = |id: u64| self.shows_moderated(id, Some(post.author));
                if !self.stands(root) || !self.stands(parent.0) || !shows(root) || !shows(parent.0)
                {
                    return Err(ErrorKind::NotFound);
                }
                if self.hides_responses(post.author, parent.0) {
                    return Err(ErrorKind::NotFound);
                }
                if post.text.is_empty() && self.bare_repost(post.author, root).is_some() {
                    return Ok(false);
                }
                let authors = [root, parent.0].map(|id| self.posts.get(&id).map(|p| p.author));
                let is_blocked = |author: UserId| self.is_blocked_between(post.author, author);
                match authors.into_iter().flatten().any(is_blocked) {
                    false if !self.mentions_blocked(post.author, &post.mentions) => Ok(true),
                    _ => Err(ErrorKind::Conflict),
                }
            }
            Action::Unrepost { user, post } => {
                let root = self.root_of(post.0).ok_or(ErrorKind::NotFound)?;
                match self.stands(post.0) && self.bare_repost(*user, root).is_some() {
                    false if self.hides_responses(*user, post.0) => Err(ErrorKind::NotFound),
                    ends => Ok(ends),
                }
            }
            _ => Ok(false),
        }
    }

    pub(super) fn apply_repost(&mut self, action: &Action, sequence: u64) {
        match action {
            Action::Repost { post, parent } => {
                let root = self.root_of(parent.0).unwrap_or(parent.0);
                let (repost, bare) = (Some((parent.0, root)), post.text.is_empty());
                let audience = self.decided_audience(post);
                let post = ModelPost { repost, bare, audience, ..ModelPost::of(post) };
                self.posts.insert(sequence, post);
            }
            Action::Unrepost { user, post } => {
                let bare = self.root_of(post.0).and_then(|root| self.bare_repost(*user, root));
                if let Some(bare) = bare.and_then(|bare| self.posts.get_mut(&bare)) {
                    bare.deleted = true;
                }
            }
            _ => {}
        }
    }

    /// Reposts of a root that stand, oldest first.
    fn reposts_of(&self, root: u64) -> impl Iterator<Item = (u64, &ModelPost)> {
        let of = move |post: &ModelPost| post.repost.is_some_and(|(_, of)| of == root);
        let all = self.posts.iter().filter(move |(_, post)| of(post) && !post.deleted);
        all.map(|(id, post)| (*id, post))
    }

    /// How many reposts of a post stand.
    #[must_use]
    pub fn repost_count(&self, post: u64) -> u32 {
        let all = self.counting();
        let count = if all.stands(post) { all.reposts_of(post).count() } else { 0 };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// All reposts that are there.
    #[must_use]
    pub fn standing_reposts(&self) -> u64 {
        let all = self.counting();
        let posts = all.posts.values();
        posts.filter(|post| post.repost.is_some() && all.is_there(post)).count() as u64
    }

    /// The root, and a page of (user, repost, whether it is a quote); `None` if the post is not there for
    /// the viewer.
    #[must_use]
    pub fn reposters_page(&self, query: &RepostersQuery) -> Option<ModelReposters> {
        let root = self.root_of(query.post.0)?;
        let is_there = |id: u64| self.stands(id) && self.sees_post(PostId(id), query.viewer);
        if !is_there(root) || !is_there(query.post.0) {
            return None;
        }
        let seen = self.reposts_of(root).filter(|(id, _)| {
            query.before.is_none_or(|before| *id < before.0)
                && self.sees_post(PostId(*id), query.viewer)
        });
        let mut found: Vec<_> = seen.map(|(id, post)| (post.author.0, id, !post.bare)).collect();
        found.reverse();
        let end = if query.limit < found.len() { PageEnd::More } else { PageEnd::End };
        found.truncate(query.limit);
        Some((root, found, end))
    }
}
