//! What the engine answers about reposts.

use super::Engine;
use crate::error::Result;
use crate::read::content::Reach;
use crate::read::{originals, reposters};
use crate::repost::{OriginalsPage, OriginalsQuery, RepostersPage, RepostersQuery};

impl Engine {
    /// A page of a home, an outbox or a group's feed, as asked with counts, with each original that its reposts
    /// refer to, or the word that it is deleted, within the page's bytes, and with the reader's groups that have
    /// the authors; all as of the page's position.
    pub fn with_originals(&self, query: &OriginalsQuery) -> Result<OriginalsPage> {
        self.read(|shared| originals::page(shared, query, Reach::Files))
    }

    /// Who reposted a post, with and without a text, less those who are hidden from the viewer, newest
    /// first. Of a repost: who reposted its root. [`NotFound`](crate::ErrorKind::NotFound) if the post or the
    /// root is deleted or hidden itself.
    pub fn reposters(&self, query: &RepostersQuery) -> Result<RepostersPage> {
        self.read(|shared| reposters::reposters(shared, query, Reach::Files))
    }
}
