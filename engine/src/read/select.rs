//! Which posts a page has: ids only, all as of one position.
//!
//! What is in memory is selected under the state lock. What stands in files is not looked at there:
//! a page fault lasts as long as a disk. An excerpt is taken along instead, and the selection goes
//! on without the lock, still as of the same position.

use std::cell::Cell;
use std::sync::Arc;

use crate::delivery::build::build;
use crate::delivery::home::{Steps, Wanted, page};
use crate::error::Result;
use crate::ids::{Position, Sequence, Timestamp, UserId};
use crate::log::view::Segments;
use crate::query::{GroupQuery, TimelineQuery};
use crate::read::content::Reach;
use crate::read::groups;
use crate::read::merge::Merge;
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::graph::EDGE_WIDTH;
use crate::views::hidden::Hidden;
use crate::views::outbox::{Excerpts, Outbox, Resident};
use crate::views::part::{Excerpt, Near, Part, Stamp};
use crate::views::revisions::RevisedPosts;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The ids of a page, one more than asked for if there is more, at one position.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) position: Position,
    pub(crate) entries: Vec<Sequence>,
    /// Where the contents of the entries are, if any of them was revised; else empty.
    pub(crate) places: Vec<Sequence>,
    /// The log as it was then: what is erased meanwhile can still be fetched.
    pub(crate) segments: Arc<Segments>,
}

/// Where a selection stands after one look at the state.
pub(crate) enum Look {
    Done(Selection),
    /// The followees are in files: read these, then look again.
    Followees(Excerpt<EDGE_WIDTH>, Stamp),
    /// Posts are in files: the merge goes on without the state.
    Posts(Rest),
}

/// What is left to do without the state.
pub(crate) struct Rest {
    position: Position,
    segments: Arc<Segments>,
    authors: Vec<Ordinal>,
    excerpts: Excerpts,
    revised: RevisedPosts,
}

/// Whom a user followed when their edges had that stamp.
pub(crate) struct Followees {
    pub(crate) authors: Vec<u32>,
    stamp: Stamp,
}

/// A page of the user's home. `steps` is told what it took.
pub(crate) fn home(shared: &Shared, query: &TimelineQuery, steps: &mut Steps) -> Result<Selection> {
    let mut known = None;
    loop {
        match look_at_home(shared, query, known.as_ref(), steps, Reach::Files)? {
            Look::Done(selection) => return Ok(selection),
            Look::Followees(excerpt, stamp) => known = Some(Followees::read(&excerpt, stamp)?),
            Look::Posts(rest) => return rest.finish(query),
        }
    }
}

/// The same, if all of it is in memory; looks at no file.
pub(crate) fn resident_home(shared: &Shared, query: &TimelineQuery) -> Result<Option<Selection>> {
    look_at_home(shared, query, None, &mut Steps::default(), Reach::Memory).map(Look::done)
}

/// A page of the user's outbox.
pub(crate) fn outbox(shared: &Shared, query: &TimelineQuery) -> Result<Selection> {
    match look_at_outbox(shared, query)? {
        Ok(selection) => Ok(selection),
        Err(rest) => rest.finish(query),
    }
}

/// The same, if all of it is in memory; looks at no file.
pub(crate) fn resident_outbox(shared: &Shared, query: &TimelineQuery) -> Result<Option<Selection>> {
    Ok(look_at_outbox(shared, query)?.ok())
}

/// A page of the feed of one of the user's groups.
pub(crate) fn group(shared: &Shared, query: &GroupQuery) -> Result<Selection> {
    match look_at_group(shared, query)? {
        Ok(selection) => Ok(selection),
        Err(rest) => rest.finish(&query.page),
    }
}

/// The same, if all of it is in memory; looks at no file.
pub(crate) fn resident_group(shared: &Shared, query: &GroupQuery) -> Result<Option<Selection>> {
    Ok(look_at_group(shared, query)?.ok())
}

