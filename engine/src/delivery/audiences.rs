//! Who has an inbox and follows an author whom very many follow: found by a search once, then kept up to
//! date, so that the author's next post finds its readers at once.
//!
//! A list has at least every reader with an inbox whose edge to the author counts. It may have readers
//! whose inbox is gone; whoever uses it sorts them out. Like all of delivery it may be forgotten at
//! any moment.

use foldhash::{HashMap, HashSet};

use crate::views::users::Ordinal;

/// Readers on all lists. Four bytes each: sixteen megabytes.
const READERS_MAX: usize = 4 << 20;

/// Changes of a list that were not needed yet; past that, and past its length, it is forgotten.
const CHANGES_MIN: usize = 4_096;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Audiences(HashMap<u32, Audience>);

#[derive(Debug, Default)]
struct Audience {
    /// Ascending. `None` while the search goes on.
    found: Option<Vec<u32>>,
    /// What changed since, or since the search began: who came last, and who went last.
    joined: HashSet<u32>,
    left: HashSet<u32>,
}

impl Audiences {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The author's list, ascending, if there is one.
    pub(crate) fn list(&mut self, author: Ordinal) -> Option<Vec<u32>> {
        let Audience { found, joined, left } = self.0.get_mut(&author.0)?;
        let found = found.as_mut()?;
        if !joined.is_empty() || !left.is_empty() {
            found.retain(|reader| !left.contains(reader));
            found.extend(joined.drain());
            found.sort_unstable();
            found.dedup();
            left.clear();
        }
        Some(found.clone())
    }

    /// The search for an author's readers begins: whatever changes from now on is noted.
    pub(crate) fn begin(&mut self, author: Ordinal) {
        self.0.insert(author.0, Audience::default());
    }

    /// The search has found these. Nothing happens if it was forgotten meanwhile.
    pub(crate) fn finish(&mut self, author: Ordinal, found: &[u32]) {
        // A short list counts for what may change of it: a thousand lists at most.
        let size = |audience: &Audience| audience.found.as_ref().map_or(0, Vec::len);
        let others: usize = self.0.values().map(|audience| size(audience).max(CHANGES_MIN)).sum();
        if READERS_MAX < others + found.len() {
            self.0.retain(|other, _| *other == author.0);
        }
        if READERS_MAX < found.len() {
            self.0.clear();
        }
        if let Some(audience) = self.0.get_mut(&author.0) {
            audience.found = Some(found.to_vec());
        }
    }

    /// A reader with an inbox has an edge to the author that counts.
    pub(crate) fn join(&mut self, author: Ordinal, reader: Ordinal) {
        self.change(author, |audience| {
            audience.left.remove(&reader.0);
            audience.joined.insert(reader.0);
        });
    }

    /// The reader's edge to the author counts no more, or their inbox is gone.
    pub(crate) fn leave(&mut self, author: Ordinal, reader: Ordinal) {
        self.change(author, |audience| {
            audience.joined.remove(&reader.0);
            audience.left.insert(reader.0);
        });
    }

    fn change(&mut self, author: Ordinal, edit: impl FnOnce(&mut Audience)) {
        let Some(audience) = self.0.get_mut(&author.0) else { return };
        edit(audience);
        let len = audience.found.as_ref().map_or(0, Vec::len);
        if len.max(CHANGES_MIN) < audience.joined.len() + audience.left.len() {
            self.0.remove(&author.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::seed::Random;
    use std::collections::BTreeSet;

    #[test]
    fn a_list_has_whoever_came_last() {
        const AUTHOR: Ordinal = Ordinal(7);
        let mut audiences = Audiences::default();
        audiences.join(AUTHOR, Ordinal(1));
        assert!(audiences.is_empty(), "nobody searched for this author");
        let mut random = Random::new(5);
        for _ in 0..50 {
            // What the search sees is from before, or from while it went on.
            let mut expected: BTreeSet<u32> = (0..40).filter(|_| random.one_in(2)).collect();
            let found: Vec<u32> = expected.iter().copied().collect();
            audiences.begin(AUTHOR);
            for step in 0..60 {
                let reader = u32::try_from(random.below(40)).unwrap();
                if random.one_in(2) {
                    audiences.join(AUTHOR, Ordinal(reader));
                    expected.insert(reader);
                } else {
                    audiences.leave(AUTHOR, Ordinal(reader));
                    expected.remove(&reader);
                }
                match step {
                    0..20 => assert_eq!(audiences.list(AUTHOR), None, "the search goes on"),
                    20 => audiences.finish(AUTHOR, &found),
                    _ => assert_eq!(
                        audiences.list(AUTHOR).unwrap(),
                        Vec::from_iter(expected.clone())
                    ),
                }
            }
        }
    }

    #[test]
    fn what_grows_too_large_is_forgotten() {
        let mut audiences = Audiences::default();
        for author in [1, 2] {
            audiences.begin(Ordinal(author));
            audiences.finish(Ordinal(author), &vec![0; READERS_MAX / 2 + 1]);
        }
        assert_eq!((audiences.list(Ordinal(1)), audiences.0.len()), (None, 1));
        for author in 10..3_000 {
            audiences.begin(Ordinal(author));
            audiences.finish(Ordinal(author), &[]);
        }
        assert!(audiences.0.len() <= READERS_MAX / CHANGES_MIN, "many short lists");
        audiences.begin(Ordinal(3));
        (0..4_097).for_each(|reader| audiences.join(Ordinal(3), Ordinal(reader)));
        audiences.finish(Ordinal(3), &[1]);
        assert_eq!(audiences.list(Ordinal(3)), None);
    }
}
