//! THE unsafe module: maps a sealed file into memory, read-only; and has the processor fetch ahead.
//!
//! A map is sound only while nobody changes or shortens the file beneath it. That holds because
//! only sealed files are mapped, sealed files are never written or truncated, removal unlinks and
//! leaves maps intact, and the data directory is locked and private (mode 0700).
//! See "Are You Sure You Want to Use MMAP in Your DBMS?" (CIDR 2022) for what the rule avoids, and
//! `engine/SAFETY.md` for the blocks below.
#![expect(
    unsafe_code,
    reason = "mapping a file is unsafe by nature, and so are the processor's own functions"
)]

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

/// Has the processor fetch what stands at `at`, without waiting for it: where many places of large
/// arrays are written one after the other, the misses overlap. With it the fan-out delivers 14.2 million
/// posts a second where reading ahead gave 12.4, in one run after the other on a busy machine.
#[inline]
pub(crate) fn prefetch<T>(items: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = items.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and faults on nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, at);
}
