//! A page with all that may be asked for beside it: counts, originals, the reader's groups, and entries of
//! one root put together.

use crate::collapse::{Collapse, Collapsed};
use crate::group_name::GroupName;
use crate::query::{CountedQuery, Counts, Page};
use crate::repost::Original;

/// A page, and what is wanted with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullQuery {
    /// Which page; how `mine` is meant stands there.
    pub of: CountedQuery,
    /// Whether posts and originals are counted.
    pub counts: bool,
    /// Whether the originals are wanted: what the reposts of the page refer to.
    pub originals: bool,
    /// Whether the reader's groups that have the posts' authors are wanted: the user's whose home or group
    /// it is, unless somebody else looks; of an outbox the viewer's.
    pub groups: bool,
    /// Whether the page has of several entries of one root but the newest.
    pub collapse: Option<Collapse>,
}

/// A page with what was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullPage {
    /// The page.
    pub page: Page,
    /// Of each post of the page, in the same order, if that was asked for.
    pub counts: Vec<Counts>,
    /// What the reposts of the page refer to, each once, newest first. Their bytes count towards the page's.
    pub originals: Vec<Original>,
    /// Of each original, in the same order, if that was asked for.
    pub original_counts: Vec<Counts>,
    /// By which of the reader's groups each post came, if that was asked for.
    pub came_by: CameBy,
    /// For whom each entry stands, if that was asked for.
    pub collapsed: Option<Collapsed>,
}

/// By which groups of the reader the posts of a page came: those that have the author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CameBy {
    /// The groups that have any of the authors, oldest first.
    pub groups: Vec<GroupName>,
    /// Places of posts in the page, each with the place in `groups` of one that has its author; rising.
    pub posts: Vec<(u16, u16)>,
}

/// Bytes that a group of a post takes at most.
const PLACE_BYTES: usize = 5;

impl CameBy {
    /// The bytes that count towards those of a page.
    pub(crate) fn bytes_len(&self) -> usize {
        self.names_len() + self.posts.len() * PLACE_BYTES
    }

    /// Those of names.
    pub(crate) fn names_len(&self) -> usize {
        self.groups.iter().map(|name| name.as_str().len() + 1).sum()
    }

    /// Those of one post.
    pub(crate) fn places_len(&self, post: usize) -> usize {
        self.places(post).count() * PLACE_BYTES
    }

    /// The groups that have the author of the post at this place of the page.
    pub fn of(&self, post: usize) -> impl Iterator<Item = &GroupName> {
        self.places(post).filter_map(|place| self.groups.get(usize::from(place)))
    }

    /// The same as places in `groups`.
    pub fn places(&self, post: usize) -> impl Iterator<Item = u16> + '_ {
        let from = self.posts.partition_point(|(at, _)| usize::from(*at) < post);
        let rest = self.posts.iter().skip(from);
        rest.take_while(move |(at, _)| usize::from(*at) == post).map(|(_, group)| *group)
    }
}

impl FullQuery {
    /// Nothing but the page.
    #[must_use]
    pub fn of(of: CountedQuery) -> Self {
        Self { of, counts: false, originals: false, groups: false, collapse: None }
    }
}
