//! What is on a [`Disk`](super::disk::Disk), and what each operation does to it.
//!
//! Invariant: a file is freed when no program has it open and neither the directory nor a power cut
//! can lead to it; until then it takes room.

use std::collections::{BTreeMap, HashMap};

use fuser::Errno;

use super::content::{Content, PAGE};
use super::directory::{Directory, Number};
use super::disk::{Cut, Operation, Power, Trigger};
use super::survival::Survival;

/// Everything behind the lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) power: Power,
    pub(super) trigger: Option<Trigger>,
    pub(super) capacity: usize,
    /// Syncs succeed and do nothing.
    pub(super) forgets_syncs: bool,
    /// The next sync of the newest file whose name begins so fails.
    pub(super) fails_sync_of: Option<&'static str>,
    pub(super) work: Work,
    /// What the newest cut left.
    pub(super) image: BTreeMap<String, Vec<u8>>,
    files: HashMap<Number, File>,
    directory: Directory,
    next: Number,
}

/// What the background work of a daemon did, by the names it gave and took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    /// View files written, by flushes and merges.
    pub(super) views: u64,
    /// View files removed, because others took their place.
    pub(super) views_removed: u64,
    /// Log segments replaced: erased from, or packed.
    pub(super) rewritten: u64,
}

#[derive(Debug, Default)]
struct File {
    content: Content,
    opens: u64,
}

