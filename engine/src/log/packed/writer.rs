//! Writes a packed segment under a temporary name; a rename puts it in the place of the segments it
//! stands for.

use std::sync::Arc;

use super::block::Filling;
use super::footer::PackedFooter;
use crate::error::{Error, Result};
use crate::ids::{Sequence, Timestamp};
use crate::log::bytes::{put_u32, put_u64};
use crate::log::header::SegmentHeader;
use crate::log::layout::PACKED_INDEX_ENTRY_BYTES;
use crate::log::record::Record;
use crate::storage::{Storage, StoredFile, names, remove_if_present};

/// Bytes handed to the storage at a time.
const WRITE_BYTES: usize = 1024 * 1024;

/// Compression of segments that are only rewritten, and of those that are rewritten for the long
/// term: at 64 KiB a block the latter packs real posts to 47 % at 40 MB/s, the former to 50 % at 120.
const WARM_LEVEL: i32 = 3;
const COLD_LEVEL: i32 = 9;

/// A packed segment being written.
#[derive(Debug)]
pub(crate) struct PackedWriter {
    header: SegmentHeader,
    temporary: String,
    file: Arc<dyn StoredFile>,
    filling: Filling,
    pending: Vec<u8>,
    written: u64,
    index: Vec<u8>,
    footer: PackedFooter,
}

impl PackedWriter {
    /// Begins the file that will stand for the sequences `header.first` to `header.last`.
    pub(crate) fn create(
        storage: &dyn Storage,
        header: SegmentHeader,
        is_cold: bool,
    ) -> Result<Self> {
        let temporary = names::temporary(&names::segment(header.first));
        let failed = |error| Error::io(format!("create {temporary}"), error);
        remove_if_present(storage, &temporary).map_err(failed)?;
        let file = storage.create(&temporary).map_err(failed)?;
        let footer = PackedFooter {
            count: 0,
            raw_bytes: 0,
            last_time: header.context.base_time,
            data_end: 0,
            blocks: 0,
            index_crc: 0,
            is_cold,
        };
        let filling = Filling::new(header.context.base_time);
        let (pending, index) = (header.encode(), Vec::new());
        Ok(Self { header, temporary, file, filling, pending, written: 0, index, footer })
    }

    /// Appends a record; they come in ascending order.
    pub(crate) fn push(&mut self, sequence: Sequence, record: &Record) -> Result<()> {
        self.filling.push(sequence, record);
        self.footer.count += 1;
        self.footer.last_time = self.footer.last_time.max(record.time);
        if self.filling.is_full() { self.end_block() } else { Ok(()) }
    }

    /// The segment's latest commit time, if no record that is left has it.
    pub(crate) fn note_time(&mut self, time: Timestamp) {
        self.footer.last_time = self.footer.last_time.max(time);
    }

    /// Writes index and footer, syncs, and gives the file its name, which replaces the segment that
    /// had it. The name is durable once the directory is synced.
    pub(crate) fn finish(mut self, storage: &dyn Storage) -> Result<String> {
        self.end_block()?;
        self.footer.data_end = self.offset()?;
        let entries = self.index.len() / PACKED_INDEX_ENTRY_BYTES;
        self.footer.blocks = u32::try_from(entries).expect("blocks are fewer than bytes");
        self.footer.index_crc = crc32fast::hash(&self.index);
        let mut end = std::mem::take(&mut self.index);
        end.extend_from_slice(&self.footer.encode(self.header.context.salt));
        self.pending.append(&mut end);
        self.flush()?;
        let name = names::segment(self.header.first);
        let failed = |error| Error::io(format!("finish {name}"), error);
        self.file.sync().map_err(failed)?;
        storage.rename(&self.temporary, &name).map_err(failed)?;
        Ok(name)
    }

    fn end_block(&mut self) -> Result<()> {
        let base = self.header.context.base_time;
        let filling = std::mem::replace(&mut self.filling, Filling::new(base));
        let level = if self.footer.is_cold { COLD_LEVEL } else { WARM_LEVEL };
        self.footer.raw_bytes += filling.raw_len() as u64;
        let Some((first, bytes)) = filling.finish(self.header.context.salt, level) else {
            return Ok(());
        };
        put_u64(&mut self.index, first.0);
        let offset = self.offset()?;
        put_u32(&mut self.index, offset);
        self.pending.extend_from_slice(&bytes);
        if WRITE_BYTES <= self.pending.len() { self.flush() } else { Ok(()) }
    }

    fn offset(&self) -> Result<u32> {
        let offset = self.written + self.pending.len() as u64;
        u32::try_from(offset).map_err(|_| {
            let (file, max) = (&self.temporary, u32::MAX);
            Error::limit(format!("{file} would have {offset} bytes; the limit is {max}"))
        })
    }

    fn flush(&mut self) -> Result<()> {
        let at = self.written;
        self.file.write_at(at, &self.pending).map_err(|error| {
            Error::io(format!("write {} at offset {at}", self.temporary), error)
        })?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}
