//! Notices: which records concern whom, and up to where each user has read them.
//!
//! A notice is a *place*: the sequence of the record that concerns the user ([`concerned`]). Who did what to
//! which post stands in the record, and whether it still holds is asked by the read; so nothing is ever
//! taken out: what was undone leaves its place empty. The newest [`NOTICES_MAX`] places of a user are their
//! *window*; what has left it is gone for good, and memory, files and the log drop it sooner or later.
//!
//! A place that is in a window must not vanish, or older ones would come back: retention keeps of every
//! record that has one at least whom it concerned.
//!
//! [`concerned`]: crate::log::concerned
//!
//! Invariants:
//! * The window depends on the records alone: memory and files hold at least all of it.
//! * A read mark never goes down: files and records may be folded over one another in any order.

use foldhash::HashMap;

use super::outbox::POST_WIDTH;
use super::part::{Excerpt, Near};
use super::sparse::Sparse;
use super::timeline::Timelines;
use super::users::Ordinal;
use super::walk::Down;
use super::{Digest, DigestBuilder};
use crate::error::Result;
use crate::ids::Sequence;
use crate::limits::NOTICES_MAX;
use crate::runs::family::Listed;

/// Up to where a user has read their notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadMark {
    pub(crate) up_to: Sequence,
    /// The record that said so.
    pub(crate) at: Sequence,
}

/// A read mark in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadMarkRow {
    pub(crate) owner: Ordinal,
    pub(crate) mark: ReadMark,
}

/// All notices of all users.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// Places by user; the counts are of all that memory and files still hold, or more.
    pub(crate) places: Timelines<POST_WIDTH>,
    /// The newest place of each user; 0 for none.
    newest: Sparse<u64>,
    marks: HashMap<u32, ReadMark>,
    /// Of users who were forgotten: what is not above counts no more.
    floors: HashMap<u32, Sequence>,
}

impl Notices {
    /// The record at `at` concerns the user.
    pub(crate) fn push(&mut self, user: Ordinal, at: Sequence) {
        self.places.push(user, (at, 0));
        *self.newest.make(user) = at.0;
        // Not with each place: dropping moves all that stay.
        if 2 * NOTICES_MAX <= self.places.hot(user).len() {
            self.places.keep_newest(user, NOTICES_MAX);
        }
    }

    /// The newest place of the user; 0 if there is none.
    pub(crate) fn newest(&self, user: Ordinal) -> Sequence {
        let newest = Sequence(self.newest.get(user));
        if self.floor(user) < newest { newest } else { Sequence(0) }
    }

    /// What the user was told up to here counts no more.
    pub(crate) fn floor(&self, user: Ordinal) -> Sequence {
        if self.floors.is_empty() {
            return Sequence(0);
        }
        self.floors.get(&user.0).copied().unwrap_or_default()
    }

    /// What the user was told up to there, and had read, counts no more.
    pub(crate) fn forget(&mut self, user: Ordinal, floor: Sequence) {
        if floor <= self.floor(user) {
            return;
        }
        self.floors.insert(user.0, floor);
        self.places.drop_up_to(user, floor);
        if self.mark(user).at <= floor {
            self.marks.remove(&user.0);
        }
    }

    /// Up to where the user has read.
    pub(crate) fn mark(&self, user: Ordinal) -> ReadMark {
        self.marks.get(&user.0).copied().unwrap_or_default()
    }

    /// The user has read up to there.
    pub(crate) fn read(&mut self, row: ReadMarkRow) {
        if row.mark.at <= self.floor(row.owner) {
            return;
        }
        let mark = self.marks.entry(row.owner.0).or_default();
        if mark.up_to < row.mark.up_to {
            *mark = row.mark;
        }
    }

    /// What a read needs of the user's window. Its places are the newest of what it walks along.
    pub(crate) fn excerpt(&self, user: Ordinal) -> Excerpt<POST_WIDTH> {
        let near = Near::Below(Sequence(u64::MAX));
        let mut excerpt = self.places.excerpt(user, near, NOTICES_MAX);
        if NOTICES_MAX <= excerpt.hot.len() {
            excerpt.files = Default::default();
        }
        excerpt
    }

    /// Whether a place may be in the user's window as of `covered`, as far as memory tells: a place that is
    /// not has [`NOTICES_MAX`] above it.
    pub(crate) fn may_hold(&self, user: Ordinal, place: Sequence, covered: Sequence) -> bool {
        if place <= self.floor(user) {
            return false;
        }
        let hot = self.places.hot(user);
        let above = hot.count_below(covered.next()) - hot.count_below(place.next());
        above < NOTICES_MAX
    }

