//! A storage in memory that tests can copy, cut, flip and break.
//!
//! [`MemoryStorage::image`] copies all files as they are: what `kill -9` would leave.
//! [`MemoryStorage::durable_image`] copies only what was synced: what a power cut would leave, if
//! nothing unsynced had reached the disk. Renames and removals are durable at once here; the
//! simulated disk ([`disk`](super::disk)) loses directory entries and single sectors too.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::inspect::inspect_file;
use crate::storage::{Storage, StoredFile};

/// Files in memory. Clones are the same storage; [`image`](Self::image) copies.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<String, Arc<Mutex<Content>>>,
    /// How many changing operations succeed before all fail.
    operations_left: Option<u64>,
    /// What a failing operation answers.
    failure: Option<io::ErrorKind>,
    operations: u64,
    /// How many bytes all files together may have.
    capacity: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Debug)]
struct MemoryFile {
    content: Arc<Mutex<Content>>,
    disk: Arc<Mutex<Disk>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryStorage {
    /// A copy of all files as they are now.
    #[must_use]
    pub fn image(&self) -> Self {
        self.copied(|content| content.bytes.clone())
    }

    /// A copy of all files as far as they were synced.
    #[must_use]
    pub fn durable_image(&self) -> Self {
        self.copied(|content| content.synced.clone())
    }

    fn copied(&self, bytes: impl Fn(&Content) -> Vec<u8>) -> Self {
        let disk = lock(&self.0);
        let files = disk.files.iter().map(|(name, content)| {
            let bytes = bytes(&lock(content));
            (name.clone(), Arc::new(Mutex::new(Content { synced: bytes.clone(), bytes })))
        });
        Self(Arc::new(Mutex::new(Disk { files: files.collect(), ..Disk::default() })))
    }

    /// From now on, `count` changing operations succeed and all later ones fail with `kind`.
    pub fn fail_after(&self, count: u64, kind: io::ErrorKind) {
        let mut disk = lock(&self.0);
        disk.operations_left = Some(count);
        disk.failure = Some(kind);
    }

    /// Operations succeed again.
    pub fn heal(&self) {
        lock(&self.0).operations_left = None;
    }

    /// How many changing operations were asked for so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        lock(&self.0).operations
    }

    /// All files together may have this many bytes.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        lock(&self.0).capacity = bytes;
    }

    /// The bytes of a file.
    ///
    /// # Panics
    /// If there is no such file.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let content = lock(&self.0).files.get(name).cloned();
        lock(&content.expect("the test names a file that exists")).bytes.clone()
    }

    /// The bytes of all files together, at one moment: an engine that is open comes and goes with
    /// files while a test looks.
    #[must_use]
    pub fn used(&self) -> u64 {
        let disk = lock(&self.0);
        disk.files.values().map(|content| lock(content).bytes.len() as u64).sum()
    }

    /// Whether a file has the text at this moment, in its bytes or once it is decoded.
    #[must_use]
    pub fn has_text(&self, text: &str) -> bool {
        let now = self.image();
        let names: Vec<String> = lock(&now.0).files.keys().cloned().collect();
        names.iter().any(|name| {
            let bytes = now.bytes(name);
            let raw = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            let mut decoded = String::new();
            // What is no file of ours has no records to decode.
            let _ = inspect_file(&now, name, &mut decoded);
            raw || decoded.contains(text)
        })
    }

    /// Replaces the bytes of a file, as rot or a tear would.
    pub fn set_bytes(&self, name: &str, bytes: Vec<u8>) {
        let content = Content { synced: bytes.clone(), bytes };
        lock(&self.0).files.insert(name.to_owned(), Arc::new(Mutex::new(content)));
    }

    /// The names of the log segments, in log order.
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        let disk = lock(&self.0);
        disk.files.keys().filter(|name| name.starts_with("log-")).cloned().collect()
    }
}

/// Counts a changing operation; the error if it is one that fails.
fn operate(disk: &Mutex<Disk>) -> io::Result<()> {
    let mut disk = lock(disk);
    disk.operations += 1;
    match disk.operations_left {
        Some(0) => Err(disk.failure.unwrap_or(io::ErrorKind::Other).into()),
        Some(left) => {
            disk.operations_left = Some(left - 1);
            Ok(())
        }
        None => Ok(()),
    }
}

fn absent() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Storage for MemoryStorage {
    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        operate(&self.0)?;
        let mut disk = lock(&self.0);
        if disk.files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let content = Arc::new(Mutex::new(Content::default()));
        disk.files.insert(name.to_owned(), Arc::clone(&content));
        Ok(Arc::new(MemoryFile { content, disk: Arc::clone(&self.0) }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let content = lock(&self.0).files.get(name).cloned().ok_or_else(absent)?;
        Ok(Arc::new(MemoryFile { content, disk: Arc::clone(&self.0) }))
    }

    fn map(&self, name: &str) -> io::Result<Bytes> {
        let content = lock(&self.0).files.get(name).cloned().ok_or_else(absent)?;
        Ok(Bytes::from(lock(&content).bytes.clone()))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(lock(&self.0).files.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        operate(&self.0)?;
        let mut disk = lock(&self.0);
        let content = disk.files.remove(from).ok_or_else(absent)?;
        disk.files.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        operate(&self.0)?;
        lock(&self.0).files.remove(name).map(drop).ok_or_else(absent)
    }

    fn sync_directory(&self) -> io::Result<()> {
        operate(&self.0)
    }

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}

impl MemoryFile {
    /// Refuses to grow beyond the disk's capacity.
    fn check_room(&self, len: usize) -> io::Result<()> {
        let disk = lock(&self.disk);
        let Some(capacity) = disk.capacity else { return Ok(()) };
        let own = lock(&self.content).bytes.len();
        if len <= own {
            return Ok(());
        }
        let used: usize = disk.files.values().map(|content| lock(content).bytes.len()).sum();
        let after = used - own.min(used) + len.max(own);
        if capacity < after as u64 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StoredFile for MemoryFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        operate(&self.disk)?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start + bytes.len();
        self.check_room(end)?;
        let mut content = lock(&self.content);
        if content.bytes.len() < end {
            content.bytes.resize(end, 0);
        }
        content.bytes.get_mut(start..end).ok_or_else(absent)?.copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let content = lock(&self.content);
        let start = usize::try_from(offset).map_err(io::Error::other)?.min(content.bytes.len());
        let end = start.saturating_add(len).min(content.bytes.len());
        Ok(content.bytes.get(start..end).unwrap_or_default().to_vec())
    }

    fn sync(&self) -> io::Result<()> {
        operate(&self.disk)?;
        let mut content = lock(&self.content);
        content.synced = content.bytes.clone();
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(lock(&self.content).bytes.len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        operate(&self.disk)?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        lock(&self.content).bytes.resize(len, 0);
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.check_room(usize::try_from(len).map_err(io::Error::other)?)
    }

    fn read_from_disk(&self) -> io::Result<Vec<u8>> {
        Ok(lock(&self.content).bytes.clone())
    }
}
