//! What the engine answers about broadcasts.

use super::Engine;
use crate::broadcast::{BroadcastCard, BroadcastFeed, BroadcastsQuery};
use crate::error::Result;
use crate::ids::{BroadcastId, UserId};
use crate::read::broadcasts;
use crate::read::content::Reach;

impl Engine {
    /// A page of the broadcasts of every author whose posts are in the user's home: live by latest
    /// start, then scheduled by soonest start, then replays by latest end. The first page begins a
    /// session; the following ones keep its order and states.
    /// [`NotFound`](crate::ErrorKind::NotFound) if the session is over: ask for the first page again.
    pub fn broadcasts(&self, query: &BroadcastsQuery) -> Result<BroadcastFeed> {
        self.read(|shared| {
            let draft = broadcasts::broadcasts(shared, query, Reach::Files)?;
            draft.map_or(Ok(None), |draft| draft.page())
        })
    }

    /// One broadcast; [`NotFound`](crate::ErrorKind::NotFound) if it was cancelled, its replay is deleted, or
    /// it is hidden from the viewer.
    pub fn broadcast(&self, id: BroadcastId, viewer: Option<UserId>) -> Result<BroadcastCard> {
        self.read(|shared| broadcasts::broadcast(shared, id, viewer, Reach::Files))
    }
}
