//! Which posts a page has: ids only, all as of one position.
//!
//! What is in memory is selected under the state lock. What stands in files is not looked at there:
//! a page fault lasts as long as a disk. An excerpt is taken along instead, and the selection goes
//! on without the lock, still as of the same position.

use std::cell::Cell;
use std::sync::Arc;

use crate::delivery::build::build;
use crate::delivery::home::{Inboxed, Steps, Taken, Wanted, page};
use crate::error::Result;
use crate::ids::{Sequence, Timestamp};
use crate::log::view::Segments;
use crate::query::TimelineQuery;
use crate::read::asked::{self, Asked, Extras, Fit};
use crate::read::authors::Gathered;
use crate::read::collapse;
use crate::read::content::Reach;
use crate::read::counts;
use crate::read::followees::{Followees, InFiles};
use crate::read::judge::{Feed, is_left_out, may_be_left_out, may_have_left_out, may_leave_out};
use crate::read::merge::Merge;
use crate::read::pinned::Pinned;
use crate::read::pulled::{Rest, finish, finish_pulled, go_on, nearest};
use crate::read::selection::Selection;
use crate::read::then::Then;
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::graph::EDGE_WIDTH;
use crate::views::hidden::Hidden;
use crate::views::outbox::Resident;
use crate::views::part::Part;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Where a selection stands after one look at the state.
pub(crate) enum Look {
    Done(Selection),
    /// The followees are in files: read these, then look again.
    Followees(InFiles),
    /// Whom others follow is, as far as the judge asks for it: the same.
    Ties(Vec<InFiles>),
    /// It is others' turn at the state: look again.
    Paused,
    /// Posts are in files: the merge goes on without the state.
    Posts(Rest),
    /// Those of authors who are pulled beside an inbox are.
    Pulled(Beside),
}

/// An inbox's part of a page, and what is left to do for the rest.
pub(crate) struct Beside {
    taken: Taken,
    wanted: Wanted,
    rest: Rest,
}

/// What earlier looks at the same page have found.
#[derive(Clone, Copy, Default)]
pub(crate) struct Known<'a> {
    /// The followees, if they had to be read from files; they count only if they are still the same.
    pub(crate) followees: Option<&'a Followees>,
    /// The page reaches below the inbox.
    pub(crate) is_below_inbox: bool,
    /// What is in files was read a moment ago, and is looked at whatever that takes.
    pub(crate) is_stubborn: bool,
}

/// A page of the user's home. `steps` is told what it took.
pub(crate) fn home(
    shared: &Shared,
    query: &TimelineQuery,
    extras: Extras,
    steps: &mut Steps,
) -> Result<Selection> {
    let (mut followees, mut is_below_inbox) = (None, false);
    let mut asked = Asked::new(shared, Feed::Home, query, extras);
    loop {
        let (raw, look) = match asked.take_pinned() {
            Some(pinned) => {
                steps.pulled = pinned.authors.len();
                go_on(shared, &mut asked, pinned)?
            }
            None => {
                let is_stubborn = asked.is_stubborn();
                let known = Known { followees: followees.as_ref(), is_below_inbox, is_stubborn };
                look_at_home(shared, &mut asked, known, steps, Reach::Files)?
            }
        };
        let finished = match look {
            Look::Followees(in_files) => {
                followees = Some(in_files.read()?);
                None
            }
            Look::Pulled(beside) => {
                let finished = beside.finish(&raw, steps)?;
                is_below_inbox = finished.is_none();
                let finished = finished.map(|(pinned, entries, is_idle)| {
                    let then = Then { position: pinned.position, authors: None, is_idle };
                    finish(shared, &mut asked, (&pinned, then), (entries, Vec::new()))
                });
                let finished = finished.transpose()?.flatten();
                if finished.is_none() && !asked.is_pinned() {
                    is_below_inbox |= asked.is_past_inboxes();
                    asked.begin_anew();
                }
                finished
            }
            look => finish_pulled(shared, &mut asked, &raw, look)?,
        };
        if let Some(finished) = finished {
            return Ok(finished);
        }
    }
}

/// The same, if all of it is in memory; looks at no file.
pub(crate) fn resident_home(
    shared: &Shared,
    query: &TimelineQuery,
    extras: Extras,
) -> Result<Option<Selection>> {
    let known = Known::default();
    let mut asked = Asked::new(shared, Feed::Home, query, extras);
    look_at_home(shared, &mut asked, known, &mut Steps::default(), Reach::Memory)
        .map(|(_, look)| look.done())
}

