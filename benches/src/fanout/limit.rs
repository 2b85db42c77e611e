//! The machine's limit: an id of five bytes appended to one of many lists, at random. No locks, no lookup,
//! no order to keep: an array of positions and an array of slots.

use std::time::Instant;

use fanfold_engine::testing::seed::Random;
use memmap2::{Advice, MmapMut};

use crate::number::{float, to_usize};
use crate::population::Population;

const SLOT_BYTES: usize = 5;

/// Appends that are measured.
const APPENDS: usize = 30_000_000;

/// Millions of appends a second: in small pages, and in huge ones where the system grants them.
pub(super) fn measure(population: &Population, slots: usize) -> (f64, f64) {
    let users = to_usize(population.users());
    let mut random = Random::new(5);
    let readers: Vec<u32> = (0..APPENDS)
        .map(|_| u32::try_from(random.below(population.users())).unwrap_or(0))
        .collect();
    let measured = |advice| appends(&readers, users, slots, advice).unwrap_or(0.0);
    (measured(Advice::NoHugePage), measured(Advice::HugePage))
}

fn appends(readers: &[u32], users: usize, slots: usize, advice: Advice) -> std::io::Result<f64> {
    let map = |bytes: usize| -> std::io::Result<MmapMut> {
        let map = MmapMut::map_anon(bytes)?;
        map.advise(advice)?;
        Ok(map)
    };
    let (mut lists, mut ends) = (map(users * slots * SLOT_BYTES)?, map(users * 4)?);
    // Touched once before: what is measured is the append, not the first page fault.
    lists.fill(1);
    ends.fill(0);
    let rounds = APPENDS.div_ceil(readers.len().max(1));
    let started = Instant::now();
    for round in 0..rounds {
        for (number, reader) in readers.iter().enumerate() {
            append(&mut lists, &mut ends, *reader as usize, slots, (round + number) as u64);
        }
    }
    let appends = (rounds * readers.len()) as u64;
    Ok(float(appends) / started.elapsed().as_secs_f64() / 1e6)
}

fn append(lists: &mut [u8], ends: &mut [u8], reader: usize, slots: usize, id: u64) {
    let Some(end) = ends.get_mut(reader * 4..).and_then(|ends| ends.first_chunk_mut::<4>()) else {
        return;
    };
    let at = u32::from_le_bytes(*end) as usize;
    let next = u32::try_from(if at + 1 < slots { at + 1 } else { 0 }).unwrap_or(0);
    *end = next.to_le_bytes();
    let start = (reader * slots + at) * SLOT_BYTES;
    let [a, b, c, d, e, ..] = id.to_le_bytes();
    if let Some(slot) = lists.get_mut(start..start + SLOT_BYTES) {
        slot.copy_from_slice(&[a, b, c, d, e]);
    }
}
