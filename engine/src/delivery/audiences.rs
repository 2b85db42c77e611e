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

/// Changes of a list that were not needed yet; past that, and past its length, they are worked in.
const CHANGES_MIN: usize = 4_096;

/// Changes while a search goes on; past that it is in vain.
const SEARCH_CHANGES_MAX: usize = 1 << 16;

/// Authors whose readers are to be found ahead of a post.
const WANTED_MAX: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Audiences {
    lists: HashMap<u32, Audience>,
    wanted: Vec<u32>,
}

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
        self.lists.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.lists.clear();
        self.wanted.clear();
    }

    /// To find the author's readers takes long, and nobody should wait for it: it is done before they
    /// post, when there is nothing else to do.
    pub(crate) fn want(&mut self, author: Ordinal) {
        let is_known = self.lists.contains_key(&author.0) || self.wanted.contains(&author.0);
        if !is_known && self.wanted.len() < WANTED_MAX {
            self.wanted.push(author.0);
        }
    }

    /// Somebody who is wanted, and is no more.
    pub(crate) fn next_wanted(&mut self) -> Option<Ordinal> {
        self.wanted.pop().map(Ordinal)
    }

    /// The author's list, ascending, if there is one.
    pub(crate) fn list(&mut self, author: Ordinal) -> Option<Vec<u32>> {
        let audience = self.lists.get_mut(&author.0)?;
        audience.work_in();
        audience.found.clone()
    }

    /// The search for an author's readers begins: whatever changes from now on is noted.
    pub(crate) fn begin(&mut self, author: Ordinal) {
        self.lists.insert(author.0, Audience::default());
    }

    /// The search has found these. Nothing happens if it was forgotten meanwhile.
    pub(crate) fn finish(&mut self, author: Ordinal, found: &[u32]) {
        let others: usize = self.lists.values().map(Audience::cost).sum();
        if READERS_MAX < others + found.len() {
            self.lists.retain(|other, _| *other == author.0);
        }
        if READERS_MAX < found.len() {
            self.lists.clear();
        }
        if let Some(audience) = self.lists.get_mut(&author.0) {
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
        let Some(audience) = self.lists.get_mut(&author.0) else { return };
        edit(audience);
        let changes = audience.joined.len() + audience.left.len();
        let Some(found) = &audience.found else {
            if SEARCH_CHANGES_MAX < changes {
                self.lists.remove(&author.0);
            }
            return;
        };
        if found.len().max(CHANGES_MIN) < changes {
            audience.work_in();
            if READERS_MAX < self.lists.values().map(Audience::cost).sum() {
                self.lists.remove(&author.0);
            }
        }
    }
}

impl Audience {
    /// A short list counts for what may change of it: a thousand lists at most.
    fn cost(&self) -> usize {
        self.found.as_ref().map_or(0, Vec::len).max(CHANGES_MIN)
    }

    /// What was found is as if found now.
    fn work_in(&mut self) {
        let Self { found: Some(found), joined, left } = self else { return };
        if joined.is_empty() && left.is_empty() {
            return;
        }
        found.retain(|reader| !left.contains(reader));
        found.extend(joined.drain());
        found.sort_unstable();
        found.dedup();
        left.clear();
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
        assert_eq!((audiences.list(Ordinal(1)), audiences.lists.len()), (None, 1));
        for author in 10..3_000 {
            audiences.begin(Ordinal(author));
            audiences.finish(Ordinal(author), &[]);
        }
        assert!(audiences.lists.len() <= READERS_MAX / CHANGES_MIN, "many short lists");
        audiences.begin(Ordinal(3));
        (0..=65_536).for_each(|reader| audiences.join(Ordinal(3), Ordinal(reader)));
        audiences.finish(Ordinal(3), &[1]);
        assert_eq!(audiences.list(Ordinal(3)), None, "too much happened while it was searched for");
        audiences.begin(Ordinal(4));
        audiences.finish(Ordinal(4), &[]);
        let all = u32::try_from(READERS_MAX).unwrap() + 65_536;
        (0..all).for_each(|reader| audiences.join(Ordinal(4), Ordinal(reader)));
        assert_eq!(audiences.list(Ordinal(4)), None, "it has grown over all bounds");
    }

    #[test]
    fn who_is_wanted_is_wanted_once() {
        let mut audiences = Audiences::default();
        audiences.begin(Ordinal(1));
        [1, 2, 2, 3].into_iter().for_each(|author| audiences.want(Ordinal(author)));
        assert_eq!(audiences.next_wanted(), Some(Ordinal(3)));
        assert_eq!(audiences.next_wanted(), Some(Ordinal(2)));
        assert_eq!(audiences.next_wanted(), None);
        (0..1_000).for_each(|author| audiences.want(Ordinal(author)));
        assert_eq!(audiences.wanted.len(), WANTED_MAX);
    }
}
