//! By which groups of the reader the posts of a page came, as of the page's own position.
//!
//! Groups are in memory. They are looked at after the page: if one of the reader's changed since, another
//! page tells of that.

use crate::full::CameBy;
use crate::query::Page;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Stands for a group that no post of the page came by.
const UNUSED: u16 = u16::MAX;

/// The groups of `reader` that have authors of the page; `None` if they changed since the page was read.
pub(crate) fn of(state: &State, page: &Page, reader: Option<Ordinal>) -> Option<CameBy> {
    let Some(reader) = reader else { return Some(CameBy::default()) };
    if !state.groups.are_as_of(reader, page.position.sequence) {
        return None;
    }
    let Some(owned) = state.groups.owned(reader) else { return Some(CameBy::default()) };
    let mut numbers = vec![UNUSED; owned.groups.len()];
    let mut posts = Vec::with_capacity(page.posts.len());
    for (post, author) in (0..).zip(&page.posts).map(|(place, post)| (place, post.author)) {
        let Some(author) = state.find(author) else { continue };
        for place in owned.memberships.of(author) {
            if let Some(number) = numbers.get_mut(place) {
                *number = 0;
            }
            posts.push((post, u16::try_from(place).unwrap_or(UNUSED)));
        }
    }
    let mut groups = Vec::with_capacity(numbers.len());
    for (number, group) in numbers.iter_mut().zip(&owned.groups).filter(|(n, _)| **n != UNUSED) {
        *number = u16::try_from(groups.len()).unwrap_or(UNUSED);
        groups.push(group.name.clone());
    }
    for (_, group) in &mut posts {
        *group = numbers.get(usize::from(*group)).copied().unwrap_or(UNUSED);
    }
    Some(CameBy { groups, posts })
}
