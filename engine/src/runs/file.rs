//! A view file that is open: mapped, immutable, its blocks verified at first touch.
//!
//! Opening verifies header, footer, block checksums and section list; nothing else is read. Every
//! slice that leaves this file was verified since the file was opened.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use ::bytes::Bytes;

use super::layout::{
    FILE_KIND_VIEW, SECTION_BYTES, VIEW_BLOCK_BYTES, VIEW_FOOTER_BYTES, VIEW_FOOTER_MAGIC,
    VIEW_HEADER_BYTES, view_footer, view_header,
};
use super::section::Section;
use super::writer::{ViewHeader, block_checksum};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{DatabaseId, Sequence};
use crate::log::bytes::Fields;
use crate::log::layout::{FORMAT_VERSION, MAGIC};
use crate::storage::Storage;

/// An open view file.
#[derive(Debug)]
pub(crate) struct ViewFile {
    pub(crate) name: String,
    pub(crate) header: ViewHeader,
    sections: Vec<Section>,
    map: Bytes,
    checksums: Range<usize>,
    /// One bit for each block: whether it was verified.
    verified: Vec<AtomicU64>,
}

/// The fields of a footer that passed its checksum.
struct Footer {
    data_end: usize,
    sections_at: usize,
    section_count: usize,
    checksums_crc: u32,
    salt: u64,
}

impl ViewHeader {
    /// Reads and verifies the header of the file `name`.
    pub(crate) fn load(name: &str, bytes: &[u8]) -> Result<Self> {
        let damaged = |at: usize, what: &str| Error::corrupt(name, at as u64, what);
        let header = bytes
            .get(..VIEW_HEADER_BYTES)
            .ok_or_else(|| damaged(bytes.len(), "the file ends inside its header"))?;
        let fields = Fields(header);
        if fields.array::<8>(0) != MAGIC {
            return Err(damaged(0, "this is not a Fanfold file"));
        }
        if fields.u32(view_header::CRC_AT) != crc32fast::hash(fields.slice(0, view_header::CRC_AT))
        {
            return Err(damaged(view_header::CRC_AT, "checksum of the header differs"));
        }
        let (version, kind) =
            (fields.u16(view_header::VERSION_AT), fields.u8(view_header::KIND_AT));
        let space = fields.u32(view_header::SPACE_AT);
        if version != FORMAT_VERSION || kind != FILE_KIND_VIEW || space != 0 {
            return Err(Error::new(
                ErrorKind::Unusable,
                format!(
                    "{name} has format version {version} and kind {kind}; this program reads \
                     version {FORMAT_VERSION} and kind {FILE_KIND_VIEW}"
                ),
            ));
        }
        Ok(Self {
            database: DatabaseId(fields.array(view_header::DATABASE_AT)),
            view: fields.u8(view_header::VIEW_AT),
            first: Sequence(fields.u64(view_header::FIRST_AT)),
            last: Sequence(fields.u64(view_header::LAST_AT)),
            salt: fields.u64(view_header::SALT_AT),
        })
    }
}

impl ViewFile {
    /// Opens `name`.
    pub(crate) fn open(storage: &dyn Storage, name: &str) -> Result<Self> {
        let map = storage.map(name).map_err(|error| Error::io(format!("open {name}"), error))?;
        Self::load(name, map)
    }

