//! Comments on a post, oldest or newest first.
//!
//! Which comments a page has is selected at one position; their texts are fetched afterwards from the log,
//! as it was then.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, Sequence, UserId};
use crate::limits::PAGE_BYTES_MAX;
use crate::log::record::{Effect, Record};
use crate::log::view::Segments;
use crate::query::{Comment, CommentOrder, CommentsPage, CommentsQuery, Counts, PageEnd};
use crate::read::content::Reach;
use crate::read::counts;
use crate::read::feed::check_limit;
use crate::read::lists::{self, Listed, Taken, still_stands};
use crate::read::sight::Sight;
use crate::read::targets::{self, Target, no_target};
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::part::Near;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Which comments, and what is known of each but its text.
#[derive(Debug)]
struct Selection {
    position: Position,
    total: u64,
    comments: Vec<(Sequence, Counts)>,
    end: PageEnd,
    segments: Arc<Segments>,
}

/// A page of comments. Within memory: `None` if that is not enough.
pub(crate) fn comments(
    shared: &Shared,
    query: &CommentsQuery,
    reach: Reach,
) -> Result<Option<CommentsPage>> {
    check_limit(query.limit)?;
    let Some(post) = targets::find(shared, query.post, reach)? else { return Ok(None) };
    let post = post.filter(|post| post.id == post.post).ok_or_else(|| no_target(query.post))?;
    let selection = select(shared, query, &post, reach)?;
    selection.map_or(Ok(None), |selection| fill(selection, query, reach))
}

fn select(
    shared: &Shared,
    query: &CommentsQuery,
    post: &Target,
    reach: Reach,
) -> Result<Option<Selection>> {
    let near = match query.order {
        CommentOrder::OldestFirst => Near::Above(query.cursor.map_or(Sequence(0), Sequence::from)),
        CommentOrder::NewestFirst => {
            Near::Below(query.cursor.map_or(Sequence(u64::MAX), Sequence::from))
        }
    };
    let mut want = query.limit + 1;
    let mut sight = Sight::new(shared, post, query.viewer);
    loop {
        if !sight.is_clear(reach)? {
            return Ok(None);
        }
        let (taken, standing) = {
            let state = shared.state()?;
            if !sight.check(&state)? {
                continue;
            }
            let standing = targets::standing(&state, post)?;
            let lists = lists_of(&state, query);
            let mut page = Filling::new(&state, shared, query);
            let is_whole =
                lists::resident(&state.responses, &lists, near, |listed| Ok(page.add(listed)))?;
            if is_whole && !standing.is_in_files() {
                let stands = standing.resolve()?;
                return if stands { Ok(Some(page.selection)) } else { Err(no_target(post.id)) };
            }
            (Taken::take(&state.responses, &lists, near), standing)
        };
        if reach == Reach::Memory {
            return Ok(None);
        }
        if !standing.resolve()? {
            return Err(no_target(post.id));
        }
        let found = taken.read(want)?;
        let state = shared.state()?;
        if !sight.check(&state)? {
            continue;
        }
        let lists = lists_of(&state, query);
        if !taken.is_current(&state.responses, &lists) {
            continue;
        }
        let mut page = Filling::new(&state, shared, query);
        for listed in &found {
            let stands =
                lists.first().is_some_and(|list| still_stands(&state.responses, *list, listed.1.0));
            if stands && !page.add(*listed) {
                break;
            }
        }
        if page.selection.end == PageEnd::More || found.len() < want {
            return Ok(Some(page.selection));
        }
        // Many of them are hidden from the viewer.
        want *= 4;
    }
}

fn lists_of(state: &State, query: &CommentsQuery) -> Vec<Ordinal> {
    state.responses.comments_of(query.post).into_iter().collect()
}

/// A selection being filled.
struct Filling<'a> {
    state: &'a State,
    viewer: Viewer<'a>,
    /// Whose reactions to the comments are `mine`.
    reader: Option<Ordinal>,
    limit: usize,
    selection: Selection,
}

impl<'a> Filling<'a> {
    fn new(state: &'a State, shared: &Shared, query: &CommentsQuery) -> Self {
        let list = state.responses.comments_of(query.post);
        let total = list.map_or(0, |list| u64::from(state.responses.entries.count(list)));
        let (position, segments) = (state.position, shared.log.segments());
        let (comments, end) = (Vec::new(), PageEnd::End);
        let reader = query.viewer.and_then(|viewer| state.find(viewer));
        Self {
            state,
            viewer: Viewer::new(state, query.viewer),
            reader,
            limit: query.limit,
            selection: Selection { position, total, comments, end, segments },
        }
    }

    /// Adds a comment unless it is hidden; false if the page was full.
    fn add(&mut self, (_, (sequence, author)): Listed) -> bool {
        if self.viewer.is_hidden(Ordinal(author)) {
            return true;
        }
        if self.selection.comments.len() == self.limit {
            self.selection.end = PageEnd::More;
            return false;
        }
        let counts = counts::of(self.state, sequence.into(), self.reader);
        self.selection.comments.push((sequence, counts));
        true
    }
}

/// Fetches the texts and cuts the page to its bytes. `None` if some are not in memory and must not come
/// from elsewhere.
fn fill(selection: Selection, query: &CommentsQuery, reach: Reach) -> Result<Option<CommentsPage>> {
    let Selection { position, total, comments: selected, mut end, segments } = selection;
    let mut comments = Vec::with_capacity(selected.len());
    let mut bytes = 0;
    let last = selected.len().saturating_sub(1);
    for (index, (sequence, counts)) in selected.into_iter().enumerate() {
        let record = match segments.resident(sequence) {
            Some(located) => Some(located.record()?),
            None if reach == Reach::Memory => return Ok(None),
            None => segments.record(sequence)?,
        };
        let comment = record.and_then(|record| as_comment(sequence, record, counts));
        let comment = comment.ok_or_else(|| lost(sequence, query))?;
        bytes += comment.text.len() + comment.mentions.bytes_len();
        comments.push(comment);
        if PAGE_BYTES_MAX <= bytes && index < last {
            end = PageEnd::Bytes;
            break;
        }
    }
    Ok(Some(CommentsPage { position, total, comments, end }))
}

fn as_comment(id: Sequence, record: Record, counts: Counts) -> Option<Comment> {
    let Effect::Response(response) = record.effect else { return None };
    let text = response.text()?.clone();
    let mentions = response.mentions()?.clone();
    let (author, answers): (UserId, _) = (response.user, response.answers());
    Some(Comment { id: id.into(), author, at: record.time, answers, text, mentions, counts })
}

fn lost(sequence: Sequence, query: &CommentsQuery) -> Error {
    let what = format!("the log has no comment on post {} at sequence {sequence}", query.post);
    Error::new(ErrorKind::Corrupt, what)
}
