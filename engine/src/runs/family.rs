//! A family: many users' runs of one kind in one file, with the directory that finds them.
//!
//! The directory has one entry for each owner, ascending: varints, in blocks of
//! [`DIRECTORY_BLOCK_RUNS`], each block found through the index.
//!
//! ```text
//! | owner - previous | count | first - file's first | last - first (if 1 < count) | bytes (if chunked) |
//! ```
//!
//! The first entry of a block has owner - previous = 0; the index names its owner. Runs of a single
//! chunk need no length: it follows from count, span and payload width.

use std::sync::Arc;

use ::bytes::Bytes;

use super::file::ViewFile;
use super::layout::{DIRECTORY_BLOCK_RUNS, INDEX_ENTRY_BYTES, section_part};
use super::run::{self, Entry, Run, RunHead};
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::log::bytes::{Cursor, Fields, put_u32, put_u64, put_varint};
use crate::views::users::Ordinal;

/// Writes one family; owners must come in ascending order.
#[derive(Debug)]
pub(crate) struct FamilyWriter<'a> {
    file: &'a mut ViewWriter,
    family: u8,
    payload_bits: u8,
    /// The file's first sequence.
    base: Sequence,
    runs_at: u64,
    directory: Vec<u8>,
    index: Vec<u8>,
    runs: u64,
    previous: Ordinal,
}

/// One family of an open file.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    file: Arc<ViewFile>,
    runs: Section,
    directory: Bytes,
    index: Bytes,
}

/// What the directory says of one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) owner: Ordinal,
    pub(crate) head: RunHead,
    /// Where the run starts in the runs of the family.
    offset: u64,
    len: usize,
}

/// Where a walk through the directory stands.
#[derive(Clone, Debug)]
struct Walk<'a> {
    rest: Cursor<'a>,
    owner: Ordinal,
    offset: u64,
    base: Sequence,
    payload_bits: u32,
}

impl<'a> FamilyWriter<'a> {
    /// Begins the family `family` of `file`, whose first sequence is `base`.
    pub(crate) fn begin(
        file: &'a mut ViewWriter,
        family: u8,
        payload_bits: u32,
        base: Sequence,
    ) -> Self {
        let runs_at = file.offset();
        let payload_bits = u8::try_from(payload_bits).expect("payloads are at most 32 bits");
        let (directory, index) = (Vec::new(), Vec::new());
        let previous = Ordinal(0);
        Self { file, family, payload_bits, base, runs_at, directory, index, runs: 0, previous }
    }

    /// Adds the run of `owner`, oldest first; nothing if it is empty.
    pub(crate) fn push(&mut self, owner: Ordinal, entries: &[Entry]) -> Result<()> {
        let Some(head) = RunHead::of(entries) else { return Ok(()) };
        debug_assert!(self.runs == 0 || self.previous < owner, "owners ascend");
        if self.runs.is_multiple_of(DIRECTORY_BLOCK_RUNS as u64) {
            self.begin_block(owner);
        }
        let payload_bits = u32::from(self.payload_bits);
        let bytes = run::encode(entries, payload_bits);
        put_varint(&mut self.directory, u64::from(owner.0 - self.previous.0));
        put_varint(&mut self.directory, u64::from(head.count));
        put_varint(&mut self.directory, head.first.0 - self.base.0);
        if 1 < head.count {
            put_varint(&mut self.directory, head.last.0 - head.first.0);
        }
        if head.chunk_bytes(payload_bits).is_none() {
            put_varint(&mut self.directory, bytes.len() as u64);
        }
        self.previous = owner;
        self.runs += 1;
        self.file.write(&bytes)
    }

    fn begin_block(&mut self, owner: Ordinal) {
        self.previous = owner;
        put_u32(&mut self.index, owner.0);
        let at = u32::try_from(self.directory.len()).expect("a directory is below 4 GiB");
        put_u32(&mut self.index, at);
        put_u64(&mut self.index, self.file.offset() - self.runs_at);
    }

    /// Writes directory and index.
    pub(crate) fn finish(self) -> Result<()> {
        let Self { file, family, payload_bits, runs_at, directory, index, runs, .. } = self;
        let section =
            |part, count, offset| Section { family, part, payload_bits, count, offset, len: 0 };
        file.end_section(section(section_part::RUNS, runs, runs_at));
        let directory_at = file.offset();
        file.write(&directory)?;
        file.end_section(section(section_part::DIRECTORY, runs, directory_at));
        let index_at = file.offset();
        file.write(&index)?;
        let blocks = (index.len() / INDEX_ENTRY_BYTES) as u64;
        file.end_section(section(section_part::INDEX, blocks, index_at));
        Ok(())
    }
}

impl Family {
    /// The family of that number; `None` if the file has none such. Verifies directory and index.
    pub(crate) fn open(file: &Arc<ViewFile>, family: u8) -> Result<Option<Self>> {
        Self::open_listing(file, family, usize::MAX, |_| {})
    }

