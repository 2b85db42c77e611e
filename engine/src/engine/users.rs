//! What the engine answers about users, and about what stands between them.

use super::Engine;
use crate::error::Result;
use crate::ids::UserId;
use crate::query::{EdgePage, EdgeQuery, Relation, UserCard};
use crate::read::content::Reach;
use crate::read::edges;
use crate::read::edges::EdgeKind;

impl Engine {
    /// Whom the user follows, newest edge first.
    pub fn following(&self, query: &EdgeQuery) -> Result<EdgePage> {
        self.read(|shared| edges::edges(shared, EdgeKind::Following, query, Reach::Files))
    }

    /// Who follows the user, newest edge first.
    pub fn followers(&self, query: &EdgeQuery) -> Result<EdgePage> {
        self.read(|shared| edges::edges(shared, EdgeKind::Followers, query, Reach::Files))
    }

    /// Whom the user has muted; only the user and the trusted application may ask.
    pub fn mutes(&self, query: &EdgeQuery) -> Result<EdgePage> {
        self.read(|shared| edges::edges(shared, EdgeKind::Mutes, query, Reach::Files))
    }

    /// Whom the user has blocked; only the user and the trusted application may ask.
    pub fn blocks(&self, query: &EdgeQuery) -> Result<EdgePage> {
        self.read(|shared| edges::edges(shared, EdgeKind::Blocks, query, Reach::Files))
    }

    /// Who asks to follow the user, newest first; only the user and the trusted application may ask.
    pub fn requests(&self, query: &EdgeQuery) -> Result<EdgePage> {
        self.read(|shared| edges::edges(shared, EdgeKind::Requests, query, Reach::Files))
    }

    /// The user's counts.
    pub fn user(&self, user: UserId, viewer: Option<UserId>) -> Result<UserCard> {
        self.read(|shared| edges::user(shared, user, viewer, Reach::Files))
    }

    /// What stands between two users.
    pub fn relation(&self, a: UserId, b: UserId, viewer: Option<UserId>) -> Result<Relation> {
        self.read(|shared| edges::relation(shared, (a, b), viewer, Reach::Files))
    }
}
