//! In which groups of one owner an author is: found by author, eight bytes each.
//!
//! A page says by which groups its posts came. It has few authors, and groups may have thousands of members: so
//! each author is looked for, not each member looked at.

use super::users::Ordinal;

/// The members of an owner's groups, each with the place of their group among these; ascending.
#[derive(Debug, Default)]
pub(crate) struct Memberships(Vec<(u32, u32)>);

impl Memberships {
    /// The places of the groups that have the author, ascending.
    pub(crate) fn of(&self, author: Ordinal) -> impl Iterator<Item = usize> + '_ {
        let first = self.0.partition_point(|(member, _)| *member < author.0);
        let from = self.0.get(first..).unwrap_or_default().iter();
        from.take_while(move |(member, _)| *member == author.0).map(|(_, place)| *place as usize)
    }

    /// Adds a membership; false if there is one.
    pub(crate) fn join(&mut self, author: Ordinal, place: usize) -> bool {
        let entry = (author.0, number(place));
        let at = self.0.binary_search(&entry);
        at.map_err(|at| self.0.insert(at, entry)).is_err()
    }

    /// Ends a membership.
    pub(crate) fn leave(&mut self, author: Ordinal, place: usize) {
        if let Ok(at) = self.0.binary_search(&(author.0, number(place))) {
            self.0.remove(at);
        }
    }

    /// Ends all memberships of a group; those behind it move up.
    pub(crate) fn drop_group(&mut self, place: usize) {
        let gone = number(place);
        self.0.retain(|(_, place)| *place != gone);
        let behind = self.0.iter_mut().filter(|(_, place)| gone < *place);
        behind.for_each(|(_, place)| *place -= 1);
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).expect("an owner has fewer groups")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_and_goes_is_found_in_the_groups_that_are_left() {
        let mut memberships = Memberships::default();
        for (author, place) in [(7, 2), (7, 0), (3, 1), (7, 1), (9, 2)] {
            assert!(memberships.join(Ordinal(author), place));
        }
        assert!(!memberships.join(Ordinal(7), 0), "once in a group");
        let of =
            |memberships: &Memberships, author| memberships.of(Ordinal(author)).collect::<Vec<_>>();
        assert_eq!(of(&memberships, 7), [0, 1, 2]);
        memberships.leave(Ordinal(7), 0);
        memberships.leave(Ordinal(3), 0);
        memberships.drop_group(1);
        assert_eq!(of(&memberships, 7), [1]);
        assert_eq!(of(&memberships, 9), [1]);
        assert_eq!(of(&memberships, 3), [0; 0]);
        assert_eq!(of(&memberships, 8), [0; 0]);
    }
}
