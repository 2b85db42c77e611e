//! The merge: the entries nearest to a cursor, out of many authors' outboxes, in order.
//!
//! Each author is first known by one number, its head: the entry nearest to the cursor. For the
//! newest page that is the author's newest post, which stands in a flat array, so that an author
//! who cannot contribute is never touched. Of `n` heads only the best `want` can lead into the
//! page; they are selected in linear time and only they are merged, by a heap: O(n + want log want)
//! for the newest page. A page below a cursor pays a binary search for each author who has newer
//! posts than the cursor.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::query::Span;
use crate::views::outbox::{Newest, Outbox, POST_WIDTH};
use crate::views::part::Near;
use crate::views::users::Ordinal;
use crate::views::walk::{Down, Up};

/// Which way a page goes from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// Entries below the cursor, newest first.
    Down(Sequence),
    /// Entries above the cursor, oldest first.
    Up(Sequence),
}

/// What is known of an author's entry nearest to the cursor, among those not yet taken. Its `rank`
/// is greater the nearer the entry is, so that one heap serves both directions. 16 bytes: a page of
/// thousands of authors selects among thousands of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    rank: u64,
    author: Ordinal,
    /// Whether `rank` is only a bound: the entry may be further away.
    is_bound: bool,
}

/// What follows a head in the merge: the rest of the author's outbox, and the rank of the entry
/// after the head, looked up ahead.
///
/// Looking ahead for all sources in one loop lets the processor overlap their cache misses; found
/// one by one while merging, they are most of the cost of a page.
#[derive(Debug)]
struct Source<'a> {
    walk: Walk<'a>,
    next: Option<u64>,
    author: Ordinal,
}

/// A walk away from the cursor.
#[derive(Debug)]
enum Walk<'a> {
    Down(Down<'a, POST_WIDTH>),
    Up(Up<'a, POST_WIDTH>),
}

/// Collects authors, then answers the entries of all of them.
#[derive(Debug)]
pub(crate) struct Merge<'a, O> {
    outboxes: &'a O,
    direction: Direction,
    heads: Vec<Head>,
    /// The first failure to read an outbox.
    failed: Option<Error>,
}

impl<'a, O: Outbox> Merge<'a, O> {
    /// A merge of about `authors` outboxes, away from the span's cursor.
    pub(crate) fn new(outboxes: &'a O, span: Span, authors: usize) -> Self {
        let heads = Vec::with_capacity(authors);
        Self { outboxes, direction: Direction::of(span), heads, failed: None }
    }

    /// Adds an author.
    pub(crate) fn add(&mut self, author: Ordinal) {
        match self.direction.head(self.outboxes, author) {
            Ok(Some(head)) => self.heads.push(head),
            Ok(None) => {}
            Err(error) => self.failed = self.failed.take().or(Some(error)),
        }
    }

    /// Up to `want` entries nearest to the cursor, listed newest first.
    pub(crate) fn nearest(self, want: usize) -> Result<Vec<Sequence>> {
        let (direction, mut entries) = (self.direction, Vec::with_capacity(want));
        self.each_nearest(want, |entry, _| entries.push(entry))?;
        if let Direction::Up(_) = direction {
            entries.reverse();
        }
        Ok(entries)
    }

    /// The same, and whose each is.
    pub(crate) fn nearest_by(self, want: usize) -> Result<(Vec<Sequence>, Vec<Ordinal>)> {
        let (direction, mut entries) = (self.direction, Vec::with_capacity(want));
        self.each_nearest(want, |entry, author| entries.push((entry, author)))?;
        if let Direction::Up(_) = direction {
            entries.reverse();
        }
        Ok(entries.into_iter().unzip())
    }

    /// Hands them out, nearest first.
    fn each_nearest(mut self, want: usize, each: impl FnMut(Sequence, Ordinal)) -> Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.select(want)?;
        let direction = self.direction;
        let mut sources = Vec::with_capacity(self.heads.len());
        for head in &self.heads {
            sources.push(direction.source(self.outboxes, *head)?);
        }
        let ranks = self.heads.iter().enumerate();
        let heads = ranks.map(|(source, head)| (head.rank, source)).collect();
        drain(heads, sources, (direction, want), each)
    }

    /// Keeps the best `want` heads. A bound among them is looked up, and the choice made again.
    fn select(&mut self, want: usize) -> Result<()> {
        loop {
            let best = want.min(self.heads.len());
            if want < self.heads.len() {
                self.heads.select_nth_unstable_by(want, |a, b| b.rank.cmp(&a.rank));
            }
            let chosen = self.heads.get_mut(..best).unwrap_or_default();
            if chosen.iter().all(|head| !head.is_bound) {
                self.heads.truncate(best);
                return Ok(());
            }
            for head in chosen.iter_mut().filter(|head| head.is_bound) {
                let newest = self.outboxes.find_newest(head.author)?.unwrap_or_default();
                *head = Head { rank: newest.0, author: head.author, is_bound: false };
            }
            self.heads.retain(|head| head.rank != 0);
        }
    }
}

/// `heads` are ranks with the index of their source.
fn drain(
    mut heads: BinaryHeap<(u64, usize)>,
    mut sources: Vec<Source<'_>>,
    (direction, want): (Direction, usize),
    mut each: impl FnMut(Sequence, Ordinal),
) -> Result<()> {
    for _ in 0..want {
        let Some(mut top) = heads.peek_mut() else { break };
        let (rank, index) = *top;
        let source = sources.get_mut(index).expect("every head has a source");
        each(direction.sequence(rank), source.author);
        let Some(next) = source.next else {
            PeekMut::pop(top);
            continue;
        };
        source.next = direction.step(&mut source.walk)?;
        *top = (next, index);
    }
    Ok(())
}

