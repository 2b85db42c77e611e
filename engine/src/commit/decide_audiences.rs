//! Decides for whom a post is: which group has the name, and whether a user may see what they respond to
//! or repost. A part of [`decide`](super::decide).

use foldhash::HashMap;

use super::decide::Decider;
use super::decide_groups::no_group;
use crate::audience::{Among, Audience, AudienceGroup, Circle};
use crate::command::NewPost;
use crate::error::Result;
use crate::ids::{PostId, Sequence, UserId};

/// An author, and which of their posts.
type Meant = (UserId, Circle);

/// The posts of a commit group so far that are not for everybody, and what its reposts refer to.
#[derive(Debug, Default)]
pub(crate) struct PendingAudiences {
    posts: HashMap<PostId, Meant>,
    roots: HashMap<PostId, Meant>,
}

impl PendingAudiences {
    pub(crate) fn clear(&mut self) {
        self.posts.clear();
        self.roots.clear();
    }

    /// Remembers an accepted post; `at` is its sequence.
    pub(super) fn note(&mut self, post: &NewPost, at: Sequence) {
        let circle = post.audience.circle();
        if !circle.is_everybody() {
            self.posts.insert(at.into(), (post.author, circle));
        }
        if let Some(link) = post.repost {
            self.roots.insert(at.into(), (link.root_author, link.root_circle));
        }
    }
}

impl Decider<'_> {
    /// Finds out which group a post is for.
    pub(super) fn complete_audience(&self, post: &mut NewPost) -> Result<()> {
        if let Audience::Group(group) = &post.audience {
            let name = group.name.clone();
            let id = self.group_id(post.author, &name);
            let id = id.ok_or_else(|| no_group(post.author, &name))?;
            post.audience = Audience::Group(AudienceGroup { id, name }.into());
        }
        Ok(())
    }

    /// Whether a post of the author's that is there, and what it reposts, are for the user, and no block parts
    /// them from whose that is: else they see it nowhere.
    pub(super) fn admits(&self, user: UserId, (post, author): (PostId, UserId)) -> Result<bool> {
        // Of what is deleted nobody knows for whom it was; whoever asks finds out that it is gone, unless
        // they see nothing of a private author's.
        let stands = !self.is_deleted_in_group(post);
        let meant = self.meant(post).filter(|_| stands).unwrap_or((author, Circle::EVERYBODY));
        let root = self.root_meant(post).filter(|_| stands);
        if root.is_some_and(|(author, _)| self.is_blocked_between(user, author)) {
            return Ok(false);
        }
        for (author, circle) in std::iter::once(meant).chain(root) {
            if !self.is_among(user, author, circle)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// For whom the post is, unless it is for everybody.
    fn meant(&self, post: PostId) -> Option<Meant> {
        let pending = self.pending_audiences().posts.get(&post).copied();
        let state = self.state();
        pending.or_else(|| {
            let found = state.audiences.find(post.into())?;
            Some((state.users.id(found.author), found.circle))
        })
    }

    /// For whom is what it reposts.
    fn root_meant(&self, post: PostId) -> Option<Meant> {
        let pending = self.pending_audiences().roots.get(&post).copied();
        let state = self.state();
        pending.or_else(|| {
            let root = state.reposts.root(state.reposts.find(post.into())?.root)?;
            Some((state.users.id(root.author), root.circle))
        })
    }

    fn is_among(&self, user: UserId, author: UserId, circle: Circle) -> Result<bool> {
        if user == author {
            return Ok(true);
        }
        Ok(match circle.among() {
            Among::Everybody if !self.is_private(author) => true,
            Among::Author => false,
            Among::Everybody | Among::Followers => self.follow(user, author)?.is_some(),
            Among::Mutual => {
                self.follow(user, author)?.is_some() && self.follow(author, user)?.is_some()
            }
            Among::Group(group) => self.is_member(author, group, user),
        })
    }
}
