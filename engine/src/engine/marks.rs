//! What the engine answers about read marks and about revisions.

use super::Engine;
use crate::error::Result;
use crate::ids::{Position, PostId, UserId};
use crate::mark::{Marks, MarksQuery, Unread, UnreadQuery};
use crate::query::Post;
use crate::read::content::Reach;
use crate::read::{marks, revisions, unread};

impl Engine {
    /// The newest visible position.
    pub fn position(&self) -> Result<Position> {
        Ok(self.0.shared.state()?.position)
    }

    /// How far a user has seen a feed, on each device; only the user and the trusted application may
    /// ask. [`NotFound`](crate::ErrorKind::NotFound) if there is no such group. Looks at no file.
    pub fn marks(&self, query: &MarksQuery) -> Result<Marks> {
        marks::marks(&self.0.shared, query)
    }

    /// How many entries of a feed are unread, exact up to the limit; only the user and the trusted
    /// application may ask. [`NotFound`](crate::ErrorKind::NotFound) if there is no such group.
    pub fn unread(&self, query: &UnreadQuery) -> Result<Unread> {
        self.read(|shared| unread::unread(shared, query, Reach::Files))
    }

    /// All revisions of a post that are kept, newest first: with the option
    /// [`keep_revisions`](crate::Options::keep_revisions) all of them, else only the newest. Errors as
    /// [`post`](Self::post).
    pub fn revisions(&self, id: PostId, viewer: Option<UserId>) -> Result<(Position, Vec<Post>)> {
        self.0.shared.noticing(revisions::revisions(&self.0.shared, id, viewer))
    }

    /// One revision of a post; [`NotFound`](crate::ErrorKind::NotFound) also if it is not kept.
    pub fn revision(
        &self,
        id: PostId,
        revision: u32,
        viewer: Option<UserId>,
    ) -> Result<(Position, Post)> {
        self.0.shared.noticing(revisions::revision(&self.0.shared, (id, revision), viewer))
    }
}
