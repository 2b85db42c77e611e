//! What the engine answers about reposts.

use super::Engine;
use crate::error::Result;
use crate::full::{FullPage, FullQuery};
use crate::read::content::Reach;
use crate::read::{full, reposters};
use crate::repost::{RepostersPage, RepostersQuery};

impl Engine {
    /// A page of a home, an outbox or a group's feed with all that may be asked for beside it, as of the page's
    /// position: counts; each original that its reposts refer to, or the word that it is deleted, within the
    /// page's bytes; the reader's groups that have the authors. A [collapsed](crate::Collapse) page has of
    /// several entries of one root the newest alone, and as many entries as any other.
    pub fn full_page(&self, query: &FullQuery) -> Result<FullPage> {
        self.read(|shared| full::page(shared, query, Reach::Files))
    }

    /// Who reposted a post, with and without a text, less those who are hidden from the viewer, newest
    /// first. Of a repost: who reposted its root. [`NotFound`](crate::ErrorKind::NotFound) if the post or the
    /// root is deleted or hidden itself.
    pub fn reposters(&self, query: &RepostersQuery) -> Result<RepostersPage> {
        self.read(|shared| reposters::reposters(shared, query, Reach::Files))
    }
}
