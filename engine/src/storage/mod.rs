//! The only door to files. Everything the engine reads or writes goes through [`Storage`], so that
//! tests can put a breakable disk behind it.
//!
//! * [`disk`]: real files of one directory.
//! * [`mapping`]: the one module with `unsafe`: maps a sealed file.
//! * [`names`]: every file name, built and parsed in one place.
//! * [`copy`]: files from one storage to another.
//! * [`reserve`]: room set aside for a full disk.
//! * [`manifest`], [`catalog`]: what a data directory is, and which files are alive.
//! * [`unlisted`]: which view files are not.
//!
//! Assumptions about the disk, on which recovery rests:
//! 1. Bytes that were written and then covered by a successful `sync` survive a power cut.
//! 2. Bytes that were not synced may survive in part and in any order.
//! 3. `rename` within the directory, followed by `sync_directory`, is atomic and durable.
//! 4. After a failed `sync` nothing is known about any unsynced byte; it is never retried.

pub(crate) mod catalog;
pub(crate) mod copy;
pub(crate) mod disk;
pub(crate) mod manifest;
pub(crate) mod mapping;
pub(crate) mod names;
pub(crate) mod pages;
pub(crate) mod reserve;
pub(crate) mod unlisted;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

/// One directory of files.
pub trait Storage: fmt::Debug + Send + Sync {
    /// Creates a file that must not exist.
    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>>;
    /// Opens a file that must exist.
    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>>;
    /// The bytes of a sealed file: mapped where the storage can, copied where not. The file must
    /// never be written, extended or truncated afterwards; it may be removed.
    fn map(&self, name: &str) -> io::Result<Bytes>;
    /// The names of all files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Renames a file, replacing the target.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    fn sync_directory(&self) -> io::Result<()>;
    /// Gives the sealed file `name` a second name, the same, in `other`; false if that cannot be, and
    /// the file has to be copied.
    fn link(&self, name: &str, other: &dyn Storage) -> io::Result<bool> {
        let _ = (name, other);
        Ok(false)
    }
    /// Where the files are, if they are in a directory of the system.
    fn directory(&self) -> Option<&Path> {
        None
    }
    /// How people find this directory.
    fn describe(&self) -> String;
}

/// One open file.
pub trait StoredFile: fmt::Debug + Send + Sync {
    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// The `len` bytes at `offset`; fewer only where the file ends.
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>>;
    /// Makes what was written durable, and the length if it changed.
    fn sync(&self) -> io::Result<()>;
    /// The length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Cuts or extends to `len`.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Reserves room up to `len`; may do nothing where the file system cannot.
    fn allocate(&self, len: u64) -> io::Result<()>;
    /// The whole content as the disk has it: what a cache holds and the disk does not is dropped
    /// first, as far as the system allows.
    fn read_from_disk(&self) -> io::Result<Vec<u8>>;
}

/// Replaces `name` by `bytes`, so that after a crash either the old or the new file is there. What was
/// begun of the new one goes if that fails: a disk that is full must not stay full of it.
pub(crate) fn replace_atomically(
    storage: &dyn Storage,
    name: &str,
    bytes: &[u8],
) -> io::Result<()> {
    let temporary = names::temporary(name);
    remove_if_present(storage, &temporary)?;
    let write = || {
        let file = storage.create(&temporary)?;
        file.write_at(0, bytes)?;
        file.sync()?;
        storage.rename(&temporary, name)
    };
    write().inspect_err(|_| {
        let _ = remove_if_present(storage, &temporary);
    })?;
    storage.sync_directory()
}

/// Removes `name`; a file that is not there is fine.
pub(crate) fn remove_if_present(storage: &dyn Storage, name: &str) -> io::Result<()> {
    match storage.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
