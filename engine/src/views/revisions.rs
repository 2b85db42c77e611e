//! Posts that were revised: for each the newest revision and the record that has it.
//!
//! Wholly in memory; view files have it for the next open. Who is not in here was never revised: a
//! page asks one empty map.
//!
//! A read that goes on without the state takes the map along as it is ([`RevisedPosts`]): the map is in
//! parts that are copied only if they change while somebody holds them.
//!
//! Invariants:
//! * A post that is deleted is not in here.
//! * What is in files and holds no longer has a grave, of the record: a revision that was replaced, or
//!   whose post was deleted.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::graves::{Grave, Graves, holds};
use super::timeline::Removal;
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::ids::{PostId, Sequence};

/// Parts of the map: a change copies at most one, if it copies any.
const PARTS: u64 = 64;

/// The newest revision of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Revised {
    pub(crate) revision: u32,
    /// The record that has the text.
    pub(crate) at: Sequence,
}

/// A revision in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RevisedRow {
    /// The author.
    pub(crate) owner: Ordinal,
    pub(crate) post: PostId,
    pub(crate) revised: Revised,
}

/// Which posts are revised, at one position.
#[derive(Clone, Debug, Default)]
pub(crate) struct RevisedPosts {
    /// None as long as there are no revised posts.
    parts: Arc<Vec<Arc<HashMap<u64, Revised>>>>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Revisions {
    posts: RevisedPosts,
    total: u64,
    /// Revisions in files that hold no longer, by author.
    pub(crate) graves: Graves,
}

impl RevisedPosts {
    pub(crate) fn of(&self, post: PostId) -> Option<Revised> {
        let part = self.parts.get(usize::try_from(post.0 % PARTS).ok()?)?;
        part.get(&post.0).copied()
    }

    /// Where the contents of these posts are; empty if none of them was revised.
    pub(crate) fn places(&self, posts: &[Sequence]) -> Vec<Sequence> {
        if self.parts.is_empty() || posts.iter().all(|post| self.of((*post).into()).is_none()) {
            return Vec::new();
        }
        let place = |post: &Sequence| self.of((*post).into()).map_or(*post, |revised| revised.at);
        posts.iter().map(place).collect()
    }

    fn part_mut(&mut self, post: PostId) -> Option<&mut HashMap<u64, Revised>> {
        let parts = Arc::make_mut(&mut self.parts);
        if parts.is_empty() {
            parts.extend((0..PARTS).map(|_| Arc::new(HashMap::new())));
        }
        parts.get_mut(usize::try_from(post.0 % PARTS).ok()?).map(Arc::make_mut)
    }
}

impl Revisions {
    /// The map as it is now.
    pub(crate) fn posts(&self) -> &RevisedPosts {
        &self.posts
    }

    pub(crate) fn of(&self, post: PostId) -> Option<Revised> {
        self.posts.of(post)
    }

    /// How many posts are revised.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// A post has a new revision.
    pub(crate) fn revise(&mut self, row: RevisedRow, removal: Removal) {
        if let Some(before) = self.set(row) {
            self.bury(row.owner, before.at, removal);
        }
    }

    /// A post is deleted.
    pub(crate) fn delete(&mut self, owner: Ordinal, post: PostId, removal: Removal) {
        if self.of(post).is_none() {
            return;
        }
        let part = self.posts.part_mut(post);
        if let Some(gone) = part.and_then(|part| part.remove(&post.0)) {
            self.total -= 1;
            self.bury(owner, gone.at, removal);
        }
    }

    /// Adds a revision of a file, unless it has a grave.
    pub(crate) fn load(&mut self, row: RevisedRow) {
        if !holds(self.graves.of(row.owner), row.revised.at) {
            self.set(row);
        }
    }

    /// Whether the revision stands, or stood when the files were begun that are being written now.
    pub(crate) fn has_known(&self, owner: Ordinal, post: PostId, at: Sequence) -> bool {
        self.of(post).is_some_and(|known| known.at == at) || holds(self.graves.of(owner), at)
    }

    fn set(&mut self, row: RevisedRow) -> Option<Revised> {
        let before = self.posts.part_mut(row.post)?.insert(row.post.0, row.revised);
        self.total += u64::from(before.is_none());
        before
    }

    fn bury(&mut self, owner: Ordinal, entry: Sequence, removal: Removal) {
        if entry <= removal.frontier {
            self.graves.add(owner, Grave { entry, ended: removal.at });
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        let parts = self.posts.parts.iter().flat_map(|part| part.iter());
        let mut all: Vec<_> = parts.map(|(post, revised)| (*post, *revised)).collect();
        all.sort_unstable_by_key(|(post, _)| *post);
        for (post, Revised { revision, at }) in all {
            [post, u64::from(revision), at.0].into_iter().for_each(|n| digest.number(n));
        }
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(post: u64, revision: u32, at: u64) -> RevisedRow {
        let revised = Revised { revision, at: Sequence(at) };
        RevisedRow { owner: Ordinal(1), post: PostId(post), revised }
    }

    #[test]
    fn what_was_taken_along_stays_as_it_was() {
        let removal = |at| Removal { at: Sequence(at), frontier: Sequence(10) };
        let mut revisions = Revisions::default();
        let posts = [Sequence(3), Sequence(4)];
        assert!(revisions.posts().places(&posts).is_empty());
        revisions.revise(row(3, 1, 8), removal(8));
        let taken = revisions.posts().clone();
        revisions.revise(row(3, 2, 20), removal(20));
        assert_eq!(revisions.posts().places(&posts), [Sequence(20), Sequence(4)]);
        assert_eq!(taken.places(&posts), [Sequence(8), Sequence(4)]);
        assert!(taken.places(&[Sequence(67)]).is_empty(), "of the same part, and not revised");
        revisions.delete(Ordinal(1), PostId(3), removal(21));
        assert_eq!((revisions.of(PostId(3)), revisions.total()), (None, 0));
        let graves: Vec<_> = revisions.graves.of(Ordinal(1)).iter().map(|g| g.entry.0).collect();
        assert_eq!(graves, [8], "the second revision is in no file");
        revisions.load(row(3, 1, 8));
        assert_eq!(revisions.of(PostId(3)), None);
    }
}
