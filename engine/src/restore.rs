//! Restore: from a backup (or any data directory that nobody uses) to a fresh directory, as it was at
//! a position or at a time.
//!
//! The restored database begins a new epoch and goes on 2^32 sequences above, so that an id that the
//! original gave after the backup never means another post.

use std::path::Path;
use std::sync::Arc;

use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, Sequence, Timestamp};
use crate::limits::EPOCH_SKIP;
use crate::log::header::{SegmentHeader, WrittenWith};
use crate::log::packed::writer::PackedWriter;
use crate::log::record::Context;
use crate::log::recovery::{Chain, Verdict};
use crate::log::sealed::SealedSegment;
use crate::open::{holds_database, refuse_foreign, segments};
use crate::options::Options;
use crate::random::random_u64;
use crate::storage::Storage;
use crate::storage::copy::{clear, copy};
use crate::storage::disk::DiskStorage;
use crate::storage::manifest::Manifest;

/// How far to restore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// Everything there is.
    #[default]
    Newest,
    /// Everything up to this sequence.
    Sequence(Sequence),
    /// Everything that was committed at this time or before.
    Time(Timestamp),
}

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The last record that is in it, in the epoch that begins.
    pub position: Position,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Whether the views came along; if not, they were rebuilt from the log.
    pub has_views: bool,
}

/// Restores what is in `backup` into `directory`, which must be empty or missing. `progress` is told
/// bytes of the log as they arrive.
///
/// Fails with [`Invalid`](ErrorKind::Invalid) for a position that the backup does not reach, or that
/// is so old that retention may have dropped what held then; the message names the limits.
pub fn restore(
    backup: impl AsRef<Path>,
    directory: impl AsRef<Path>,
    until: Until,
    progress: &mut dyn FnMut(u64),
) -> Result<Restored> {
    let source = DiskStorage::open_existing(backup.as_ref())?;
    refuse_foreign(&source)?;
    if !holds_database(&source)? {
        let what = format!("{} holds no Fanfold database", source.describe());
        return Err(Error::new(ErrorKind::Unusable, what));
    }
    let _source_lock = source.lock()?;
    let target = DiskStorage::open_or_create(directory.as_ref())?;
    target.refuse_used()?;
    let restored = {
        let _target_lock = target.lock()?;
        let restored = restore_storage(&source, &target, until, progress);
        if restored.is_err() {
            // As it was found: empty.
            clear(&target)?;
        }
        restored?
    };
    // Opening proves it, and rebuilds the views if they did not come along.
    Engine::open(directory, Options::default())?.close()?;
    Ok(restored)
}

/// [`restore`] between storages that nobody uses; the target is not opened.
pub fn restore_storage(
    source: &dyn Storage,
    target: &dyn Storage,
    until: Until,
    progress: &mut dyn FnMut(u64),
) -> Result<Restored> {
    let manifest = Manifest::load(source)?;
    let chain = Chain::examine(source, &segments(source)?, manifest.as_ref())?;
    let database = chain.database.unwrap_or_else(crate::random::random_database_id);
    let manifest = manifest.unwrap_or_else(|| Manifest::new(database, chain.epoch, Sequence(1)));
    let until = resolve(source, &chain, &manifest, until)?;
    let mut log_bytes = 0;
    let mut last = Sequence(0);
    for verdict in chain.verdicts.iter().filter(|verdict| verdict.header().first <= until) {
        let bytes = copy(source, verdict.name(), target)?.bytes;
        log_bytes += bytes;
        progress(bytes);
        if until < verdict.last().unwrap_or(until) {
            let whole = sealed(verdict, target)?;
            cut(&whole, until, target)?;
        }
        last = verdict.last().unwrap_or(last).min(until);
    }
    let has_views = manifest.covered <= until;
    let views = if has_views { manifest.views.clone() } else { Vec::new() };
    for view in &views {
        copy(source, &view.name(), target)?;
    }
    let restored = Manifest {
        epoch: chain.epoch.max(manifest.epoch).max(1) + 1,
        clean: None,
        floor: Sequence(chain.next.0 + EPOCH_SKIP),
        newest_segment: Sequence(0),
        covered: if has_views { manifest.covered } else { Sequence(0) },
        erased: manifest.erased.min(until),
        revised: manifest.revised.min(until),
        views,
        ..manifest
    };
    restored.store(target)?;
    let position = Position { epoch: restored.epoch, sequence: last };
    Ok(Restored { position, log_bytes, has_views })
}

/// The last sequence to restore.
fn resolve(
    source: &dyn Storage,
    chain: &Chain,
    manifest: &Manifest,
    until: Until,
) -> Result<Sequence> {
    let until = match until {
        Until::Newest => return Ok(chain.last),
        Until::Sequence(sequence) => sequence,
        Until::Time(time) => last_at(source, chain, time)?,
    };
    let (first, last) = (manifest.thinned.max(Sequence(1)), chain.last);
    if until < first || last < until {
        let why = "retention has dropped what held only before";
        return Err(Error::invalid(format!(
            "cannot restore up to sequence {until}: this backup reaches from {first} ({why}) to \
             {last}; choose a position between, or an older backup"
        )));
    }
    Ok(until)
}

/// The last sequence that was committed at `time` or before.
fn last_at(source: &dyn Storage, chain: &Chain, time: Timestamp) -> Result<Sequence> {
    let mut last = Sequence(0);
    for verdict in &chain.verdicts {
        if time < verdict.header().context.base_time {
            break;
        }
        match verdict {
            Verdict::Sealed(segment) if segment.last_time() <= time => last = segment.last(),
            Verdict::Sealed(segment) => segment.each_record(|sequence, record| {
                if record.time <= time {
                    last = last.max(sequence);
                }
            })?,
            // The end of a log that was not closed: as a whole, or not at all.
            Verdict::Unfinished(unfinished) if unfinished.footer.last_time <= time => {
                last = verdict.last().unwrap_or(last);
            }
            Verdict::Unfinished(unfinished) => {
                let (name, place) = (&unfinished.name, source.describe());
                let what = format!("{name} in {place} is not sealed; open and close the database");
                return Err(Error::invalid(format!("{what}, or restore up to a sequence")));
            }
        }
    }
    Ok(last)
}

/// The copy of a segment in `target`, sealed.
fn sealed(verdict: &Verdict, target: &dyn Storage) -> Result<Arc<SealedSegment>> {
    match verdict {
        Verdict::Sealed(segment) => Ok(Arc::clone(segment)),
        Verdict::Unfinished(unfinished) => unfinished.seal(target),
    }
}

/// Replaces the copy of a segment by its records up to `until`.
fn cut(segment: &SealedSegment, until: Sequence, target: &dyn Storage) -> Result<()> {
    let header = SegmentHeader {
        written_with: WrittenWith::Fsync,
        context: Context { salt: random_u64(), ..segment.header().context },
        made_len: 0,
        is_packed: true,
        last: until,
        ..*segment.header()
    };
    let mut writer = PackedWriter::create(target, header, segment.is_cold())?;
    let mut outcome = Ok(());
    segment.each_record(|sequence, record| {
        if sequence <= until && outcome.is_ok() {
            outcome = writer.push(sequence, record);
        }
    })?;
    outcome?;
    writer.finish(target).map(|_| ())
}
