//! The names of the simulated disk: those that programs see, those that are durable, and the changes
//! between, which a power cut loses from the last one backwards.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use super::{Inode, lock};
use crate::testing::seed::Random;

/// Names and their files.
pub(super) type Names = BTreeMap<String, Inode>;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    names: Names,
    durable: Names,
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Put(String, Inode),
    Rename(String, String),
    Remove(String),
}

fn absent() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Directory {
    /// A directory that has always been like this.
    pub(super) fn durable(names: Names) -> Self {
        Self { durable: names.clone(), names, unsynced: Vec::new() }
    }

    /// What programs see.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn find(&self, name: &str) -> io::Result<Inode> {
        self.names.get(name).cloned().ok_or_else(absent)
    }

    pub(super) fn create(&mut self, name: &str) -> io::Result<Inode> {
        if self.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = Inode::default();
        self.change(Change::Put(name.to_owned(), Arc::clone(&inode)));
        Ok(inode)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.find(from)?;
        self.change(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        self.find(name)?;
        self.change(Change::Remove(name.to_owned()));
        Ok(())
    }

    pub(super) fn sync(&mut self) {
        self.durable.clone_from(&self.names);
        self.unsynced.clear();
    }

    /// Puts a durable file in the place of whatever has that name.
    pub(super) fn plant(&mut self, name: &str, inode: Inode) {
        self.names.insert(name.to_owned(), Arc::clone(&inode));
        self.durable.insert(name.to_owned(), inode);
    }

    /// The names that a power cut now may leave.
    pub(super) fn survivors(&self, random: &mut Random) -> Names {
        let all = self.unsynced.len() as u64;
        // All and nothing more often than chance would have it: both are common.
        let kept = match random.below(4) {
            0 => 0,
            1 => all,
            _ => random.below(all + 1),
        };
        let mut names = self.durable.clone();
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        self.unsynced.iter().take(kept).for_each(|change| change.apply(&mut names));
        names
    }

    /// A copy that shares no file with this one; names of one file stay names of one file.
    pub(super) fn deep_copy(&self) -> Self {
        let mut copies: BTreeMap<usize, Inode> = BTreeMap::new();
        let mut copy = |inode: &Inode| -> Inode {
            let copied = || Arc::new(Mutex::new(lock(inode).clone()));
            Arc::clone(copies.entry(Arc::as_ptr(inode).addr()).or_insert_with(copied))
        };
        let mut all = |names: &Names| -> Names {
            names.iter().map(|(name, inode)| (name.clone(), copy(inode))).collect()
        };
        let (names, durable) = (all(&self.names), all(&self.durable));
        let unsynced = self.unsynced.iter().map(|change| match change {
            Change::Put(name, inode) => Change::Put(name.clone(), copy(inode)),
            other => other.clone(),
        });
        Self { names, durable, unsynced: unsynced.collect() }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.unsynced.push(change);
    }
}

impl Change {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Put(name, inode) => {
                names.insert(name.clone(), Arc::clone(inode));
            }
            Self::Rename(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}
