//! Of whom a feed is made, to be asked for one by one or walked through.
//!
//! A table of numbers with open addressing, half empty: two thousand followees are entered in some
//! microseconds, and each question is one look at memory that is at hand.

use crate::error::Result;
use crate::ids::Timestamp;
use crate::query::TimelineQuery;
use crate::read::followees::{Followees, InFiles};
use crate::read::select::Reader;
use crate::read::visibility::Viewer;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// A place where nobody is; the last ordinal is given to nobody.
const FREE: u32 = u32::MAX;

/// See the module.
#[derive(Debug)]
pub(crate) struct Authors {
    all: Vec<Ordinal>,
    /// As many as a power of two.
    places: Vec<u32>,
}

/// Of whom a home is made, or what has to be read to know that.
#[derive(Debug)]
pub(crate) enum Gathered {
    Authors(Authors),
    Unread(InFiles),
}

impl Gathered {
    /// The authors of a home. `known` are the followees, if they were read from files.
    pub(crate) fn of_home(
        state: &State,
        query: &TimelineQuery,
        known: Option<&Followees>,
        now: Timestamp,
    ) -> Result<Self> {
        let Some(user) = state.find(query.user) else {
            return Ok(Self::Authors(Authors::default()));
        };
        let reader = Reader::new(state, Viewer::new(state, query.viewer), user, known, now);
        if let Some(in_files) = reader.unread_followees() {
            return Ok(Self::Unread(in_files));
        }
        let mut authors = Vec::with_capacity(reader.followees());
        reader.each_author(|author| authors.push(author))?;
        Ok(Self::Authors(Authors::new(authors)))
    }
}

impl Default for Authors {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Authors {
    pub(crate) fn new(all: Vec<Ordinal>) -> Self {
        let places = vec![FREE; (all.len() * 2).next_power_of_two()];
        let mut authors = Self { all, places };
        for index in 0..authors.all.len() {
            let author = authors.all.get(index).map_or(FREE, |author| author.0);
            let place = authors.place(author);
            authors.places.get_mut(place).into_iter().for_each(|place| *place = author);
        }
        authors
    }

    pub(crate) fn has(&self, author: Ordinal) -> bool {
        self.places.get(self.place(author.0)) == Some(&author.0)
    }

    pub(crate) fn into_all(self) -> Vec<Ordinal> {
        self.all
    }

    pub(crate) fn all(&self) -> &[Ordinal] {
        &self.all
    }

    /// Where the author stands, or would.
    fn place(&self, author: u32) -> usize {
        let mask = self.places.len() - 1;
        // Fibonacci hashing (Knuth, volume 3, 6.4): neighbours are spread.
        let hash = u64::from(author).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mut place = usize::try_from(hash).expect("32 bits") & mask;
        loop {
            match self.places.get(place) {
                Some(found) if *found != author && *found != FREE => place = (place + 1) & mask,
                _ => return place,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_entered_is_there_and_nobody_else() {
        for count in [0, 1, 2, 3, 100, 2_000] {
            let authors = Authors::new((0..count).map(|n| Ordinal(n * 3)).collect());
            let found = (0..count * 3 + 9).filter(|n| authors.has(Ordinal(*n)));
            assert!(found.eq((0..count).map(|n| n * 3)), "{count}");
            assert_eq!(authors.all().len(), count as usize);
        }
    }
}
