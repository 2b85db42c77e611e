//! Lists of the active followers that big authors push to, under the policy of that name.
//!
//! A list is bounded. Whoever is not on it pulls: the author stands in their inbox's `pulled`. When a
//! list is full, those who stand lowest leave it, several at a time: the least recently active, but for what
//! their rank adds.

use foldhash::{HashMap, HashSet};

use crate::views::users::Ordinal;

/// Of a full list, one in so many leaves at a time.
const LEAVE_PART: usize = 64;

/// The lists, by author. An author without a list is not big.
#[derive(Debug, Default)]
pub(crate) struct Fans(HashMap<u32, List>);

#[derive(Debug, Default)]
struct List {
    readers: HashSet<u32>,
    /// Who pulls is yet to be told, or whose posts are to be pushed to all again: until then posts go
    /// to all followers.
    is_changing: bool,
}

impl Fans {
    pub(crate) fn has(&self, author: Ordinal) -> bool {
        self.0.contains_key(&author.0)
    }

    pub(crate) fn contains(&self, author: Ordinal, reader: Ordinal) -> bool {
        self.0.get(&author.0).is_some_and(|list| list.readers.contains(&reader.0))
    }

    /// Begins an author's list.
    pub(crate) fn begin(&mut self, author: Ordinal) {
        self.0.entry(author.0).or_default();
    }

    /// From now on, or not any more, the author's posts go to all followers in spite of the list.
    pub(crate) fn set_changing(&mut self, author: Ordinal, is_changing: bool) {
        if let Some(list) = self.0.get_mut(&author.0) {
            list.is_changing = is_changing;
        }
    }

    /// The author is big no more.
    pub(crate) fn end(&mut self, author: Ordinal) {
        self.0.remove(&author.0);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// All lists, by author.
    pub(crate) fn lists(&self) -> Vec<(u32, Vec<u32>)> {
        let mut lists: Vec<(u32, Vec<u32>)> = self
            .0
            .iter()
            .map(|(author, list)| (*author, list.readers.iter().copied().collect()))
            .collect();
        lists.sort_unstable_by_key(|(author, _)| *author);
        lists
    }

    /// Gives an author who is big the list they had. One who is not pushes to all.
    pub(crate) fn restore(&mut self, author: Ordinal, readers: &[u32]) {
        if let Some(list) = self.0.get_mut(&author.0) {
            list.readers.extend(readers);
        }
    }

    /// The readers that the author pushes to. `None` if these are all followers.
    pub(crate) fn list(&self, author: Ordinal) -> Option<Vec<u32>> {
        let list = self.0.get(&author.0).filter(|list| !list.is_changing)?;
        Some(list.readers.iter().copied().collect())
    }

    /// Puts a reader on the author's list. Answers who has to leave it for that, those who stand
    /// lowest; they are off it already. The newcomer may be among them.
    pub(crate) fn join(
        &mut self,
        author: Ordinal,
        reader: Ordinal,
        most: usize,
        standing: impl Fn(u32) -> u64,
    ) -> Vec<u32> {
        let Some(List { readers: list, .. }) = self.0.get_mut(&author.0) else {
            return Vec::new();
        };
        list.insert(reader.0);
        let Some(over) = list.len().checked_sub(most).filter(|over| 0 < *over) else {
            return Vec::new();
        };
        let leave = (over + most / LEAVE_PART).min(list.len());
        let mut order: Vec<(u64, u32)> = list.iter().map(|user| (standing(*user), *user)).collect();
        if leave < order.len() {
            order.select_nth_unstable(leave);
        }
        order.truncate(leave);
        order.iter().for_each(|(_, user)| {
            list.remove(user);
        });
        order.into_iter().map(|(_, user)| user).collect()
    }

    /// The reader does not follow the author any more.
    pub(crate) fn leave(&mut self, author: Ordinal, reader: Ordinal) {
        if let Some(list) = self.0.get_mut(&author.0) {
            list.readers.remove(&reader.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_active_leave_first() {
        let mut fans = Fans::default();
        let author = Ordinal(9);
        assert!(fans.join(author, Ordinal(1), 2, u64::from).is_empty(), "nobody's list");
        assert!(!fans.contains(author, Ordinal(1)));
        fans.begin(author);
        // Who came first is not who was active last.
        let active = |user: u32| u64::from(100 - user);
        assert!(fans.join(author, Ordinal(1), 2, active).is_empty());
        assert!(fans.join(author, Ordinal(5), 2, active).is_empty());
        assert_eq!(fans.join(author, Ordinal(3), 2, active), [5]);
        assert_eq!(fans.join(author, Ordinal(7), 2, active), [7], "least active of all");
        fans.leave(author, Ordinal(1));
        assert_eq!(fans.list(author), Some(vec![3]));
    }
}