impl State {
    /// An empty disk.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            power: Power::On,
            trigger: None,
            capacity,
            forgets_syncs: false,
            fails_sync_of: None,
            work: Work::default(),
            image: BTreeMap::new(),
            files: HashMap::new(),
            directory: Directory::default(),
            next: FIRST,
        }
    }

    /// Counts the operation; true if it is the one before which the power goes.
    pub(super) fn pull(&mut self, operation: Operation) -> bool {
        let left = match (&mut self.trigger, operation) {
            (Some(Trigger::Change(left)), Operation::Data | Operation::Name) => left,
            (Some(Trigger::Name(left)), Operation::Name) => left,
            _ => return false,
        };
        *left = left.saturating_sub(1);
        let is_pulled = *left == 0;
        if is_pulled {
            self.trigger = None;
        }
        is_pulled
    }

    /// See [`Disk::cut`](super::disk::Disk::cut).
    pub(super) fn cut(&mut self, survival: &mut Survival) -> Cut {
        let bytes: usize = self.files.values().map(|file| file.content.unsynced()).sum();
        let names = self.directory.unsynced();
        let cut = Cut { unsynced_bytes: bytes as u64, unsynced_names: names as u64 };
        let names = std::mem::take(&mut self.directory).cut(survival);
        let mut files = std::mem::take(&mut self.files);
        self.image.clear();
        for (name, number) in &names {
            let content = files.remove(number).unwrap_or_default().content.cut(survival);
            self.image.insert(name.clone(), content.clone());
            self.files.insert(*number, File { content: Content::kept(content), opens: 0 });
        }
        self.directory = Directory::kept(names);
        cut
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(super) fn find(&self, name: &str) -> Result<Number, Errno> {
        self.directory.find(name).ok_or(Errno::ENOENT)
    }

    /// The length of a file.
    pub(super) fn len(&self, number: Number) -> Result<usize, Errno> {
        Ok(self.files.get(&number).ok_or(Errno::ESTALE)?.content.len())
    }

    /// Capacity and what is free of it, in bytes.
    pub(super) fn room(&self) -> (usize, usize) {
        let used = |file: &File| file.content.len().next_multiple_of(PAGE);
        let used: usize = self.files.values().map(used).sum();
        (self.capacity, self.capacity.saturating_sub(used))
    }

    /// A new, open file.
    pub(super) fn create(&mut self, name: &str) -> Result<Number, Errno> {
        if self.directory.find(name).is_some() {
            return Err(Errno::EEXIST);
        }
        let number = self.next;
        self.next += 1;
        self.files.insert(number, File { opens: 1, ..File::default() });
        self.directory.link(name, number);
        Ok(number)
    }

    pub(super) fn open(&mut self, number: Number) -> Result<(), Errno> {
        self.file(number)?.opens += 1;
        Ok(())
    }

    pub(super) fn close(&mut self, number: Number) -> Result<(), Errno> {
        let file = self.file(number)?;
        file.opens = file.opens.saturating_sub(1);
        self.collect();
        Ok(())
    }

    pub(super) fn read(&self, number: Number, offset: usize, len: usize) -> Result<&[u8], Errno> {
        let file = self.files.get(&number).ok_or(Errno::ESTALE)?;
        Ok(file.content.read(offset, len))
    }

    pub(super) fn write(&mut self, number: Number, at: usize, bytes: &[u8]) -> Result<(), Errno> {
        self.reserve(number, at + bytes.len())?;
        self.file(number)?.content.write(at, bytes);
        Ok(())
    }

    pub(super) fn set_len(&mut self, number: Number, len: usize) -> Result<(), Errno> {
        self.reserve(number, len)?;
        self.file(number)?.content.resize(len);
        Ok(())
    }

    /// Extends a file to `len`, unless it is longer.
    pub(super) fn allocate(&mut self, number: Number, len: usize) -> Result<(), Errno> {
        let len = len.max(self.len(number)?);
        self.set_len(number, len)
    }

    /// With `forget_lost`, the pages of a failed sync go: only recovery asks for a full sync, and it
    /// drops what the system has cached right after, of which a file system is not told.
    pub(super) fn sync(&mut self, number: Number, forget_lost: bool) -> Result<(), Errno> {
        if self.is_to_fail(number) {
            self.fails_sync_of = None;
            self.file(number)?.content.lose();
            return Err(Errno::EIO);
        }
        let forgets = self.forgets_syncs;
        let content = &mut self.file(number)?.content;
        if forget_lost {
            content.forget_lost();
        }
        if !forgets {
            content.sync();
        }
        Ok(())
    }

    pub(super) fn sync_directory(&mut self) {
        if !self.forgets_syncs {
            self.directory.sync();
            self.collect();
        }
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        self.find(from)?;
        self.work.renamed(to, self.find(to).is_ok());
        self.directory.rename(from, to);
        self.collect();
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> Result<(), Errno> {
        self.find(name)?;
        self.work.removed(name);
        self.directory.remove(name);
        self.collect();
        Ok(())
    }

    fn file(&mut self, number: Number) -> Result<&mut File, Errno> {
        self.files.get_mut(&number).ok_or(Errno::ESTALE)
    }

    /// Refuses what does not fit.
    fn reserve(&self, number: Number, len: usize) -> Result<(), Errno> {
        let before = self.len(number)?.next_multiple_of(PAGE);
        let more = len.next_multiple_of(PAGE).saturating_sub(before);
        if more == 0 || more <= self.room().1 { Ok(()) } else { Err(Errno::ENOSPC) }
    }

    fn is_to_fail(&self, number: Number) -> bool {
        let Some(prefix) = self.fails_sync_of else { return false };
        let newest = self.directory.names().filter(|(name, _)| name.starts_with(prefix)).last();
        newest.is_some_and(|(_, newest)| newest == number)
    }

    /// Frees the files that nobody can reach any more, not even after a power cut.
    fn collect(&mut self) {
        let directory = &self.directory;
        self.files.retain(|number, file| {
            0 < file.opens || directory.is_seen(*number) || directory.may_be_kept(*number)
        });
    }
}

impl Work {
    fn renamed(&mut self, to: &str, is_there: bool) {
        self.views += u64::from(is_view(to));
        self.rewritten += u64::from(is_there && to.starts_with("log-"));
    }

    fn removed(&mut self, name: &str) {
        self.views_removed += u64::from(is_view(name));
    }

    pub(super) fn add(&mut self, other: Self) {
        self.views += other.views;
        self.views_removed += other.views_removed;
        self.rewritten += other.rewritten;
    }
}

fn is_view(name: &str) -> bool {
    name.ends_with(".view")
}

/// The number of the first file; 1 is the directory.
const FIRST: Number = 2;