/// Looks until the page is full as its reader sees it, under one hold of the state. Answers what the last
/// look looked for.
fn look_at_home(
    shared: &Shared,
    asked: &mut Asked<'_>,
    known: Known<'_>,
    steps: &mut Steps,
    reach: Reach,
) -> Result<(TimelineQuery, Look)> {
    let now = shared.options.clock.now();
    let state = shared.state()?;
    let user = state.find(asked.query.user);
    user.into_iter().for_each(|user| state.activity.touch(user, now));
    let (raw, mut looked) = loop {
        let raw = asked.raw();
        let mut looked = look(&state, shared.log.segments(), (&raw, now), known, steps)?;
        if looked.wants_authors(&state, asked) {
            match Gathered::of_home(&state, asked.query, known.followees, now)? {
                Gathered::Authors(authors) => asked.set_authors(authors),
                Gathered::Unread(in_files) => break (raw, Look::Followees(in_files)),
            }
        }
        if let Look::Done(selection) = &mut looked {
            let found = (&mut selection.entries, selection.authors.as_slice());
            match asked.fit(&state, selection.position, found)? {
                Fit::Enough => {
                    selection.places = state.revisions.posts().places(&selection.entries);
                    let shown = asked.shown(&selection.entries);
                    selection.counts = counts::now(&state, shown, asked.extras.counting);
                    selection.brought_by = asked.take_brought_by();
                }
                Fit::Short if asked.is_spent() => looked = Look::Paused,
                Fit::Short => continue,
                Fit::Unknown => looked = Look::Ties(asked.ties.missing(&state)),
            }
        }
        break (raw, looked);
    };
    let is_cut = asked.is_under_way() && !matches!(looked, Look::Done(_) | Look::Posts(_));
    if is_cut && reach == Reach::Files {
        // What is left of it is merged from the outboxes of these.
        match Gathered::of_home(&state, asked.query, known.followees, now)? {
            Gathered::Authors(authors) => {
                let pinned = Pinned::now(&state, shared.log.segments(), authors.into_all());
                asked.pin(pinned.let_go(&state));
            }
            Gathered::Unread(in_files) => {
                asked.begin_anew();
                looked = Look::Followees(in_files);
            }
        }
    }
    // A page that reaches below the inbox was counted by the look that found that out.
    let is_answered = !known.is_below_inbox
        && match looked {
            Look::Done(_) => true,
            Look::Paused | Look::Posts(_) | Look::Pulled(_) => reach == Reach::Files,
            Look::Followees(_) | Look::Ties(_) => false,
        };
    if is_answered {
        user.into_iter().for_each(|user| state.delivery.workload.note_page(user));
    }
    Ok((raw, looked))
}

/// One look at the state.
pub(crate) fn look(
    state: &State,
    segments: Arc<Segments>,
    (query, now): (&TimelineQuery, Timestamp),
    known: Known<'_>,
    steps: &mut Steps,
) -> Result<Look> {
    let position = state.position;
    let viewer = Viewer::new(state, query.viewer);
    let user = state.find(query.user);
    let Some(user) = user.filter(|user| !viewer.is_hidden(*user)) else {
        return Ok(Look::Done(Selection::bare(position, segments, Vec::new())));
    };
    let reader = Reader::new(state, viewer, user, known.followees, now);
    let wanted = Wanted { reader: user, span: query.span, count: query.limit + 1, now };
    let is_pulled = known.is_below_inbox || known.is_stubborn;
    let inboxed = if is_pulled { Inboxed::No } else { reader.inboxed(wanted, steps)? };
    match inboxed {
        Inboxed::Page(entries) => {
            return Ok(Look::Done(Selection::bare(position, segments, entries)));
        }
        Inboxed::Files(taken, authors) => {
            let rest = Rest::of((state, segments), authors, query);
            return Ok(Look::Pulled(Beside { taken, wanted, rest }));
        }
        Inboxed::No => {}
    }
    if let Some(in_files) = reader.unread_followees() {
        return Ok(Look::Followees(in_files));
    }
    steps.pulled = reader.followees();
    let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
    let mut merge = Merge::new(&resident, query.span, reader.followees());
    reader.each_author(|author| merge.add(author))?;
    let (entries, authors) = match asked::asks_author(state, Feed::Home, query) {
        true => merge.nearest_by(query.limit + 1)?,
        false => (merge.nearest(query.limit + 1)?, Vec::new()),
    };
    if !resident.missed.get() {
        let selection = Selection::bare(position, segments, entries);
        return Ok(Look::Done(Selection { authors, ..selection }));
    }
    let mut authors = Vec::with_capacity(reader.followees());
    reader.each_author(|author| authors.push(author))?;
    if known.is_stubborn {
        let (entries, authors) = nearest(&state.outboxes, &authors, query)?;
        let selection = Selection::bare(position, segments, entries);
        return Ok(Look::Done(Selection { authors, ..selection }));
    }
    Ok(Look::Posts(Rest::of((state, segments), authors, query)))
}

