//! Pages of posts: a home, an outbox, a single post.
//!
//! [`select`] yields ids; the content is fetched afterwards from the log, as it was when the ids were
//! selected.

use std::time::{Duration, Instant};

use crate::delivery::home::Steps;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, PostId, UserId};
use crate::limits::{LIMIT_MAX, PAGE_BYTES_MAX};
use crate::query::{GroupQuery, HomeSteps, Page, PageEnd, Post, Span, TimelineQuery};
use crate::read::content::{Content, Reach};
use crate::read::groups::check_owner;
use crate::read::select::{self, Selection};
use crate::read::stands::Stands;
use crate::read::visibility::Viewer;
use crate::shared::{Shared, Tally};

/// The posts of every author the user follows, minus deleted, minus muted. Within memory: `None` if
/// that is not enough.
pub(crate) fn home(shared: &Shared, query: &TimelineQuery, reach: Reach) -> Result<Option<Page>> {
    check_limit(query.limit)?;
    let selection = match reach {
        Reach::Files => Some(select::home(shared, query, &mut Steps::default())?),
        Reach::Memory => select::resident_home(shared, query)?,
    };
    selection.map_or(Ok(None), |selection| fill(shared, selection, query, reach))
}

/// The posts of a group's members. Within memory: `None` if that is not enough.
pub(crate) fn group(shared: &Shared, query: &GroupQuery, reach: Reach) -> Result<Option<Page>> {
    check_limit(query.page.limit)?;
    check_owner(query.page.user, query.page.viewer)?;
    let selection = match reach {
        Reach::Files => Some(select::group(shared, query)?),
        Reach::Memory => select::resident_group(shared, query)?,
    };
    selection.map_or(Ok(None), |selection| fill(shared, selection, &query.page, reach))
}

/// A read of a home, and what it did.
pub(crate) fn explain_home(shared: &Shared, query: &TimelineQuery) -> Result<HomeSteps> {
    check_limit(query.limit)?;
    let mut steps = Steps::default();
    let begun = Instant::now();
    let selection = select::home(shared, query, &mut steps)?;
    let selected = Instant::now();
    let page = fill(shared, selection, query, Reach::Files)?;
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
pub(crate) fn outbox(shared: &Shared, query: &TimelineQuery, reach: Reach) -> Result<Option<Page>> {
    check_limit(query.limit)?;
    let selection = match reach {
        Reach::Files => Some(select::outbox(shared, query)?),
        Reach::Memory => select::resident_outbox(shared, query)?,
    };
    selection.map_or(Ok(None), |selection| fill(shared, selection, query, reach))
}

/// One post, unless it is deleted or hidden from the viewer. Within memory: `None` if that is not
/// enough.
pub(crate) fn post(
    shared: &Shared,
    id: PostId,
    viewer: Option<UserId>,
    reach: Reach,
) -> Result<Option<(Position, Post)>> {
    let absent = || Error::new(ErrorKind::NotFound, format!("there is no post {id}"));
    let segments = shared.log.segments();
    let Some(post) = Content::new(shared, &segments).post(id.into(), reach)? else {
        return Ok(None);
    };
    let post = post.ok_or_else(absent)?;
    let (position, stands, revised, segments) = {
        let state = shared.state()?;
        let author = state.users.find(post.author).ok_or_else(absent)?;
        let is_hidden = Viewer::new(&state, viewer).is_hidden(author);
        let stands = Stands::of(&state.outboxes.posts, author, id.into())?;
        let stands = if is_hidden { Stands::Known(false) } else { stands };
        (state.position, stands, state.revisions.of(id), shared.log.segments())
    };
    Tally::count(&shared.tally.posts_read, 1);
    if reach == Reach::Memory && stands.is_in_files() {
        return Ok(None);
    }
    if !stands.resolve()? {
        return Err(absent());
    }
    let Some(revised) = revised else { return Ok(Some((position, post))) };
    let newest = Content::new(shared, &segments).at(revised.at, reach)?;
    newest.map(|post| Ok((position, post.ok_or_else(absent)?))).transpose()
}

/// Fetches the content of a selection and cuts it to a page. `None` if some of it is not in memory
/// and must not come from elsewhere.
fn fill(
    shared: &Shared,
    selection: Selection,
    query: &TimelineQuery,
    reach: Reach,
) -> Result<Option<Page>> {
    let Selection { position, mut entries, mut places, segments } = selection;
    let is_up = matches!(query.span, Span::After(_));
    let mut end = if query.limit < entries.len() { PageEnd::More } else { PageEnd::End };
    if is_up {
        // Nearest to the cursor first, so that a cut leaves no gap next to it.
        entries.reverse();
        places.reverse();
    }
    entries.truncate(query.limit);
    places.truncate(query.limit);
    if !places.is_empty() {
        entries = places;
    }
    let content = Content::new(shared, &segments);
    let Some(found) = content.find(&entries, reach) else { return Ok(None) };
    let mut posts = Vec::with_capacity(entries.len());
    let mut bytes = 0;
    for (index, (sequence, found)) in entries.iter().zip(found).enumerate() {
        let post = content.fetch(*sequence, found)?;
        bytes += post.text.len() + post.meta.len();
        posts.push(post);
        // A page that is full when its bytes are is full: it has what was asked for.
        let is_last = index + 1 == entries.len();
        if PAGE_BYTES_MAX <= bytes && !is_last {
            end = PageEnd::Bytes;
            break;
        }
    }
    if is_up {
        posts.reverse();
    }
    Tally::count(&shared.tally.pages, 1);
    Tally::count(&shared.tally.posts_read, posts.len() as u64);
    Ok(Some(Page { position, posts, end }))
}

/// Refuses limits out of range.
pub(crate) fn check_limit(limit: usize) -> Result<()> {
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid(format!("limit {limit} is out of range; ask for 1 to {LIMIT_MAX} entries")))
}
