//! Whom a user follows, where that is partly in files: read without the state, and good while the user's
//! edges have the stamp that they had.

use crate::error::Result;
use crate::ids::{Sequence, UserId};
use crate::views::graph::{EDGE_WIDTH, Edges};
use crate::views::part::{Excerpt, Near, Stamp};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What is to be read of a user's followees.
#[derive(Debug)]
pub(crate) struct InFiles {
    pub(crate) user: Ordinal,
    excerpt: Excerpt<EDGE_WIDTH>,
    stamp: Stamp,
}

/// Whom a user followed, and since when, while their edges had that stamp.
#[derive(Debug)]
pub(crate) struct Followees {
    /// Oldest follow first.
    follows: Vec<(Sequence, Ordinal)>,
    stamp: Stamp,
}

/// The same, to be searched for one of them, in a quarter of the memory.
#[derive(Debug)]
pub(crate) struct Tied {
    /// Ascending.
    authors: Box<[u32]>,
    stamp: Stamp,
}

impl InFiles {
    /// What to take along of the user's followees; looks at no file.
    pub(crate) fn of(edges: &Edges, user: Ordinal) -> Self {
        let excerpt = edges.excerpt(user, Near::Below(Sequence(u64::MAX)), usize::MAX);
        Self { user, excerpt, stamp: edges.stamp(user) }
    }

    /// Reads them; may wait for a disk.
    pub(crate) fn read(self) -> Result<Followees> {
        let mut follows = Vec::with_capacity(self.stamp.count as usize);
        let part = self.excerpt.part();
        part.each_entry(|(began, author)| follows.push((began, Ordinal(author))))?;
        Ok(Followees { follows, stamp: self.stamp })
    }
}

impl Followees {
    /// Whether they are whom the user follows now.
    pub(crate) fn are_of(&self, edges: &Edges, user: Ordinal) -> bool {
        self.stamp == edges.stamp(user)
    }

    /// The same of a user who may be unknown.
    pub(crate) fn are_of_user(&self, state: &State, user: UserId) -> bool {
        let user = state.find(user);
        user.is_some_and(|user| self.are_of(&state.graph.following, user))
    }

    /// With the sequences of the follows, oldest first.
    pub(crate) fn follows(&self) -> impl Iterator<Item = (Sequence, Ordinal)> + '_ {
        self.follows.iter().copied()
    }

    pub(crate) fn authors(&self) -> impl Iterator<Item = Ordinal> + '_ {
        self.follows.iter().map(|(_, author)| *author)
    }

    pub(crate) fn tied(self) -> Tied {
        let mut authors: Box<[u32]> = self.authors().map(|author| author.0).collect();
        authors.sort_unstable();
        Tied { authors, stamp: self.stamp }
    }
}

impl Tied {
    /// Whether they are whom the user follows now.
    pub(crate) fn are_of(&self, edges: &Edges, user: Ordinal) -> bool {
        self.stamp == edges.stamp(user)
    }

    pub(crate) fn contains(&self, author: Ordinal) -> bool {
        self.authors.binary_search(&author.0).is_ok()
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        (size_of::<Self>() + size_of_val(&*self.authors)) as u64 + 64
    }
}
