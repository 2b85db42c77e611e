//! Pages of posts: a home, an outbox, a single post.
//!
//! Selection happens under the state lock and yields ids; the content is fetched afterwards from
//! the log, which never changes what it once held.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, PostId, Sequence, UserId};
use crate::limits::{LIMIT_MAX, PAGE_BYTES_MAX};
use crate::log::located::Located;
use crate::log::record::{Effect, Record};
use crate::query::{Page, PageEnd, Post, Span, TimelineQuery};
use crate::read::merge::Merge;
use crate::read::visibility::Viewer;
use crate::shared::{Shared, Tally};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The ids of a page, one more than asked for if there is more, at one position.
struct Selection {
    position: Position,
    entries: Vec<Sequence>,
}

/// The posts of every author the user follows, minus deleted, minus muted.
pub(crate) fn home(shared: &Shared, query: &TimelineQuery) -> Result<Page> {
    check_limit(query.limit)?;
    let now = shared.options.clock.now();
    let selection = {
        let state = shared.state()?;
        let entries = match state.users.find(query.user) {
            Some(user) => {
                state.activity.touch(user, now);
                select_home(&state, user, query)?
            }
            None => Vec::new(),
        };
        Selection { position: state.position, entries }
    };
    fill(shared, selection, query)
}

fn select_home(state: &State, user: Ordinal, query: &TimelineQuery) -> Result<Vec<Sequence>> {
    let viewer = Viewer::new(state, query.viewer);
    if viewer.is_hidden(user) {
        return Ok(Vec::new());
    }
    let (following, mutes) = (&state.graph.following, &state.graph.mutes);
    let has_mutes = mutes.lists.count(user) != 0;
    let mut merge = Merge::new(&state.outboxes, query.span, following.count(user) as usize);
    following.each_payload(user, |author| {
        let author = Ordinal(author);
        let is_muted = has_mutes && mutes.contains(user, author);
        if !is_muted && !viewer.is_hidden(author) {
            merge.add(author);
        }
    })?;
    merge.nearest(query.limit + 1)
}

/// What the user published and did not delete.
pub(crate) fn outbox(shared: &Shared, query: &TimelineQuery) -> Result<Page> {
    check_limit(query.limit)?;
    let selection = {
        let state = shared.state()?;
        let viewer = Viewer::new(&state, query.viewer);
        let author = state.users.find(query.user).filter(|author| !viewer.is_hidden(*author));
        let mut merge = Merge::new(&state.outboxes, query.span, 1);
        author.into_iter().for_each(|author| merge.add(author));
        let entries = merge.nearest(query.limit + 1)?;
        Selection { position: state.position, entries }
    };
    fill(shared, selection, query)
}

/// One post, unless it is deleted or hidden from the viewer.
pub(crate) fn post(
    shared: &Shared,
    id: PostId,
    viewer: Option<UserId>,
) -> Result<(Position, Post)> {
    let absent = || Error::new(ErrorKind::NotFound, format!("there is no post {id}"));
    let record = shared.log.segments().record(id.into())?.ok_or_else(absent)?;
    let post = as_post(id.into(), record).ok_or_else(absent)?;
    let state = shared.state()?;
    let author = state.users.find(post.author).ok_or_else(absent)?;
    let visible = state.outboxes.posts.contains(author, id.into())?
        && !Viewer::new(&state, viewer).is_hidden(author);
    Tally::count(&shared.tally.posts_read, 1);
    if visible { Ok((state.position, post)) } else { Err(absent()) }
}

/// Fetches the content of a selection and cuts it to a page.
fn fill(shared: &Shared, selection: Selection, query: &TimelineQuery) -> Result<Page> {
    let Selection { position, mut entries } = selection;
    let is_up = matches!(query.span, Span::After(_));
    let mut end = if query.limit < entries.len() { PageEnd::More } else { PageEnd::End };
    if is_up {
        // Nearest to the cursor first, so that a cut leaves no gap next to it.
        entries.reverse();
    }
    entries.truncate(query.limit);
    let segments = shared.log.segments();
    let located: Vec<_> = entries.iter().map(|sequence| segments.locate(*sequence)).collect();
    located.iter().flatten().for_each(Located::touch);
    let mut posts = Vec::with_capacity(entries.len());
    let mut bytes = 0;
    for (index, (sequence, located)) in entries.iter().zip(located).enumerate() {
        let post = fetch(*sequence, located)?;
        bytes += post.text.len() + post.meta.len();
        posts.push(post);
        let is_last = index + 1 == entries.len() && end == PageEnd::End;
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
    Ok(Page { position, posts, end })
}

/// A post that a view names, so the log must have it.
fn fetch(sequence: Sequence, located: Option<Located<'_>>) -> Result<Post> {
    let record = located.map(|located| located.record()).transpose()?;
    record.and_then(|record| as_post(sequence, record)).ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("the log has no post at sequence {sequence}"))
    })
}

/// The post in a record; `None` if the record is something else.
pub(crate) fn as_post(sequence: Sequence, record: Record) -> Option<Post> {
    let Effect::Publish(content) = record.effect else { return None };
    Some(Post {
        id: sequence.into(),
        author: content.author,
        at: content.created_at.unwrap_or(record.time),
        committed_at: record.time,
        kind: content.kind,
        text: content.text,
        meta: content.meta,
    })
}

/// Refuses limits out of range.
pub(crate) fn check_limit(limit: usize) -> Result<()> {
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid(format!("limit {limit} is out of range; ask for 1 to {LIMIT_MAX} entries")))
}
