//! Pages of posts: a home, an outbox, a single post.
//!
//! [`select`] yields ids; the content is fetched afterwards from the log, as it was when the ids were
//! selected: see [`Draft`].

use std::time::{Duration, Instant};

use crate::collapse::{Collapse, Collapsed};
use crate::delivery::home::Steps;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, PostId, UserId};
use crate::limits::LIMIT_MAX;
use crate::query::{
    CountedPage, CountedQuery, Counts, GroupQuery, HomeSteps, Page, Post, Span, TimelineQuery,
};
use crate::read::asked::Extras;
use crate::read::content::{Content, Reach};
use crate::read::counts::{self, Counting};
use crate::read::draft::Draft;
use crate::read::groups::check_owner;
use crate::read::judge::Judge;
use crate::read::parents::conceal;
use crate::read::selection::Selection;
use crate::read::sight::sees;
use crate::read::stands::Stands;
use crate::read::targets::Target;
use crate::read::ties::settled;
use crate::read::{pulled, select};
use crate::shared::{Shared, Tally};

/// The posts of every author the user follows, minus deleted, minus muted. Within memory: `None` if
/// that is not enough.
pub(crate) fn home<'a>(
    shared: &'a Shared,
    query: &TimelineQuery,
    reach: Reach,
) -> Result<Option<Draft<'a>>> {
    let selection = select_home(shared, query, Extras::NONE, reach)?;
    let query = (query, reader_of(query));
    Ok(selection.map(|selection| Draft::new(shared, selection, query, reach)))
}

fn select_home(
    shared: &Shared,
    query: &TimelineQuery,
    extras: Extras,
    reach: Reach,
) -> Result<Option<Selection>> {
    check_limit(query.limit)?;
    match reach {
        Reach::Files => select::home(shared, query, extras, &mut Steps::default()).map(Some),
        Reach::Memory => select::resident_home(shared, query, extras),
    }
}

/// The posts of a group's members. Within memory: `None` if that is not enough.
pub(crate) fn group<'a>(
    shared: &'a Shared,
    query: &GroupQuery,
    reach: Reach,
) -> Result<Option<Draft<'a>>> {
    let selection = select_group(shared, query, Extras::NONE, reach)?;
    let query = (&query.page, reader_of(&query.page));
    Ok(selection.map(|selection| Draft::new(shared, selection, query, reach)))
}

fn select_group(
    shared: &Shared,
    query: &GroupQuery,
    extras: Extras,
    reach: Reach,
) -> Result<Option<Selection>> {
    check_limit(query.page.limit)?;
    check_owner(query.page.user, query.page.viewer)?;
    match reach {
        Reach::Files => pulled::group(shared, query, extras).map(Some),
        Reach::Memory => pulled::resident_group(shared, query, extras),
    }
}

/// A read of a home, and what it did.
pub(crate) fn explain_home(shared: &Shared, query: &TimelineQuery) -> Result<HomeSteps> {
    check_limit(query.limit)?;
    let mut steps = Steps::default();
    let begun = Instant::now();
    let selection = select::home(shared, query, Extras::NONE, &mut steps)?;
    let selected = Instant::now();
    let query = (query, reader_of(query));
    let page = Draft::new(shared, selection, query, Reach::Files).page()?;
    let (position, entries) =
        page.map(|page| (page.position, page.posts.len())).unwrap_or_default();
    Ok(HomeSteps {
        position,
        entries,
        from_inbox: steps.from_inbox,
        inbox_built: steps.built,
        inbox_entries: if steps.from_inbox { steps.inbox_entries.min(entries) } else { 0 },
        authors_pulled: steps.pulled,
        authors_skipped: steps.skipped,
        in_flight: steps.in_flight,
        select_micros: micros(selected.duration_since(begun)),
        content_micros: micros(selected.elapsed()),
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What the user published and did not delete. Within memory: `None` if that is not enough.
pub(crate) fn outbox<'a>(
    shared: &'a Shared,
    query: &TimelineQuery,
    reach: Reach,
) -> Result<Option<Draft<'a>>> {
    let selection = select_outbox(shared, query, Extras::NONE, reach)?;
    let query = (query, query.viewer);
    Ok(selection.map(|selection| Draft::new(shared, selection, query, reach)))
}

fn select_outbox(
    shared: &Shared,
    query: &TimelineQuery,
    extras: Extras,
    reach: Reach,
) -> Result<Option<Selection>> {
    check_limit(query.limit)?;
    match reach {
        Reach::Files => pulled::outbox(shared, query, extras).map(Some),
        Reach::Memory => pulled::resident_outbox(shared, query, extras),
    }
}

/// A page of posts with what they were responded with. Within memory: `None` if that is not enough.
pub(crate) fn counted(
    shared: &Shared,
    query: &CountedQuery,
    reach: Reach,
) -> Result<Option<CountedPage>> {
    let page = page(shared, query, Brings { is_counted: true, ..Brings::default() }, reach)?;
    Ok(page.map(|(page, _)| page))
}

/// What a page brings along beside its posts, and how it is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Brings {
    pub(crate) is_counted: bool,
    pub(crate) collapse: Option<Collapse>,
    /// See [`Extras`].
    pub(crate) is_stubborn: bool,
}