    /// The file `name` whose whole content is `map`.
    pub(crate) fn load(name: &str, map: Bytes) -> Result<Self> {
        let header = ViewHeader::load(name, &map)?;
        let damaged = |at: usize, what: &str| Error::corrupt(name, at as u64, what);
        let footer = Footer::load(&map)
            .filter(|footer| footer.salt == header.salt)
            .ok_or_else(|| damaged(map.len(), "the footer is damaged, or the file was cut"))?;
        let blocks = footer.data_end.div_ceil(VIEW_BLOCK_BYTES);
        let checksums = footer.data_end..map.len() - VIEW_FOOTER_BYTES;
        if checksums.len() != 4 * blocks {
            return Err(damaged(footer.data_end, "block checksums and footer disagree"));
        }
        let table = map.get(checksums.clone()).unwrap_or_default();
        if crc32fast::hash(table) != footer.checksums_crc {
            return Err(damaged(footer.data_end, "checksum of the block checksums differs"));
        }
        let verified = (0..blocks.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let mut file =
            Self { name: name.to_owned(), header, sections: Vec::new(), map, checksums, verified };
        file.sections = file.load_sections(&footer)?;
        Ok(file)
    }

    fn load_sections(&self, footer: &Footer) -> Result<Vec<Section>> {
        let len = footer.section_count.saturating_mul(SECTION_BYTES);
        if footer.sections_at.saturating_add(len) != footer.data_end {
            return Err(self.damaged(footer.sections_at, "section list and footer disagree"));
        }
        let list = self.bytes(footer.sections_at as u64, len)?;
        list.chunks_exact(SECTION_BYTES)
            .map(|bytes| Section::load(bytes, footer.sections_at as u64))
            .collect::<Option<_>>()
            .ok_or_else(|| self.damaged(footer.sections_at, "a section lies outside of the file"))
    }

    /// The section that is this part of this family, if the file has it.
    pub(crate) fn section(&self, family: u8, part: u8) -> Option<&Section> {
        self.sections.iter().find(|section| section.family == family && section.part == part)
    }

    pub(crate) fn len(&self) -> u64 {
        self.map.len() as u64
    }

    /// The `len` bytes at `offset`, verified.
    pub(crate) fn bytes(&self, offset: u64, len: usize) -> Result<&[u8]> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(len);
        if self.checksums.start < end {
            return Err(self.damaged(start, "a length leads out of the file"));
        }
        if 0 < len {
            for block in start / VIEW_BLOCK_BYTES..=(end - 1) / VIEW_BLOCK_BYTES {
                self.verify(block)?;
            }
        }
        Ok(self.map.get(start..end).unwrap_or_default())
    }

    /// All bytes of a section, verified.
    pub(crate) fn section_bytes(&self, section: &Section) -> Result<Bytes> {
        let len = usize::try_from(section.len).unwrap_or(usize::MAX);
        Ok(self.map.slice_ref(self.bytes(section.offset, len)?))
    }

    /// The whole file.
    pub(crate) fn whole(&self) -> Bytes {
        self.map.clone()
    }

    /// Verifies every block that was not verified yet.
    pub(crate) fn verify_all(&self) -> Result<()> {
        (0..self.checksums.start.div_ceil(VIEW_BLOCK_BYTES))
            .try_for_each(|block| self.verify(block))
    }

    pub(crate) fn damaged(&self, offset: usize, what: &str) -> Error {
        Error::corrupt(&self.name, offset as u64, what)
    }

    fn verify(&self, block: usize) -> Result<()> {
        let mask = 1 << (block % 64);
        let word = self.verified.get(block / 64).expect("one bit for each block");
        if word.load(Ordering::Relaxed) & mask != 0 {
            return Ok(());
        }
        let start = block * VIEW_BLOCK_BYTES;
        let end = (start + VIEW_BLOCK_BYTES).min(self.checksums.start);
        let bytes = self.map.get(start..end).unwrap_or_default();
        let table = self.map.get(self.checksums.clone()).unwrap_or_default();
        let expected = table.get(4 * block..4 * block + 4).map(|slot| Fields(slot).u32(0));
        if expected != Some(block_checksum(self.header.salt, block as u64, bytes)) {
            return Err(self.damaged(start, "checksum of the block differs"));
        }
        word.fetch_or(mask, Ordering::Relaxed);
        Ok(())
    }
}

impl Footer {
    fn load(map: &[u8]) -> Option<Self> {
        let start = map.len().checked_sub(VIEW_FOOTER_BYTES)?;
        let fields = Fields(map.get(start..)?);
        let crc = crc32fast::hash(fields.slice(0, view_footer::CRC_AT));
        if fields.array::<8>(0) != VIEW_FOOTER_MAGIC || fields.u32(view_footer::CRC_AT) != crc {
            return None;
        }
        let footer = Self {
            data_end: usize::try_from(fields.u64(view_footer::DATA_END_AT)).ok()?,
            sections_at: usize::try_from(fields.u64(view_footer::SECTIONS_AT)).ok()?,
            section_count: fields.u32(view_footer::SECTION_COUNT_AT) as usize,
            checksums_crc: fields.u32(view_footer::CHECKSUMS_CRC_AT),
            salt: fields.u64(view_footer::SALT_AT),
        };
        (footer.data_end <= start && fields.u32(view_footer::RESERVED_AT) == 0).then_some(footer)
    }
}
