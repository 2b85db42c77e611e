//! Restricted posts: those that are not for everybody, with their author and their audience.
//!
//! Wholly in memory, some 16 bytes each and at most one bit for every other record: whether a post is
//! restricted is asked for every entry of every page. View files have them for the next open.
//!
//! Invariants:
//! * A restricted post has a slot until it is deleted; its audience never changes.
//! * Whoever ever had a restricted post since the database was opened is known, so that watches can be
//!   told of what changed before such a post went.

use super::blocks::{Blocks, Placed, offset};
use super::graves::{Grave, Graves, holds};
use super::sharded::Sharded;
use super::timeline::Removal;
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::audience::{Among, Circle};
use crate::ids::{PostId, Sequence};

/// One restricted post, as files have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AudienceRow {
    pub(crate) at: Sequence,
    pub(crate) author: Ordinal,
    pub(crate) circle: Circle,
}

/// What is known of a restricted post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Restricted {
    pub(crate) circle: Circle,
    pub(crate) author: Ordinal,
    offset: u16,
}

const _: () = assert!(size_of::<Restricted>() == 16);

impl Placed for Restricted {
    fn offset(&self) -> u16 {
        self.offset
    }
}

/// What sight of an author's posts depends on, or did since the database was opened: bits.
pub(crate) mod depends {
    /// On whom the author follows.
    pub(crate) const ON_FOLLOWS: u8 = 1;
    /// On who is in groups of the author's.
    pub(crate) const ON_GROUPS: u8 = 2;
    /// The same of posts that others have reposted: then of people who do not follow the author too.
    pub(crate) const ON_GROUPS_AFAR: u8 = 4;
    /// On whether the author is private: others have reposted what is for everybody.
    pub(crate) const ON_PRIVACY: u8 = 8;
}

/// All restricted posts.
#[derive(Debug, Default)]
pub(crate) struct Audiences {
    posts: Blocks<Restricted>,
    /// Restricted posts in files that are deleted, by author.
    pub(crate) graves: Graves,
    /// By author, as [`depends`]; a hint, never part of a digest.
    depends: Sharded<u8>,
}

impl Audiences {
    /// Whether there is none: then nobody need ask more.
    pub(crate) fn is_empty(&self) -> bool {
        self.posts.total() == 0
    }

    /// How many there are.
    pub(crate) fn total(&self) -> u64 {
        self.posts.total()
    }

    /// The restricted post at that sequence; `None` if it is anything else.
    pub(crate) fn find(&self, at: Sequence) -> Option<&Restricted> {
        if self.is_empty() { None } else { self.posts.find(at) }
    }

    /// What sight of the author's posts depends on, as [`depends`].
    pub(crate) fn depend_on(&self, author: Ordinal) -> u8 {
        self.depends.get(u64::from(author.0)).copied().unwrap_or_default()
    }

    /// Adds a restricted post, above all others.
    pub(crate) fn add(&mut self, row: AudienceRow) {
        let AudienceRow { at, author, circle } = row;
        self.posts.push(at, Restricted { circle, author, offset: offset(at) });
        self.note(author, circle, depends::ON_GROUPS);
    }

    /// A post was reposted.
    pub(crate) fn reposted(&mut self, author: Ordinal, circle: Circle) {
        self.note(author, circle, depends::ON_GROUPS_AFAR);
    }

    fn note(&mut self, author: Ordinal, circle: Circle, on_groups: u8) {
        let bits = match circle.among() {
            Among::Mutual => depends::ON_FOLLOWS,
            Among::Group(_) => on_groups,
            Among::Everybody => depends::ON_PRIVACY,
            Among::Followers | Among::Author => return,
        };
        *self.depends.make(u64::from(author.0), || 0) |= bits;
    }

    /// A post was deleted.
    pub(crate) fn post_deleted(&mut self, post: PostId, removal: Removal) {
        if self.is_empty() {
            return;
        }
        let at = Sequence::from(post);
        let Some(Restricted { author, .. }) = self.posts.remove(at) else { return };
        if at <= removal.frontier {
            self.graves.add(author, Grave { entry: at, ended: removal.at });
        }
    }

    /// Adds a restricted post of a file, unless it has a grave.
    pub(crate) fn load(&mut self, row: AudienceRow) {
        if !holds(self.graves.of(row.author), row.at) {
            self.add(row);
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        for (at, post) in self.posts.in_order() {
            let facts = [at.0, u64::from(post.author.0), post.circle.code()];
            facts.into_iter().for_each(|fact| digest.number(fact));
        }
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REMOVAL: Removal = Removal { at: Sequence(9_000), frontier: Sequence(5_000) };

    fn row(at: u64, author: u32, circle: u64) -> AudienceRow {
        let (at, author) = (Sequence(at), Ordinal(author));
        AudienceRow { at, author, circle: Circle::of_code(circle) }
    }

    #[test]
    fn a_restricted_post_goes_and_leaves_a_grave_if_a_file_has_it() {
        let rows = [row(10, 1, 1), row(12, 2, 2), row(8_300, 1, 99)];
        let mut audiences = Audiences::default();
        rows.into_iter().for_each(|row| audiences.add(row));
        let found = audiences.find(Sequence(12)).unwrap();
        assert_eq!((found.author, found.circle), (Ordinal(2), Circle::of_code(2)));
        audiences.post_deleted(PostId(11), REMOVAL);
        assert_eq!(audiences.total(), 3);
        audiences.post_deleted(PostId(10), REMOVAL);
        audiences.post_deleted(PostId(8_300), REMOVAL);
        assert_eq!((audiences.total(), audiences.graves.len()), (1, 1));
        assert!(audiences.find(Sequence(10)).is_none());
        let mut again = Audiences::default();
        again.graves.add(Ordinal(1), Grave { entry: Sequence(10), ended: Sequence(9_000) });
        rows.into_iter().take(2).for_each(|row| again.load(row));
        assert_eq!(again.digest(), audiences.digest());
    }

    #[test]
    fn what_sight_depended_on_is_not_forgotten_with_the_post() {
        let mut audiences = Audiences::default();
        [row(10, 1, 2), row(11, 2, 1), row(12, 3, 70)].into_iter().for_each(|it| audiences.add(it));
        audiences.post_deleted(PostId(10), REMOVAL);
        let on = |author| audiences.depend_on(Ordinal(author));
        assert_eq!([on(1), on(2), on(3)], [depends::ON_FOLLOWS, 0, depends::ON_GROUPS]);
    }
}
