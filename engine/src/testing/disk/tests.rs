//! Each behaviour of the simulated disk alone.

use std::io::ErrorKind::StorageFull;
use std::sync::Arc;

use super::faults::{Effect, Fault, Operation};
use super::{SECTOR_BYTES, SimulatedDisk};
use crate::storage::{Storage, StoredFile};
use crate::testing::seed::Random;

const SEEDS: u64 = 200;

/// A disk with one durable file of eight sectors of `0`, and a handle on it.
fn disk() -> (SimulatedDisk, Arc<dyn StoredFile>) {
    let disk = SimulatedDisk::new(1);
    disk.set_bytes("a", vec![0; 8 * SECTOR_BYTES]);
    let file = disk.open("a").unwrap();
    (disk, file)
}

fn crashes(disk: &SimulatedDisk) -> impl Iterator<Item = SimulatedDisk> {
    (0..SEEDS).map(|seed| disk.crash_image(&mut Random::new(seed)))
}

fn fail(effect: Effect, of: Operation) -> Fault {
    Fault { after: 0, of: Some(of), effect, lasting: false }
}

#[test]
fn what_was_synced_survives_every_crash() {
    let (disk, file) = disk();
    file.write_at(700, &[1; 1_000]).unwrap();
    file.sync().unwrap();
    assert!(crashes(&disk).all(|image| image.bytes("a") == disk.bytes("a")));
}

#[test]
fn unsynced_sectors_survive_each_on_its_own_and_never_by_halves() {
    let (disk, file) = disk();
    file.write_at(0, &[1; 8 * SECTOR_BYTES]).unwrap();
    let mut outcomes = std::collections::BTreeSet::new();
    for image in crashes(&disk) {
        let sectors = image.bytes("a");
        let sectors = sectors.chunks(SECTOR_BYTES);
        assert!(sectors.clone().all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        outcomes.insert(sectors.map(|sector| sector[0]).collect::<Vec<_>>());
    }
    assert!(outcomes.contains(&vec![0; 8]) && outcomes.contains(&vec![1; 8]));
    // A later sector without an earlier one: reordered.
    assert!(outcomes.iter().any(|outcome| outcome[0] == 0 && outcome[7] == 1));
    assert!(30 < outcomes.len(), "{}", outcomes.len());
}

#[test]
fn of_two_writes_to_one_sector_the_second_never_survives_alone() {
    let (disk, file) = disk();
    file.write_at(0, &[1; 10]).unwrap();
    file.write_at(10, &[2; 10]).unwrap();
    let outcomes: std::collections::BTreeSet<_> =
        crashes(&disk).map(|image| (image.bytes("a")[0], image.bytes("a")[10])).collect();
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), [(0, 0), (1, 0), (1, 2)]);
}

#[test]
fn unsynced_lengths_are_kept_or_lost() {
    let (disk, file) = disk();
    file.set_len(100).unwrap();
    let lengths: std::collections::BTreeSet<_> =
        crashes(&disk).map(|image| image.bytes("a").len()).collect();
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [100, 8 * SECTOR_BYTES]);
    file.sync().unwrap();
    assert!(crashes(&disk).all(|image| image.bytes("a").len() == 100));
}

#[test]
fn unsynced_names_are_lost_from_the_last_one_backwards() {
    let (disk, _) = disk();
    let file = disk.create("b.tmp").unwrap();
    file.write_at(0, b"new").unwrap();
    file.sync().unwrap();
    disk.rename("b.tmp", "b").unwrap();
    disk.remove("a").unwrap();
    let outcomes: std::collections::BTreeSet<_> =
        crashes(&disk).map(|image| image.names()).collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let expected = [names(&["a"]), names(&["a", "b"]), names(&["a", "b.tmp"]), names(&["b"])];
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), expected);
    disk.sync_directory().unwrap();
    assert!(crashes(&disk).all(|image| image.names() == ["b"] && image.bytes("b") == b"new"));
}

#[test]
fn a_replacing_rename_leaves_the_old_or_the_new_file() {
    let (disk, _) = disk();
    let file = disk.create("a.tmp").unwrap();
    file.write_at(0, b"new").unwrap();
    file.sync().unwrap();
    disk.rename("a.tmp", "a").unwrap();
    let lengths: std::collections::BTreeSet<_> =
        crashes(&disk).map(|image| image.bytes("a").len()).collect();
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [3, 8 * SECTOR_BYTES]);
}

#[test]
fn a_kill_keeps_what_was_written_and_a_power_cut_after_it_may_not() {
    let (disk, file) = disk();
    file.write_at(0, b"new").unwrap();
    let killed = disk.kill_image();
    assert_eq!(&killed.bytes("a")[..3], b"new");
    assert!(crashes(&killed).any(|image| image.bytes("a")[0] == 0));
    // The images share nothing.
    file.write_at(0, b"old").unwrap();
    assert_eq!(&killed.bytes("a")[..3], b"new");
}

