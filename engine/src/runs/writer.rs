//! Writes a view file: sections one after the other, then what is needed to find and verify them.
//!
//! The file is written under a temporary name, synced, and only then renamed; whoever publishes it
//! syncs the directory and names it in the manifest. Nothing but the file being written is touched,
//! so it can be given up at any point.

use std::sync::Arc;

use super::layout::{
    FILE_KIND_VIEW, VIEW_BLOCK_BYTES, VIEW_FOOTER_BYTES, VIEW_FOOTER_MAGIC, VIEW_HEADER_BYTES,
};
use super::section::Section;
use crate::error::{Error, Result};
use crate::ids::{DatabaseId, Sequence};
use crate::log::bytes::{put_u16, put_u32, put_u64};
use crate::log::layout::{FORMAT_VERSION, MAGIC};
use crate::storage::{Storage, StoredFile, names, remove_if_present};

/// Bytes handed to the storage at a time; a multiple of the block.
const WRITE_BYTES: usize = 256 * VIEW_BLOCK_BYTES;

/// What a view file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ViewHeader {
    pub(crate) database: DatabaseId,
    /// See [`view_kind`](super::layout::view_kind).
    pub(crate) view: u8,
    pub(crate) first: Sequence,
    pub(crate) last: Sequence,
    pub(crate) salt: u64,
}

/// A view file being written.
#[derive(Debug)]
pub(crate) struct ViewWriter {
    name: String,
    file: Arc<dyn StoredFile>,
    salt: u64,
    /// Bytes that are not handed to the storage yet; they follow `flushed`.
    pending: Vec<u8>,
    flushed: u64,
    checksums: Vec<u8>,
    sections: Vec<Section>,
}

impl ViewHeader {
    /// The bytes of the header.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(VIEW_HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        put_u16(&mut bytes, FORMAT_VERSION);
        bytes.extend_from_slice(&[FILE_KIND_VIEW, self.view]);
        put_u32(&mut bytes, 0);
        bytes.extend_from_slice(&self.database.0);
        put_u64(&mut bytes, self.first.0);
        put_u64(&mut bytes, self.last.0);
        put_u64(&mut bytes, self.salt);
        put_u32(&mut bytes, 0);
        let crc = crc32fast::hash(&bytes);
        put_u32(&mut bytes, crc);
        bytes
    }
}

impl ViewWriter {
    /// Begins the file that will be called `name`.
    pub(crate) fn create(storage: &dyn Storage, name: &str, header: &ViewHeader) -> Result<Self> {
        let temporary = names::temporary(name);
        let failed = |error| Error::io(format!("create {temporary}"), error);
        remove_if_present(storage, &temporary).map_err(failed)?;
        let file = storage.create(&temporary).map_err(failed)?;
        Ok(Self {
            name: name.to_owned(),
            file,
            salt: header.salt,
            pending: header.encode(),
            flushed: 0,
            checksums: Vec::new(),
            sections: Vec::new(),
        })
    }

    /// Where the next byte goes.
    pub(crate) fn offset(&self) -> u64 {
        self.flushed + self.pending.len() as u64
    }

    /// Appends bytes to the section being written.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        if WRITE_BYTES <= self.pending.len() {
            let whole = self.pending.len() / VIEW_BLOCK_BYTES * VIEW_BLOCK_BYTES;
            self.flush(whole)?;
        }
        Ok(())
    }

    /// Ends a section that began at `section.offset`.
    pub(crate) fn end_section(&mut self, section: Section) {
        let len = self.offset() - section.offset;
        self.sections.push(Section { len, ..section });
    }

    /// Writes list, checksums and footer, syncs, and gives the file its name. The name is durable
    /// once the directory is synced.
    pub(crate) fn finish(mut self, storage: &dyn Storage) -> Result<()> {
        let sections_at = self.offset();
        let list: Vec<u8> = self.sections.iter().flat_map(Section::encode).collect();
        self.write(&list)?;
        let data_end = self.offset();
        self.flush(self.pending.len())?;
        let mut end = std::mem::take(&mut self.checksums);
        let footer = self.footer(data_end, sections_at, crc32fast::hash(&end));
        end.extend_from_slice(&footer);
        self.put(&end)?;
        let failed = |error| Error::io(format!("finish {}", self.name), error);
        self.file.sync().map_err(failed)?;
        storage.rename(&names::temporary(&self.name), &self.name).map_err(failed)
    }

    fn footer(&self, data_end: u64, sections_at: u64, checksums_crc: u32) -> Vec<u8> {
        let mut footer = Vec::with_capacity(VIEW_FOOTER_BYTES);
        footer.extend_from_slice(&VIEW_FOOTER_MAGIC);
        put_u64(&mut footer, data_end);
        put_u64(&mut footer, sections_at);
        put_u32(&mut footer, u32::try_from(self.sections.len()).expect("a handful of sections"));
        put_u32(&mut footer, checksums_crc);
        put_u64(&mut footer, self.salt);
        put_u32(&mut footer, 0);
        let crc = crc32fast::hash(&footer);
        put_u32(&mut footer, crc);
        footer
    }

    /// Hands the first `len` pending bytes to the storage, and notes the checksums of their blocks.
    fn flush(&mut self, len: usize) -> Result<()> {
        let rest = self.pending.split_off(len);
        let whole = std::mem::replace(&mut self.pending, rest);
        let first = self.flushed / VIEW_BLOCK_BYTES as u64;
        for (number, block) in (first..).zip(whole.chunks(VIEW_BLOCK_BYTES)) {
            put_u32(&mut self.checksums, block_checksum(self.salt, number, block));
        }
        self.put(&whole)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let at = self.flushed;
        self.file
            .write_at(at, bytes)
            .map_err(|error| Error::io(format!("write {} at offset {at}", self.name), error))?;
        self.flushed += bytes.len() as u64;
        Ok(())
    }
}

/// The checksum of block number `number` of the file with this salt.
pub(crate) fn block_checksum(salt: u64, number: u64, block: &[u8]) -> u32 {
    let seed = ((salt ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) & 0xffff_ffff;
    let seed = u32::try_from(seed).expect("masked to 32 bits");
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(block);
    hasher.finalize()
}
