//! Feeds of broadcasts against the oracle.

use super::compare::absent;
use super::trouble::{Checked, same};
use crate::broadcast::{BroadcastFeed, BroadcastsPage, BroadcastsQuery};
use crate::engine::Engine;
use crate::ids::{BroadcastId, UserId};
use crate::limits::LIMIT_MAX;
use crate::query::PageEnd;
use crate::testing::model::Model;
use crate::testing::model::broadcasts::{ModelEntry, ModelSession};
use crate::testing::workload::Workload;

/// A feed, page by page, and one broadcast.
pub(super) fn at_random(engine: &Engine, model: &Model, workload: &mut Workload) -> Checked {
    let limit = usize::try_from(workload.random.below(5) + 1).unwrap_or(1);
    let (user, viewer) = (workload.user(), workload.viewer());
    pages(engine, model, (user, viewer), limit)?;
    let id = workload.broadcast_id(model.last);
    one(engine, model, id.0, viewer)
}

/// The whole feed of a user. Answers how many reads it took.
pub(super) fn feed(engine: &Engine, model: &Model, user: UserId) -> Checked<u64> {
    pages(engine, model, (user, None), LIMIT_MAX)
}

/// One broadcast.
pub(super) fn one(engine: &Engine, model: &Model, id: u64, viewer: Option<UserId>) -> Checked {
    let found = absent(engine.broadcast(BroadcastId(id), viewer))?;
    let found = found.map(|card| ModelEntry::of(&card.broadcast));
    same(&found, &model.broadcast(id, viewer), || format!("broadcast {id} for {viewer:?}"))
}

fn pages(
    engine: &Engine,
    model: &Model,
    (user, viewer): (UserId, Option<UserId>),
    limit: usize,
) -> Checked<u64> {
    let session: ModelSession = model.begin_session(user, viewer);
    let mut page = BroadcastsPage::First { device: None };
    let mut after = None;
    let mut reads = 0;
    loop {
        let query = BroadcastsQuery { user, viewer, page, limit };
        let feed: BroadcastFeed = engine.broadcasts(&query)?;
        let expected = model.session_page(&session, after, limit);
        same(&ModelEntry::page(&feed), &expected, || format!("feed {query:?} after {after:?}"))?;
        reads += 1;
        after = feed.broadcasts.last().map(|last| last.cursor());
        if feed.end == PageEnd::End || after.is_none() {
            return Ok(reads);
        }
        page = BroadcastsPage::Next { session: feed.session, after };
    }
}
