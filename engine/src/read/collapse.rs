//! Which entries of a collapsed page are dropped, and who else brought those that are kept.
//!
//! Of each root on the page the *line* is looked up: all its entries that the reader sees in the feed, at or
//! below the top. Everything follows from the line alone, so that a page is the same whatever pages were
//! read before. What a line needs is in memory (`views/reposts.rs`); the reposts of one root by the authors
//! of one feed are found from whichever side is shorter.
//!
//! A line is exact as of an earlier position too, if nothing happened since to whom the page concerns
//! (`Sights`): what is newer is above the top, and of every repost that goes they say so.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};

use crate::collapse::{BroughtBy, Collapse};
use crate::ids::{Position, PostId, Sequence, Timestamp};
use crate::limits::BROUGHT_BY_MAX;
use crate::read::authors::Authors;
use crate::read::judge::Judge;
use crate::views::reposts::Root;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// How many entries of a root's list are walked past in the time that one author's are found in.
const STEPS_OF_AUTHOR: usize = 16;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collapser<'a> {
    state: &'a State,
    judge: Judge<'a>,
    /// Of whom the feed is made.
    authors: &'a Authors,
    top: Sequence,
    horizon_ms: u64,
}

/// An entry of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    at: Sequence,
    time: Timestamp,
    author: Ordinal,
}

/// The entries of a root, newest first, and which are kept.
#[derive(Debug)]
struct Line {
    entries: Vec<Entry>,
    is_kept: Vec<bool>,
}

/// The lines of a page, by root.
#[derive(Debug, Default)]
pub(crate) struct Lines(HashMap<PostId, Line>);

/// Whether any of these entries has, or is, a root that was reposted.
pub(crate) fn concerns_any(state: &State, entries: &[Sequence]) -> bool {
    !state.reposts.is_empty() && entries.iter().any(|entry| root_of(state, *entry).is_some())
}

/// What an entry leads to, if that was ever reposted.
fn root_of(state: &State, entry: Sequence) -> Option<PostId> {
    let reposts = &state.reposts;
    let slot = reposts.find(entry).map(|slot| slot.root);
    slot.or_else(|| reposts.root(entry.into()).map(|_| entry.into()))
}

impl<'a> Collapser<'a> {
    /// A collapser of a page as of `position`.
    pub(crate) fn new(
        judge: Judge<'a>,
        authors: &'a Authors,
        collapse: &Collapse,
        position: Position,
    ) -> Self {
        let top = collapse.top_at(position).into();
        let horizon_ms = collapse.horizon_ms();
        Self { state: judge.state(), judge, authors, top, horizon_ms }
    }

    /// Leaves out the entries that are dropped; answers the lines of roots that are not `known` yet.
    pub(crate) fn retain(&self, entries: &mut Vec<Sequence>, known: &Lines) -> Lines {
        let mut lines = Lines::default();
        entries.retain(|entry| {
            let Some(root) = root_of(self.state, *entry) else { return true };
            if let Some(line) = known.0.get(&root) {
                return line.keeps(*entry);
            }
            let line = lines.0.entry(root).or_insert_with(|| self.line(root));
            line.keeps(*entry)
        });
        lines
    }

    /// The entries of a root that the reader sees in the feed.
    fn line(&self, id: PostId) -> Line {
        let Some(root) = self.state.reposts.root(id) else { return Line::default() };
        let mut entries = self.reposts(root);
        entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.at));
        let at = Sequence::from(id);
        let is_there = !root.is_gone() && at <= self.top && self.authors.has(root.author);
        if is_there && self.judge.sees(at, Some(root.author)) {
            entries.push(Entry { at, time: root.time, author: root.author });
        }
        Line::new(entries, self.horizon_ms)
    }

    fn reposts(&self, root: &Root) -> Vec<Entry> {
        let upto = root.reposts.count_below(self.top.next());
        let authors = self.authors.all();
        if root.is_by_author() && authors.len() * STEPS_OF_AUTHOR < upto {
            let reposts = authors.iter().flat_map(|author| root.by_author(*author));
            return self.seen(reposts.filter(|at| *at <= self.top));
        }
        let reposts = (0..upto).map(|index| root.reposts.entry(index));
        let of_authors = reposts.filter(|(_, author)| self.authors.has(Ordinal(*author)));
        self.seen(of_authors.map(|(at, _)| at))
    }

    fn seen(&self, reposts: impl Iterator<Item = Sequence>) -> Vec<Entry> {
        let entry = |at| {
            let slot = self.state.reposts.find(at)?;
            let entry = Entry { at, time: slot.time, author: slot.author };
            self.judge.sees(at, Some(slot.author)).then_some(entry)
        };
        reposts.filter_map(entry).collect()
    }
}

