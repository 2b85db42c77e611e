//! What a read goes on from when it has let the state go: all of it as of the position of its first look.

use std::sync::Arc;

use crate::ids::{Position, Sequence};
use crate::log::view::Segments;
use crate::read::selection::Selection;
use crate::views::revisions::RevisedPosts;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// See the module.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub(crate) position: Position,
    /// The log as it was then: what is erased meanwhile can still be fetched.
    segments: Arc<Segments>,
    /// Of whom the feed is made.
    pub(crate) authors: Vec<Ordinal>,
    /// What was revised, once the state was let go.
    revised: Option<RevisedPosts>,
}

impl Pinned {
    /// As of a state that is held.
    pub(crate) fn now(state: &State, segments: Arc<Segments>, authors: Vec<Ordinal>) -> Self {
        Self { position: state.position, segments, authors, revised: None }
    }

    /// Takes along what is needed when the state, of this position or a later one, is let go.
    pub(crate) fn let_go(self, state: &State) -> Self {
        let revised = self.revised.or_else(|| Some(state.revisions.posts().clone()));
        Self { revised, ..self }
    }

    /// A page of these entries; `state` says what was revised unless that was taken along.
    pub(crate) fn selection(&self, state: Option<&State>, entries: Vec<Sequence>) -> Selection {
        let revised = self.revised.as_ref().or_else(|| state.map(|state| state.revisions.posts()));
        let places = revised.map_or_else(Vec::new, |revised| revised.places(&entries));
        Selection { places, ..Selection::bare(self.position, Arc::clone(&self.segments), entries) }
    }
}
