//! The simulated disk as the engine sees it.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::faults::{Operation, Verdict};
use super::{Disk, Inode, SECTOR_BYTES, SimulatedDisk, lock};
use crate::storage::{Storage, StoredFile};

/// An open file.
#[derive(Debug)]
struct SimulatedFile {
    /// The name under which it was opened: read errors go by it.
    name: String,
    inode: Inode,
    disk: SimulatedDisk,
}

impl SimulatedDisk {
    fn handle(&self, name: &str, inode: Inode) -> Arc<dyn StoredFile> {
        Arc::new(SimulatedFile { name: name.to_owned(), inode, disk: self.clone() })
    }
}

impl Storage for SimulatedDisk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let mut disk = lock(&self.0);
        disk.judge_whole(Operation::Create)?;
        let inode = disk.directory.create(name)?;
        Ok(self.handle(name, inode))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let mut disk = lock(&self.0);
        disk.judge_whole(Operation::Open)?;
        let inode = disk.directory.find(name)?;
        Ok(self.handle(name, inode))
    }

    fn map(&self, name: &str) -> io::Result<Bytes> {
        let mut disk = lock(&self.0);
        disk.judge_whole(Operation::Map)?;
        disk.faults.check_readable(name)?;
        let inode = disk.directory.find(name)?;
        let mut bytes = lock(&inode).bytes().to_vec();
        disk.may_misdirect(&inode, 0, &mut bytes);
        Ok(bytes.into())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut disk = lock(&self.0);
        disk.judge_whole(Operation::List)?;
        Ok(disk.directory.names().keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = lock(&self.0);
        disk.judge_whole(Operation::Rename)?;
        disk.directory.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = lock(&self.0);
        disk.judge_whole(Operation::Remove)?;
        disk.directory.remove(name)
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut disk = lock(&self.0);
        disk.judge_whole(Operation::SyncDirectory)?;
        disk.directory.sync();
        Ok(())
    }

    fn describe(&self) -> String {
        "a simulated disk".to_owned()
    }
}

impl Disk {
    /// Lets a read of `bytes` at `offset` get a sector from elsewhere in its file, if it is its turn.
    fn may_misdirect(&mut self, inode: &Inode, offset: usize, bytes: &mut [u8]) {
        if bytes.is_empty() || !self.faults.misdirects() {
            return;
        }
        let content = lock(inode);
        let pick = |random: &mut super::Random, len: usize| {
            let sectors = len.div_ceil(SECTOR_BYTES) as u64;
            usize::try_from(random.below(sectors)).unwrap_or(0) * SECTOR_BYTES
        };
        let target = pick(&mut self.random, bytes.len());
        let source = pick(&mut self.random, content.len());
        if source == offset + target {
            return;
        }
        let other = content.bytes().get(source..).unwrap_or_default().iter();
        let place = bytes.iter_mut().skip(target).take(SECTOR_BYTES);
        let mut differs = false;
        for (byte, other) in place.zip(other) {
            differs |= byte != other;
            *byte = *other;
        }
        self.faults.misdirected += u64::from(differs);
    }
}

impl SimulatedFile {
    /// Writes as much of `bytes` as there is room for.
    fn put(disk: &Disk, inode: &Inode, start: usize, bytes: &[u8]) -> io::Result<()> {
        let end = start.saturating_add(bytes.len());
        let room = disk.room(inode, end);
        let fitting = bytes.get(..room.saturating_sub(start).min(bytes.len())).unwrap_or_default();
        if !fitting.is_empty() {
            lock(inode).write(start, fitting);
        }
        if room < end { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn grow(&self, disk: &Disk, len: u64) -> io::Result<usize> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        if disk.room(&self.inode, len) < len {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(len)
    }
}

impl StoredFile for SimulatedFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let mut disk = lock(&self.disk.0);
        match disk.judge(Operation::Write) {
            Verdict::Go => Self::put(&disk, &self.inode, start, bytes),
            Verdict::Short(error) => {
                let len = usize::try_from(disk.random.below(bytes.len() as u64)).unwrap_or(0);
                Self::put(&disk, &self.inode, start, bytes.get(..len).unwrap_or_default())?;
                Err(error)
            }
            Verdict::Fail(error) | Verdict::Off(error) => Err(error),
        }
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut disk = lock(&self.disk.0);
        disk.judge_whole(Operation::Read)?;
        disk.faults.check_readable(&self.name)?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let mut bytes = {
            let content = lock(&self.inode);
            let start = start.min(content.len());
            let end = start.saturating_add(len).min(content.len());
            content.bytes().get(start..end).unwrap_or_default().to_vec()
        };
        disk.may_misdirect(&self.inode, start, &mut bytes);
        Ok(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = lock(&self.disk.0);
        match disk.judge(Operation::Sync) {
            Verdict::Go if disk.is_lying => Ok(()),
            Verdict::Go => {
                lock(&self.inode).sync();
                Ok(())
            }
            Verdict::Fail(error) | Verdict::Short(error) => {
                lock(&self.inode).fail_sync(&mut disk.random);
                Err(error)
            }
            Verdict::Off(error) => Err(error),
        }
    }

    fn size(&self) -> io::Result<u64> {
        let _disk = lock(&self.disk.0);
        Ok(lock(&self.inode).len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut disk = lock(&self.disk.0);
        disk.judge_whole(Operation::SetLen)?;
        let len = self.grow(&disk, len)?;
        lock(&self.inode).set_len(len);
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let mut disk = lock(&self.disk.0);
        disk.judge_whole(Operation::Allocate)?;
        let len = self.grow(&disk, len)?;
        let mut content = lock(&self.inode);
        let len = len.max(content.len());
        content.set_len(len);
        Ok(())
    }

    /// What was not synced is synced first, as the disk storage does; then the cache is dropped, and
    /// what a failed sync lost is lost for programs too.
    fn read_from_disk(&self) -> io::Result<Vec<u8>> {
        self.sync()?;
        let mut disk = lock(&self.disk.0);
        disk.judge_whole(Operation::Read)?;
        disk.faults.check_readable(&self.name)?;
        let mut content = lock(&self.inode);
        content.drop_cache();
        Ok(content.bytes().to_vec())
    }
}
