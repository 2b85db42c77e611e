//! What was selected for a page, by [`select`](super::select): ids, as of one position, and what is known
//! of them by then.

use std::sync::Arc;

use crate::collapse::BroughtBy;
use crate::ids::{Position, Sequence};
use crate::log::view::Segments;
use crate::query::Counts;
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
    /// Of entries that are still to be judged, or of which none was revised.
    pub(super) fn bare(
        position: Position,
        segments: Arc<Segments>,
        entries: Vec<Sequence>,
    ) -> Self {
        let (authors, counts, brought_by) = (Vec::new(), Vec::new(), Vec::new());
        let places = Vec::new();
        Self { position, entries, authors, places, counts, brought_by, segments }
    }
}
