//! Backup of a running engine: a directory of its own that holds the database as of one position.
//!
//! ```text
//! committer: seal the active segment, flush the views at position P
//! backup:    link (or copy) the sealed segments up to P and the view files -> MANIFEST
//! ```
//!
//! Sealed files never change, so a hard link is a copy that costs nothing; where links fail (another
//! file system) the bytes are copied. A file that a merge or retention removes under the backup makes
//! it begin anew, and so does a segment that retention may have rewritten. The directory gets its name
//! when everything in it is durable.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::commit::queue::{QueueSender, Settled};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, Sequence};
use crate::shared::Shared;
use crate::storage::Storage;
use crate::storage::catalog::Catalog;
use crate::storage::copy::{Copied, clear, take};
use crate::storage::disk::DiskStorage;
use crate::storage::manifest::Manifest;
use crate::storage::names;

/// How often a backup begins anew because files went under it.
const TRIES: usize = 10;

/// How often it looks whether the log is sealed and the views are flushed.
const WAIT_STEP: Duration = Duration::from_millis(2);

/// How long it waits for that.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// A backup that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// What it holds: everything up to here and nothing above.
    pub position: Position,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that had to be copied; the others are shared with the data directory.
    pub copied_bytes: u64,
}

/// Makes a backup in `directory`, which must not exist.
pub(crate) fn backup(
    shared: &Shared,
    catalog: &Catalog,
    queue: &QueueSender,
    directory: &Path,
) -> Result<Backup> {
    let partial = DiskStorage::create_new(directory)?;
    let made = fill(shared, catalog, queue, &partial);
    match made {
        Ok(made) => partial.settle_as(directory).map(|()| made),
        Err(error) => {
            partial.discard();
            Err(error)
        }
    }
}

/// Fills an empty storage with the database as it is now.
pub(crate) fn fill(
    shared: &Shared,
    catalog: &Catalog,
    queue: &QueueSender,
    target: &dyn Storage,
) -> Result<Backup> {
    for _ in 0..TRIES {
        let until = settle(shared, catalog, queue)?;
        let manifest = catalog.manifest();
        if manifest.covered != until {
            // Another flush came in between: its files hold more than the log up to here.
            continue;
        }
        let linked = link_all(shared, catalog, &manifest, target);
        let thinned = catalog.manifest().thinned;
        match linked {
            // A segment may have been rewritten meanwhile without what was deleted after the position, and the
            // views list that. (What was dropped before a repair that lost the log's end may stand above it.)
            Ok(_) if until.max(manifest.thinned) < thinned => clear(target)?,
            Ok(copied) => {
                let manifest = Manifest { thinned: thinned.min(until), ..manifest };
                return finish(manifest, until, copied, target);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => clear(target)?,
            Err(error) => return Err(error),
        }
    }
    let what = format!("files changed under the backup {TRIES} times; try again later");
    Err(Error::new(ErrorKind::Busy, what))
}

/// Has the log sealed and the views flushed, and waits for it. Answers the position.
fn settle(shared: &Shared, catalog: &Catalog, queue: &QueueSender) -> Result<Sequence> {
    let closed = || Error::new(ErrorKind::Closed, "the engine was closed");
    let Settled { until, unsealed } = queue.settle().ok_or_else(closed)?;
    if let Some(unsealed) = unsealed {
        return Err(unsealed);
    }
    let begun = Instant::now();
    loop {
        let is_sealed = shared.log.segments().buffered.iter().all(|active| until < active.first());
        if is_sealed && until <= catalog.manifest().covered {
            return Ok(until);
        }
        if let Some(fault) = shared.fault().or_else(|| shared.flush_fault()) {
            return Err(fault);
        }
        if WAIT_MAX < begun.elapsed() {
            let what = format!("log and views were not ready for a backup within {WAIT_MAX:?}");
            return Err(Error::new(ErrorKind::Busy, format!("{what}; try again")));
        }
        std::thread::sleep(WAIT_STEP);
    }
}

fn link_all(
    shared: &Shared,
    catalog: &Catalog,
    manifest: &Manifest,
    target: &dyn Storage,
) -> Result<Copied> {
    let mut copied = Copied::default();
    for view in &manifest.views {
        copied.add(take(catalog.storage(), &view.name(), target)?);
    }
    match take(catalog.storage(), names::RANKS, target) {
        Ok(one) => copied.add(one),
        // Nothing has a weight or a tag.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let segments = shared.log.segments();
    for segment in segments.sealed.iter().filter(|segment| segment.last() <= manifest.covered) {
        copied.add(take(catalog.storage(), segment.name(), target)?);
    }
    Ok(copied)
}

fn finish(
    manifest: Manifest,
    until: Sequence,
    copied: Copied,
    target: &dyn Storage,
) -> Result<Backup> {
    let manifest = Manifest {
        clean: Some(until),
        floor: until.next(),
        newest_segment: Sequence(0),
        ..manifest
    };
    manifest.store(target)?;
    Ok(Backup {
        position: Position { epoch: manifest.epoch, sequence: until },
        files: copied.files + 1,
        bytes: copied.bytes,
        copied_bytes: copied.copied_bytes,
    })
}
