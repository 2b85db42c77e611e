//! How fast authors publish and readers read, to the factor of two that adaptive delivery needs.
//!
//! A pace is a level: the logarithm of events an hour, base 2, so that levels of authors and bounds of
//! readers compare. A level once given stays until the pace is two levels away: what wavers around a
//! bound changes nothing.
//!
//! An author's pace costs no memory of its own: it is how many of their newest posts came since one of
//! some moments that are kept for all.

use std::collections::VecDeque;

use crate::ids::{Sequence, Timestamp};
use crate::views::outbox::POST_WIDTH;
use crate::views::slots::SlotList;

/// The level of one event an hour.
const LEVEL_OF_ONE: f64 = 10.0;

/// Above all levels.
const LEVEL_MAX: u8 = 40;

/// Paces are measured over the last day.
const WINDOW_MS: u64 = 24 * 60 * 60 * 1_000;

/// Moments in the window.
const MOMENTS: u64 = 32;

/// A pace over less than this says nothing.
const SPAN_MS_MIN: u64 = 1_000;

const HOUR_MS: f64 = 60.0 * 60.0 * 1_000.0;

/// Pulling from an author at each read counts as much as so many deliveries of their posts. By the clock of
/// one core it is two or three: a head looked up, a place in the heap, an outbox searched, against an id
/// appended. But the reader waits for a pull and nobody for a push, paces are known to a factor of two, and
/// an edge that changes costs a walk over the author's readers. With 8 adaptive delivery cost up to 1.18 x
/// the best fixed policy of `policies --data` (benches), with 24 at most 1.02 x.
const PULL_COST: f64 = 24.0;

/// A level stays until the pace is so many levels away: a change is told to all readers.
const WAVER: f64 = 2.0;

/// Fewer posts than this in the window are no pace.
const POSTS_MIN: usize = 4;

/// Reads after which a reader's pace is looked at.
const READS: u16 = 16;

/// What a reader's bound is before they have shown a pace: everything is pushed.
pub(crate) const BOUND_NEW: u8 = LEVEL_MAX;

/// When sequences were given, now and then.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    moments: VecDeque<(Timestamp, Sequence)>,
}

impl Pace {
    /// A post was committed lately.
    pub(crate) fn note(&mut self, now: Timestamp, post: Sequence) {
        let is_due = |(last, _): &(Timestamp, Sequence)| last.0 + WINDOW_MS / MOMENTS <= now.0;
        if self.moments.back().is_none_or(is_due) {
            self.moments.push_back((now, post));
        }
        while self.moments.len() as u64 > MOMENTS {
            self.moments.pop_front();
        }
    }

    /// The level of an author with these posts in memory; what it was before, if that will do.
    pub(crate) fn level(&self, posts: &SlotList<POST_WIDTH>, now: Timestamp, before: u8) -> u8 {
        let Some((since, first)) = self.moments.front() else { return before };
        let count = posts.len() - posts.count_below(*first);
        if count < POSTS_MIN {
            return before;
        }
        settled(per_hour(count, now.0.saturating_sub(since.0)), before)
    }
}

/// Reads of one reader.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reads {
    count: u16,
    /// Since when they are counted.
    since: Timestamp,
}

impl Reads {
    /// Begins to count.
    pub(crate) fn begin(now: Timestamp) -> Self {
        Self { count: 0, since: now }
    }

    /// Since when reads are counted: no later than the last one, or than the start.
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    /// Another read: the reader's bound, if it is time to look at it.
    pub(crate) fn note(&mut self, now: Timestamp, before: u8) -> Option<u8> {
        self.count += 1;
        if self.count < READS {
            return None;
        }
        let reads = per_hour(usize::from(self.count), now.0.saturating_sub(self.since.0));
        *self = Self::begin(now);
        Some(settled(reads * PULL_COST, before))
    }
}

/// The level of an author with so many posts in so long; the lowest if these are no pace.
pub(crate) fn author_level(posts: u64, span_ms: u64) -> u8 {
    let posts = usize::try_from(posts).unwrap_or(usize::MAX);
    if posts < POSTS_MIN { 0 } else { settled(per_hour(posts, span_ms), 0) }
}

/// The bound of a reader of so many pages in so long.
pub(crate) fn reader_bound(pages: u64, span_ms: u64) -> u8 {
    let pages = usize::try_from(pages).unwrap_or(usize::MAX);
    if pages < usize::from(READS) {
        return BOUND_NEW;
    }
    settled(per_hour(pages, span_ms) * PULL_COST, 0)
}

fn per_hour(count: usize, span_ms: u64) -> f64 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let span = u32::try_from(span_ms.max(SPAN_MS_MIN)).unwrap_or(u32::MAX);
    f64::from(count) * HOUR_MS / f64::from(span)
}

/// The level of a pace; the one before if it is not far away.
fn settled(per_hour: f64, before: u8) -> u8 {
    let exact = per_hour.log2() + LEVEL_OF_ONE;
    if (exact - f64::from(before)).abs() < WAVER {
        return before;
    }
    (0..LEVEL_MAX).find(|level| exact < f64::from(*level) + 0.5).unwrap_or(LEVEL_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_octaves_and_waver_little() {
        assert_eq!(settled(1.0, 0), 10);
        assert_eq!(settled(2.0, 0), 11);
        assert_eq!(settled(3.9, 10), 10, "less than two levels away");
        assert_eq!(settled(4.1, 10), 12);
        assert_eq!(settled(0.0, 7), 0);
        assert_eq!(settled(1e30, 7), LEVEL_MAX);
    }

    #[test]
    fn an_author_has_the_pace_of_their_newest_posts() {
        let mut pace = Pace::default();
        let mut posts = SlotList::default();
        assert_eq!(pace.level(&posts, Timestamp(5), 3), 3, "nothing is known");
        for hour in 0..48_u64 {
            let at = Timestamp(hour * 3_600_000);
            pace.note(at, Sequence(hour * 10 + 1));
            posts.push((Sequence(hour * 10 + 1), 0));
        }
        assert_eq!(pace.level(&posts, Timestamp(47 * 3_600_000), 0), 10, "a post an hour");
        let mut reads = Reads::begin(Timestamp(0));
        let noted = (1..=16).filter_map(|n| reads.note(Timestamp(n * 3_600_000), 0)).next();
        assert_eq!(noted, Some(15), "a read an hour is worth 24 posts");
    }
}
