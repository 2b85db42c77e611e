//! What is left of a simulated disk after a crash, and what hands from outside can do to it.

use std::sync::{Arc, Mutex};

use super::content::Content;
use super::directory::{Directory, Names};
use super::{SimulatedDisk, lock};
use crate::testing::seed::Random;

impl SimulatedDisk {
    /// What a power cut at this moment may leave; another `random`, another outcome.
    #[must_use]
    pub fn crash_image(&self, random: &mut Random) -> Self {
        let disk = lock(&self.0);
        let names = disk.directory.survivors(random);
        let files = names.iter().map(|(name, inode)| {
            let bytes = lock(inode).survivors(random);
            (name.clone(), Arc::new(Mutex::new(Content::durable(bytes))))
        });
        let names: Names = files.collect();
        let image = Self::of(Directory::durable(names), Random::new(random.bits()));
        if disk.is_lying { image.lying() } else { image }
    }

    /// What `kill -9` leaves: everything that was written, as far from durable as it was, so that a
    /// power cut may still follow.
    #[must_use]
    pub fn kill_image(&self) -> Self {
        let disk = lock(&self.0);
        let image = Self::of(disk.directory.deep_copy(), disk.random.clone());
        if disk.is_lying { image.lying() } else { image }
    }

    /// The names of all files, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        lock(&self.0).directory.names().keys().cloned().collect()
    }

    /// The bytes of a file as programs read them; empty if there is no such file.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let inode = lock(&self.0).directory.find(name);
        inode.map(|inode| lock(&inode).bytes().to_vec()).unwrap_or_default()
    }

    /// The bytes of a file that surely survive a power cut, if its name does.
    #[must_use]
    pub fn durable_bytes(&self, name: &str) -> Vec<u8> {
        let inode = lock(&self.0).directory.find(name);
        inode.map(|inode| lock(&inode).durable_bytes().to_vec()).unwrap_or_default()
    }

    /// The bytes of all files together.
    #[must_use]
    pub fn used(&self) -> u64 {
        let disk = lock(&self.0);
        disk.directory.names().values().map(|inode| lock(inode).len() as u64).sum()
    }

    /// Puts a durable file there, or other bytes into one.
    pub fn set_bytes(&self, name: &str, bytes: Vec<u8>) {
        let inode = Arc::new(Mutex::new(Content::durable(bytes)));
        lock(&self.0).directory.plant(name, inode);
    }

    /// Flips one bit of a file, on the disk and in the cache; false if it has no such byte.
    pub fn flip_bit(&self, name: &str, offset: u64, bit: u8) -> bool {
        let mut bytes = self.bytes(name);
        let place = usize::try_from(offset).ok().and_then(|offset| bytes.get_mut(offset));
        let Some(byte) = place else { return false };
        *byte ^= 1 << (bit % 8);
        self.set_bytes(name, bytes);
        true
    }

    /// Flips a random bit of a random file that is not empty and whose name `may_rot`. Answers which
    /// file and byte.
    pub fn rot(
        &self,
        random: &mut Random,
        may_rot: impl Fn(&str) -> bool,
    ) -> Option<(String, u64)> {
        let may_rot = |name: &String| may_rot(name) && !self.bytes(name).is_empty();
        let names: Vec<_> = self.names().into_iter().filter(may_rot).collect();
        let chosen = usize::try_from(random.below(names.len() as u64)).ok()?;
        let name = names.get(chosen)?;
        let offset = random.below(self.bytes(name).len() as u64);
        let bit = u8::try_from(random.below(8)).unwrap_or_default();
        self.flip_bit(name, offset, bit).then(|| (name.clone(), offset))
    }
}
