//! Files from one storage to another: linked where that works, copied where not.

use std::io;

use super::{Storage, remove_if_present};
use crate::error::{Error, ErrorKind, Result};

/// Bytes copied at a time.
const PIECE_BYTES: usize = 1024 * 1024;

/// What was taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Of the bytes, those that were not linked.
    pub(crate) copied_bytes: u64,
}

impl Copied {
    pub(crate) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.copied_bytes += other.copied_bytes;
    }
}

/// Links the sealed file `name` into `target`, or copies it. [`NotFound`](ErrorKind::NotFound) if it
/// is gone.
pub(crate) fn take(source: &dyn Storage, name: &str, target: &dyn Storage) -> Result<Copied> {
    let done = match source.link(name, target) {
        Ok(true) => target.open(name).and_then(|file| file.size()).map(|bytes| Copied {
            files: 1,
            bytes,
            copied_bytes: 0,
        }),
        Ok(false) => copy_bytes(source, name, target),
        Err(error) => Err(error),
    };
    done.map_err(|error| told(name, target, error))
}

/// Copies `name` into `target`, durably but for its name.
pub(crate) fn copy(source: &dyn Storage, name: &str, target: &dyn Storage) -> Result<Copied> {
    copy_bytes(source, name, target).map_err(|error| told(name, target, error))
}

fn told(name: &str, target: &dyn Storage, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        return Error::new(ErrorKind::NotFound, format!("{name} is gone"));
    }
    Error::io(format!("copy {name} to {}", target.describe()), error)
}

fn copy_bytes(source: &dyn Storage, name: &str, target: &dyn Storage) -> io::Result<Copied> {
    let from = source.open(name)?;
    remove_if_present(target, name)?;
    let into = target.create(name)?;
    let mut offset = 0;
    loop {
        let piece = from.read_at(offset, PIECE_BYTES)?;
        if piece.is_empty() {
            break;
        }
        into.write_at(offset, &piece)?;
        offset += piece.len() as u64;
    }
    into.sync()?;
    Ok(Copied { files: 1, bytes: offset, copied_bytes: offset })
}

/// Removes everything in a storage that is being filled.
pub(crate) fn clear(target: &dyn Storage) -> Result<()> {
    let failed = |error| Error::io(format!("clear {}", target.describe()), error);
    let names = target.list().map_err(failed)?;
    names.iter().try_for_each(|name| remove_if_present(target, name)).map_err(failed)
}
