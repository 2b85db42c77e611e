//! What the reposts of a page refer to, as of the page's own position.
//!
//! Originals are found after the page: since when a root is gone stands in memory as long as the database
//! is open, so that it can be told of any position that was read before.

use std::sync::Arc;

use crate::error::Result;
use crate::ids::{PostId, Sequence, UserId};
use crate::log::view::Segments;
use crate::query::{Counts, Page};
use crate::read::content::{Content, Reach};
use crate::read::counts::{self, Since};
use crate::repost::{Original, Repost};
use crate::shared::Shared;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The roots of a page's reposts, each once, newest first.
#[derive(Debug)]
pub(crate) struct Roots {
    roots: Vec<(Repost, Place)>,
    /// What each was responded with, if they are counted.
    pub(crate) counts: Vec<Counts>,
    /// The log that has them.
    segments: Option<Arc<Segments>>,
}

/// Where an original stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    At(Sequence),
    Gone,
}

impl Roots {
    /// Of a page without reposts.
    pub(crate) const NONE: Self = Self { roots: Vec::new(), counts: Vec::new(), segments: None };

    /// Those of a page. `None` if one of them was deleted or revised since the page was read.
    pub(crate) fn of(state: &State, page: &Page) -> Option<Self> {
        let links = page.posts.iter().filter_map(|post| post.repost);
        let mut roots: Vec<(Repost, Place)> = links.map(|link| (link, Place::Gone)).collect();
        roots.sort_unstable_by_key(|(link, _)| std::cmp::Reverse(link.root));
        roots.dedup_by_key(|(link, _)| link.root);
        for (link, place) in &mut roots {
            *place = self::place(state, link.root, page.position.sequence)?;
        }
        Some(Self { roots, ..Self::NONE })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Keeps the log as it is at the state's position.
    pub(crate) fn keep(&mut self, segments: Arc<Segments>) {
        self.segments = Some(segments);
    }

    /// Counts what they were responded with in this state.
    pub(crate) fn count(&mut self, state: &State, reader: Option<Ordinal>) {
        self.counts = vec![Counts::default(); self.roots.len()];
        for (counts, (link, place)) in self.counts.iter_mut().zip(&self.roots) {
            // What is gone has no counts.
            if *place != Place::Gone {
                counts::count(state, link.root, reader, counts);
            }
        }
    }

    /// Takes back what they were responded with since; false if that cannot be told any more.
    pub(crate) fn rewind(
        &mut self,
        shared: &Shared,
        since: Since,
        reader: Option<UserId>,
    ) -> Result<bool> {
        let Self { roots, counts, .. } = self;
        if counts.is_empty() {
            return Ok(true);
        }
        let place = |post: PostId| {
            let place = roots.binary_search_by(|(link, _)| post.cmp(&link.root)).ok()?;
            // What is gone has no counts, whoever takes a repost of it back.
            roots.get(place).filter(|(_, root)| *root != Place::Gone).map(|_| place)
        };
        counts::rewind(shared, since, place, (counts, reader))
    }

    /// Reads them. Within memory: `None` if that is not enough.
    pub(crate) fn read(&mut self, shared: &Shared, reach: Reach) -> Result<Option<Vec<Original>>> {
        let mut originals = Vec::with_capacity(self.roots.len());
        let Some(segments) = &self.segments else { return Ok(Some(originals)) };
        let content = Content::new(shared, segments);
        for (_, place) in &self.roots {
            if let Place::At(place) = place {
                segments.prefetch(*place);
            }
        }
        for (index, (link, place)) in self.roots.iter().enumerate() {
            if let Place::At(place) = *place {
                let Some(found) = content.find_one(place, reach) else { return Ok(None) };
                if content.append(place, found, &mut originals)? {
                    continue;
                }
            }
            // Of what a repair has lost there is nothing to count either.
            let counts = self.counts.get_mut(index);
            counts.into_iter().for_each(|counts| *counts = Counts::default());
            originals.push(Original::Deleted { id: link.root, author: link.root_author });
        }
        Ok(Some(originals))
    }
}

/// Where the root stood at that position; `None` if it says something else since, or nothing.
fn place(state: &State, root: PostId, at: Sequence) -> Option<Place> {
    let gone = state.reposts.root(root).map_or(Sequence(0), |root| root.gone);
    match state.revisions.of(root) {
        _ if gone != Sequence(0) && gone <= at => Some(Place::Gone),
        // Of what is deleted by now nobody knows whether it was revised.
        _ if gone != Sequence(0) => None,
        Some(revised) if at < revised.at => None,
        Some(revised) => Some(Place::At(revised.at)),
        None => Some(Place::At(root.into())),
    }
}
