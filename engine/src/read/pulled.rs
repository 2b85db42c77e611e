//! Pages that are merged from outboxes: those of an outbox or a group, and what is left of a home when its first
//! look had to let the state go.

use std::cell::Cell;
use std::sync::Arc;

use crate::error::Result;
use crate::ids::Sequence;
use crate::log::view::Segments;
use crate::query::{GroupQuery, TimelineQuery};
use crate::read::asked::{self, Asked, Extras, Fit};
use crate::read::authors::Authors;
use crate::read::counts::{self, Counting};
use crate::read::groups;
use crate::read::judge::Feed;
use crate::read::merge::Merge;
use crate::read::pinned::Pinned;
use crate::read::select::Look;
use crate::read::selection::Selection;
use crate::read::then::Then;
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::outbox::{Excerpts, Outbox, Resident};
use crate::views::part::Near;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What is left to do without the state.
pub(crate) struct Rest {
    pub(super) pinned: Pinned,
    excerpts: Excerpts,
    /// There was nothing to judge.
    pub(super) is_idle: bool,
}

/// A page of the user's outbox.
pub(crate) fn outbox(shared: &Shared, query: &TimelineQuery, extras: Extras) -> Result<Selection> {
    let mut asked = Asked::new(shared, Feed::Outbox, query, extras);
    loop {
        let (raw, look) = match asked.take_pinned() {
            Some(pinned) => go_on(shared, &mut asked, pinned)?,
            None => look_at_outbox(shared, &mut asked)?,
        };
        if let Some(finished) = finish_pulled(shared, &mut asked, &raw, look)? {
            return Ok(finished);
        }
    }
}

/// The same, if all of it is in memory; looks at no file.
pub(crate) fn resident_outbox(
    shared: &Shared,
    query: &TimelineQuery,
    extras: Extras,
) -> Result<Option<Selection>> {
    let mut asked = Asked::new(shared, Feed::Outbox, query, extras);
    Ok(look_at_outbox(shared, &mut asked)?.1.done())
}

/// A page of the feed of one of the user's groups.
pub(crate) fn group(shared: &Shared, query: &GroupQuery, extras: Extras) -> Result<Selection> {
    let mut asked = Asked::new(shared, Feed::Group, &query.page, extras);
    loop {
        let (raw, look) = match asked.take_pinned() {
            Some(pinned) => go_on(shared, &mut asked, pinned)?,
            None => look_at_group(shared, query, &mut asked)?,
        };
        if let Some(finished) = finish_pulled(shared, &mut asked, &raw, look)? {
            return Ok(finished);
        }
    }
}

/// The same, if all of it is in memory; looks at no file.
pub(crate) fn resident_group(
    shared: &Shared,
    query: &GroupQuery,
    extras: Extras,
) -> Result<Option<Selection>> {
    let mut asked = Asked::new(shared, Feed::Group, &query.page, extras);
    Ok(look_at_group(shared, query, &mut asked)?.1.done())
}

/// Goes on with a page that is merged from outboxes. `None`: look again.
pub(super) fn finish_pulled(
    shared: &Shared,
    asked: &mut Asked<'_>,
    raw: &TimelineQuery,
    look: Look,
) -> Result<Option<Selection>> {
    let Rest { pinned, excerpts, is_idle } = match look {
        Look::Done(selection) => return Ok(Some(selection)),
        Look::Ties(missing) => return asked.ties.read(missing).map(|()| None),
        Look::Posts(rest) => rest,
        // Nobody's inbox is looked at, and nobody's followees.
        Look::Paused | Look::Followees(_) | Look::Pulled(_) => return Ok(None),
    };
    let found = nearest(&excerpts, &pinned.authors, raw)?;
    let then = Then { position: pinned.position, authors: Some(&pinned.authors), is_idle };
    let finished = finish(shared, asked, (&pinned, then), found)?;
    if finished.is_none() && asked.is_under_way() {
        asked.pin(pinned);
    }
    Ok(finished)
}

