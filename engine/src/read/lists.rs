//! Pages of lists of responses: several lists of one target as one, in either direction.
//!
//! What is in memory is listed under the state lock. Where files are needed, an excerpt of each list is
//! taken along and read without the lock; then the state is asked again whether what was found stands,
//! and the page is as of that later position. Nothing waits for a disk meanwhile.

use std::cell::Cell;
use std::sync::Arc;

use crate::error::Result;
use crate::ids::Sequence;
use crate::runs::family::Family;
use crate::runs::run::Entry;
use crate::views::graph::EDGE_WIDTH;
use crate::views::part::{Excerpt, Near, Part};
use crate::views::responses::Responses;
use crate::views::users::Ordinal;
use crate::views::walk::{Down, Up};

/// An entry, and the list it is in: its index among those that were asked for.
pub(crate) type Listed = (usize, Entry);

/// What was taken along of some lists.
#[derive(Debug)]
pub(crate) struct Taken {
    excerpts: Vec<Excerpt<EDGE_WIDTH>>,
    lasts: Vec<Option<Sequence>>,
    files: Arc<Vec<Arc<Family>>>,
    near: Near,
}

/// A walk through several lists at once, nearest to the cursor first.
struct Walk<'a> {
    lists: Vec<(Direction<'a>, Option<Entry>)>,
}

enum Direction<'a> {
    Down(Down<'a, EDGE_WIDTH>),
    Up(Up<'a, EDGE_WIDTH>),
}

impl Direction<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
        match self {
            Self::Down(walk) => walk.next(),
            Self::Up(walk) => walk.next(),
        }
    }
}

impl<'a> Walk<'a> {
    fn new(parts: impl Iterator<Item = Part<'a, EDGE_WIDTH>>, near: Near) -> Result<Self> {
        let mut lists = Vec::new();
        for part in parts {
            let mut walk = match near {
                Near::Below(cursor) => Direction::Down(Down::new(part, cursor)),
                Near::Above(cursor) => Direction::Up(Up::new(part, cursor)),
            };
            let first = walk.next()?;
            lists.push((walk, first));
        }
        Ok(Self { lists })
    }

    fn next(&mut self) -> Result<Option<Listed>> {
        let standing = self.lists.iter().enumerate();
        let standing = standing.filter_map(|(index, (walk, next))| next.map(|e| (index, e, walk)));
        let nearest = standing.min_by_key(|(_, (at, _), walk)| match walk {
            Direction::Down(_) => u64::MAX - at.0,
            Direction::Up(_) => at.0,
        });
        let Some((index, entry, _)) = nearest else { return Ok(None) };
        if let Some((walk, next)) = self.lists.get_mut(index) {
            *next = walk.next()?;
        }
        Ok(Some((index, entry)))
    }
}

/// Hands out the entries of these lists until `each` has enough (false). False if files are needed for
/// that: then what was handed out is no page.
pub(crate) fn resident(
    responses: &Responses,
    lists: &[Ordinal],
    near: Near,
    mut each: impl FnMut(Listed) -> Result<bool>,
) -> Result<bool> {
    let missed = Cell::new(false);
    let parts = lists.iter().map(|list| responses.entries.part(*list).resident(&missed));
    let mut walk = Walk::new(parts, near)?;
    while !missed.get()
        && let Some(found) = walk.next()?
    {
        if missed.get() || !each(found)? {
            break;
        }
    }
    Ok(!missed.get())
}

impl Taken {
    /// Takes along what is needed of these lists.
    pub(crate) fn take(responses: &Responses, lists: &[Ordinal], near: Near) -> Self {
        let entries = &responses.entries;
        let excerpt = |list: &Ordinal| entries.excerpt(*list, near, usize::MAX);
        Self {
            excerpts: lists.iter().map(excerpt).collect(),
            lasts: lists.iter().map(|list| entries.hot(*list).last()).collect(),
            files: entries.files(),
            near,
        }
    }

    /// The entries nearest to the cursor, up to `want`.
    pub(crate) fn read(&self, want: usize) -> Result<Vec<Listed>> {
        let mut walk = Walk::new(self.excerpts.iter().map(Excerpt::part), self.near)?;
        let mut found = Vec::new();
        while found.len() < want
            && let Some(listed) = walk.next()?
        {
            found.push(listed);
        }
        Ok(found)
    }

    /// Whether these are still the lists, with nothing that has come since within the page's reach.
    pub(crate) fn is_current(&self, responses: &Responses, lists: &[Ordinal]) -> bool {
        let entries = &responses.entries;
        let same_lists = lists.len() == self.excerpts.len()
            && lists.iter().zip(&self.excerpts).all(|(list, excerpt)| *list == excerpt.owner);
        // What is new is above all that was there: out of reach below an older cursor.
        let is_new_out_of_reach = |last: &Option<Sequence>| match self.near {
            Near::Below(cursor) => last.is_some_and(|last| cursor <= last),
            Near::Above(_) => false,
        };
        let mut lasts = lists.iter().zip(&self.lasts);
        same_lists
            && Arc::ptr_eq(&self.files, &entries.files())
            && lasts
                .all(|(list, last)| is_new_out_of_reach(last) || entries.hot(*list).last() == *last)
    }
}

/// Whether an entry that was found a moment ago still stands; files are the same as then.
pub(crate) fn still_stands(responses: &Responses, list: Ordinal, entry: Sequence) -> bool {
    responses.entries.part(list).still_stands(entry)
}