/// The same, or without counts, or collapsed.
pub(crate) fn page(
    shared: &Shared,
    query: &CountedQuery,
    brings: Brings,
    reach: Reach,
) -> Result<Option<(CountedPage, Option<Collapsed>)>> {
    let Brings { is_counted, collapse, is_stubborn } = brings;
    collapse.map_or(Ok(()), |collapse| collapse.check())?;
    let counting = |reader| if is_counted { Counting::For(reader) } else { Counting::No };
    let extras = |reader| Extras { counting: counting(reader), collapse, is_stubborn };
    let (page, reader) = match query {
        CountedQuery::Home(page) => (page, reader_of(page)),
        CountedQuery::Outbox(page) => (page, page.viewer),
        CountedQuery::Group(group) => (&group.page, reader_of(&group.page)),
    };
    let selection = match query {
        CountedQuery::Home(page) => select_home(shared, page, extras(reader), reach)?,
        CountedQuery::Outbox(page) => select_outbox(shared, page, extras(reader), reach)?,
        CountedQuery::Group(group) => select_group(shared, group, extras(reader), reach)?,
    };
    let Some(mut selection) = selection else { return Ok(None) };
    let counts = std::mem::take(&mut selection.counts);
    let brought_by = std::mem::take(&mut selection.brought_by);
    let is_up = matches!(page.span, Span::After(_));
    let draft = Draft::new(shared, selection, (page, reader), reach);
    let Some(page) = draft.page()? else { return Ok(None) };
    let (counts, brought_by) = (of_page(counts, &page, is_up), of_page(brought_by, &page, is_up));
    let top = collapse.map(|collapse| collapse.top_at(page.position));
    let collapsed = top.map(|top| Collapsed { top, brought_by });
    Ok(Some((CountedPage { page, counts }, collapsed)))
}

/// A home or a group is read by its user, unless somebody else is named.
fn reader_of(query: &TimelineQuery) -> Option<UserId> {
    query.viewer.or(Some(query.user))
}

/// What belongs to the posts of a page, of something for each entry that was selected. A page has those nearest
/// to its cursor, which are the last where it goes up.
fn of_page<T>(mut each: Vec<T>, page: &Page, is_up: bool) -> Vec<T> {
    if is_up {
        drop(each.drain(..each.len().saturating_sub(page.posts.len())));
    }
    each.truncate(page.posts.len());
    each
}

/// One post, unless it is deleted or hidden from the viewer. Within memory: `None` if that is not
/// enough.
pub(crate) fn post(
    shared: &Shared,
    id: PostId,
    viewer: Option<UserId>,
    reach: Reach,
) -> Result<Option<(Position, Post)>> {
    let found = counted_post(shared, id, viewer, reach)?;
    Ok(found.map(|(position, post, _)| (position, post)))
}

/// The same, with what it was responded with.
pub(crate) fn counted_post(
    shared: &Shared,
    id: PostId,
    viewer: Option<UserId>,
    reach: Reach,
) -> Result<Option<(Position, Post, Counts)>> {
    let absent = || Error::new(ErrorKind::NotFound, format!("there is no post {id}"));
    let segments = shared.log.segments();
    let Some(post) = Content::new(shared, &segments).post(id.into(), reach)? else {
        return Ok(None);
    };
    let post = post.ok_or_else(absent)?;
    let looked = settled(shared, reach, |state, ties| {
        let author = state.find(post.author).ok_or_else(absent)?;
        let judge = Judge::for_viewer((state, ties), viewer);
        let stands = match sees(judge, &Target::post(id, post.author)) {
            true => Stands::of(&state.outboxes.posts, author, id.into())?,
            false => Stands::Known(false),
        };
        let reader = viewer.and_then(|viewer| state.find(viewer));
        let counts = counts::of(state, id, reader);
        Ok((state.position, stands, counts, state.revisions.of(id), shared.log.segments()))
    })?;
    let Some((position, stands, counts, revised, segments)) = looked else { return Ok(None) };
    Tally::count(&shared.tally.posts_read, 1);
    if reach == Reach::Memory && stands.is_in_files() {
        return Ok(None);
    }
    if !stands.resolve()? {
        return Err(absent());
    }
    let mut post = match revised {
        None => post,
        Some(revised) => match Content::new(shared, &segments).at(revised.at, reach)? {
            None => return Ok(None),
            Some(newest) => newest.ok_or_else(absent)?,
        },
    };
    let is_known = conceal(shared, viewer, post.repost.iter_mut(), reach)?;
    Ok(is_known.then_some((position, post, counts)))
}

/// Refuses limits out of range.
pub(crate) fn check_limit(limit: usize) -> Result<()> {
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid(format!("limit {limit} is out of range; ask for 1 to {LIMIT_MAX} entries")))
}
