//! A page with all that may be asked for beside it: what its posts were responded with, what its reposts
//! refer to, and by which groups they came, as of the page's own position.
//!
//! Originals are found after the page: since when a root is gone stands in memory as long as the database
//! is open, so that it can be told of any position that was read before.

use std::sync::Arc;

use crate::error::Result;
use crate::ids::{Position, PostId, Sequence, UserId};
use crate::limits::PAGE_BYTES_MAX;
use crate::log::view::Segments;
use crate::query::{CountedPage, CountedQuery, Counts, Page, PageEnd, Post, Span};
use crate::read::came_by;
use crate::read::content::{Content, Reach};
use crate::read::counts::{self, Counting};
use crate::read::feed;
use crate::repost::{CameBy, Original, OriginalsPage, OriginalsQuery, Repost};
use crate::shared::Shared;

/// A page with its originals. Within memory: `None` if that is not enough.
pub(crate) fn page(
    shared: &Shared,
    query: &OriginalsQuery,
    reach: Reach,
) -> Result<Option<OriginalsPage>> {
    loop {
        let counted = feed::maybe_counted(shared, &query.of, query.counts, reach)?;
        let Some(CountedPage { page, counts }) = counted else { return Ok(None) };
        let found = if query.originals { find(shared, &page, reach)? } else { NONE };
        let found = match found {
            Originals::Found(found) => found,
            Originals::OutOfReach => return Ok(None),
            // One was deleted or revised since the page was read: another page tells of that.
            Originals::Changed => continue,
        };
        let (original_counts, came_by) = (Vec::new(), CameBy::default());
        let mut answer = OriginalsPage { page, counts, originals: found, original_counts, came_by };
        answer.cut(&query.of);
        let is_counted = !query.counts || answer.count(shared, &query.of)?;
        if is_counted && (!query.groups || answer.find_groups(shared, &query.of)?) {
            return Ok(Some(answer));
        }
    }
}

/// Nobody asked for any.
const NONE: Originals = Originals::Found(Vec::new());

enum Originals {
    Found(Vec<Original>),
    OutOfReach,
    Changed,
}

/// Where an original stands.
enum Place {
    At(Sequence),
    Gone,
    /// It says something else since the page was read, or nothing.
    Later,
}

/// The originals of a page, newest first.
fn find(shared: &Shared, page: &Page, reach: Reach) -> Result<Originals> {
    let mut links: Vec<Repost> = page.posts.iter().filter_map(|post| post.repost).collect();
    links.sort_unstable_by_key(|link| std::cmp::Reverse(link.root));
    links.dedup_by_key(|link| link.root);
    if links.is_empty() {
        return Ok(Originals::Found(Vec::new()));
    }
    let (places, segments) = places(shared, page.position, &links)?;
    let content = Content::new(shared, &segments);
    let mut found = Vec::with_capacity(links.len());
    for (link, place) in links.iter().zip(places) {
        let place = match place {
            Place::At(place) => place,
            Place::Later => return Ok(Originals::Changed),
            Place::Gone => {
                found.push(deleted(link.root, link.root_author));
                continue;
            }
        };
        match content.at(place, reach)? {
            None => return Ok(Originals::OutOfReach),
            // A repair has lost it.
            Some(None) => found.push(deleted(link.root, link.root_author)),
            Some(Some(post)) => found.push(Original::Post(post)),
        }
    }
    Ok(Originals::Found(found))
}

fn deleted(id: PostId, author: UserId) -> Original {
    Original::Deleted { id, author }
}

/// Of each root where it stood at that position, and the log that has it.
fn places(shared: &Shared, at: Position, links: &[Repost]) -> Result<(Vec<Place>, Arc<Segments>)> {
    let state = shared.state()?;
    let place = |link: &Repost| {
        let gone = state.reposts.root(link.root).map_or(Sequence(0), |root| root.gone);
        match state.revisions.of(link.root) {
            _ if gone != Sequence(0) && gone <= at.sequence => Place::Gone,
            // Of what is deleted by now nobody knows whether it was revised.
            _ if gone != Sequence(0) => Place::Later,
            Some(revised) if at.sequence < revised.at => Place::Later,
            Some(revised) => Place::At(revised.at),
            None => Place::At(link.root.into()),
        }
    };
    Ok((links.iter().map(place).collect(), shared.log.segments()))
}

