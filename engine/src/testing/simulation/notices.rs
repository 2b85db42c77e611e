//! Notices of an engine against the oracle's.

use super::trouble::{Checked, same};
use crate::engine::Engine;
use crate::ids::{Sequence, UserId};
use crate::notice::{NoticesPage, NoticesQuery};
use crate::query::PageEnd;
use crate::testing::model::{Model, ModelNotices};

/// One page.
pub(super) fn page(engine: &Engine, model: &Model, query: &NoticesQuery) -> Checked {
    let page = engine.notices(query)?;
    let found = (groups(&page), page.end, page.unread, page.read_up_to.0);
    same(&found, &model.notices(query), || format!("notices {query:?}"))?;
    if let Some(resident) = engine.resident().notices(query)? {
        same(&resident, &page, || format!("resident notices {query:?}"))?;
    }
    Ok(())
}

fn groups(page: &NoticesPage) -> Vec<ModelNotices> {
    let groups = page.groups.iter().map(|group| {
        let about = (group.kind, group.post.map(|id| id.0), group.comment.map(|id| id.0));
        let actors = group.actors.iter().map(|actor| actor.0).collect();
        (about, actors, group.count, group.newest.0, group.is_unread)
    });
    groups.collect()
}

/// All notices of a user, page by page. Answers how many reads it took.
pub(super) fn everything(engine: &Engine, model: &Model, user: UserId) -> Checked<u64> {
    let mut query = NoticesQuery { user, viewer: Some(user), before: None, limit: 5 };
    let mut reads = 0;
    loop {
        page(engine, model, &query)?;
        reads += 1;
        let (groups, end, ..) = model.notices(&query);
        match groups.last() {
            Some(last) if end != PageEnd::End => query.before = Some(Sequence(last.3)),
            _ => return Ok(reads),
        }
    }
}
