//! What goes with a post that is deleted: the bare reposts of it, which no record names.

use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::limits::ORPHANS_TOLD_MAX;
use crate::shared::Shared;
use crate::views::users::Ordinal;

/// Bare reposts and their authors.
pub(crate) type Orphans = Vec<(PostId, UserId)>;

/// The bare reposts of these roots; `None` if they are too many to be told one by one. A later position
/// may have lost some: these are told by the records that ended them.
pub(crate) fn orphans(shared: &Shared, roots: &[PostId]) -> Result<Option<Orphans>> {
    let mut found = Orphans::new();
    let state = shared.state()?;
    if state.reposts.is_empty() {
        return Ok(Some(found));
    }
    for root in roots.iter().filter_map(|root| state.reposts.root(*root)) {
        if ORPHANS_TOLD_MAX < found.len() + root.reposts.len() {
            return Ok(None);
        }
        for (at, author) in (0..root.reposts.len()).map(|index| root.reposts.entry(index)) {
            if state.reposts.is_orphan(at) {
                found.push((at.into(), state.users.id(Ordinal(author))));
            }
        }
    }
    Ok(Some(found))
}