    /// The same, and hands out what the directory lists, on the way through it. Owners are among
    /// `users` users: whoever is handed them makes arrays of that size.
    pub(crate) fn open_listing(
        file: &Arc<ViewFile>,
        family: u8,
        users: usize,
        each: impl FnMut(&Listed),
    ) -> Result<Option<Self>> {
        let Some(runs) = file.section(family, section_part::RUNS) else { return Ok(None) };
        let part = |part| match file.section(family, part) {
            Some(section) => file.section_bytes(section),
            None => Err(file.damaged(0, "a family has runs but no directory")),
        };
        let (directory, index) = (part(section_part::DIRECTORY)?, part(section_part::INDEX)?);
        let family = Self { file: Arc::clone(file), runs: *runs, directory, index };
        family.check(users, each)?;
        Ok(Some(family))
    }

    /// Compares the directory with what the file says of itself, so that whatever a walk hands out
    /// lies in the file and in its range: a checksum says that bytes are as they were written, not
    /// that they make sense.
    fn check(&self, users: usize, mut each: impl FnMut(&Listed)) -> Result<()> {
        let (first, last) = (self.first(), self.last());
        let (mut count, mut above, mut offset) = (0, None, 0);
        for listed in self.listed() {
            let Listed { owner, head, offset: at, len } = listed;
            let makes_sense = above < Some(owner)
                && 0 < head.count
                && u64::from(head.count - 1) <= head.last.0 - head.first.0
                && first <= head.first
                && head.last <= last
                && at == offset;
            if !makes_sense {
                return Err(self.damaged("the directory of a family makes no sense"));
            }
            if users <= owner.index() {
                return Err(self.damaged("an owner of a run is no user"));
            }
            each(&listed);
            (above, offset, count) = (Some(owner), at + len as u64, count + 1);
        }
        if count != self.runs.count || self.runs.len != offset {
            return Err(self.damaged("the directory of a family lists other runs than there are"));
        }
        Ok(())
    }

    /// The error that says what is wrong with the family.
    pub(crate) fn damaged(&self, what: &str) -> Error {
        self.file.damaged(usize::try_from(self.runs.offset).unwrap_or(usize::MAX), what)
    }

    /// The first sequence that the file covers.
    pub(crate) fn first(&self) -> Sequence {
        self.file.header.first
    }

    /// The last sequence that the file covers.
    pub(crate) fn last(&self) -> Sequence {
        self.file.header.last
    }

    /// Bits of a payload.
    pub(crate) fn payload_bits(&self) -> u32 {
        u32::from(self.runs.payload_bits)
    }

    /// What the directory says of `owner`.
    pub(crate) fn find(&self, owner: Ordinal) -> Option<Listed> {
        let block = self.blocks_upto(owner).checked_sub(1)?;
        self.walk(block)?
            .take(DIRECTORY_BLOCK_RUNS)
            .find(|listed| owner <= listed.owner)
            .filter(|listed| listed.owner == owner)
    }

    /// All owners, ascending.
    pub(crate) fn listed(&self) -> impl Iterator<Item = Listed> + '_ {
        let blocks = self.index.len() / INDEX_ENTRY_BYTES;
        (0..blocks)
            .flat_map(|block| self.walk(block).into_iter().flatten().take(DIRECTORY_BLOCK_RUNS))
    }

    /// The run that the directory lists.
    pub(crate) fn run(&self, listed: &Listed) -> Result<Run<'_>> {
        let end = listed.offset.saturating_add(listed.len as u64);
        if self.runs.len < end {
            return Err(self.damaged("a run leads out of its section"));
        }
        let bytes = self.file.bytes(self.runs.offset + listed.offset, listed.len)?;
        Ok(Run::new(bytes, listed.head, u32::from(self.runs.payload_bits)))
    }

    /// All entries of the run that the directory lists, oldest first.
    pub(crate) fn entries(
        &self,
        listed: &Listed,
    ) -> Result<impl Iterator<Item = Result<Entry>> + '_> {
        let (run, last) = (self.run(listed)?, listed.head.last);
        let mut above = None;
        Ok((0..run.len()).map(move |index| {
            let entry = run.entry(index);
            if Some(entry.0) <= above || last < entry.0 {
                return Err(self.damaged("the entries of a run do not ascend"));
            }
            above = Some(entry.0);
            Ok(entry)
        }))
    }

    /// How many blocks begin at or below `owner`.
    fn blocks_upto(&self, owner: Ordinal) -> usize {
        let (mut low, mut high) = (0, self.index.len() / INDEX_ENTRY_BYTES);
        while low < high {
            let middle = low.midpoint(high);
            if self.block_owner(middle) <= owner {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn index_entry(&self, block: usize) -> Option<Fields<'_>> {
        let start = block * INDEX_ENTRY_BYTES;
        self.index.get(start..start + INDEX_ENTRY_BYTES).map(Fields)
    }

    fn block_owner(&self, block: usize) -> Ordinal {
        self.index_entry(block).map_or(Ordinal(u32::MAX), |entry| Ordinal(entry.u32(0)))
    }

    /// Walks the directory from a block on; the caller stops at the block's end.
    fn walk(&self, block: usize) -> Option<Walk<'_>> {
        let entry = self.index_entry(block)?;
        let rest = Cursor::new(self.directory.get(entry.u32(4) as usize..)?);
        let owner = Ordinal(entry.u32(0));
        let payload_bits = u32::from(self.runs.payload_bits);
        let base = self.file.header.first;
        Some(Walk { rest, owner, offset: entry.u64(8), base, payload_bits })
    }
}

