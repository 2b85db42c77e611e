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
    let nothing = CameBy { groups: Vec::new(), posts: vec![Vec::new(); page.posts.len()] };
    let Some(reader) = reader else { return Ok(Some(nothing)) };
    let state = shared.state()?;
    let Some(reader) = state.find(reader) else { return Ok(Some(nothing)) };
    if !state.groups.are_as_of(reader, page.position.sequence) {
        return Ok(None);
    }
    let groups = state.groups.of(reader);
    if groups.is_empty() {
        return Ok(Some(nothing));
    }
    let authors = Authors::of(&state, &page.posts);
    let mut came_by = nothing;
    for group in groups {
        let places = authors.in_group(group);
        let Some(number) = came_by.groups.len().try_into().ok().filter(|_| !places.is_empty())
        else {
            continue;
        };
        came_by.groups.push(group.name.clone());
        let posts = places.iter().filter_map(|place| authors.0.get(*place));
        for post in posts.flat_map(|author| &author.posts) {
            came_by.posts.get_mut(*post).into_iter().for_each(|post| post.push(number));
        }
    }
    Ok(Some(came_by))
}

/// The authors of a page, ascending, each once.
struct Authors(Vec<Author>);

struct Author {
    user: Ordinal,
    /// Places in the page.
    posts: Vec<usize>,
}

impl Authors {
    fn of(state: &State, posts: &[Post]) -> Self {
        let known = |(place, post): (usize, &Post)| Some((state.find(post.author)?, place));
        let mut of_posts: Vec<_> = posts.iter().enumerate().filter_map(known).collect();
        of_posts.sort_unstable();
        let authors = of_posts.chunk_by(|one, other| one.0 == other.0).filter_map(|same| {
            let (user, _) = *same.first()?;
            Some(Author { user, posts: same.iter().map(|(_, place)| *place).collect() })
        });
        Self(authors.collect())
    }

    /// The authors that the group has, as places in the list.
    fn in_group(&self, group: &Group) -> Vec<usize> {
        let bits = self.0.iter().fold(0_u64, |bits, author| bits | bit(author.user));
        let members = group.entries().map(|(_, member)| member);
        let maybe = members.filter(|member| bits & bit(*member) != 0);
        let place = |member| self.0.binary_search_by_key(&member, |author| author.user).ok();
        maybe.filter_map(place).collect()
    }
}

fn bit(user: Ordinal) -> u64 {
    1 << (user.0 % u64::BITS)
}