/// `known` are the followees, if they had to be read from files; they count only if they are still
/// the same.
fn look_at_home(
    shared: &Shared,
    query: &TimelineQuery,
    known: Option<&Followees>,
    steps: &mut Steps,
    reach: Reach,
) -> Result<Look> {
    let now = shared.options.clock.now();
    let state = shared.state()?;
    let user = state.users.find(query.user);
    user.into_iter().for_each(|user| state.activity.touch(user, now));
    let looked = look(&state, shared.log.segments(), (query, now), known, steps)?;
    let is_answered = match looked {
        Look::Done(_) => true,
        Look::Posts(_) => reach == Reach::Files,
        Look::Followees(..) => false,
    };
    if is_answered {
        user.into_iter().for_each(|user| state.delivery.workload.note_page(user));
    }
    Ok(looked)
}

/// One look at the state.
pub(crate) fn look(
    state: &State,
    segments: Arc<Segments>,
    (query, now): (&TimelineQuery, Timestamp),
    known: Option<&Followees>,
    steps: &mut Steps,
) -> Result<Look> {
    let position = state.position;
    let viewer = Viewer::new(state, query.viewer);
    let user = state.users.find(query.user);
    let Some(user) = user.filter(|user| !viewer.is_hidden(*user)) else {
        return Ok(Look::Done(Selection::of(state, segments, Vec::new())));
    };
    let known = known.filter(|known| known.stamp == state.graph.following.stamp(user));
    let reader = Reader { state, viewer, user, known, now };
    if let Some(entries) = reader.inbox_page(query, steps)? {
        return Ok(Look::Done(Selection::of(state, segments, entries)));
    }
    if !reader.knows_followees() {
        let edges = &state.graph.following;
        let all = edges.excerpt(user, Near::Below(Sequence(u64::MAX)), usize::MAX);
        return Ok(Look::Followees(all, edges.stamp(user)));
    }
    steps.pulled = reader.followees();
    let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
    let mut merge = Merge::new(&resident, query.span, reader.followees());
    reader.each_author(|author| merge.add(author))?;
    let entries = merge.nearest(query.limit + 1)?;
    if !resident.missed.get() {
        return Ok(Look::Done(Selection::of(state, segments, entries)));
    }
    let mut authors = Vec::with_capacity(reader.followees());
    reader.each_author(|author| authors.push(author))?;
    let excerpts = excerpts(state, &authors, query);
    let revised = state.revisions.posts().clone();
    Ok(Look::Posts(Rest { position, segments, authors, excerpts, revised }))
}

/// The selection, or what is left to do for it.
type Looked = std::result::Result<Selection, Rest>;

fn look_at_group(shared: &Shared, query: &GroupQuery) -> Result<Looked> {
    let now = shared.options.clock.now();
    let state = shared.state()?;
    let authors = groups::authors(&state, query.page.user, &query.name)?;
    state.users.find(query.page.user).into_iter().for_each(|user| state.activity.touch(user, now));
    pull(&state, shared.log.segments(), authors, &query.page)
}

fn look_at_outbox(shared: &Shared, query: &TimelineQuery) -> Result<Looked> {
    let state = shared.state()?;
    let viewer = Viewer::new(&state, query.viewer);
    let author = state.users.find(query.user).filter(|author| !viewer.is_hidden(*author));
    pull(&state, shared.log.segments(), author.into_iter().collect(), query)
}

/// A page merged from the outboxes of these authors.
fn pull(
    state: &State,
    segments: Arc<Segments>,
    authors: Vec<Ordinal>,
    query: &TimelineQuery,
) -> Result<Looked> {
    let position = state.position;
    let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
    let entries = nearest(&resident, &authors, query)?;
    if resident.missed.get() {
        let excerpts = excerpts(state, &authors, query);
        let revised = state.revisions.posts().clone();
        return Ok(Err(Rest { position, segments, authors, excerpts, revised }));
    }
    Ok(Ok(Selection::of(state, segments, entries)))
}

