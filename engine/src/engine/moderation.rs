//! What the engine answers about moderation.

use super::Engine;
use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::moderation::{ModeratedPage, ModeratedQuery, PostModeration};
use crate::read::moderated;

impl Engine {
    /// Users who are suspended and posts that are hidden, newest first. Looks at no file.
    /// [`Denied`](crate::ErrorKind::Denied) if a viewer is given.
    pub fn moderated(&self, query: &ModeratedQuery) -> Result<ModeratedPage> {
        moderated::moderated(&self.0.shared, query)
    }

    /// How a post of that author is moderated now. Looks at no file.
    pub fn post_moderation(&self, post: PostId, author: UserId) -> Result<PostModeration> {
        moderated::of_post(&self.0.shared, post, author)
    }
}