#[test]
fn the_chosen_operation_fails_once_or_from_then_on() {
    let (disk, file) = disk();
    disk.inject(Fault { after: 2, of: None, effect: Effect::Io, lasting: false });
    let outcomes = [1, 2, 3, 4].map(|byte| file.write_at(0, &[byte]).is_ok());
    assert_eq!(outcomes, [true, true, false, true]);
    disk.inject(Fault { after: 1, of: None, effect: Effect::Full, lasting: true });
    let outcomes = [1, 2, 3].map(|byte| file.write_at(0, &[byte]).map_err(|error| error.kind()));
    assert_eq!(outcomes, [Ok(()), Err(StorageFull), Err(StorageFull)]);
    disk.heal();
    file.write_at(0, &[4]).unwrap();
    assert_eq!((disk.injected(), disk.count(Operation::Write), disk.changes()), (3, 8, 8));
}

#[test]
fn a_failed_sync_loses_for_good_what_programs_go_on_reading() {
    let mut lost = 0;
    for seed in 0..SEEDS {
        let disk = SimulatedDisk::new(seed);
        disk.set_bytes("a", vec![0; 4 * SECTOR_BYTES]);
        let file = disk.open("a").unwrap();
        file.write_at(0, &[1; 10]).unwrap();
        disk.inject(fail(Effect::Io, Operation::Sync));
        assert!(file.sync().is_err());
        file.write_at(2_000, &[2; 10]).unwrap();
        file.sync().unwrap();
        assert_eq!(file.read_at(0, 1).unwrap(), [1], "the cache has it");
        let image = disk.crash_image(&mut Random::new(seed));
        assert_eq!(image.bytes("a")[2_000], 2, "the later sync is true to its word");
        let on_disk = file.read_from_disk().unwrap();
        assert_eq!(on_disk, image.bytes("a"));
        assert_eq!(file.read_at(0, 1).unwrap(), on_disk[..1], "the cache was dropped");
        lost += u64::from(on_disk[0] == 0);
    }
    assert!((20..SEEDS - 20).contains(&lost), "{lost}");
}

#[test]
fn a_short_write_leaves_its_beginning() {
    let (disk, file) = disk();
    disk.inject(fail(Effect::Short, Operation::Write));
    assert!(file.write_at(0, &[1; 3_000]).is_err());
    let written = disk.bytes("a").iter().filter(|byte| **byte == 1).count();
    assert!((1..3_000).contains(&written) && disk.bytes("a")[..written].iter().all(|b| *b == 1));
}

#[test]
fn a_full_disk_takes_what_fits_and_recovers() {
    let (disk, file) = disk();
    disk.set_capacity(Some(disk.used() + 100));
    let end = 8 * SECTOR_BYTES as u64;
    assert_eq!(file.allocate(end + 101).unwrap_err().kind(), StorageFull);
    assert_eq!(file.set_len(end + 101).unwrap_err().kind(), StorageFull);
    assert_eq!(file.write_at(end, &[1; 200]).unwrap_err().kind(), StorageFull);
    assert_eq!(file.size().unwrap(), end + 100);
    file.write_at(0, &[1; 200]).unwrap();
    disk.set_capacity(None);
    file.write_at(end, &[1; 200]).unwrap();
}

#[test]
fn power_off_changes_nothing_any_more() {
    let (disk, file) = disk();
    file.write_at(0, &[1; 10]).unwrap();
    disk.inject(Fault::power_off(0));
    assert!(file.sync().is_err() && file.write_at(0, &[2; 10]).is_err());
    assert!(disk.create("b").is_err() && disk.sync_directory().is_err());
    assert_eq!(file.read_at(0, 1).unwrap(), [1]);
    let kept = crashes(&disk).filter(|image| image.bytes("a")[0] == 1).count() as u64;
    assert!((20..SEEDS - 20).contains(&kept), "what was not synced is still open: {kept}");
}

#[test]
fn rot_is_on_the_disk_and_in_what_is_read() {
    let (disk, _) = disk();
    let (name, offset) = disk.rot(&mut Random::new(5), |name| name == "a").unwrap();
    let changed: Vec<_> = (0..).zip(disk.bytes(&name)).filter(|(_, byte)| *byte != 0).collect();
    assert!(matches!(&changed[..], [(at, byte)] if *at == offset && byte.count_ones() == 1));
    assert_eq!(disk.durable_bytes(&name), disk.bytes(&name));
    assert!(!disk.flip_bit("a", 8 * SECTOR_BYTES as u64, 0) && !disk.flip_bit("b", 0, 0));
}

#[test]
fn unreadable_files_and_misdirected_reads() {
    let (disk, file) = disk();
    disk.make_unreadable("a");
    assert!(file.read_at(0, 1).is_err() && disk.map("a").is_err());
    assert!(file.read_from_disk().is_err());
    disk.heal();
    let numbered = (0..8).flat_map(|n| [n; SECTOR_BYTES]).collect::<Vec<u8>>();
    disk.set_bytes("a", numbered.clone());
    for round in 1..=50 {
        let seen = disk.misdirected();
        disk.misdirect_read(1);
        assert_eq!(disk.map("a").unwrap(), numbered, "round {round}: not its turn");
        let read = disk.map("a").unwrap();
        assert_eq!(read != numbered, disk.misdirected() == seen + 1, "round {round}");
        assert_eq!(disk.map("a").unwrap(), numbered, "round {round}: only once");
    }
    assert!(30 < disk.misdirected());
}
