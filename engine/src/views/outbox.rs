//! What each author published and did not delete: the ids, oldest first. The content stays in the
//! log.
//!
//! `newest` repeats each author's newest id in one flat array. A read over thousands of followees
//! looks there first and touches only the few outboxes that can contribute to the page.

use super::slots::SequenceList;
use super::users::{Ordinal, PerUser};
use super::{Digest, DigestBuilder};
use crate::ids::Sequence;

/// All outboxes.
#[derive(Debug, Default)]
pub(crate) struct Outboxes {
    lists: PerUser<SequenceList>,
    /// The newest post of each author; 0 for none.
    newest: Vec<u64>,
    posts: u64,
}

impl Outboxes {
    /// Posts that are not deleted, of all authors.
    pub(crate) fn posts(&self) -> u64 {
        self.posts
    }

    /// The author's posts; `None` if there never was one.
    pub(crate) fn list(&self, author: Ordinal) -> Option<&SequenceList> {
        self.lists.at(author)
    }

    /// The author's newest post; 0 if there is none.
    pub(crate) fn newest(&self, author: Ordinal) -> u64 {
        self.newest.get(author.index()).copied().unwrap_or(0)
    }

    pub(crate) fn contains(&self, author: Ordinal, post: Sequence) -> bool {
        self.list(author).is_some_and(|list| list.find(post).is_some())
    }

    pub(crate) fn publish(&mut self, author: Ordinal, post: Sequence) {
        self.lists.make(author).push(post);
        if self.newest.len() <= author.index() {
            self.newest.resize(author.index() + 1, 0);
        }
        *self.newest.get_mut(author.index()).expect("resized above") = post.0;
        self.posts += 1;
    }

    pub(crate) fn delete(&mut self, author: Ordinal, post: Sequence) {
        let Some(list) = self.lists.at_mut(author) else { return };
        if !list.remove(post) {
            return;
        }
        self.posts -= 1;
        if let Some(newest) = self.newest.get_mut(author.index()) {
            *newest = list.last().unwrap_or_default().0;
        }
    }

    /// Covers the lists only; `newest` follows from them.
    pub(crate) fn digest(&self, users: usize) -> Digest {
        let mut digest = DigestBuilder::new();
        for author in (0..u32::try_from(users).unwrap_or(u32::MAX)).map(Ordinal) {
            let Some(list) = self.list(author).filter(|list| !list.is_empty()) else { continue };
            digest.number(u64::from(author.0));
            digest.number(list.len() as u64);
            list.sequences().for_each(|post| digest.number(post.0));
        }
        digest.finish()
    }
}
