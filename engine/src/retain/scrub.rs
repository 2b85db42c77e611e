//! The scrubber: reads every sealed file now and then, so that rot is found before a reader or a
//! restore needs what it hit. One file at a time, with pauses.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::Sequence;
use crate::runs::file::ViewFile;
use crate::shared::Shared;
use crate::storage::catalog::Catalog;
use crate::storage::manifest::ViewEntry;
use crate::storage::names;

/// Damages that are remembered; more are only counted.
const DAMAGES_MAX: usize = 16;

/// What is still to be read in this pass.
#[derive(Debug, Default)]
pub(crate) struct Scrubber {
    left: VecDeque<Target>,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    /// The log segment that stands for this sequence.
    Segment(Sequence),
    View(ViewEntry),
}

/// What the scrubber found since the engine was opened.
#[derive(Debug, Default)]
pub(crate) struct Scrubbed(Mutex<Findings>);

/// See [`Scrubbed`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Files read to their end.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Passes through all files.
    pub(crate) passes: u64,
    /// Log segments that are damaged: file and place.
    pub(crate) damages: Vec<Error>,
}

impl Scrubber {
    /// Reads one file; begins anew when all are read.
    pub(crate) fn step(&mut self, shared: &Shared, catalog: &Catalog) {
        let Some(target) = self.left.pop_front() else {
            self.left = targets(shared, catalog);
            return;
        };
        let read = shared.noticing(read(target, shared, catalog));
        shared.scrubbed.note(read, self.left.is_empty());
    }
}

fn targets(shared: &Shared, catalog: &Catalog) -> VecDeque<Target> {
    let segments = shared.log.segments();
    let segments = segments.sealed.iter().map(|segment| Target::Segment(segment.first()));
    segments.chain(catalog.manifest().views.into_iter().map(Target::View)).collect()
}

/// Reads a file to its end. Answers its bytes; 0 if it is gone meanwhile.
fn read(target: Target, shared: &Shared, catalog: &Catalog) -> Result<u64> {
    match target {
        Target::Segment(first) => {
            let segments = shared.log.segments();
            let Some(segment) = segments.sealed_at(first) else { return Ok(0) };
            segment.each_record(|_, _| {})?;
            Ok(segment.file_len())
        }
        Target::View(view) => {
            if !catalog.manifest().views.contains(&view) {
                return Ok(0);
            }
            let file = ViewFile::open(catalog.storage(), &view.name());
            let is_alive = || catalog.manifest().views.contains(&view);
            match file.and_then(|file| file.verify_all().map(|()| file.len())) {
                Err(_) if !is_alive() => Ok(0),
                read => read,
            }
        }
    }
}

fn is_of_view(error: &Error) -> bool {
    error.place().is_some_and(|(name, _)| names::parse_view(name).is_some())
}

impl Scrubbed {
    pub(crate) fn findings(&self) -> Findings {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, read: Result<u64>, is_last: bool) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.passes += u64::from(is_last);
        match read {
            Ok(bytes) => {
                found.files += 1;
                found.bytes += bytes;
            }
            // View files are written anew by themselves; of the log only a repair can.
            Err(error) if error.kind() == ErrorKind::Corrupt && !is_of_view(&error) => {
                let is_known = found.damages.iter().any(|known| known.place() == error.place());
                if !is_known && found.damages.len() < DAMAGES_MAX {
                    found.damages.push(error);
                }
            }
            Err(_) => {}
        }
    }
}
