//! A page with all that may be asked for beside it: what its posts were responded with, what its reposts
//! refer to, by which groups they came, and for whom they stand, as of the page's own position.
//!
//! Originals and groups are found after the page, by one look at the state. If something of that has changed since the page
//! was read, so that it cannot be told as of the page's position, another page tells of it; after some of these one
//! that was not interrupted.

use crate::error::Result;
use crate::full::{CameBy, FullPage, FullQuery};
use crate::ids::{PostId, UserId};
use crate::limits::PAGE_BYTES_MAX;
use crate::query::{CountedPage, CountedQuery, PageEnd, Span};
use crate::read::asked::STALE_MAX;
use crate::read::came_by;
use crate::read::content::Reach;
use crate::read::counts::Since;
use crate::read::feed::{self, Brings};
use crate::read::originals::Roots;
use crate::repost::Original;
use crate::shared::Shared;

/// A page with what is wanted with it. Within memory: `None` if that is not enough.
pub(crate) fn page(shared: &Shared, query: &FullQuery, reach: Reach) -> Result<Option<FullPage>> {
    let mut stale = 0;
    loop {
        let (is_counted, collapse) = (query.counts, query.collapse);
        let brings = Brings { is_counted, collapse, is_stubborn: STALE_MAX <= stale };
        let page = feed::page(shared, &query.of, brings, reach)?;
        let Some((CountedPage { page, counts }, collapsed)) = page else { return Ok(None) };
        let (originals, original_counts, came_by) = (Vec::new(), Vec::new(), CameBy::default());
        let mut page = FullPage { page, counts, originals, original_counts, came_by, collapsed };
        match page.bring(shared, query, reach)? {
            Brought::All => return Ok(Some(page)),
            Brought::OutOfReach => return Ok(None),
            Brought::Changed if reach == Reach::Memory => return Ok(None),
            Brought::Changed => stale += 1,
        }
    }
}

/// What a page could bring along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Brought {
    All,
    OutOfReach,
    /// Something is not as it was when the page was read.
    Changed,
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

impl FullPage {
    /// Brings along what stands beside the posts.
    fn bring(&mut self, shared: &Shared, query: &FullQuery, reach: Reach) -> Result<Brought> {
        if !query.originals && !query.groups {
            return Ok(Brought::All);
        }
        let reader = reader(&query.of);
        let (mut roots, since) = {
            let state = shared.state()?;
            let found = reader.and_then(|reader| state.find(reader));
            if query.groups {
                let Some(came_by) = came_by::of(&state, &self.page, found) else {
                    return Ok(Brought::Changed);
                };
                self.came_by = came_by;
            }
            let roots =
                if query.originals { Roots::of(&state, &self.page) } else { Some(Roots::NONE) };
            let Some(mut roots) = roots else { return Ok(Brought::Changed) };
            if !roots.is_empty() {
                roots.keep(shared.log.segments());
                if query.counts {
                    roots.count(&state, found);
                }
            }
            (roots, Since { then: self.page.position.sequence, now: state.position.sequence })
        };
        if !roots.rewind(shared, since, reader)? {
            return Ok(Brought::Changed);
        }
        let Some(originals) = roots.read(shared, reach)? else { return Ok(Brought::OutOfReach) };
        self.originals = originals;
        self.original_counts = roots.counts;
        // Fewer posts bring less along.
        if self.cut(&query.of) { self.bring(shared, query, reach) } else { Ok(Brought::All) }
    }

    /// Originals and groups count towards the bytes of a page: it ends with the post with which these reach the
    /// bound. False if that is the last one.
    fn cut(&mut self, query: &CountedQuery) -> bool {
        let of_originals: usize = self.originals.iter().map(Original::bytes).sum();
        let of_posts: usize = self.page.posts.iter().map(|post| post.borrow().bytes_len()).sum();
        if of_originals + of_posts + self.came_by.bytes_len() < PAGE_BYTES_MAX {
            return false;
        }
        let is_up = is_up(query);
        let count = self.page.posts.len();
        let (mut bytes, mut kept, mut known) = (self.came_by.names_len(), 0, Vec::new());
        for index in 0..count {
            let place = if is_up { count - 1 - index } else { index };
            let Some(post) = self.page.posts.get(place) else { break };
            bytes += post.borrow().bytes_len() + self.came_by.places_len(place);
            let root = post.repost.map(|link| link.root).filter(|root| !known.contains(root));
            known.extend(root);
            bytes += root.map_or(0, |root| self.original(root).map_or(0, Original::bytes));
            kept = index + 1;
            if PAGE_BYTES_MAX <= bytes {
                break;
            }
        }
        if kept == count {
            return false;
        }
        let kept = if is_up { count - kept..count } else { 0..kept };
        keep(&mut self.page.posts, kept.clone());
        keep(&mut self.counts, kept.clone());
        let brought_by = self.collapsed.as_mut().map(|collapsed| &mut collapsed.brought_by);
        brought_by.into_iter().for_each(|brought_by| keep(brought_by, kept.clone()));
        self.page.end = PageEnd::Bytes;
        true
    }

    fn original(&self, root: PostId) -> Option<&Original> {
        let place = self.originals.binary_search_by(|original| root.cmp(&original.id()));
        place.ok().and_then(|place| self.originals.get(place))
    }
}

/// Keeps the items of a range; of none, none.
fn keep<T>(items: &mut Vec<T>, range: std::ops::Range<usize>) {
    items.truncate(range.end);
    drop(items.drain(..range.start.min(items.len())));
}