/// Somebody whose home is read.
pub(super) struct Reader<'a> {
    state: &'a State,
    viewer: Viewer<'a>,
    user: Ordinal,
    known: Option<&'a Followees>,
    now: Timestamp,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        state: &'a State,
        viewer: Viewer<'a>,
        user: Ordinal,
        known: Option<&'a Followees>,
        now: Timestamp,
    ) -> Self {
        let edges = &state.graph.following;
        let known = known.filter(|known| known.are_of(edges, user));
        Self { state, viewer, user, known, now }
    }

    /// Whether a replay shows: they are for everybody, so only moderators keep one from somebody.
    pub(super) fn sees_replay(&self, replay: Sequence) -> bool {
        let hidden = self.state.moderation.hidden(replay.into());
        hidden.is_none_or(|hidden| hidden.owner == self.user) && !self.viewer.misses(replay.into())
    }

    /// What to read of the followees if they are in files, and are not known yet.
    pub(super) fn unread_followees(&self) -> Option<InFiles> {
        if self.knows_followees() {
            return None;
        }
        Some(InFiles::of(&self.state.graph.following, self.user))
    }

    pub(super) fn followees(&self) -> usize {
        self.state.graph.following.count(self.user) as usize
    }

    fn following(&self) -> Part<'_, EDGE_WIDTH> {
        self.state.graph.following.part(self.user)
    }

    fn knows_followees(&self) -> bool {
        self.known.is_some() || self.following().files.is_empty()
    }

    /// The page as far as delivery has it. A reader without an inbox gets one, for this page and the next
    /// ones.
    fn inboxed(&self, wanted: Wanted, steps: &mut Steps) -> Result<Inboxed> {
        let delivery = &self.state.delivery;
        if !delivery.is_on() || !self.viewer.sees_home_of(self.user) {
            return Ok(Inboxed::No);
        }
        let wants = delivery.wants_inbox(self.user, self.now);
        // Whether to look for them in the page, or, where they are many, among the followees.
        let left_out = may_be_left_out(self.state);
        let is_walk = self.followees() < left_out || wants.is_some() && left_out != 0;
        let needs_followees = wants.is_some() || delivery.is_flying() || is_walk;
        if needs_followees && !self.knows_followees() {
            return Ok(Inboxed::No);
        }
        if is_walk && self.leaves_out_any()? {
            return Ok(Inboxed::No);
        }
        // Before the inbox is looked at: what lands in between is in both, what took off is in neither.
        let flights = delivery.flights_of(|each| self.each_author(each), steps)?;
        if let Some(plan) = wants {
            let mut authors = Vec::with_capacity(self.followees());
            self.each_author(|author| authors.push(author))?;
            build(self.state, plan, &authors)?;
            steps.built = true;
        }
        let before = *steps;
        let inboxed = page(self.state, wanted, flights, steps)?;
        // The inbox has posts of whoever is suspended, for when they are not any more.
        if !is_walk && left_out != 0 && may_have_left_out(self.state, self.user, inboxed.known())? {
            *steps = before;
            return Ok(Inboxed::No);
        }
        Ok(inboxed)
    }

    /// Whether some followee's posts are left out of the home for now.
    fn leaves_out_any(&self) -> Result<bool> {
        let mut leaves_out = false;
        let mut judge = |author| leaves_out |= is_left_out(self.state, self.user, author);
        match self.known {
            Some(known) => known.authors().for_each(judge),
            None => self.following().each_payload(|author| judge(Ordinal(author)))?,
        }
        Ok(leaves_out)
    }

    /// Hands out the authors whose posts are in the home.
    pub(super) fn each_author(&self, each: impl FnMut(Ordinal)) -> Result<()> {
        self.each_author_of(|_| true, each)
    }

    /// Of the authors whose posts are in the home, hands out those that count.
    pub(super) fn each_author_of(
        &self,
        counts: impl Fn(Ordinal) -> bool,
        mut each: impl FnMut(Ordinal),
    ) -> Result<()> {
        let hidden = Hidden::of(self.state);
        let hides_any = hidden.has_any(self.user);
        let may_leave_out = may_leave_out(self.state);
        let mut judge = |author| {
            if !counts(author) {
                return;
            }
            let is_hidden = hides_any && hidden.contains(self.user, author)
                || may_leave_out && is_left_out(self.state, self.user, author);
            if !is_hidden && !self.viewer.is_hidden(author) {
                each(author);
            }
        };
        match self.known {
            Some(known) => known.authors().for_each(judge),
            None => self.following().each_payload(|author| judge(Ordinal(author)))?,
        }
        Ok(())
    }
}

impl Look {
    /// Whether it has to be known of whom the home is made before the page is.
    fn wants_authors(&self, state: &State, asked: &Asked<'_>) -> bool {
        asked.wants_authors(state)
            && match self {
                Self::Done(selection) => collapse::concerns_any(state, &selection.entries),
                Self::Followees(_) | Self::Ties(_) | Self::Paused => false,
                Self::Posts(_) | Self::Pulled(_) => true,
            }
    }

    pub(super) fn done(self) -> Option<Selection> {
        match self {
            Self::Done(selection) => Some(selection),
            Self::Followees(_)
            | Self::Ties(_)
            | Self::Paused
            | Self::Posts(_)
            | Self::Pulled(_) => None,
        }
    }
}

impl Beside {
    /// The page's entries, not judged, and whether there is nothing to judge; `None` if the page reaches below the
    /// inbox.
    pub(crate) fn finish(
        self,
        query: &TimelineQuery,
        steps: &mut Steps,
    ) -> Result<Option<(Pinned, Vec<Sequence>, bool)>> {
        let Self { mut taken, wanted, rest } = self;
        let entries = taken.page(rest.entries(query)?, wanted, steps);
        let Rest { pinned, is_idle, .. } = rest;
        Ok(entries.map(|entries| (pinned, entries, is_idle)))
    }
}
