//! The disk as a file system: requests of the kernel in, operations of the [`Disk`] out.
//!
//! One directory, regular files, no owners and no times. The kernel is the only one who changes
//! anything, so it may cache what it knows for as long as the file system is mounted; a read comes
//! here only for what the kernel does not hold, maps included.

use std::ffi::OsStr;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::content::PAGE;
use super::disk::{Disk, Operation};
use super::state::State;
use crate::number::to_usize;

/// How long the kernel may believe what it was told.
const BELIEVED: Duration = Duration::from_secs(3_600);

/// See the module.
#[derive(Debug)]
pub(super) struct Served(pub(super) Arc<Disk>);

type Entered<'a> = Result<MutexGuard<'a, State>, Errno>;

impl Served {
    fn reading(&self) -> Entered<'_> {
        self.0.enter(Operation::Read)
    }

    fn data(&self) -> Entered<'_> {
        self.0.enter(Operation::Data)
    }

    fn name(&self) -> Entered<'_> {
        self.0.enter(Operation::Name)
    }

    fn attributes(&self, ino: INodeNo) -> Result<FileAttr, Errno> {
        match ino {
            INodeNo::ROOT => Ok(attributes(ino, 0)),
            _ => Ok(attributes(ino, self.reading()?.len(ino.0)?)),
        }
    }
}

impl Filesystem for Served {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = || {
            let state = self.reading()?;
            let number = state.find(text(name)?)?;
            Ok(attributes(INodeNo(number), state.len(number)?))
        };
        match found() {
            Ok(found) => reply.entry(&BELIEVED, &found, Generation(0)),
            Err(errno) => reply.error(errno),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(ino) {
            Ok(found) => reply.attr(&BELIEVED, &found),
            Err(errno) => reply.error(errno),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let set = |len| self.data()?.set_len(ino.0, to_usize(len));
        match size.map_or(Ok(()), set).and_then(|()| self.attributes(ino)) {
            Ok(found) => reply.attr(&BELIEVED, &found),
            Err(errno) => reply.error(errno),
        }
    }

    fn unlink(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, || self.name()?.remove(text(name)?));
    }

    fn rename(
        &self,
        _: &Request,
        _: INodeNo,
        name: &OsStr,
        _: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        answer(reply, || match flags.is_empty() {
            true => self.name()?.rename(text(name)?, text(new_name)?),
            false => Err(Errno::EINVAL),
        });
    }

    fn create(
        &self,
        _: &Request,
        _: INodeNo,
        name: &OsStr,
        _: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match text(name).and_then(|name| self.name()?.create(name)) {
            Ok(number) => {
                let found = attributes(INodeNo(number), 0);
                let keep = FopenFlags::FOPEN_KEEP_CACHE;
                reply.created(&BELIEVED, &found, Generation(0), FileHandle(0), keep);
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.reading().and_then(|mut state| state.open(ino.0)) {
            Ok(()) => reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE),
            Err(errno) => reply.error(errno),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let (offset, len) = (to_usize(offset), to_usize(u64::from(size)));
        match self.reading() {
            Ok(state) => match state.read(ino.0, offset, len) {
                Ok(bytes) => reply.data(bytes),
                Err(errno) => reply.error(errno),
            },
            Err(errno) => reply.error(errno),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.data().and_then(|mut state| state.write(ino.0, to_usize(offset), data));
        match written {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(errno) => reply.error(errno),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        answer(reply, || self.reading()?.close(ino.0));
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, only_data: bool, reply: ReplyEmpty) {
        answer(reply, || self.data()?.sync(ino.0, !only_data));
    }

    fn readdir(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let Ok(state) = self.reading() else { return reply.error(Errno::EIO) };
        let names = state.directory().names().zip(1..).skip(to_usize(offset));
        for ((name, number), next) in names {
            if reply.add(INodeNo(number), next, FileType::RegularFile, name) {
                break;
            }
        }
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, || {
            self.name()?.sync_directory();
            Ok(())
        });
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let Ok(state) = self.reading() else { return reply.error(Errno::EIO) };
        let (all, free) = state.room();
        let [all, free] = [all, free].map(|bytes| (bytes / PAGE) as u64);
        reply.statfs(all, free, free, 0, 0, BLOCK, 255, BLOCK);
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        len: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        answer(reply, || match mode {
            0 => self.data()?.allocate(ino.0, to_usize(offset + len)),
            _ => Err(Errno::EOPNOTSUPP),
        });
    }
}

fn answer(reply: ReplyEmpty, job: impl FnOnce() -> Result<(), Errno>) {
    match job() {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}

fn text(name: &OsStr) -> Result<&str, Errno> {
    name.to_str().ok_or(Errno::EINVAL)
}

fn attributes(ino: INodeNo, len: usize) -> FileAttr {
    let (kind, perm) = match ino {
        INodeNo::ROOT => (FileType::Directory, 0o700),
        _ => (FileType::RegularFile, 0o600),
    };
    FileAttr {
        ino,
        size: len as u64,
        blocks: len.div_ceil(512) as u64,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm,
        nlink: 1,
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        rdev: 0,
        blksize: BLOCK,
        flags: 0,
    }
}

/// Bytes of a block, as it is told.
const BLOCK: u32 = 4_096;