/// Somebody whose home is read.
struct Reader<'a> {
    state: &'a State,
    viewer: Viewer<'a>,
    user: Ordinal,
    known: Option<&'a Followees>,
    now: Timestamp,
}

impl Reader<'_> {
    fn followees(&self) -> usize {
        self.state.graph.following.count(self.user) as usize
    }

    fn following(&self) -> Part<'_, EDGE_WIDTH> {
        self.state.graph.following.part(self.user)
    }

    fn knows_followees(&self) -> bool {
        self.known.is_some() || self.following().files.is_empty()
    }

    /// The page as far as delivery has it; `None` if it has to be merged from outboxes. A reader without
    /// an inbox gets one, for this page and the next ones.
    fn inbox_page(
        &self,
        query: &TimelineQuery,
        steps: &mut Steps,
    ) -> Result<Option<Vec<Sequence>>> {
        let delivery = &self.state.delivery;
        if !delivery.is_on() || !self.viewer.sees_home_of(self.user) {
            return Ok(None);
        }
        let wants = delivery.wants_inbox(self.user, self.now);
        let needs_followees = wants.is_some() || delivery.is_flying();
        if needs_followees && !self.knows_followees() {
            return Ok(None);
        }
        // Before the inbox is looked at: what lands in between is in both, what took off is in neither.
        let flights = delivery.flights_of(|each| self.each_author(each), steps)?;
        if let Some(plan) = wants {
            let mut authors = Vec::with_capacity(self.followees());
            self.each_author(|author| authors.push(author))?;
            build(self.state, plan, &authors)?;
            steps.built = true;
        }
        let (reader, now) = (self.user, self.now);
        let wanted = Wanted { reader, span: query.span, count: query.limit + 1, now };
        page(self.state, wanted, &flights, steps)
    }

    /// Hands out the authors whose posts are in the home.
    fn each_author(&self, mut each: impl FnMut(Ordinal)) -> Result<()> {
        let hidden = Hidden::of(self.state);
        let hides_any = hidden.has_any(self.user);
        let mut judge = |author| {
            let author = Ordinal(author);
            let is_hidden = hides_any && hidden.contains(self.user, author);
            if !is_hidden && !self.viewer.is_hidden(author) {
                each(author);
            }
        };
        match self.known {
            Some(known) => known.authors.iter().for_each(|author| judge(*author)),
            None => self.following().each_payload(judge)?,
        }
        Ok(())
    }
}

impl Followees {
    /// Whether they are whom the user follows now.
    pub(crate) fn are_of(&self, state: &State, user: UserId) -> bool {
        let user = state.users.find(user);
        user.is_some_and(|user| self.stamp == state.graph.following.stamp(user))
    }

    pub(crate) fn read(excerpt: &Excerpt<EDGE_WIDTH>, stamp: Stamp) -> Result<Self> {
        let mut authors = Vec::with_capacity(stamp.count as usize);
        excerpt.part().each_payload(|author| authors.push(author))?;
        Ok(Self { authors, stamp })
    }
}

impl Selection {
    fn of(state: &State, segments: Arc<Segments>, entries: Vec<Sequence>) -> Self {
        let places = state.revisions.posts().places(&entries);
        Self { position: state.position, entries, places, segments }
    }
}

impl Look {
    fn done(self) -> Option<Selection> {
        match self {
            Self::Done(selection) => Some(selection),
            Self::Followees(..) | Self::Posts(_) => None,
        }
    }
}

impl Rest {
    pub(crate) fn finish(self, query: &TimelineQuery) -> Result<Selection> {
        let entries = nearest(&self.excerpts, &self.authors, query)?;
        let places = self.revised.places(&entries);
        Ok(Selection { position: self.position, entries, places, segments: self.segments })
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

fn nearest(
    outboxes: &impl Outbox,
    authors: &[Ordinal],
    query: &TimelineQuery,
) -> Result<Vec<Sequence>> {
    let mut merge = Merge::new(outboxes, query.span, authors.len());
    authors.iter().for_each(|author| merge.add(*author));
    merge.nearest(query.limit + 1)
}
