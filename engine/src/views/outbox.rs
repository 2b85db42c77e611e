//! What each author published and did not delete: the ids, oldest first. The content stays in the
//! log.
//!
//! `newest` repeats each author's newest id in an array. A read over thousands of followees
//! looks there first and touches only the few outboxes that can contribute to the page. When the
//! newest post is deleted and the next is in a file, the array keeps a bound instead of looking: no
//! change ever waits for a file.

use foldhash::HashMap;
use std::cell::Cell;

use super::graves::holds;
use super::part::{Excerpt, Near, Part};
use super::sparse::Sparse;
use super::timeline::{Removal, Timelines};
use super::users::Ordinal;
use super::walk::Down;
use super::{Digest, DigestBuilder};
use crate::error::Result;
use crate::ids::Sequence;
use crate::runs::family::Listed;

/// Marks a newest post that is only a bound: the author has none above it.
const BOUND: u64 = 1 << 63;

/// The slots of an outbox: a sequence, no payload.
pub(crate) const POST_WIDTH: usize = 6;

/// All outboxes.
#[derive(Debug, Default)]
pub(crate) struct Outboxes {
    pub(crate) posts: Timelines<POST_WIDTH>,
    /// The newest post of each author, perhaps with [`BOUND`]; 0 for none.
    newest: Sparse<u64>,
}

/// What is known of an author's newest post without looking at their outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Newest {
    None,
    Is(Sequence),
    /// There is none above.
    AtMost(Sequence),
}

impl Newest {
    /// Whether there may be a post at or above that.
    pub(crate) fn may_reach(self, post: Sequence) -> bool {
        match self {
            Self::None => false,
            Self::Is(newest) | Self::AtMost(newest) => post <= newest,
        }
    }
}

/// Where a merge finds authors' posts.
pub(crate) trait Outbox {
    /// The author's newest post, as far as it is known without looking.
    fn newest(&self, author: Ordinal) -> Newest;

    /// The author's posts.
    fn part(&self, author: Ordinal) -> Part<'_, POST_WIDTH>;

    /// The author's newest post.
    fn find_newest(&self, author: Ordinal) -> Result<Option<Sequence>> {
        match self.newest(author) {
            Newest::None => Ok(None),
            Newest::Is(post) => Ok(Some(post)),
            Newest::AtMost(bound) => {
                let found = Down::new(self.part(author), bound.next()).next()?;
                Ok(found.map(|(post, _)| post))
            }
        }
    }
}

/// Outboxes as far as they are in memory; `missed` tells whether that was not enough.
#[derive(Debug)]
pub(crate) struct Resident<'a> {
    pub(crate) outboxes: &'a Outboxes,
    pub(crate) missed: Cell<bool>,
}

/// What a read needs of some authors' outboxes, taken along.
#[derive(Debug, Default)]
pub(crate) struct Excerpts {
    authors: HashMap<u32, (Newest, Excerpt<POST_WIDTH>)>,
}

impl Outbox for Resident<'_> {
    fn newest(&self, author: Ordinal) -> Newest {
        self.outboxes.newest(author)
    }

    fn part(&self, author: Ordinal) -> Part<'_, POST_WIDTH> {
        self.outboxes.posts.part(author).resident(&self.missed)
    }
}

impl Excerpts {
    /// Takes along what a page of `want` entries needs of the author.
    pub(crate) fn take(&mut self, outboxes: &Outboxes, author: Ordinal, near: Near, want: usize) {
        let excerpt = outboxes.posts.excerpt(author, near, want);
        self.authors.insert(author.0, (outboxes.newest(author), excerpt));
    }

    fn of(&self, author: Ordinal) -> &(Newest, Excerpt<POST_WIDTH>) {
        self.authors.get(&author.0).expect("a merge asks for authors that were taken along")
    }
}

impl Outbox for Excerpts {
    fn newest(&self, author: Ordinal) -> Newest {
        self.of(author).0
    }

    fn part(&self, author: Ordinal) -> Part<'_, POST_WIDTH> {
        self.of(author).1.part()
    }
}

impl Outbox for Outboxes {
    fn newest(&self, author: Ordinal) -> Newest {
        Self::newest(self, author)
    }

    fn part(&self, author: Ordinal) -> Part<'_, POST_WIDTH> {
        self.posts.part(author)
    }
}

impl Outboxes {
    /// The author's newest post, as far as the array knows.
    pub(crate) fn newest(&self, author: Ordinal) -> Newest {
        match self.newest.get(author) {
            0 => Newest::None,
            bound if BOUND <= bound => Newest::AtMost(Sequence(bound - BOUND)),
            post => Newest::Is(Sequence(post)),
        }
    }

    pub(crate) fn publish(&mut self, author: Ordinal, post: Sequence) {
        self.posts.push(author, (post, 0));
        self.set_newest(author, post.0);
    }

    pub(crate) fn delete(&mut self, author: Ordinal, post: Sequence, removal: Removal) {
        self.posts.remove(author, post, removal);
        if let Newest::Is(newest) = self.newest(author)
            && newest == post
        {
            let bound = BOUND + (post.0 - 1);
            let newest = self.posts.hot(author).last().map_or(bound, |last| last.0);
            self.set_newest(author, if self.posts.count(author) == 0 { 0 } else { newest });
        }
    }

    /// Notes a run of a file that is about to be loaded; all files come before any grave.
    pub(crate) fn note(&mut self, listed: &Listed) {
        self.set_newest(listed.owner, listed.head.last.0);
        self.posts.note(listed);
    }

    /// After all files and graves are loaded: a newest post that has a grave is but a bound.
    pub(crate) fn settle_newest(&mut self) {
        let Self { posts, newest } = self;
        newest.each_mut(|author, slot| {
            if holds(posts.graves.of(author), Sequence(*slot)) {
                *slot = if posts.count(author) == 0 { 0 } else { BOUND + (*slot - 1) };
            }
        });
    }

    /// Covers the entries only; `newest` follows from them.
    pub(crate) fn digest(&self, users: usize) -> Result<Digest> {
        let mut digest = DigestBuilder::new();
        for author in (0..u32::try_from(users).unwrap_or(u32::MAX)).map(Ordinal) {
            if self.posts.count(author) != 0 {
                digest.number(u64::from(author.0));
                self.posts.digest(author, &mut digest)?;
            }
        }
        Ok(digest.finish())
    }

    fn set_newest(&mut self, author: Ordinal, value: u64) {
        *self.newest.make(author) = value;
    }
}