/// Whose reactions and groups count as the reader's own.
fn reader(query: &CountedQuery) -> Option<UserId> {
    match query {
        CountedQuery::Home(page) => page.viewer.or(Some(page.user)),
        CountedQuery::Group(group) => group.page.viewer.or(Some(group.page.user)),
        CountedQuery::Outbox(page) => page.viewer,
    }
}

fn is_up(query: &CountedQuery) -> bool {
    let page = match query {
        CountedQuery::Home(page) | CountedQuery::Outbox(page) => page,
        CountedQuery::Group(group) => &group.page,
    };
    matches!(page.span, Span::After(_))
}

impl OriginalsPage {
    /// Originals count towards the bytes of a page: it ends with the post with which these reach the bound.
    fn cut(&mut self, query: &CountedQuery) {
        let of_originals: usize = self.originals.iter().map(Original::bytes).sum();
        let all = of_originals + self.page.posts.iter().map(bytes).sum::<usize>();
        if all < PAGE_BYTES_MAX {
            return;
        }
        let is_up = is_up(query);
        let count = self.page.posts.len();
        let (mut bytes, mut kept, mut known) = (0, 0, Vec::new());
        for index in 0..count {
            let place = if is_up { count - 1 - index } else { index };
            let Some(post) = self.page.posts.get(place) else { break };
            bytes += self::bytes(post);
            let root = post.repost.map(|link| link.root).filter(|root| !known.contains(root));
            known.extend(root);
            bytes += root.map_or(0, |root| self.original(root).map_or(0, Original::bytes));
            kept = index + 1;
            if PAGE_BYTES_MAX <= bytes {
                break;
            }
        }
        if kept == count {
            return;
        }
        let kept = if is_up { count - kept..count } else { 0..kept };
        keep(&mut self.page.posts, kept.clone());
        keep(&mut self.counts, kept);
        self.page.end = PageEnd::Bytes;
        let posts = &self.page.posts;
        let is_needed = |root| posts.iter().any(|post: &Post| refers_to(post, root));
        self.originals.retain(|original| is_needed(original.id()));
    }

    /// Finds by which groups the posts came; false if these changed since the page was read.
    fn find_groups(&mut self, shared: &Shared, query: &CountedQuery) -> Result<bool> {
        let found = came_by::of(shared, &self.page, reader(query))?;
        let is_found = found.is_some();
        self.came_by = found.unwrap_or_default();
        Ok(is_found)
    }

    fn original(&self, root: PostId) -> Option<&Original> {
        let place = self.originals.binary_search_by(|original| root.cmp(&original.id()));
        place.ok().and_then(|place| self.originals.get(place))
    }

    /// Counts the originals; false if they cannot be counted as of the page's position any more.
    fn count(&mut self, shared: &Shared, query: &CountedQuery) -> Result<bool> {
        let standing = |original: &Original| match original {
            Original::Post(post) => Some(Sequence::from(post.id)),
            Original::Deleted { .. } => None,
        };
        let entries: Vec<Sequence> = self.originals.iter().filter_map(standing).collect();
        let counting = Counting::For(reader(query));
        let counts = counts::as_of(shared, self.page.position, &entries, counting)?;
        let Some(counts) = counts else { return Ok(false) };
        if counts.len() == self.originals.len() {
            self.original_counts = counts;
            return Ok(true);
        }
        let mut counts = counts.into_iter();
        let each = self.originals.iter().map(|original| match original {
            Original::Post(_) => counts.next().unwrap_or_default(),
            Original::Deleted { .. } => Counts::default(),
        });
        self.original_counts = each.collect();
        Ok(true)
    }
}

fn bytes(post: &Post) -> usize {
    post.text.len() + post.meta.len()
}

fn refers_to(post: &Post, root: PostId) -> bool {
    post.repost.is_some_and(|link| link.root == root)
}

/// Keeps the items of a range; of none, none.
fn keep<T>(items: &mut Vec<T>, range: std::ops::Range<usize>) {
    items.truncate(range.end);
    drop(items.drain(..range.start.min(items.len())));
}
