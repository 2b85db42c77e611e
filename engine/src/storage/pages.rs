//! Anonymous memory for large hot arrays: reserved at once, taken page by page as it is used, in huge
//! pages where asked for and where the system grants them. Random access is about twice as fast there,
//! for the processor finds an address with one look instead of four.

use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::{Advice, MmapMut, MmapOptions};

/// Zeroed memory. What was never written takes none.
#[derive(Debug)]
pub(crate) struct Pages(MmapMut);

impl Pages {
    /// Reserves `len` bytes. Those from `huge_from` on come in huge pages, if there are any.
    pub(crate) fn reserve(len: usize, huge_from: usize) -> io::Result<Self> {
        let map = MmapOptions::new().len(len).no_reserve_swap().map_anon()?;
        if let Some(huge) = len.checked_sub(huge_from).filter(|huge| *huge != 0) {
            // Small pages hold the same.
            let _ = map.advise_range(Advice::HugePage, huge_from, huge);
        }
        Ok(Self(map))
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Pages {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
