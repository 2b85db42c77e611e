//! The names of a directory, twice: as programs see them and as the disk has them.
//!
//! Creations, renames and removals wait in a journal until the directory is synced. A power cut
//! keeps the oldest few of them, as ext4 and xfs do, or any. A sync of a file says nothing about its
//! name: that is less than most file systems promise, and all that POSIX does.

use std::collections::BTreeMap;

use super::survival::Survival;

/// The number of a file.
pub(super) type Number = u64;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    seen: BTreeMap<String, Number>,
    kept: BTreeMap<String, Number>,
    journal: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Link(String, Number),
    Rename(String, String),
    Remove(String),
}

impl Directory {
    /// A directory that is wholly on the disk.
    pub(super) fn kept(names: BTreeMap<String, Number>) -> Self {
        Self { seen: names.clone(), kept: names, journal: Vec::new() }
    }

    pub(super) fn find(&self, name: &str) -> Option<Number> {
        self.seen.get(name).copied()
    }

    /// All names that programs see.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, Number)> {
        self.seen.iter().map(|(name, number)| (name.as_str(), *number))
    }

    pub(super) fn link(&mut self, name: &str, number: Number) {
        self.change(Change::Link(name.to_owned(), number));
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        self.change(Change::Rename(from.to_owned(), to.to_owned()));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.change(Change::Remove(name.to_owned()));
    }

    /// Changes that no sync has covered.
    pub(super) fn unsynced(&self) -> usize {
        self.journal.len()
    }

    pub(super) fn sync(&mut self) {
        self.kept.clone_from(&self.seen);
        self.journal.clear();
    }

    /// Whether programs can find the file.
    pub(super) fn is_seen(&self, number: Number) -> bool {
        self.seen.values().any(|other| *other == number)
    }

    /// Whether a power cut may bring the file back, or keep it.
    pub(super) fn may_be_kept(&self, number: Number) -> bool {
        let is_linked = |change: &Change| matches!(change, Change::Link(_, n) if *n == number);
        self.kept.values().any(|other| *other == number) || self.journal.iter().any(is_linked)
    }

    /// The names that a power cut leaves.
    pub(super) fn cut(mut self, survival: &mut Survival) -> BTreeMap<String, Number> {
        let survives = survival.names(self.journal.len());
        for (change, _) in self.journal.iter().zip(survives).filter(|(_, survives)| *survives) {
            apply(&mut self.kept, change);
        }
        self.kept
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.seen, &change);
        self.journal.push(change);
    }
}

fn apply(names: &mut BTreeMap<String, Number>, change: &Change) {
    match change {
        Change::Link(name, number) => {
            names.insert(name.clone(), *number);
        }
        Change::Rename(from, to) => {
            if let Some(number) = names.remove(from) {
                names.insert(to.clone(), number);
            }
        }
        Change::Remove(name) => {
            names.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::survival::Kind;

    fn left(directory: &Directory, kind: Kind, seed: u64) -> Vec<String> {
        directory.clone().cut(&mut Survival::of(kind, seed)).into_keys().collect()
    }

    #[test]
    fn names_are_kept_by_a_sync_and_else_at_will() {
        let mut directory = Directory::default();
        directory.link("a", 1);
        directory.sync();
        directory.link("a.tmp", 2);
        directory.rename("a.tmp", "a");
        directory.remove("a");
        assert_eq!(directory.unsynced(), 3);
        assert!(directory.may_be_kept(1) && directory.may_be_kept(2) && !directory.is_seen(1));
        assert_eq!(left(&directory, Kind::Nothing, 1), ["a"]);
        assert!(left(&directory, Kind::Everything, 1).is_empty());
        for seed in 0..50 {
            let left = left(&directory, Kind::Sectors, seed);
            let states: [&[&str]; 4] = [&["a"], &["a", "a.tmp"], &[], &["a.tmp"]];
            assert!(states.iter().any(|state| *state == left), "{left:?}");
        }
    }
}
