//! Takes the newest entries of the view files into memory after an open, so that pages need no file.
//!
//! Some owners at a time, in three steps: excerpts under the state lock, files without it, entries
//! into the lists under it again. Nobody waits for a disk meanwhile.

use std::ops::Range;

use crate::error::Result;
use crate::ids::Sequence;
use crate::limits::WARM_ENTRIES_MAX;
use crate::runs::run::Entry;
use crate::shared::Shared;
use crate::views::part::{Excerpt, Near};
use crate::views::timeline::Timelines;
use crate::views::users::Ordinal;
use crate::views::walk::Down;

/// What was read of one owner: where the hot list began, and the entries right below.
type Read = (Ordinal, Sequence, Vec<Entry>);

/// Warms the posts and the followees of `owners`, down to `floor`.
pub(super) fn warm(shared: &Shared, owners: Range<u32>, floor: Sequence) -> Result<()> {
    let (posts, following) = {
        let state = shared.state()?;
        let posts = excerpts(&state.outboxes.posts, owners.clone());
        (posts, excerpts(&state.graph.following, owners))
    };
    let (posts, following) = (read(&posts, floor)?, read(&following, floor)?);
    if posts.is_empty() && following.is_empty() {
        return Ok(());
    }
    shared.change(|state| {
        fill(&mut state.outboxes.posts, &posts);
        fill(&mut state.graph.following, &following);
    })
}

/// Of each owner that has entries in files only.
fn excerpts<const WIDTH: usize>(
    timelines: &Timelines<WIDTH>,
    owners: Range<u32>,
) -> Vec<Excerpt<WIDTH>> {
    let owners = owners.map(Ordinal);
    let in_files = owners.filter(|owner| !timelines.part(*owner).files.is_empty());
    in_files.map(|owner| timelines.excerpt(owner, Near::Above(Sequence(u64::MAX - 1)), 0)).collect()
}

/// The newest sealed entries of each, down to `floor`.
fn read<const WIDTH: usize>(excerpts: &[Excerpt<WIDTH>], floor: Sequence) -> Result<Vec<Read>> {
    let mut found = Vec::with_capacity(excerpts.len());
    for excerpt in excerpts {
        let mut walk = Down::new(excerpt.part(), excerpt.floor);
        let mut entries = Vec::new();
        while entries.len() < WARM_ENTRIES_MAX {
            match walk.next()? {
                Some(entry) if floor <= entry.0 => entries.push(entry),
                _ => break,
            }
        }
        entries.reverse();
        found.push((excerpt.owner, excerpt.floor, entries));
    }
    Ok(found)
}

fn fill<const WIDTH: usize>(timelines: &mut Timelines<WIDTH>, read: &[Read]) {
    for (owner, floor, entries) in read {
        timelines.warm(*owner, *floor, entries);
    }
}
