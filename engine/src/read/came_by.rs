//! By which groups of the reader the posts of a page came, as of the page's own position.
//!
//! Groups are in memory. They are looked at after the page: if one of the reader's changed since, another
//! page tells of that. Each member of each group is looked at once, most of them only by one bit.

use crate::error::Result;
use crate::ids::UserId;
use crate::query::{Page, Post};
use crate::repost::CameBy;
use crate::shared::Shared;
use crate::views::groups::Group;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The groups of `reader` that have authors of the page; `None` if they changed since the page was read.
pub(crate) fn of(shared: &Shared, page: &Page, reader: Option<UserId>) -> Result<Option<CameBy>> {
    let nothing = CameBy::default;
    let Some(reader) = reader else { return Ok(Some(nothing())) };
    let state = shared.state()?;
    let Some(reader) = state.users.find(reader) else { return Ok(Some(nothing())) };
    if !state.groups.are_as_of(reader, page.position.sequence) {
        return Ok(None);
    }
    let groups = state.groups.of(reader);
    if groups.is_empty() {
        return Ok(Some(nothing()));
    }
    let authors = Authors::of(&state, &page.posts);
    let mut came_by = CameBy { groups: Vec::new(), posts: Vec::with_capacity(page.posts.len()) };
    for group in groups {
        let number = came_by.groups.len().try_into().unwrap_or(u16::MAX);
        let before = came_by.posts.len();
        authors.each_in_group(group, |place| came_by.posts.push((place, number)));
        if before < came_by.posts.len() {
            came_by.groups.push(group.name.clone());
        }
    }
    came_by.posts.sort_unstable();
    Ok(Some(came_by))
}

/// Bits of [`Authors`]: a page has two hundred authors at most.
const BITS: usize = 1_024;

/// The authors of a page with the places of their posts, ascending; and a bit for each.
struct Authors {
    posts: Vec<(Ordinal, u16)>,
    bits: [u64; BITS / 64],
}

impl Authors {
    fn of(state: &State, posts: &[Post]) -> Self {
        let mut authors = Self { posts: Vec::with_capacity(posts.len()), bits: [0; BITS / 64] };
        for (place, post) in (0..).zip(posts) {
            if let Some(author) = state.users.find(post.author) {
                authors.posts.push((author, place));
                let (word, bit) = bit(author);
                authors.bits.get_mut(word).into_iter().for_each(|word| *word |= bit);
            }
        }
        authors.posts.sort_unstable();
        authors
    }

    /// Hands out the places of the posts whose authors the group has.
    fn each_in_group(&self, group: &Group, mut each: impl FnMut(u16)) {
        for member in group.members.payloads().map(Ordinal) {
            let (word, bit) = bit(member);
            if self.bits.get(word).is_none_or(|word| word & bit == 0) {
                continue;
            }
            let from = self.posts.partition_point(|(author, _)| *author < member);
            let posts = self.posts.iter().skip(from).take_while(|(author, _)| *author == member);
            posts.for_each(|(_, place)| each(*place));
        }
    }
}

/// The word and the bit in it.
fn bit(user: Ordinal) -> (usize, u64) {
    let bit = user.index() % BITS;
    (bit / 64, 1 << (bit % 64))
}