    /// Drops places below `floor` from memory, as far as files have them.
    pub(crate) fn trim(&mut self, user: Ordinal, floor: Sequence) {
        self.places.trim(user, floor);
    }

    /// Notes a run of a file that is about to be loaded.
    pub(crate) fn note(&mut self, listed: &Listed) {
        let newest = self.newest.make(listed.owner);
        *newest = (*newest).max(listed.head.last.0);
        self.places.note(listed);
    }

    /// Covers windows and marks.
    pub(crate) fn digest(&self, users: usize) -> Result<Digest> {
        let mut digest = DigestBuilder::new();
        for user in (0..u32::try_from(users).unwrap_or(u32::MAX)).map(Ordinal) {
            let newest = self.newest(user);
            if newest != Sequence(0) {
                digest.number(u64::from(user.0));
                for place in window(&self.excerpt(user), self.floor(user))? {
                    digest.number(place.0);
                }
            }
            let ReadMark { up_to, at } = self.mark(user);
            if at != Sequence(0) {
                [u64::from(user.0), up_to.0, at.0].into_iter().for_each(|n| digest.number(n));
            }
        }
        Ok(digest.finish())
    }
}

/// The places of a window above the user's floor, newest first.
pub(crate) fn window(excerpt: &Excerpt<POST_WIDTH>, floor: Sequence) -> Result<Vec<Sequence>> {
    let mut walk = Down::new(excerpt.part(), Sequence(u64::MAX));
    let mut places = Vec::new();
    while places.len() < NOTICES_MAX
        && let Some((place, _)) = walk.next()?
        && floor < place
    {
        places.push(place);
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Ordinal = Ordinal(3);

    fn places(notices: &Notices) -> Vec<u64> {
        window(&notices.excerpt(ANN), notices.floor(ANN))
            .unwrap()
            .into_iter()
            .map(|place| place.0)
            .collect()
    }

    #[test]
    fn a_window_is_the_newest_places() {
        let mut notices = Notices::default();
        for at in 1..=5 * NOTICES_MAX as u64 {
            notices.push(ANN, Sequence(at));
            let first = at.saturating_sub(NOTICES_MAX as u64) + 1;
            if at % 997 == 0 || at == NOTICES_MAX as u64 {
                assert_eq!(places(&notices), (first..=at).rev().collect::<Vec<_>>());
            }
            assert!(notices.places.hot(ANN).len() < 2 * NOTICES_MAX);
        }
        let last = Sequence(5 * NOTICES_MAX as u64);
        let (inside, outside) =
            (Sequence(last.0 - NOTICES_MAX as u64 + 1), Sequence(last.0 - NOTICES_MAX as u64));
        assert!(notices.may_hold(ANN, inside, last));
        assert!(!notices.may_hold(ANN, outside, last));
        assert!(notices.may_hold(ANN, outside, Sequence(last.0 - 1)), "the last may be lost");
    }

    #[test]
    fn what_is_not_above_the_floor_counts_no_more() {
        let mut notices = Notices::default();
        (1..=9).for_each(|at| notices.push(ANN, Sequence(at)));
        let mark = |up_to, at| ReadMark { up_to: Sequence(up_to), at: Sequence(at) };
        notices.read(ReadMarkRow { owner: ANN, mark: mark(4, 8) });
        notices.forget(ANN, Sequence(10));
        assert_eq!((places(&notices).len(), notices.newest(ANN)), (0, Sequence(0)));
        assert_eq!(notices.mark(ANN), ReadMark::default());
        assert_eq!(notices.digest(9).unwrap(), Notices::default().digest(9).unwrap());
        assert!(!notices.may_hold(ANN, Sequence(9), Sequence(10)));
        notices.push(ANN, Sequence(12));
        notices.read(ReadMarkRow { owner: ANN, mark: mark(5, 9) });
        notices.forget(ANN, Sequence(3));
        assert_eq!((places(&notices), notices.newest(ANN)), (vec![12], Sequence(12)));
        assert_eq!(notices.mark(ANN), ReadMark::default(), "of before");
    }

    #[test]
    fn marks_only_rise() {
        let mut notices = Notices::default();
        for (up_to, at) in [(5, 9), (4, 10), (7, 12), (7, 13)] {
            let mark = ReadMark { up_to: Sequence(up_to), at: Sequence(at) };
            notices.read(ReadMarkRow { owner: ANN, mark });
        }
        assert_eq!(notices.mark(ANN), ReadMark { up_to: Sequence(7), at: Sequence(12) });
        assert_eq!(notices.mark(Ordinal(4)), ReadMark::default());
    }
}
