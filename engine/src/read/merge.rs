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

use crate::ids::Sequence;
use crate::query::Span;
use crate::views::outbox::Outboxes;
use crate::views::slots::SequenceList;
use crate::views::users::Ordinal;

/// Which way a page goes from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// Entries below the cursor, newest first.
    Down(Sequence),
    /// Entries above the cursor, oldest first.
    Up(Sequence),
}

/// An author's entry nearest to the cursor, among those not yet taken. Its `rank` is greater the
/// nearer the entry is, so that one heap serves both directions. 16 bytes: a page of thousands of
/// authors selects among thousands of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    rank: u64,
    author: Ordinal,
    /// Index of the entry in the author's outbox, or [`LAST`].
    index: u32,
}

/// The index of the last entry, where it need not be looked up.
const LAST: u32 = u32::MAX;

/// What follows a head in the merge: the author's outbox, and the entry after the head, looked up
/// ahead.
///
/// Looking ahead for all sources in one loop lets the processor overlap their cache misses; found
/// one by one while merging, they are most of the cost of a page.
#[derive(Clone, Copy, Debug)]
struct Source<'a> {
    list: &'a SequenceList,
    next: Option<Head>,
}

/// Up to `want` entries of `authors` nearest to the span's cursor, listed newest first.
pub(crate) fn nearest(
    outboxes: &Outboxes,
    authors: impl Iterator<Item = Ordinal>,
    span: Span,
    want: usize,
) -> Vec<Sequence> {
    let direction = Direction::of(span);
    let mut heads = Vec::with_capacity(authors.size_hint().1.unwrap_or(want));
    heads.extend(authors.filter_map(|author| direction.head(outboxes, author)));
    if want < heads.len() {
        heads.select_nth_unstable_by(want, |a: &Head, b| b.rank.cmp(&a.rank));
        heads.truncate(want);
    }
    let mut sources = Vec::with_capacity(heads.len());
    sources.extend(heads.iter().filter_map(|head| direction.source(outboxes, *head)));
    let heads = heads.iter().enumerate().map(|(source, head)| (head.rank, source)).collect();
    let mut entries = drain(heads, sources, direction, want);
    if let Direction::Up(_) = direction {
        entries.reverse();
    }
    entries
}

/// `heads` are ranks with the index of their source.
fn drain(
    mut heads: BinaryHeap<(u64, usize)>,
    mut sources: Vec<Source<'_>>,
    direction: Direction,
    want: usize,
) -> Vec<Sequence> {
    let mut entries = Vec::with_capacity(want);
    while entries.len() < want {
        let Some(mut top) = heads.peek_mut() else { break };
        let (rank, index) = *top;
        entries.push(direction.sequence(rank));
        let source = sources.get_mut(index).expect("every head has a source");
        let Some(next) = source.next else {
            PeekMut::pop(top);
            continue;
        };
        source.next = direction.step(source.list, next);
        *top = (next.rank, index);
    }
    entries
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
    fn head(self, outboxes: &Outboxes, author: Ordinal) -> Option<Head> {
        let newest = outboxes.newest(author);
        match self {
            _ if newest == 0 => None,
            Self::Down(cursor) if newest < cursor.0 => {
                Some(Head { rank: newest, author, index: LAST })
            }
            Self::Down(cursor) => {
                let list = outboxes.list(author)?;
                self.at(list, author, list.count_below(cursor).checked_sub(1)?)
            }
            Self::Up(cursor) if newest <= cursor.0 => None,
            Self::Up(cursor) => {
                let list = outboxes.list(author)?;
                self.at(list, author, list.count_below(cursor.next()))
            }
        }
    }

    fn source(self, outboxes: &Outboxes, head: Head) -> Option<Source<'_>> {
        let list = outboxes.list(head.author)?;
        Some(Source { list, next: self.step(list, head) })
    }

    /// The author's next entry away from the cursor.
    fn step(self, list: &SequenceList, head: Head) -> Option<Head> {
        let index = (head.index as usize).min(list.len().checked_sub(1)?);
        match self {
            Self::Down(_) => self.at(list, head.author, index.checked_sub(1)?),
            Self::Up(_) => self.at(list, head.author, index + 1),
        }
    }

    fn at(self, list: &SequenceList, author: Ordinal, index: usize) -> Option<Head> {
        let sequence = (index < list.len()).then(|| list.sequence(index))?;
        let index = u32::try_from(index).expect("an author has less than 2^32 posts");
        Some(Head { rank: self.rank(sequence), author, index })
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

    /// Author 0 published 1, 4, 7, ..; author 1 published 2, 5, ..; author 2 published 3, 6, ..
    fn outboxes() -> Outboxes {
        let mut outboxes = Outboxes::default();
        for (sequence, author) in (1..=30).zip([0, 1, 2].into_iter().cycle()) {
            outboxes.publish(Ordinal(author), Sequence(sequence));
        }
        outboxes
    }

    fn page(span: Span, authors: &[u32], want: usize) -> Vec<u64> {
        let authors = authors.iter().copied().map(Ordinal);
        nearest(&outboxes(), authors, span, want).into_iter().map(|s| s.0).collect()
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
    fn more_authors_than_wanted_entries() {
        assert_eq!(page(Span::Newest, &[2, 1, 0], 1), [30]);
        assert_eq!(page(Span::After(PostId(0)), &[2, 1, 0], 2), [2, 1]);
    }
}
