//! The newest notes of the log, for watches that come back: a thousand of them after a restart read
//! the log once between them, not once each.
//!
//! Notes stand in chunks that never change once they are full, so that a reader takes them along
//! and needs no lock while it goes through them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::note::Note;
use crate::ids::Sequence;
use crate::limits::{TRAIL_CHUNK_NOTES, TRAIL_NOTES_MAX};

/// A run of notes: the sequence of the first, and all of them.
pub(crate) type Chunk = (u64, Arc<Vec<Note>>);

/// See the module.
#[derive(Debug)]
pub(crate) struct Trail {
    full: VecDeque<Chunk>,
    /// The newest notes, below the size of a chunk.
    open: Vec<Note>,
    /// The sequence of the first note; that of the next one if there is none.
    first: u64,
    /// The sequence of the next note.
    next: u64,
}

impl Trail {
    /// No notes; the next is that of the record behind `at`.
    pub(crate) fn new(at: Sequence) -> Self {
        let next = at.next().0;
        Self { full: VecDeque::new(), open: Vec::new(), first: next, next }
    }

    /// The sequence of the first note.
    pub(crate) fn first(&self) -> Sequence {
        Sequence(self.first)
    }

    /// Adds the note of the next record.
    pub(crate) fn push(&mut self, note: Note) {
        self.open.push(note);
        self.next += 1;
        if self.open.len() == TRAIL_CHUNK_NOTES {
            let chunk = std::mem::replace(&mut self.open, Vec::with_capacity(TRAIL_CHUNK_NOTES));
            self.full.push_back((self.next - TRAIL_CHUNK_NOTES as u64, Arc::new(chunk)));
            self.trim();
        }
    }

    /// Adds older notes in front, if they end where the first begins.
    pub(crate) fn prepend(&mut self, first: Sequence, notes: &Arc<Vec<Note>>) {
        let end = first.0 + notes.len() as u64;
        if end == self.first && !notes.is_empty() {
            self.full.push_front((first.0, Arc::clone(notes)));
            self.first = first.0;
        }
    }

    /// The notes above `after`, as far as there are any, in chunks.
    pub(crate) fn above(&self, after: Sequence) -> Vec<Chunk> {
        let is_above = |chunk: &&Chunk| after.0 < chunk.0 + chunk.1.len() as u64;
        let mut chunks: Vec<_> = self.full.iter().filter(is_above).cloned().collect();
        if !self.open.is_empty() {
            chunks.push((self.next - self.open.len() as u64, Arc::new(self.open.clone())));
        }
        chunks
    }

    fn trim(&mut self) {
        while TRAIL_NOTES_MAX < self.next - self.first {
            let Some((first, notes)) = self.full.pop_front() else { return };
            self.first = first + notes.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    fn note(n: u64) -> Note {
        Note::Publish { author: UserId(n) }
    }

    fn notes(trail: &Trail, after: u64) -> Vec<(u64, Note)> {
        let numbered = |(first, notes): Chunk| {
            notes
                .iter()
                .copied()
                .enumerate()
                .map(move |(n, note)| (first + n as u64, note))
                .collect()
        };
        let all = trail.above(Sequence(after)).into_iter().flat_map::<Vec<_>, _>(numbered);
        all.filter(|(sequence, _)| after < *sequence).collect()
    }

    #[test]
    fn notes_come_back_by_their_sequence_however_old_ones_are_added() {
        let mut trail = Trail::new(Sequence(9));
        (10..3_000).for_each(|n| trail.push(note(n)));
        let older = Arc::new(vec![note(7), note(8), note(9)]);
        trail.prepend(Sequence(6), &older);
        assert_eq!(trail.first(), Sequence(10), "not next to the first");
        trail.prepend(Sequence(7), &older);
        assert_eq!(trail.first(), Sequence(7));
        for after in [6, 7, 9, 10, 2_500, 2_999] {
            let expected: Vec<_> = (after + 1..3_000).map(|n| (n, note(n))).collect();
            assert_eq!(notes(&trail, after), expected, "after {after}");
        }
    }

    #[test]
    fn the_oldest_notes_go() {
        let mut trail = Trail::new(Sequence(0));
        let count = TRAIL_NOTES_MAX + 3 * TRAIL_CHUNK_NOTES as u64;
        (1..=count).for_each(|n| trail.push(note(n)));
        let first = trail.first().0;
        assert!(count - first < TRAIL_NOTES_MAX && 2 * TRAIL_CHUNK_NOTES as u64 <= first);
        let kept = notes(&trail, first - 1);
        assert_eq!(
            (kept.first(), kept.len() as u64),
            (Some(&(first, note(first))), count + 1 - first)
        );
    }
}