impl Near {
    /// What a page of this span wants of an outbox.
    pub(crate) fn of(span: Span) -> Self {
        match Direction::of(span) {
            Direction::Down(cursor) => Self::Below(cursor),
            Direction::Up(cursor) => Self::Above(cursor),
        }
    }
}

impl Direction {
    fn of(span: Span) -> Self {
        match span {
            Span::Newest => Self::Down(Sequence(u64::MAX)),
            Span::Before(cursor) => Self::Down(cursor.into()),
            Span::After(cursor) => Self::Up(cursor.into()),
        }
    }

    /// The author's entry nearest to the cursor.
    fn head(self, outboxes: &impl Outbox, author: Ordinal) -> Result<Option<Head>> {
        let head = |rank, is_bound| Some(Head { rank, author, is_bound });
        let (newest, is_bound) = match outboxes.newest(author) {
            Newest::None => return Ok(None),
            Newest::Is(newest) => (newest, false),
            Newest::AtMost(bound) => (bound, true),
        };
        let walk = match self {
            Self::Down(cursor) if newest < cursor => return Ok(head(newest.0, is_bound)),
            Self::Up(cursor) if newest <= cursor => return Ok(None),
            Self::Down(cursor) => Walk::Down(Down::new(outboxes.part(author), cursor)),
            Self::Up(cursor) => Walk::Up(Up::new(outboxes.part(author), cursor)),
        };
        let nearest = self.step(&mut { walk })?;
        Ok(nearest.and_then(|rank| head(rank, false)))
    }

    /// What follows a head in its author's outbox.
    fn source<'a>(self, outboxes: &'a impl Outbox, head: Head) -> Result<Source<'a>> {
        let at = self.sequence(head.rank);
        let mut walk = match self {
            Self::Down(_) => Walk::Down(Down::new(outboxes.part(head.author), at)),
            Self::Up(_) => Walk::Up(Up::new(outboxes.part(head.author), at)),
        };
        let next = self.step(&mut walk)?;
        Ok(Source { walk, next, author: head.author })
    }

    /// The rank of the author's next entry away from the cursor.
    fn step(self, walk: &mut Walk<'_>) -> Result<Option<u64>> {
        let entry = match walk {
            Walk::Down(walk) => walk.next()?,
            Walk::Up(walk) => walk.next()?,
        };
        Ok(entry.map(|(sequence, _)| self.rank(sequence)))
    }

    fn rank(self, sequence: Sequence) -> u64 {
        match self {
            Self::Down(_) => sequence.0,
            Self::Up(_) => u64::MAX - sequence.0,
        }
    }

    fn sequence(self, rank: u64) -> Sequence {
        match self {
            Self::Down(_) => Sequence(rank),
            Self::Up(_) => Sequence(u64::MAX - rank),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PostId;
    use crate::views::outbox::Outboxes;

    /// Author 0 published 1, 4, 7, ..; author 1 published 2, 5, ..; author 2 published 3, 6, ..
    fn outboxes() -> Outboxes {
        let mut outboxes = Outboxes::default();
        for (sequence, author) in (1..=30).zip([0, 1, 2].into_iter().cycle()) {
            outboxes.publish(Ordinal(author), Sequence(sequence));
        }
        outboxes
    }

    fn page(span: Span, authors: &[u32], want: usize) -> Vec<u64> {
        let outboxes = outboxes();
        let mut merge = Merge::new(&outboxes, span, authors.len());
        authors.iter().copied().map(Ordinal).for_each(|author| merge.add(author));
        merge.nearest(want).unwrap().into_iter().map(|s| s.0).collect()
    }

    #[test]
    fn newest_first_over_all_authors() {
        assert_eq!(page(Span::Newest, &[0, 1, 2], 4), [30, 29, 28, 27]);
        assert_eq!(page(Span::Newest, &[0, 2], 3), [30, 28, 27]);
    }

    #[test]
    fn below_and_above_a_cursor() {
        assert_eq!(page(Span::Before(PostId(5)), &[0, 1, 2], 9), [4, 3, 2, 1]);
        assert_eq!(page(Span::After(PostId(26)), &[0, 1, 2], 2), [28, 27]);
        assert_eq!(page(Span::After(PostId(26)), &[0, 1, 2], 9), [30, 29, 28, 27]);
        assert_eq!(page(Span::After(PostId(30)), &[0, 1, 2], 9), []);
        assert_eq!(page(Span::Before(PostId(1)), &[0, 1, 2], 9), []);
    }

    #[test]
    fn each_entry_comes_with_its_author() {
        let outboxes = outboxes();
        for (span, entries, authors) in [
            (Span::Newest, [30, 28, 27], [2, 0, 2]),
            (Span::After(PostId(26)), [30, 28, 27], [2, 0, 2]),
            (Span::Before(PostId(7)), [6, 4, 3], [2, 0, 2]),
        ] {
            let mut merge = Merge::new(&outboxes, span, 2);
            [0, 2].map(Ordinal).into_iter().for_each(|author| merge.add(author));
            let expected = (entries.map(Sequence).to_vec(), authors.map(Ordinal).to_vec());
            assert_eq!(merge.nearest_by(3).unwrap(), expected, "{span:?}");
        }
    }

    #[test]
    fn more_authors_than_wanted_entries() {
        assert_eq!(page(Span::Newest, &[2, 1, 0], 1), [30]);
        assert_eq!(page(Span::After(PostId(0)), &[2, 1, 0], 2), [2, 1]);
    }
}
