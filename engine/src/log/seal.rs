//! Sealing: writes the offset table and the footer behind the data, cuts the file there, maps it.
//!
//! The footer is durable before the file is cut, so a crash leaves either a file that recovery
//! seals again, or a sealed one.

use super::header::Footer;
use super::plain::PlainSegment;
use super::sealed::SealedSegment;
use crate::error::{Error, Result};
use crate::storage::Storage;

/// Makes a segment that was found sealed after a crash surely so. Whoever sealed it may have died before
/// it was durable, and then only the cache has its end, which the next power cut may take. The end is
/// written again, byte by byte the same: after a failed sync, a sync alone would do nothing.
pub(crate) fn confirm(storage: &dyn Storage, segment: &SealedSegment) -> Result<()> {
    // A packed segment was durable before it got its name.
    let SealedSegment::Plain(plain) = segment else { return Ok(()) };
    let failed = |error| Error::io(format!("confirm the seal of {}", plain.name), error);
    let file = storage.open(&plain.name).map_err(failed)?;
    file.write_at(u64::from(plain.footer.data_end), plain.end()).map_err(failed)?;
    file.sync().map_err(failed)
}

/// Makes `name` a sealed segment.
pub(crate) fn write_footer(
    storage: &dyn Storage,
    name: &str,
    salt: u64,
    footer: Footer,
    table: &[u8],
) -> Result<SealedSegment> {
    let failed = |error| Error::io(format!("seal {name}"), error);
    let mut end = table.to_vec();
    end.extend_from_slice(&footer.encode(salt));
    let file = storage.open(name).map_err(failed)?;
    file.write_at(u64::from(footer.data_end), &end).map_err(failed)?;
    file.sync().map_err(failed)?;
    file.set_len(footer.file_len()).map_err(failed)?;
    file.sync().map_err(failed)?;
    let map = storage.map(name).map_err(failed)?;
    PlainSegment::open(name.to_owned(), map).map(SealedSegment::Plain)
}
