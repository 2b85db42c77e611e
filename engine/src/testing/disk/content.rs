//! One file of the simulated disk: the cache that programs read, the sectors that are durable, and the
//! changes that were not synced yet. Knows nothing of names and faults.

use std::collections::HashMap;

use super::SECTOR_BYTES;
use crate::testing::seed::Random;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// What programs read.
    cached: Vec<u8>,
    /// What survives everything. Differs from the cache in more than the unsynced changes after a
    /// failed sync.
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    /// The sectors that a write touched, whole, as the cache had them after it.
    Sectors { at: usize, bytes: Vec<u8> },
    /// The file got this long.
    Length(usize),
}

/// What became of unsynced sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lost,
    Kept,
    /// Each sector on its own.
    Mixed,
    /// The first so many changes; the disk was asked in order.
    First(usize),
}

impl Content {
    /// A file that has always been on the disk like this.
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Self { cached: bytes.clone(), durable: bytes, unsynced: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.cached.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.cached
    }

    pub(super) fn durable_bytes(&self) -> &[u8] {
        &self.durable
    }

    /// Writes `bytes` at `start`.
    pub(super) fn write(&mut self, start: usize, bytes: &[u8]) {
        let end = start + bytes.len();
        if self.cached.len() < end {
            self.set_len(end);
        }
        if let Some(place) = self.cached.get_mut(start..end) {
            place.copy_from_slice(bytes);
        }
        let at = start / SECTOR_BYTES * SECTOR_BYTES;
        let whole = end.next_multiple_of(SECTOR_BYTES).min(self.cached.len());
        let bytes = self.cached.get(at..whole).unwrap_or_default().to_vec();
        self.unsynced.push(Change::Sectors { at, bytes });
    }

    pub(super) fn set_len(&mut self, len: usize) {
        if self.cached.len() != len {
            self.cached.resize(len, 0);
            self.unsynced.push(Change::Length(len));
        }
    }

    /// Makes the unsynced changes durable, and only these: what an earlier failed sync lost stays lost.
    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            match change {
                Change::Sectors { at, bytes } => put(&mut self.durable, at, &bytes),
                Change::Length(len) => self.durable.resize(len, 0),
            }
        }
        self.durable.resize(self.cached.len(), 0);
    }

    /// A sync fails: some of it is on the disk, and nobody will ever write the rest.
    pub(super) fn fail_sync(&mut self, random: &mut Random) {
        self.durable = self.survivors(random);
        self.unsynced.clear();
    }

    /// Forgets the cache, but for the length, which is no page.
    pub(super) fn drop_cache(&mut self) {
        let len = self.cached.len();
        self.cached.clone_from(&self.durable);
        self.cached.resize(len, 0);
    }

    /// What a power cut now may leave.
    pub(super) fn survivors(&self, random: &mut Random) -> Vec<u8> {
        let fate = match random.below(6) {
            0 => Fate::Lost,
            1 => Fate::Kept,
            2 => Fate::First(choose(random, self.unsynced.len())),
            _ => Fate::Mixed,
        };
        let lengths = self.unsynced.iter().filter(|change| matches!(change, Change::Length(_)));
        let mut lengths_left = match fate {
            Fate::Lost => 0,
            Fate::Kept => usize::MAX,
            Fate::First(_) | Fate::Mixed => choose(random, lengths.count()),
        };
        let mut chosen = self.choose_sectors(fate, random);
        let (mut bytes, mut len) = (self.durable.clone(), self.durable.len());
        for change in &self.unsynced {
            match change {
                Change::Length(new) if 0 < lengths_left => {
                    lengths_left -= 1;
                    len = *new;
                    bytes.truncate(len);
                }
                Change::Length(_) => {}
                Change::Sectors { at, bytes: sectors } => {
                    for (n, sector) in sectors.chunks(SECTOR_BYTES).enumerate() {
                        let at = at + n * SECTOR_BYTES;
                        if chosen.takes(at) {
                            put(&mut bytes, at, sector);
                        }
                    }
                }
            }
        }
        bytes.resize(len, 0);
        bytes
    }

    /// Of each sector, how many of its unsynced writes are on the disk.
    fn choose_sectors(&self, fate: Fate, random: &mut Random) -> Chosen {
        let mut writes: HashMap<usize, usize> = HashMap::new();
        let mut order = Vec::new();
        let counted = match fate {
            Fate::Lost => 0,
            Fate::First(count) => count,
            Fate::Kept | Fate::Mixed => self.unsynced.len(),
        };
        for change in self.unsynced.iter().take(counted) {
            let Change::Sectors { at, bytes } = change else { continue };
            for n in 0..bytes.len().div_ceil(SECTOR_BYTES) {
                let at = at + n * SECTOR_BYTES;
                let count = writes.entry(at).or_insert_with(|| {
                    order.push(at);
                    0
                });
                *count += 1;
            }
        }
        if fate == Fate::Mixed {
            // In the order of the writes, so that a seed means the same on every run.
            for at in order {
                let count = writes.entry(at).or_default();
                *count = choose(random, *count);
            }
        }
        Chosen(writes)
    }
}

/// Of each sector, how many writes are still to be taken.
struct Chosen(HashMap<usize, usize>);

impl Chosen {
    fn takes(&mut self, at: usize) -> bool {
        match self.0.get_mut(&at) {
            Some(left) if 0 < *left => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Any number from 0 to `most`, both included.
fn choose(random: &mut Random, most: usize) -> usize {
    usize::try_from(random.below(most as u64 + 1)).unwrap_or(most)
}

/// Writes `bytes` at `at`, growing what is too short.
fn put(target: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if target.len() < end {
        target.resize(end, 0);
    }
    if let Some(place) = target.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
}
