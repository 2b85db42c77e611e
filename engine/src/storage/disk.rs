//! Real files of one directory, and the lock on it.
//!
//! The directory is created with mode 0700. The lock is an advisory lock on the file `LOCK`, which
//! is never removed (removing it would let two processes hold "the" lock).

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::{Advice, FallocateFlags, fadvise, fallocate};

use super::{Storage, StoredFile, mapping, names};
use crate::error::{Error, ErrorKind, Result};

/// Ends the name of a directory that is not complete yet.
const PARTIAL_SUFFIX: &str = ".partial";

/// A directory of real files.
#[derive(Debug)]
pub(crate) struct DiskStorage {
    directory: PathBuf,
}

#[derive(Debug)]
struct DiskFile(File);

/// Holds the directory's lock until dropped.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    /// Open for its lock alone.
    _file: File,
}

impl DiskStorage {
    /// Opens `directory`, creating it if it is missing.
    pub(crate) fn open_or_create(directory: &Path) -> Result<Self> {
        if directory.is_file() {
            let what = format!("{} is a file, not a directory", directory.display());
            let advice = "name an empty directory or one of ours";
            return Err(Error::new(ErrorKind::Unusable, format!("{what}; {advice}")));
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| {
            unusable(format!("cannot create data directory {}", directory.display()), error)
        })?;
        Self::open_existing(directory)
    }

    /// Opens `directory`, which must exist and be readable.
    pub(crate) fn open_existing(directory: &Path) -> Result<Self> {
        fs::read_dir(directory).map_err(|error| {
            unusable(format!("cannot read data directory {}", directory.display()), error)
        })?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// Creates the directory under a name of its own until [`settle_as`](Self::settle_as); `directory`
    /// itself must not exist.
    pub(crate) fn create_new(directory: &Path) -> Result<Self> {
        if directory.exists() {
            let what = format!("{} exists already; choose another name", directory.display());
            return Err(Error::new(ErrorKind::Conflict, what));
        }
        let partial = directory.with_file_name(format!(
            "{}{PARTIAL_SUFFIX}",
            directory.file_name().unwrap_or_default().to_string_lossy()
        ));
        let failed = |error| unusable(format!("cannot create {}", partial.display()), error);
        match fs::remove_dir_all(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&partial).map_err(failed)?;
        Ok(Self { directory: partial })
    }

    /// Gives a directory made by [`create_new`](Self::create_new) its name, durably.
    #[expect(clippy::disallowed_methods, reason = "this is the storage that others must use")]
    pub(crate) fn settle_as(self, directory: &Path) -> Result<()> {
        let failed = |error| unusable(format!("cannot name {}", directory.display()), error);
        self.sync_directory().map_err(failed)?;
        fs::rename(&self.directory, directory).map_err(failed)?;
        let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or_else(|| Path::new(".")))
            .and_then(|parent| parent.sync_all())
            .map_err(failed)
    }

    /// Removes the directory and what is in it.
    pub(crate) fn discard(self) {
        // What cannot be removed is removed when the same name is tried again.
        let _ = fs::remove_dir_all(&self.directory);
    }

    /// Refuses a directory that holds anything.
    pub(crate) fn refuse_used(&self) -> Result<()> {
        let listed = self.list().map_err(|error| unusable(self.describe(), error))?;
        match listed.iter().find(|name| *name != names::LOST_AND_FOUND) {
            None => Ok(()),
            Some(found) => Err(Error::new(
                ErrorKind::Conflict,
                format!("{} is not empty: it holds {found}; name a fresh one", self.describe()),
            )),
        }
    }

    /// Takes the directory's lock, or names the process that holds it.
    pub(crate) fn lock(&self) -> Result<DirectoryLock> {
        let path = self.path(names::LOCK);
        let failed = |error| unusable(format!("cannot open lock file {}", path.display()), error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => write_holder(&mut file).map_err(failed)?,
            Err(TryLockError::WouldBlock) => return Err(self.in_use(&mut file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(DirectoryLock { _file: file })
    }

    fn in_use(&self, file: &mut File) -> Error {
        let mut holder = String::new();
        let holder = match file.read_to_string(&mut holder) {
            Ok(_) if !holder.trim().is_empty() => format!("process {}", holder.trim()),
            _ => "another process".to_owned(),
        };
        let directory = self.directory.display();
        Error::new(
            ErrorKind::Unusable,
            format!("data directory {directory} is in use by {holder}; stop it or use another"),
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn unusable(what: String, error: io::Error) -> Error {
    Error::new(ErrorKind::Unusable, format!("{what}: {error}")).because(error)
}

impl Storage for DiskStorage {
    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(name))?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path(name))?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn map(&self, name: &str) -> io::Result<Bytes> {
        mapping::map_sealed(&File::open(self.path(name))?)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            found.push(entry?.file_name().to_string_lossy().into_owned());
        }
        found.sort();
        Ok(found)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the storage that others must use")]
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the storage that others must use")]
    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn link(&self, name: &str, other: &dyn Storage) -> io::Result<bool> {
        let Some(directory) = other.directory() else { return Ok(false) };
        match fs::hard_link(self.path(name), directory.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
            // Another file system, or one without links.
            Err(_) => Ok(false),
        }
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.directory)
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn describe(&self) -> String {
        self.directory.display().to_string()
    }
}

impl StoredFile for DiskFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let available = self.size()?.saturating_sub(offset);
        let len = usize::try_from(available).map_or(len, |available| available.min(len));
        let mut bytes = vec![0; len];
        self.0.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        match fallocate(&self.0, FallocateFlags::empty(), 0, len) {
            Err(rustix::io::Errno::OPNOTSUPP) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Dirty pages cannot be dropped, so they are synced first; pages that a failed sync left
    /// "clean" are then forgotten, and the read sees the disk ("fsyncgate").
    fn read_from_disk(&self) -> io::Result<Vec<u8>> {
        self.0.sync_all()?;
        fadvise(&self.0, 0, None, Advice::DontNeed)?;
        let len = usize::try_from(self.size()?).map_err(io::Error::other)?;
        let mut bytes = vec![0; len];
        self.0.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }
}
