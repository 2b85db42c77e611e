//! What to merge next: pure, from the manifest and the number of graves.
//!
//! Files of one kind cover ranges of the log in ascending order, and only neighbours are merged, so
//! that they stay in order. Files of like size are merged four at a time, so that an entry is
//! written once for each fourfold growth (size-tiered compaction, as in Bigtable (OSDI 2006) and
//! Cassandra). A file that reached its full size is merged no more; it is rewritten alone when many
//! of its entries are dead.

use super::merge::families;
use crate::ids::Sequence;
use crate::limits::{GRAVES_MAX, MERGE_FILES_MIN, MERGED_BYTES_MAX};
use crate::runs::layout::view_kind;
use crate::storage::manifest::{Manifest, ViewEntry};

/// How much larger a file may be than the largest of its newer neighbours, to be merged with them.
const LIKE_SIZE: u64 = 2;

/// Bytes that an entry takes in a file, roughly, in both directions of the graph together.
const ENTRY_BYTES: u64 = 8;

/// One in so many entries dead: the file is rewritten.
const DEAD_SHARE: u64 = 8;

/// Fewer graves than these are not worth rewriting a file.
const DEAD_MIN: u64 = 4_096;

/// Kinds whose files are merged.
const KINDS: [u8; 14] = [
    view_kind::USERS,
    view_kind::OUTBOX,
    view_kind::GRAPH,
    view_kind::GROUPS,
    view_kind::RESPONSES,
    view_kind::REPOSTS,
    view_kind::AUDIENCES,
    view_kind::NOTICES,
    view_kind::MARKS,
    view_kind::REVISIONS,
    view_kind::BROADCASTS,
    view_kind::FORGOTTEN,
    view_kind::MODERATION,
    view_kind::REQUESTS,
];

/// The files to be replaced by one, oldest first; all of one kind. `None` if all is well.
pub(crate) fn plan(
    manifest: &Manifest,
    graves: impl Fn(&ViewEntry) -> u64,
) -> Option<Vec<ViewEntry>> {
    let of = |kind| -> Vec<ViewEntry> {
        manifest.views.iter().copied().filter(|view| view.kind == kind).collect()
    };
    let tiered = KINDS.iter().find_map(|kind| like_sized(&of(*kind)));
    tiered.or_else(|| worst(manifest, graves).map(|view| vec![view]))
}

/// The newest neighbours of like size, if they are enough.
fn like_sized(files: &[ViewEntry]) -> Option<Vec<ViewEntry>> {
    let (mut count, mut bytes, mut largest) = (0, 0, 0);
    for file in files.iter().rev() {
        let is_alike = count == 0 || file.len <= LIKE_SIZE * largest;
        if !is_alike || MERGED_BYTES_MAX < bytes + file.len {
            break;
        }
        (count, bytes, largest) = (count + 1, bytes + file.len, largest.max(file.len));
    }
    if MERGE_FILES_MIN <= count {
        return files.get(files.len() - count..).map(<[_]>::to_vec);
    }
    // The newest file may be small beside its older neighbours: these may still be alike.
    let (_, older) = files.split_last()?;
    like_sized(older)
}

/// The file with the most dead entries for its size, if they are many.
fn worst(manifest: &Manifest, graves: impl Fn(&ViewEntry) -> u64) -> Option<ViewEntry> {
    let candidates = manifest.views.iter().copied();
    let candidates = candidates.filter(|view| !families(view.kind).is_empty());
    let counted: Vec<(u64, ViewEntry)> = candidates.map(|view| (graves(&view), view)).collect();
    let total: u64 = counted.iter().map(|(dead, _)| dead).sum();
    let (dead, view) = counted.into_iter().max_by_key(|(dead, view)| {
        // Scaled, so that whole numbers compare shares.
        (dead.saturating_mul(1 << 20) / view.len.max(1), *dead)
    })?;
    let is_bad = view.len / ENTRY_BYTES <= dead * DEAD_SHARE && DEAD_MIN <= dead;
    (is_bad || GRAVES_MAX <= total).then_some(view)
}

/// Whether files of this kind may hold what holds no longer, of which nothing is to be left.
pub(crate) fn is_rewritable(kind: u8) -> bool {
    let stays = [view_kind::USERS, view_kind::FORGOTTEN, view_kind::GRAVES];
    !stays.contains(&kind)
}

/// Whether `entry` is in the range of `view`.
pub(crate) fn covers(view: &ViewEntry, entry: Sequence) -> bool {
    (view.first..=view.last).contains(&entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DatabaseId;

    fn manifest(kind: u8, sizes: &[u64]) -> Manifest {
        let mut manifest = Manifest::new(DatabaseId([1; 16]), 1, Sequence(1));
        manifest.views = (0..)
            .zip(sizes)
            .map(|(at, len)| {
                let (first, last) = (Sequence(at * 10 + 1), Sequence(at * 10 + 10));
                ViewEntry { kind, number: at, first, last, len: *len }
            })
            .collect();
        manifest
    }

    fn numbers(sizes: &[u64], dead: u64) -> Option<Vec<u64>> {
        let manifest = manifest(view_kind::OUTBOX, sizes);
        let planned = plan(&manifest, |view| if view.number == 0 { dead } else { 0 });
        planned.map(|files| files.iter().map(|file| file.number).collect())
    }

    #[test]
    fn four_neighbours_of_like_size_are_merged() {
        assert_eq!(numbers(&[100, 100, 100], 0), None);
        assert_eq!(numbers(&[100, 100, 100, 100], 0), Some(vec![0, 1, 2, 3]));
        assert_eq!(numbers(&[5_000, 100, 120, 90, 100], 0), Some(vec![1, 2, 3, 4]));
        assert_eq!(numbers(&[500, 500, 500, 500, 10], 0), Some(vec![0, 1, 2, 3]));
        assert_eq!(numbers(&[400, 100, 25, 5], 0), None);
    }

    #[test]
    fn full_files_are_left_alone() {
        assert_eq!(numbers(&[MERGED_BYTES_MAX / 3; 4], 0), None);
        assert_eq!(numbers(&[MERGED_BYTES_MAX / 4; 4], 0), Some(vec![0, 1, 2, 3]));
    }

    #[test]
    fn a_file_with_many_dead_entries_is_rewritten() {
        let len = 8 * 8 * 2 * DEAD_MIN;
        assert_eq!(numbers(&[len, 9], 2 * DEAD_MIN - 1), None);
        assert_eq!(numbers(&[len, 9], 2 * DEAD_MIN), Some(vec![0]));
        assert_eq!(numbers(&[1 << 40, 9], GRAVES_MAX), Some(vec![0]), "too many to remember");
    }

    #[test]
    fn the_number_of_files_stays_small_and_each_entry_is_rewritten_seldom() {
        let mut sizes: Vec<u64> = Vec::new();
        let (flushed, mut written) = (256u64, 0);
        for _ in 0..flushed {
            sizes.push(1_000);
            written += 1_000;
            while let Some(files) = numbers(&sizes, 0) {
                let first = usize::try_from(files[0]).unwrap();
                let merged: u64 = sizes.drain(first..first + files.len()).sum();
                sizes.insert(first, merged);
                written += merged;
            }
            assert!(sizes.len() <= 16, "{sizes:?}");
        }
        assert!(written <= 6 * flushed * 1_000, "written {written} for {}", flushed * 1_000);
    }
}
