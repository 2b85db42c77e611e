//! THE unsafe module: maps a sealed file into memory, read-only.
//!
//! A map is sound only while nobody changes or shortens the file beneath it. That holds because
//! only sealed files are mapped, sealed files are never written or truncated, removal unlinks and
//! leaves maps intact, and the data directory is locked and private (mode 0700).
//! See "Are You Sure You Want to Use MMAP in Your DBMS?" (CIDR 2022) for what the rule avoids, and
//! `engine/SAFETY.md` for the block below.
#![expect(unsafe_code, reason = "mapping a file is unsafe by nature; this is the one place for it")]

use std::fs::File;
use std::io;

use bytes::Bytes;
use memmap2::{Mmap, MmapOptions};

/// Maps all of `file`, which must be sealed. The map lives as long as any slice of the result.
pub(crate) fn map_sealed(file: &File) -> io::Result<Bytes> {
    let len = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    if len == 0 {
        return Ok(Bytes::new());
    }
    Ok(Bytes::from_owner(map(file, len)?))
}

fn map(file: &File, len: usize) -> io::Result<Mmap> {
    // SAFETY: the file is sealed: nobody writes, extends or truncates it while this process lives
    // (data directory locked and private), so the mapped bytes never change.
    unsafe { MmapOptions::new().len(len).map(file) }
}