impl Lines {
    /// Adds the lines of other roots.
    pub(crate) fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// For whom each of these entries stands.
    pub(crate) fn brought_by(
        &self,
        state: &State,
        collapse: &Collapse,
        entries: &[Sequence],
    ) -> Vec<BroughtBy> {
        let brought = |entry: &Sequence| {
            let line = self.0.get(&root_of(state, *entry)?)?;
            let users = line.stood_for(*entry, collapse.horizon_ms());
            let count = u32::try_from(users.len()).unwrap_or(u32::MAX);
            let named = users.iter().take(BROUGHT_BY_MAX);
            Some(BroughtBy { users: named.map(|user| state.users.id(*user)).collect(), count })
        };
        entries.iter().map(|entry| brought(entry).unwrap_or_default()).collect()
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new(Vec::new(), 0)
    }
}

impl Line {
    fn new(entries: Vec<Entry>, horizon_ms: u64) -> Self {
        // Times need not fall with the ids: imports give their own.
        let mut newer = BTreeSet::new();
        let is_kept = entries.iter().map(|entry| {
            let time = entry.time.0;
            let near = time.saturating_sub(horizon_ms)..=time.saturating_add(horizon_ms);
            let is_kept = newer.range(near).next().is_none();
            newer.insert(time);
            is_kept
        });
        let is_kept = is_kept.collect();
        Self { entries, is_kept }
    }

    fn place(&self, entry: Sequence) -> Option<usize> {
        self.entries.binary_search_by(|other| entry.cmp(&other.at)).ok()
    }

    fn keeps(&self, entry: Sequence) -> bool {
        let place = self.place(entry);
        place.and_then(|place| self.is_kept.get(place)).is_none_or(|is_kept| *is_kept)
    }

    /// The authors of the entries below a kept one, each within the horizon of the one above it, newest
    /// first; each once, and not the author of the kept one.
    fn stood_for(&self, kept: Sequence, horizon_ms: u64) -> Vec<Ordinal> {
        let from = self.place(kept).unwrap_or(self.entries.len());
        let chain = self.entries.get(from..).unwrap_or_default();
        let (mut authors, mut known) = (Vec::new(), HashSet::default());
        known.extend(chain.first().map(|kept| kept.author));
        for (above, entry) in chain.iter().zip(chain.iter().skip(1)) {
            if horizon_ms < above.time.0.abs_diff(entry.time.0) {
                break;
            }
            if known.insert(entry.author) {
                authors.push(entry.author);
            }
        }
        authors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newest first: (id, time, author).
    fn line(entries: &[(u64, u64, u32)], horizon_ms: u64) -> Line {
        let entry = |&(at, time, author): &_| Entry {
            at: Sequence(at),
            time: Timestamp(time),
            author: Ordinal(author),
        };
        Line::new(entries.iter().map(entry).collect(), horizon_ms)
    }

    fn kept(line: &Line) -> Vec<u64> {
        line.entries
            .iter()
            .map(|entry| entry.at)
            .filter(|at| line.keeps(*at))
            .map(|at| at.0)
            .collect()
    }

    fn others(line: &Line, kept: u64, horizon_ms: u64) -> Vec<u32> {
        line.stood_for(Sequence(kept), horizon_ms).iter().map(|author| author.0).collect()
    }

    #[test]
    fn chains_chain_and_end_where_nothing_came_for_a_while() {
        let entries =
            [(9, 100, 1), (8, 95, 2), (7, 90, 3), (6, 90, 2), (5, 70, 1), (4, 61, 4), (3, 0, 5)];
        let line = line(&entries, 10);
        assert_eq!(kept(&line), [9, 5, 3]);
        assert_eq!(others(&line, 9, 10), [2, 3], "nobody twice");
        assert_eq!(others(&line, 5, 10), [4]);
        assert_eq!(others(&line, 3, 10), [0_u32; 0]);
    }

    #[test]
    fn the_horizon_itself_is_within_it_and_times_may_rise_with_age() {
        let entries = [(9, 10, 1), (8, 500, 2), (7, 20, 3), (6, 31, 4), (5, 511, 1)];
        let line = line(&entries, 10);
        // 7 is near 9, though not near 8, which is between; 5 is a little too far from 8.
        assert_eq!(kept(&line), [9, 8, 6, 5]);
        assert_eq!(others(&line, 9, 10), [0_u32; 0], "the chain ends at 8");
    }

    #[test]
    fn what_one_brought_oneself_is_not_by_others() {
        let line = line(&[(9, 10, 1), (8, 10, 1), (7, 10, 2), (6, 10, 1)], 10);
        assert_eq!(kept(&line), [9]);
        assert_eq!(others(&line, 9, 10), [2]);
        assert!(line.keeps(Sequence(77)), "what the line does not know it does not drop");
    }
}
