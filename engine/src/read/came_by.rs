//! By which groups of the reader the posts of a page came, as of the page's own position.
//!
//! Groups are in memory. They are looked at after the page: if one of the reader's changed since, another
//! page tells of that. Each member of each group is looked at once, and most of them have no author of the page
//! in their place of a small table.

use crate::full::CameBy;
use crate::limits::LIMIT_MAX;
use crate::query::{Page, Post};
use crate::views::groups::Group;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The groups of `reader` that have authors of the page; `None` if they changed since the page was read.
pub(crate) fn of(state: &State, page: &Page, reader: Option<Ordinal>) -> Option<CameBy> {
    let Some(reader) = reader else { return Some(CameBy::default()) };
    if !state.groups.are_as_of(reader, page.position.sequence) {
        return None;
    }
    let groups = state.groups.of(reader);
    if groups.is_empty() {
        return Some(CameBy::default());
    }
    let mut authors = Authors::of(state, &page.posts);
    let mut names = Vec::with_capacity(groups.len());
    for group in groups {
        let number = u16::try_from(names.len()).unwrap_or(u16::MAX);
        if authors.note(group, number) {
            names.push(group.name.clone());
        }
    }
    Some(CameBy { groups: names, posts: authors.by_post() })
}

/// Places of the table of [`Authors`].
const HEADS: usize = 256;

const _: () = assert!(LIMIT_MAX < u16::MAX as usize);

/// The authors of a page, in chains: those whose ordinals leave the same remainder are in one.
struct Authors {
    /// The place of the last post of each chain, plus one; 0: it has none.
    heads: [u16; HEADS],
    posts: Vec<ByAuthor>,
    /// What was noted, post by post in chains: the group, and the place here of the one before it, plus one.
    noted: Vec<(u16, u32)>,
}

/// A post of the page.
struct ByAuthor {
    author: Option<Ordinal>,
    /// The place of the post before it in its chain, plus one.
    before: u16,
    /// The place of the last group that was noted, plus one.
    last: u32,
}

impl Authors {
    fn of(state: &State, posts: &[Post]) -> Self {
        let (mut heads, mut by_author) = ([0; HEADS], Vec::with_capacity(posts.len()));
        for (place, post) in (1..).zip(posts) {
            let author = state.find(post.author);
            let head = author.and_then(|author| heads.get_mut(author.index() % HEADS));
            let before = head.map_or(0, |head| std::mem::replace(head, place));
            by_author.push(ByAuthor { author, before, last: 0 });
        }
        Self { heads, posts: by_author, noted: Vec::with_capacity(posts.len()) }
    }

    /// Notes a group with the posts whose authors it has; whether there are any. Groups come with rising numbers.
    fn note(&mut self, group: &Group, number: u16) -> bool {
        let before = self.noted.len();
        for member in group.members.payloads().map(Ordinal) {
            let mut next = self.heads.get(member.index() % HEADS).copied().unwrap_or_default();
            while let Some(place) = next.checked_sub(1) {
                let Some(post) = self.posts.get_mut(usize::from(place)) else { break };
                next = post.before;
                if post.author == Some(member) {
                    self.noted.push((number, post.last));
                    post.last = u32::try_from(self.noted.len()).unwrap_or(u32::MAX);
                }
            }
        }
        before < self.noted.len()
    }

    fn noted_at(&self, place: u32) -> Option<(u16, u32)> {
        self.noted.get(place.checked_sub(1)? as usize).copied()
    }

    /// The places of the posts, each with a group; rising.
    fn by_post(&self) -> Vec<(u16, u16)> {
        let mut posts = Vec::with_capacity(self.noted.len());
        // Each chain ends with the first group: so all of it is backwards.
        for (place, post) in self.posts.iter().enumerate().rev() {
            let place = u16::try_from(place).unwrap_or(u16::MAX);
            let mut next = post.last;
            while let Some((group, before)) = self.noted_at(next) {
                posts.push((place, group));
                next = before;
            }
        }
        posts.reverse();
        posts
    }
}
