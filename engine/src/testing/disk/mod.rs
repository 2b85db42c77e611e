//! A simulated disk: a [`Storage`](crate::Storage) in memory that does what a real disk may do.
//!
//! * `content`: one file: what programs read, what is durable, and what lies between.
//! * `directory`: names: those that programs see, those that are durable, and what lies between.
//! * [`faults`]: what can be made to fail, and when.
//! * `storage`: the storage traits.
//! * `images`: what is left after a power cut or a `kill -9`, rot, and other looks from outside.
//!
//! What it models, with the assumptions about the disk that `storage` numbers:
//! * An unsynced sector of 512 bytes is on the disk or not, each independently of all others, so that
//!   torn and reordered writes come out. Of several writes to one sector, the disk has the first
//!   ones: the cache writes whole sectors.
//! * An unsynced change of length is kept or lost; so is each file's in turn.
//! * Of unsynced creations, renames and removals a power cut loses the last ones, as a journal does.
//!   A rename is there or not, never half.
//! * After a failed sync it is decided sector by sector what reached the disk. Programs go on reading
//!   the new bytes, a later sync succeeds, and what was lost stays lost ("fsyncgate").
//!
//! A disk that lies about a successful sync exists too, as a negative control: no software can be
//! safe on it.

mod content;
mod directory;
pub mod faults;
mod images;
mod storage;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::seed::Random;
use content::Content;
use directory::Directory;
use faults::{Faults, Operation, Verdict};

/// The unit in which unsynced bytes are kept or lost.
pub const SECTOR_BYTES: usize = 512;

/// A simulated disk. Clones are the same disk; images are others.
#[derive(Clone, Debug)]
pub struct SimulatedDisk(Arc<Mutex<Disk>>);

/// A file, whatever its name is by now.
type Inode = Arc<Mutex<Content>>;

#[derive(Debug)]
struct Disk {
    directory: Directory,
    faults: Faults,
    counts: BTreeMap<Operation, u64>,
    /// Decides what a failing operation leaves.
    random: Random,
    /// A sync succeeds and does nothing.
    is_lying: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimulatedDisk {
    /// An empty disk; `seed` decides what failing operations leave.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::of(Directory::default(), Random::new(seed))
    }

    fn of(directory: Directory, random: Random) -> Self {
        let (faults, counts, is_lying) = (Faults::default(), BTreeMap::new(), false);
        Self(Arc::new(Mutex::new(Disk { directory, faults, counts, random, is_lying })))
    }

    /// From now on a sync of a file succeeds and does nothing, here and in all images: nothing can be
    /// safe on such a disk, and whoever tests on it must notice.
    #[must_use]
    pub fn lying(self) -> Self {
        lock(&self.0).is_lying = true;
        self
    }

    /// How often `operation` was asked for.
    #[must_use]
    pub fn count(&self, operation: Operation) -> u64 {
        lock(&self.0).counts.get(&operation).copied().unwrap_or_default()
    }

    /// How many changing operations were asked for.
    #[must_use]
    pub fn changes(&self) -> u64 {
        let disk = lock(&self.0);
        disk.counts.iter().filter(|(operation, _)| operation.changes()).map(|(_, n)| n).sum()
    }
}

impl Disk {
    /// Counts an operation and says how it goes.
    fn judge(&mut self, operation: Operation) -> Verdict {
        *self.counts.entry(operation).or_default() += 1;
        if operation.changes() { self.faults.judge(operation) } else { Verdict::Go }
    }

    /// Counts an operation that either happens or fails without any effect.
    fn judge_whole(&mut self, operation: Operation) -> io::Result<()> {
        match self.judge(operation) {
            Verdict::Go => Ok(()),
            Verdict::Fail(error) | Verdict::Short(error) | Verdict::Off(error) => Err(error),
        }
    }

    /// Refuses to let `file` grow to `len` beyond the capacity; answers how long it may get.
    fn room(&self, file: &Inode, len: usize) -> usize {
        let Some(capacity) = self.faults.capacity else { return len };
        let own = lock(file).len();
        if len <= own {
            return len;
        }
        let used: usize = self.directory.names().values().map(|file| lock(file).len()).sum();
        let free = usize::try_from(capacity).unwrap_or(usize::MAX).saturating_sub(used);
        len.min(own.saturating_add(free))
    }
}
