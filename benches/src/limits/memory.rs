//! Memory, with small and with huge pages: reads that wait for each other, reads that do not, appends to a
//! million rings, copies.

use std::hint::black_box;
use std::time::{Duration, Instant};

use fanfold_engine::testing::seed::Random;
use memmap2::{Advice, MmapMut};

use crate::exit::{Explain, Outcome};
use crate::number::{float, rate};

/// A line of the cache.
const LINE: usize = 64;

/// Between two looks at the clock.
const STEPS: u64 = 1 << 16;

/// An id in an inbox.
const ENTRY: usize = 8;

/// Rings that are appended to.
const RINGS: usize = 1 << 20;

/// Bytes that fit into a second-level cache, twice.
const SMALL_COPY: usize = 256 * 1024;

/// A case of the measure: its name, its unit, how it is measured.
type Measured = (&'static str, &'static str, fn(&mut Memory, Duration) -> f64);

/// All cases.
pub(super) const CASES: [Measured; 5] = [
    ("random reads, each waits for the one before", "M/s", Memory::dependent),
    ("random reads", "M/s", Memory::independent),
    ("appends of 8 bytes to a million rings", "M/s", Memory::append),
    ("copy within the caches", "GB/s", Memory::copy_small),
    ("copy", "GB/s", Memory::copy_large),
];

/// Memory that has been touched.
pub(super) struct Memory {
    bytes: MmapMut,
    ends: Vec<u32>,
    random: Random,
}

impl Memory {
    pub(super) fn new(bytes: usize, huge: bool) -> Outcome<Self> {
        let map = || "cannot have that much memory".to_owned();
        let mut bytes = MmapMut::map_anon(bytes).explain(map)?;
        bytes.advise(if huge { Advice::HugePage } else { Advice::NoHugePage }).explain(map)?;
        bytes.fill(1);
        Ok(Self { bytes, ends: vec![0; RINGS], random: Random::new(1) })
    }

    fn lines(&self) -> u64 {
        (self.bytes.len() / LINE) as u64
    }

    fn read(&self, line: u64) -> u64 {
        let at = usize::try_from(line).unwrap_or(0) * LINE;
        self.bytes.get(at).copied().map_or(0, u64::from)
    }

    /// Repeats `step` until the time is over. Millions a second.
    fn millions(time: Duration, mut step: impl FnMut()) -> f64 {
        let (started, mut count) = (Instant::now(), 0);
        while started.elapsed() < time {
            (0..STEPS).for_each(|_| step());
            count += STEPS;
        }
        rate(count, started.elapsed()) / 1e6
    }

    /// Where the next read goes depends on what the last one found.
    fn dependent(&mut self, time: Duration) -> f64 {
        let lines = self.lines();
        let mut found = 0;
        let mut random = self.random.clone();
        let millions = Self::millions(time, || {
            found = self.read((random.bits() ^ found) % lines);
        });
        self.random = random;
        black_box(found);
        millions
    }

    fn independent(&mut self, time: Duration) -> f64 {
        let lines = self.lines();
        let mut sum = 0_u64;
        let mut random = self.random.clone();
        let millions = Self::millions(time, || {
            sum = sum.wrapping_add(self.read(random.bits() % lines));
        });
        self.random = random;
        black_box(sum);
        millions
    }

    /// Ends of rings in an array, their entries in the large memory.
    fn append(&mut self, time: Duration) -> f64 {
        let slots = (self.bytes.len() / ENTRY / RINGS).max(1);
        let Self { bytes, ends, random } = self;
        Self::millions(time, || {
            let id = random.bits();
            let ring = usize::try_from(id % RINGS as u64).unwrap_or(0);
            let Some(end) = ends.get_mut(ring) else { return };
            let slot = *end as usize % slots;
            *end = end.wrapping_add(1);
            let at = (ring * slots + slot) * ENTRY;
            if let Some(place) = bytes.get_mut(at..at + ENTRY) {
                place.copy_from_slice(&id.to_le_bytes());
            }
        })
    }

    fn copy_small(&mut self, time: Duration) -> f64 {
        self.copy(time, SMALL_COPY)
    }

    fn copy_large(&mut self, time: Duration) -> f64 {
        self.copy(time, self.bytes.len() / 2)
    }

    fn copy(&mut self, time: Duration, bytes: usize) -> f64 {
        let middle = self.bytes.len() / 2;
        let (source, target) = self.bytes.split_at_mut(middle);
        let source = source.get(..bytes).unwrap_or_default();
        let Some(target) = target.get_mut(..bytes) else { return 0.0 };
        let (started, mut copied) = (Instant::now(), 0_u64);
        while started.elapsed() < time {
            target.copy_from_slice(black_box(source));
            black_box(&mut *target);
            copied += bytes as u64;
        }
        float(copied) / started.elapsed().as_secs_f64() / 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_measured() {
        let mut memory = Memory::new(64 << 20, false).unwrap();
        for (case, _, measure) in CASES {
            assert!(0.0 < measure(&mut memory, Duration::from_millis(1)), "{case}");
        }
    }
}