/// What its reader sees of these entries, counted, after the state was let go. `None`: look again.
pub(super) fn finish(
    shared: &Shared,
    asked: &mut Asked<'_>,
    (pinned, then): (&Pinned, Then<'_>),
    (mut entries, authors): (Vec<Sequence>, Vec<Ordinal>),
) -> Result<Option<Selection>> {
    if !asked.fit_later(shared, then, (&mut entries, &authors))? {
        return Ok(None);
    }
    let mut selection = pinned.selection(None, entries);
    selection.brought_by = asked.take_brought_by();
    count_later(shared, asked, selection)
}

/// Counts a page of an earlier position. `None`: look again.
fn count_later(
    shared: &Shared,
    asked: &mut Asked<'_>,
    selection: Selection,
) -> Result<Option<Selection>> {
    let shown = asked.shown(&selection.entries);
    let counts = counts::as_of(shared, selection.position, shown, asked.extras.counting)?;
    if counts.is_none() {
        asked.note_stale();
    }
    Ok(counts.map(|counts| Selection { counts, ..selection }))
}

/// Goes on with a page after others had their turn.
pub(super) fn go_on(
    shared: &Shared,
    asked: &mut Asked<'_>,
    pinned: Pinned,
) -> Result<(TimelineQuery, Look)> {
    let (raw, look) = pull(&*shared.state()?, pinned, asked)?;
    match look {
        Look::Done(selection) if asked.extras.counting != Counting::No => {
            let counted = count_later(shared, asked, selection)?;
            Ok((raw, counted.map_or(Look::Paused, Look::Done)))
        }
        look => Ok((raw, look)),
    }
}

fn look_at_group(
    shared: &Shared,
    query: &GroupQuery,
    asked: &mut Asked<'_>,
) -> Result<(TimelineQuery, Look)> {
    let now = shared.options.clock.now();
    let state = shared.state()?;
    let authors = groups::authors(&state, query.page.user, &query.name)?;
    state.find(query.page.user).into_iter().for_each(|user| state.activity.touch(user, now));
    pull(&state, Pinned::now(&state, shared.log.segments(), authors), asked)
}

fn look_at_outbox(shared: &Shared, asked: &mut Asked<'_>) -> Result<(TimelineQuery, Look)> {
    let state = shared.state()?;
    let viewer = Viewer::new(&state, asked.query.viewer);
    let author = state.find(asked.query.user).filter(|author| !viewer.is_hidden(*author));
    let authors = author.into_iter().collect();
    pull(&state, Pinned::now(&state, shared.log.segments(), authors), asked)
}

/// A page merged from the outboxes of its authors. Answers what the last look looked for. Of a page of an
/// earlier position it counts nothing.
fn pull(state: &State, pinned: Pinned, asked: &mut Asked<'_>) -> Result<(TimelineQuery, Look)> {
    let Pinned { position, authors, .. } = &pinned;
    let then = Then { position: *position, authors: Some(authors), is_idle: false };
    let is_now = *position == state.position;
    let (raw, look) = loop {
        let raw = asked.raw();
        let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
        let (mut entries, mut by) = nearest(&resident, authors, &raw)?;
        if asked.wants_authors(state) {
            asked.set_authors(Authors::new(authors.clone()));
        }
        if resident.missed.get() && asked.is_stubborn() {
            (entries, by) = nearest(&state.outboxes, authors, &raw)?;
        } else if resident.missed.get() {
            let (excerpts, is_idle) = (excerpts(state, authors, &raw), asked.is_idle(state));
            let pinned = pinned.let_go(state);
            return Ok((raw, Look::Posts(Rest { pinned, excerpts, is_idle })));
        }
        let found = if is_now { Vec::new() } else { entries.clone() };
        let fit = asked.fit(state, *position, (&mut entries, &by))?;
        if !is_now && !asked.is_judged_as(state, then, &found) {
            asked.note_stale();
            return Ok((raw, Look::Paused));
        }
        match fit {
            Fit::Enough => {
                let mut selection = pinned.selection(Some(state), entries);
                if is_now {
                    let shown = asked.shown(&selection.entries);
                    selection.counts = counts::now(state, shown, asked.extras.counting);
                }
                selection.brought_by = asked.take_brought_by();
                return Ok((raw, Look::Done(selection)));
            }
            Fit::Short if asked.is_spent() => break (raw, Look::Paused),
            Fit::Short => {}
            Fit::Unknown => break (raw, Look::Ties(asked.ties.missing(state))),
        }
    };
    if asked.is_under_way() {
        asked.pin(pinned.let_go(state));
    }
    Ok((raw, look))
}

impl Rest {
    /// Of a page of a home.
    pub(super) fn of(
        (state, segments): (&State, Arc<Segments>),
        authors: Vec<Ordinal>,
        query: &TimelineQuery,
    ) -> Self {
        let excerpts = excerpts(state, &authors, query);
        let is_idle = asked::is_idle(state, Feed::Home, query);
        Self { pinned: Pinned::now(state, segments, authors).let_go(state), excerpts, is_idle }
    }

    /// The page's entries, not judged.
    pub(crate) fn entries(&self, query: &TimelineQuery) -> Result<Vec<Sequence>> {
        Ok(nearest(&self.excerpts, &self.pinned.authors, query)?.0)
    }
}

/// Takes along what the page needs of these authors.
pub(crate) fn excerpts(state: &State, authors: &[Ordinal], query: &TimelineQuery) -> Excerpts {
    let mut excerpts = Excerpts::default();
    for author in authors {
        // One more than the page shows tells whether there is more.
        excerpts.take(&state.outboxes, *author, Near::of(query.span), query.limit + 1);
    }
    excerpts
}

pub(super) fn nearest(
    outboxes: &impl Outbox,
    authors: &[Ordinal],
    query: &TimelineQuery,
) -> Result<(Vec<Sequence>, Vec<Ordinal>)> {
    let mut merge = Merge::new(outboxes, query.span, authors.len());
    authors.iter().for_each(|author| merge.add(*author));
    merge.nearest_by(query.limit + 1)
}
