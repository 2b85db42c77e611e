//! What the readers and the authors did lately, for [`advise`](super::advise): two windows of half an
//! hour, each with how many posts and pages it had and a sample of whose home the pages were.
//!
//! Costs a page one or two atomic additions, a post one, and a user one bit.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::ids::{Sequence, Timestamp};
use crate::views::users::Ordinal;

/// A window is that long; then it becomes the one before, and that one is forgotten.
const WINDOW_MILLIS: u64 = 30 * 60 * 1_000;

/// Pages of a window whose readers are remembered: a uniform sample once there are more.
const PAGES_SAMPLED: usize = 8_192;

/// Users in a word of the set.
const WORD: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Workload {
    now: Window,
    before: Option<Window>,
    /// Who read a home since the engine was opened: one bit for each user.
    readers: Vec<AtomicU64>,
}

/// Half an hour.
#[derive(Debug, Default)]
struct Window {
    since: Timestamp,
    /// Posts of the window are above.
    after: Sequence,
    posts: u64,
    pages: AtomicU64,
    sample: Box<[AtomicU32]>,
}

/// What both windows have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) millis: u64,
    /// Posts of this time are above.
    pub(crate) after: Sequence,
    pub(crate) posts: u64,
    pub(crate) pages: u64,
    /// Readers of pages, each with how many thousandths of a page it stands for.
    pub(crate) sample: Vec<(u32, u64)>,
}

impl Window {
    fn begin(now: Timestamp, after: Sequence) -> Self {
        let sample = (0..PAGES_SAMPLED).map(|_| AtomicU32::new(0)).collect();
        Self { since: now, after, sample, ..Self::default() }
    }

    /// A reservoir: each page has the same chance to be in the sample, however many come.
    fn note_page(&self, reader: Ordinal) {
        let number = self.pages.fetch_add(1, Ordering::Relaxed);
        let slot = if number < PAGES_SAMPLED as u64 { number } else { draw(number) };
        let slot = usize::try_from(slot).ok().and_then(|slot| self.sample.get(slot));
        slot.into_iter().for_each(|slot| slot.store(reader.0, Ordering::Relaxed));
    }

    fn sampled(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let pages = self.pages.load(Ordering::Relaxed);
        let count = pages.min(PAGES_SAMPLED as u64);
        let weight = (pages * 1_000).checked_div(count).unwrap_or(0);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.sample.iter().take(count).map(move |slot| (slot.load(Ordering::Relaxed), weight))
    }
}

/// A place in `0..=number`, by a hash of the number.
pub(super) fn draw(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % (number + 1)
}

impl Workload {
    /// Begins to look, at the position `after`.
    pub(crate) fn begin(&mut self, now: Timestamp, after: Sequence) {
        (self.now, self.before) = (Window::begin(now, after), None);
    }

    /// Makes room for `users` users.
    pub(crate) fn grow(&mut self, users: usize) {
        let words = users.div_ceil(WORD);
        if self.readers.len() < words {
            self.readers.resize_with(words, AtomicU64::default);
        }
    }

    /// A post was committed.
    pub(crate) fn note_post(&mut self) {
        self.now.posts += 1;
    }

    /// A page of the reader's home was answered.
    pub(crate) fn note_page(&self, reader: Ordinal) {
        self.now.note_page(reader);
        self.note_reader(reader);
    }

    /// The reader has read at some time.
    pub(crate) fn note_reader(&self, reader: Ordinal) {
        let (word, bit) = (reader.index() / WORD, 1 << (reader.index() % WORD));
        let Some(word) = self.readers.get(word) else { return };
        // A plain load first: most readers are known.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether a new window is to begin.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.now.since.0 + WINDOW_MILLIS <= now.0
    }

    /// Begins a new window.
    pub(crate) fn turn(&mut self, now: Timestamp, after: Sequence) {
        self.before = Some(std::mem::replace(&mut self.now, Window::begin(now, after)));
    }

    /// The last half hour to hour.
    pub(crate) fn seen(&self, now: Timestamp) -> Seen {
        let windows = || self.before.iter().chain([&self.now]);
        let first = self.before.as_ref().unwrap_or(&self.now);
        Seen {
            millis: now.0.saturating_sub(first.since.0).max(1),
            after: first.after,
            posts: windows().map(|window| window.posts).sum(),
            pages: windows().map(|window| window.pages.load(Ordering::Relaxed)).sum(),
            sample: windows().flat_map(Window::sampled).collect(),
        }
    }

    /// Who has read, among `count` users from `first` on.
    pub(crate) fn readers(&self, first: usize, count: usize) -> impl Iterator<Item = Ordinal> + '_ {
        let words = self.readers.iter().enumerate();
        let words = words.take((first + count).div_ceil(WORD)).skip(first / WORD);
        words.flat_map(|(index, word)| {
            let word = word.load(Ordering::Relaxed);
            let bits = (0..WORD).filter(move |bit| word & (1 << bit) != 0);
            bits.filter_map(move |bit| u32::try_from(index * WORD + bit).ok()).map(Ordinal)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_uniform_whatever_comes() {
        let mut workload = Workload::default();
        workload.grow(100);
        workload.begin(Timestamp(5), Sequence(9));
        // The first half by one reader, the second by another.
        let half = 10 * PAGES_SAMPLED as u64;
        (0..half).for_each(|_| workload.note_page(Ordinal(7)));
        (0..half).for_each(|_| workload.note_page(Ordinal(70)));
        let seen = workload.seen(Timestamp(1_005));
        assert_eq!((seen.millis, seen.after, seen.pages), (1_000, Sequence(9), 2 * half));
        let early = seen.sample.iter().filter(|(reader, _)| *reader == 7).count();
        assert!(early.abs_diff(PAGES_SAMPLED / 2) < PAGES_SAMPLED / 20, "{early} of the first");
        assert!(seen.sample.iter().all(|(_, weight)| *weight == 20_000), "twenty pages each");
        let readers: Vec<u32> = workload.readers(0, 128).map(|reader| reader.0).collect();
        assert_eq!(readers, [7, 70]);
    }

    #[test]
    fn what_is_older_than_two_windows_is_forgotten() {
        let mut workload = Workload::default();
        workload.begin(Timestamp(0), Sequence(0));
        for turn in 1..=3 {
            workload.note_post();
            let now = Timestamp(turn * WINDOW_MILLIS);
            assert!(workload.is_over(now));
            workload.turn(now, Sequence(turn));
        }
        let seen = workload.seen(Timestamp(3 * WINDOW_MILLIS));
        assert_eq!((seen.posts, seen.after, seen.millis), (1, Sequence(2), WINDOW_MILLIS));
    }
}
