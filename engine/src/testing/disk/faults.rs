//! What the simulated disk can be made to do wrong, and when.

use std::collections::BTreeSet;
use std::io;

use super::{SimulatedDisk, lock};

/// What is asked of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// A file is created.
    Create,
    /// A file is renamed.
    Rename,
    /// A file is removed.
    Remove,
    /// The directory is synced.
    SyncDirectory,
    /// Bytes are written.
    Write,
    /// A file is synced.
    Sync,
    /// A file's length is set.
    SetLen,
    /// Room is reserved.
    Allocate,
    /// A file is opened.
    Open,
    /// A file is mapped.
    Map,
    /// Bytes are read, or a whole file.
    Read,
    /// The directory is listed.
    List,
}

impl Operation {
    /// Whether it changes anything; only these are counted by a [`Fault`].
    #[must_use]
    pub fn changes(self) -> bool {
        !matches!(self, Self::Open | Self::Map | Self::Read | Self::List)
    }
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Input/output error (EIO). Of a write nothing happens; of a sync nobody knows.
    Io,
    /// No space is left (ENOSPC).
    Full,
    /// Another error.
    Kind(io::ErrorKind),
    /// Of a write only the first part happens, then EIO; other operations as [`Io`](Self::Io).
    Short,
    /// The power is off: nothing happens, and nothing is decided about what was not synced.
    PowerOff,
}

/// A changing operation that is to fail.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// How many changing operations (of the kind `of`) succeed before.
    pub after: u64,
    /// Only operations of this kind are counted and fail; `None`: all.
    pub of: Option<Operation>,
    /// How it fails.
    pub effect: Effect,
    /// All later ones fail too, until [`heal`](SimulatedDisk::heal).
    pub lasting: bool,
}

impl Fault {
    /// The power goes off after `after` changing operations.
    #[must_use]
    pub fn power_off(after: u64) -> Self {
        Self { after, of: None, effect: Effect::PowerOff, lasting: true }
    }
}

/// How an operation goes.
#[derive(Debug)]
pub(super) enum Verdict {
    Go,
    /// It fails, and leaves what such a failure may leave.
    Fail(io::Error),
    /// A part of it happens.
    Short(io::Error),
    /// It fails without any effect.
    Off(io::Error),
}

/// What was injected and not yet healed.
#[derive(Debug, Default)]
pub(super) struct Faults {
    fault: Option<Fault>,
    injected: u64,
    pub(super) capacity: Option<u64>,
    pub(super) unreadable: BTreeSet<String>,
    /// How many reads go right before one goes astray.
    pub(super) reads_until_misdirected: Option<u64>,
    pub(super) misdirected: u64,
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

impl Faults {
    pub(super) fn judge(&mut self, operation: Operation) -> Verdict {
        let Some(fault) = &mut self.fault else { return Verdict::Go };
        if fault.of.is_some_and(|of| of != operation) {
            return Verdict::Go;
        }
        if 0 < fault.after {
            fault.after -= 1;
            return Verdict::Go;
        }
        let fault = *fault;
        self.injected += 1;
        if !fault.lasting {
            self.fault = None;
        }
        match fault.effect {
            Effect::Io => Verdict::Fail(io::Error::from_raw_os_error(EIO)),
            Effect::Full => Verdict::Fail(io::Error::from_raw_os_error(ENOSPC)),
            Effect::Kind(kind) => Verdict::Fail(kind.into()),
            Effect::Short => Verdict::Short(io::Error::from_raw_os_error(EIO)),
            Effect::PowerOff => Verdict::Off(io::Error::from_raw_os_error(EIO)),
        }
    }

    pub(super) fn check_readable(&self, name: &str) -> io::Result<()> {
        let is_unreadable = self.unreadable.contains(name);
        if is_unreadable { Err(io::Error::from_raw_os_error(EIO)) } else { Ok(()) }
    }

    /// Whether this read goes astray.
    pub(super) fn misdirects(&mut self) -> bool {
        match &mut self.reads_until_misdirected {
            Some(0) => {
                self.reads_until_misdirected = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }
}

impl SimulatedDisk {
    /// Makes an operation fail; replaces a fault that did not strike yet.
    pub fn inject(&self, fault: Fault) {
        lock(&self.0).faults.fault = Some(fault);
    }

    /// Everything works again; what went wrong stays wrong.
    pub fn heal(&self) {
        let mut disk = lock(&self.0);
        let (injected, misdirected) = (disk.faults.injected, disk.faults.misdirected);
        disk.faults = Faults { injected, misdirected, ..Faults::default() };
    }

    /// How many operations a [`Fault`] has made fail.
    #[must_use]
    pub fn injected(&self) -> u64 {
        lock(&self.0).faults.injected
    }

    /// All files together may have this many bytes; a write beyond stops where the space ends.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        lock(&self.0).faults.capacity = bytes;
    }

    /// Reads of the file `name` fail with EIO.
    pub fn make_unreadable(&self, name: &str) {
        lock(&self.0).faults.unreadable.insert(name.to_owned());
    }

    /// After `count` reads and maps, one gets a sector from another place of its file.
    pub fn misdirect_read(&self, count: u64) {
        lock(&self.0).faults.reads_until_misdirected = Some(count);
    }

    /// How many reads got bytes that they should not have got.
    #[must_use]
    pub fn misdirected(&self) -> u64 {
        lock(&self.0).faults.misdirected
    }
}
