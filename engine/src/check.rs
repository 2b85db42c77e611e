//! Verifies every byte of a data directory that nobody uses, and lists all damage it finds. Changes
//! nothing (the lock file aside).

use std::fmt;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::flush::load::open as open_view;
use crate::ids::{Position, Sequence};
use crate::inspect_view::inspect_view;
use crate::log::recovery::{Chain, Place, Verdict, judge};
use crate::open::{holds_database, refuse_foreign, segments};
use crate::storage::disk::DiskStorage;
use crate::storage::manifest::Manifest;
use crate::storage::{Storage, names};

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Files looked at.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records verified.
    pub records: u64,
    /// Where the log ends, as far as it is sound.
    pub position: Position,
    /// What is worth knowing and no damage, such as a torn tail that opening will cut.
    pub notes: Vec<String>,
    /// What is damaged.
    pub damage: Vec<Damage>,
}

/// One piece of damage.
#[derive(Clone, Debug)]
pub struct Damage(Error);

impl Damage {
    /// The damaged file, unless it is about the directory as a whole.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.0.place().map(|(file, _)| file)
    }

    /// Where in the file, in bytes.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.0.place().map(|(_, offset)| offset)
    }

    /// What is wrong there, without the place, which `Display` adds.
    #[must_use]
    pub fn what(&self) -> &str {
        let message = self.0.message();
        let Some((file, offset)) = self.0.place() else { return message };
        message.strip_suffix(&format!(", in {file} at offset {offset}")).unwrap_or(message)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl CheckReport {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.damage.is_empty()
    }

    fn damaged(&mut self, error: Error) -> Result<()> {
        match error.kind() {
            ErrorKind::Corrupt | ErrorKind::Unusable => {
                self.damage.push(Damage(error));
                Ok(())
            }
            _ => Err(error),
        }
    }
}

/// Verifies every file in `directory`. Fails if the directory is in use (naming the holder), is not
/// ours, or cannot be read; damage is not a failure but part of the report.
pub fn check(directory: impl AsRef<Path>) -> Result<CheckReport> {
    let storage = DiskStorage::open_existing(directory.as_ref())?;
    refuse_foreign(&storage)?;
    if !holds_database(&storage)? {
        let directory = storage.describe();
        let what = format!("{directory} holds no Fanfold database");
        return Err(Error::new(ErrorKind::Unusable, what));
    }
    let _lock = storage.lock()?;
    check_storage(&storage)
}

/// [`check`] on any storage that nobody uses.
pub fn check_storage(storage: &dyn Storage) -> Result<CheckReport> {
    let mut report = CheckReport::default();
    let manifest = match Manifest::load(storage) {
        Ok(manifest) => manifest,
        Err(error) => {
            report.damaged(error)?;
            None
        }
    };
    report.files += u64::from(manifest.is_some());
    let segments = segments(storage)?;
    let clean = manifest.as_ref().is_some_and(|manifest| manifest.clean.is_some());
    let mut chain = Chain::empty(manifest.as_ref());
    for (index, first) in segments.iter().enumerate() {
        let place = Place { next: segments.get(index + 1).copied(), clean };
        if chain.stands_for(*first) {
            let name = names::segment(*first);
            report.notes.push(format!(
                "{name}: rewritten as part of the segment before; opening will remove it"
            ));
            continue;
        }
        check_segment(storage, *first, place, &mut chain, &mut report)?;
    }
    if report.is_clean() {
        chain.check_manifest(manifest.as_ref()).or_else(|error| report.damaged(error))?;
    }
    if let Some(manifest) = &manifest {
        check_views(storage, manifest, &mut report)?;
    }
    report.position = Position { epoch: chain.epoch.max(1), sequence: chain.last };
    note_leftovers(storage, &mut report)?;
    Ok(report)
}

fn check_segment(
    storage: &dyn Storage,
    first: Sequence,
    place: Place,
    chain: &mut Chain,
    report: &mut CheckReport,
) -> Result<()> {
    let name = names::segment(first);
    report.files += 1;
    let len = storage.open(&name).and_then(|file| file.size());
    report.bytes += len.map_err(|error| Error::io(format!("read {name}"), error))?;
    let verdict = match judge(storage, &name, place) {
        Ok(verdict) => verdict,
        // The next segment is judged as if this one had reached it: one report for one damage.
        Err(error) => {
            chain.last = place.next.map_or(chain.last, |next| Sequence(next.0 - 1));
            return report.damaged(error);
        }
    };
    match &verdict {
        Verdict::Sealed(segment) => {
            let records = &mut report.records;
            if let Err(error) = segment.each_record(|_, _| *records += 1) {
                report.damaged(error)?;
            }
        }
        Verdict::Unfinished(unfinished) => {
            report.records += u64::from(unfinished.footer.count);
            let (torn, at) = (unfinished.torn_bytes, unfinished.footer.data_end);
            if 0 < torn {
                report.notes.push(format!(
                    "{name}: torn write at offset {at}; opening will cut {torn} bytes, of which \
                     the log has no proof that they were promised durable"
                ));
            }
            let missing = unfinished.missing_bytes;
            if 0 < missing && place.next.is_none() {
                report.notes.push(format!(
                    "{name}: {missing} bytes shorter than it was made; somebody cut it, and \
                     acknowledged writes may be gone; opening will begin a new epoch"
                ));
            }
        }
    }
    let end = verdict.last();
    chain.link(verdict, place).or_else(|error| {
        // What stands behind a gap is judged from its own end: one report for one gap.
        chain.last = end.unwrap_or(chain.last);
        report.damaged(error)
    })
}

/// Verifies every byte of the view files that are alive, and that they can be read.
fn check_views(storage: &dyn Storage, manifest: &Manifest, report: &mut CheckReport) -> Result<()> {
    let damage_before = report.damage.len();
    for view in &manifest.views {
        report.files += 1;
        report.bytes = report.bytes.saturating_add(view.len);
        let verified = open_view(storage, manifest, view).and_then(|file| {
            file.verify_all()?;
            inspect_view(&file.name, file.whole(), &mut Nowhere)
        });
        verified.or_else(|error| report.damaged(error))?;
    }
    if damage_before < report.damage.len() && is_log_sound(report, manifest) {
        report.notes.push(
            "the log is sound: opening puts damaged view files aside and rebuilds them from it"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether all damage is in view files.
fn is_log_sound(report: &CheckReport, manifest: &Manifest) -> bool {
    let is_view = |name: &str| manifest.views.iter().any(|view| view.name() == name);
    report.damage.iter().all(|damage| damage.file().is_some_and(is_view))
}

/// Text that nobody reads: printing a file reads all of it.
struct Nowhere;

impl fmt::Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

fn note_leftovers(storage: &dyn Storage, report: &mut CheckReport) -> Result<()> {
    let found = storage.list().map_err(|e| Error::io("list the data directory", e))?;
    for name in found.iter().filter(|name| names::is_temporary(name)) {
        report.notes.push(format!("{name}: left by an interrupted run; opening will remove it"));
    }
    for name in found.iter().filter(|name| name.ends_with(names::DAMAGED_SUFFIX)) {
        report.notes.push(format!("{name}: damaged, put aside and rebuilt; remove it at will"));
    }
    Ok(())
}
