//! What the oracle says of for whom a post is.

use super::{Model, ModelPost, named};
use crate::audience::{Audience, AudienceGroup};
use crate::command::{Action, NewPost};
use crate::error::ErrorKind;
use crate::ids::{GroupId, PostId, UserId};

impl Model {
    /// A post is for its author, and for everybody; or for who follows the author; or for who follows
    /// the author and is followed back; or for who is in that group of the author's; or for nobody else.
    /// What a private user has for everybody is for who follows them.
    fn is_for(&self, user: UserId, post: &ModelPost) -> bool {
        let author = post.author;
        let follows = |a: UserId, b: UserId| self.follows.contains_key(&(a.0, b.0));
        user == author
            || match &post.audience {
                Audience::Everybody => self.opens_to(Some(user), author),
                Audience::Followers => follows(user, author),
                Audience::Mutual => follows(user, author) && follows(author, user),
                Audience::Group(meant) => self.groups.iter().any(|((owner, _), group)| {
                    (*owner, group.id) == (author.0, meant.id.0)
                        && group.members.contains_key(&user.0)
                }),
                Audience::Author => false,
            }
    }

    /// Whether what the author has for everybody is for the user; nobody is the trusted application.
    pub(super) fn opens_to(&self, user: Option<UserId>, author: UserId) -> bool {
        let follows = |user: UserId| self.follows.contains_key(&(user.0, author.0));
        let is_private = self.private.contains(&author.0);
        user.is_none_or(|user| user == author || !is_private || follows(user))
    }

    /// A repost is for whom its original is, besides.
    pub(super) fn is_meant_for(&self, user: UserId, post: &ModelPost) -> bool {
        let root = post.repost.and_then(|(_, root)| self.posts.get(&root));
        self.is_for(user, post) && root.is_none_or(|root| self.is_for(user, root))
    }

    /// The trusted application sees everything.
    pub(super) fn may_be_shown(&self, viewer: Option<UserId>, post: &ModelPost) -> bool {
        viewer.is_none_or(|viewer| self.is_meant_for(viewer, post))
    }

    /// Whether the user must not be told that the post is there. Of what is deleted nobody knows any more
    /// for whom it was, but that its author is private.
    pub(super) fn is_kept_from(&self, user: UserId, post: u64) -> bool {
        self.posts.get(&post).is_some_and(|post| match post.deleted {
            true => !self.opens_to(Some(user), post.author),
            false => !self.is_meant_for(user, post),
        })
    }

    /// Whether the user is told nothing of what is said on the post: it is not for them, or a block parts them
    /// from whose post it reposts. What is deleted reposts nothing any more.
    pub(super) fn hides_responses(&self, user: UserId, post: u64) -> bool {
        let stands = self.posts.get(&post).filter(|post| !post.deleted);
        let original = stands.and_then(|post| self.original_author(post));
        self.is_kept_from(user, post)
            || original.is_some_and(|author| self.is_blocked_between(user, author))
    }

    /// A repost without a text has no audience of its own.
    pub(super) fn refuses_audience(action: &Action) -> Option<ErrorKind> {
        let Action::Repost { post, .. } = action else { return None };
        let is_bare = post.text.is_empty();
        (is_bare && post.audience != Audience::Everybody).then_some(ErrorKind::Invalid)
    }

    /// Whether the author has the group that the post is for.
    pub(super) fn knows_audience(&self, post: &NewPost) -> bool {
        match &post.audience {
            Audience::Group(group) => self.groups.contains_key(&named(post.author, &group.name)),
            _ => true,
        }
    }

    /// The audience with the group that has the name now.
    pub(super) fn decided_audience(&self, post: &NewPost) -> Audience {
        let Audience::Group(group) = &post.audience else { return post.audience.clone() };
        let id = self.groups.get(&named(post.author, &group.name)).map_or(0, |group| group.id);
        let (id, name) = (GroupId(id), group.name.clone());
        Audience::Group(AudienceGroup { id, name }.into())
    }

    /// What an action is about that somebody else than its author asks for.
    pub(super) fn post_of(&self, action: &Action) -> Option<PostId> {
        match action {
            Action::Delete { post } | Action::Revise { post, .. } => Some(*post),
            Action::CommentDelete { comment } => {
                self.responses.comments.get(&comment.0).map(|comment| PostId(comment.post))
            }
            _ => None,
        }
    }
}