impl Iterator for Walk<'_> {
    type Item = Listed;

    fn next(&mut self) -> Option<Listed> {
        let owner = Ordinal(self.owner.0.checked_add(self.rest.varint_as::<u32>()?)?);
        let count: u32 = self.rest.varint_as().filter(|count| 0 < *count)?;
        let first = Sequence(self.base.0.checked_add(self.rest.varint()?)?);
        let span = if 1 < count { self.rest.varint()? } else { 0 };
        let head = RunHead { count, first, last: Sequence(first.0.checked_add(span)?) };
        let len = match head.chunk_bytes(self.payload_bits) {
            Some(len) => len,
            None => self.rest.varint_as()?,
        };
        let listed = Listed { owner, head, offset: self.offset, len };
        self.owner = owner;
        self.offset = self.offset.checked_add(len as u64)?;
        Some(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DatabaseId;
    use crate::runs::layout::{family, view_kind};
    use crate::runs::writer::ViewHeader;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

    fn entries(owner: u32) -> Vec<Entry> {
        let count = if owner == 60 { 1_000 } else { u64::from(owner % 5) };
        (0..count).map(|n| (Sequence(100 + u64::from(owner) + n * 400), owner + 1)).collect()
    }

    fn written() -> MemoryStorage {
        let storage = MemoryStorage::default();
        let header = ViewHeader {
            database: DatabaseId([3; 16]),
            view: view_kind::GRAPH,
            first: Sequence(100),
            last: Sequence(1_000_000),
            salt: 0x1234_5678_9abc_def0,
        };
        let mut file = ViewWriter::create(&storage, "graph", &header).unwrap();
        for kind in [family::FOLLOWING, family::FOLLOWERS] {
            let mut writer = FamilyWriter::begin(&mut file, kind, 10, header.first);
            for owner in (0..500).filter(|owner| (owner + u32::from(kind)) % 3 != 0) {
                writer.push(Ordinal(owner), &entries(owner)).unwrap();
            }
            writer.finish().unwrap();
        }
        file.finish(&storage).unwrap();
        storage
    }

    fn all(family: &Family) -> Result<Vec<(Ordinal, Vec<Entry>)>> {
        family
            .listed()
            .map(|listed| {
                let run = family.run(&listed)?;
                Ok((listed.owner, (0..run.len()).map(|index| run.entry(index)).collect()))
            })
            .collect()
    }

    #[test]
    fn every_owner_is_found_and_nobody_else() {
        let storage = written();
        let file = Arc::new(ViewFile::open(&storage, "graph").unwrap());
        file.verify_all().unwrap();
        assert!(Family::open(&file, family::MUTES).unwrap().is_none());
        for kind in [family::FOLLOWING, family::FOLLOWERS] {
            let found = Family::open(&file, kind).unwrap().unwrap();
            let mut expected = Vec::new();
            for owner in 0..510 {
                let has =
                    owner < 500 && (owner + u32::from(kind)) % 3 != 0 && !entries(owner).is_empty();
                let listed = found.find(Ordinal(owner));
                assert_eq!(listed.is_some(), has, "owner {owner} of family {kind}");
                if let Some(listed) = listed {
                    assert_eq!(found.run(&listed).unwrap().len(), entries(owner).len());
                    expected.push((Ordinal(owner), entries(owner)));
                }
            }
            assert_eq!(all(&found).unwrap(), expected);
        }
    }

    #[test]
    fn a_flipped_byte_anywhere_is_noticed_and_nothing_panics() {
        let storage = written();
        let bytes = storage.map("graph").unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            let noticed = ViewFile::load("graph", damaged.into()).map(Arc::new).and_then(|file| {
                for kind in [family::FOLLOWING, family::FOLLOWERS] {
                    Family::open(&file, kind)?.map(|family| all(&family)).transpose()?;
                }
                file.verify_all()
            });
            assert!(noticed.is_err(), "byte {at} of {}", bytes.len());
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_noticed() {
        let storage = written();
        let bytes = storage.map("graph").unwrap();
        for len in (0..bytes.len()).step_by(7) {
            assert!(ViewFile::load("graph", bytes.slice(..len)).is_err(), "cut to {len}");
        }
    }
}
