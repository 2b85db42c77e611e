//! What the engine removes by itself of users who are being forgotten, told to the oracle record by record.

use super::model::Model;
use crate::change::{Change, ChangesQuery, ContentWanted};
use crate::engine::Engine;
use crate::error::Result;
use crate::ids::Position;
use crate::limits::CHANGES_MAX;

/// Has so many things removed at most, and the oracle keep up. Answers what was removed, in order.
///
/// # Errors
/// Those of the engine; what was removed before is in the log nevertheless.
pub fn forget_some(engine: &Engine, model: &mut Model, most: u64) -> Result<Vec<Change>> {
    let before = engine.position()?;
    engine.forget_some(most)?;
    let removed = changes_above(engine, before)?;
    removed.iter().for_each(|change| model.remove(change));
    Ok(removed)
}

/// Everything that the log has above a position.
///
/// # Errors
/// Those of the change stream.
pub fn changes_above(engine: &Engine, after: Position) -> Result<Vec<Change>> {
    let mut all = Vec::new();
    let mut query = ChangesQuery {
        after: Some(after),
        begun: None,
        limit: CHANGES_MAX,
        content: ContentWanted::No,
    };
    loop {
        let part = engine.changes(&query, None)?;
        all.extend(part.changes);
        if part.position <= part.next {
            return Ok(all);
        }
        query.after = Some(part.next);
    }
}
