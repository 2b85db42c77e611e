//! Revisions of posts in the oracle.

use bytes::Bytes;

use super::Model;
use crate::error::ErrorKind;
use crate::ids::PostId;

impl Model {
    /// Why a revise is refused, if it is.
    pub(super) fn check_revise(&self, post: PostId, revision: u32) -> Result<(), ErrorKind> {
        match self.posts.get(&post.0) {
            Some(post) if !self.is_there(post) => Err(ErrorKind::NotFound),
            Some(post) if post.bare => Err(ErrorKind::Invalid),
            Some(post) if post.revision != revision => Err(ErrorKind::Conflict),
            Some(_) => Ok(()),
            None => Err(ErrorKind::NotFound),
        }
    }

    pub(super) fn revise(&mut self, post: PostId, text: &Bytes, meta: Option<&Bytes>) {
        let Some(post) = self.posts.get_mut(&post.0) else { return };
        post.text = text.to_vec();
        if let Some(meta) = meta {
            post.meta = meta.to_vec();
        }
        post.revision += 1;
    }
}
