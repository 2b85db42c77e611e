//! Sealing: writes the offset table and the footer behind the data, cuts the file there, maps it.
//!
//! The footer is durable before the file is cut, so a crash leaves either a file that recovery
//! seals again, or a sealed one.

use super::header::Footer;
use super::plain::PlainSegment;
use super::sealed::SealedSegment;
use crate::error::{Error, Result};
use crate::storage::Storage;

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
    PlainSegment::open(name.to_owned(), map, false).map(SealedSegment::Plain)
}
