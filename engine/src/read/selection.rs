//! What was selected for a page, by [`select`](super::select): ids, as of one position, and what is known
//! of them by then.

use std::sync::Arc;

use crate::collapse::BroughtBy;
use crate::error::Result;
use crate::ids::{Position, Sequence};
use crate::log::view::Segments;
use crate::query::Counts;
use crate::read::asked::{Asked, Turns};
use crate::read::counts;
use crate::shared::Shared;
use crate::views::revisions::RevisedPosts;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The ids of a page, one more than asked for if there is more, at one position.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) position: Position,
    pub(crate) entries: Vec<Sequence>,
    /// Whose they are, until they are judged, if that matters; else empty.
    pub(super) authors: Vec<Ordinal>,
    /// What each that the page shows was responded with, if that is wanted.
    pub(crate) counts: Vec<Counts>,
    /// For whom each stands, if the page is collapsed.
    pub(crate) brought_by: Vec<BroughtBy>,
    /// Where the contents of the entries are, if any of them was revised; else empty.
    pub(crate) places: Vec<Sequence>,
    /// The log as it was then: what is erased meanwhile can still be fetched.
    pub(crate) segments: Arc<Segments>,
}

impl Selection {
    pub(super) fn of(state: &State, segments: Arc<Segments>, entries: Vec<Sequence>) -> Self {
        Self::new(state.position, entries, state.revisions.posts(), segments)
    }

    pub(super) fn new(
        position: Position,
        entries: Vec<Sequence>,
        revised: &RevisedPosts,
        segments: Arc<Segments>,
    ) -> Self {
        let places = revised.places(&entries);
        let (authors, counts, brought_by) = (Vec::new(), Vec::new(), Vec::new());
        Self { position, entries, authors, places, counts, brought_by, segments }
    }

    /// Has `fit` leave out what the reader does not see; answers what that does. The places go with their
    /// entries.
    pub(super) fn fit<T>(
        &mut self,
        fit: impl FnOnce((&mut Vec<Sequence>, &[Ordinal])) -> Result<T>,
    ) -> Result<T> {
        let all = if self.places.is_empty() { Vec::new() } else { self.entries.clone() };
        let is_enough = fit((&mut self.entries, &self.authors))?;
        if self.entries.len() < all.len() {
            let (mut each, entries) = (all.iter(), &self.entries);
            let is_kept =
                |entry: &Sequence| entries.binary_search_by(|kept| entry.cmp(kept)).is_ok();
            self.places.retain(|_| each.next().is_some_and(is_kept));
        }
        Ok(is_enough)
    }

    /// What its reader sees of it, counted, without the state it was selected from. `None`: look again.
    pub(super) fn finished_later(
        mut self,
        shared: &Shared,
        asked: &mut Asked<'_>,
        turns: Turns,
    ) -> Result<Option<Self>> {
        let position = self.position;
        if !self.fit(|entries| asked.fit_later(shared, turns, position, entries))? {
            return Ok(None);
        }
        let shown = asked.shown(&self.entries);
        let counts = counts::as_of(shared, position, shown, asked.extras.counting)?;
        let brought_by = asked.take_brought_by();
        Ok(counts.map(|counts| Self { counts, brought_by, ..self }))
    }
}
