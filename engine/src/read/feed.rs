//! Pages of posts: a home, an outbox, a single post.
//!
//! [`select`] yields ids; the content is fetched afterwards from the log, as it was when the ids were
//! selected: see [`Draft`].

use std::time::{Duration, Instant};

use crate::delivery::home::Steps;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, PostId, UserId};
use crate::limits::LIMIT_MAX;
use crate::query::{GroupQuery, HomeSteps, Post, TimelineQuery};
use crate::read::content::{Content, Reach};
use crate::read::draft::Draft;
use crate::read::groups::check_owner;
use crate::read::select;
use crate::read::stands::Stands;
use crate::read::visibility::Viewer;
use crate::shared::{Shared, Tally};

/// The posts of every author the user follows, minus deleted, minus muted. Within memory: `None` if
/// that is not enough.
pub(crate) fn home<'a>(
    shared: &'a Shared,
    query: &TimelineQuery,
    reach: Reach,
) -> Result<Option<Draft<'a>>> {
    check_limit(query.limit)?;
    let selection = match reach {
        Reach::Files => Some(select::home(shared, query, &mut Steps::default())?),
        Reach::Memory => select::resident_home(shared, query)?,
    };
    Ok(selection.map(|selection| Draft::new(shared, selection, query, reach)))
}

/// The posts of a group's members. Within memory: `None` if that is not enough.
pub(crate) fn group<'a>(
    shared: &'a Shared,
    query: &GroupQuery,
    reach: Reach,
) -> Result<Option<Draft<'a>>> {
    check_limit(query.page.limit)?;
    check_owner(query.page.user, query.page.viewer)?;
    let selection = match reach {
        Reach::Files => Some(select::group(shared, query)?),
        Reach::Memory => select::resident_group(shared, query)?,
    };
    let query = &query.page;
    Ok(selection.map(|selection| Draft::new(shared, selection, query, reach)))
}

/// A read of a home, and what it did.
pub(crate) fn explain_home(shared: &Shared, query: &TimelineQuery) -> Result<HomeSteps> {
    check_limit(query.limit)?;
    let mut steps = Steps::default();
    let begun = Instant::now();
    let selection = select::home(shared, query, &mut steps)?;
    let selected = Instant::now();
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
    check_limit(query.limit)?;
    let selection = match reach {
        Reach::Files => Some(select::outbox(shared, query)?),
        Reach::Memory => select::resident_outbox(shared, query)?,
    };
    Ok(selection.map(|selection| Draft::new(shared, selection, query, reach)))
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

/// Refuses limits out of range.
pub(crate) fn check_limit(limit: usize) -> Result<()> {
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid(format!("limit {limit} is out of range; ask for 1 to {LIMIT_MAX} entries")))
}
