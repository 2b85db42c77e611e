//! A plain segment: the active segment's file once it is sealed, with a footer and an offset table.
//! Reads find a record through the table. Out of a map they verify it every time, for a disk may answer
//! otherwise the next time. A segment that is held in memory was verified as a whole when it got there:
//! the checksums of a page's posts took a fifth of the time that the page took.

use ::bytes::Bytes;

use super::bytes::Fields;
use super::header::{Footer, SegmentHeader};
use super::located::Located;
use super::record::Record;
use super::scan::{GroupScan, Stop};
use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::storage::mapping::prefetch;

/// A sealed segment as it was written; mapped, or held in memory as a whole.
#[derive(Debug)]
pub(crate) struct PlainSegment {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    pub(crate) footer: Footer,
    map: Bytes,
    /// Whether it is in memory of our own: reading it never waits for a disk.
    pub(crate) is_resident: bool,
}

impl PlainSegment {
    /// Opens a segment whose whole content is `map`: verifies header and footer. The offset table
    /// needs no checksum to be read by: a record at a wrong place does not match its own.
    pub(crate) fn open(name: String, map: Bytes) -> Result<Self> {
        let header = SegmentHeader::load(&name, &map)?;
        let footer = Footer::load(&map, header.context.salt).ok_or_else(|| {
            Error::corrupt(&name, map.len() as u64, "the segment's footer is damaged")
        })?;
        if footer.file_len() != map.len() as u64
            || footer.first != header.first
            || footer.count == 0
        {
            let at = map.len() as u64;
            return Err(Error::corrupt(&name, at, "footer and file disagree"));
        }
        Ok(Self { name, header, footer, map, is_resident: false })
    }

    /// The same of bytes in memory of our own: verifies all that reads look at, once and for all.
    pub(crate) fn open_held(name: String, bytes: Bytes) -> Result<Self> {
        let segment = Self { is_resident: true, ..Self::open(name, bytes)? };
        segment.verify_table()?;
        let sequences = (segment.header.first.0..=segment.last().0).map(Sequence);
        sequences.filter_map(|at| segment.locate(at)).try_for_each(|found| found.verify())?;
        Ok(segment)
    }

    /// Hands out every record, verifying groups, records and the offset table.
    pub(crate) fn each_record(&self, mut each: impl FnMut(Sequence, &Record)) -> Result<()> {
        self.verify_table()?;
        let data = self.data();
        let mut scan = GroupScan::new(&data, self.header.first, self.header.context);
        let mut offsets = self.offsets();
        loop {
            match scan.next_group() {
                Ok(group) => {
                    for (offset, sequence, record) in &group.records {
                        if offsets.next() != Some(*offset) {
                            let what =
                                format!("offset table and data disagree at sequence {sequence}");
                            return Err(self.damaged(u64::from(*offset), what));
                        }
                        each(*sequence, record);
                    }
                }
                Err(Stop::End) if scan.next_sequence() == self.last().next() => return Ok(()),
                Err(Stop::Bad(fault)) => {
                    return Err(self.damaged(fault.place(scan.offset()), fault));
                }
                Err(Stop::End | Stop::Zeros) => {
                    let at = scan.next_sequence();
                    let what = format!("the segment's data ends before sequence {at}");
                    return Err(self.damaged(scan.offset() as u64, what));
                }
            }
        }
    }

    fn verify_table(&self) -> Result<()> {
        if crc32fast::hash(self.table()) == self.footer.table_crc {
            return Ok(());
        }
        let at = u64::from(self.footer.data_end);
        Err(self.damaged(at, "checksum of the offset table differs"))
    }

    /// The last sequence; a sealed segment holds at least one record.
    pub(crate) fn last(&self) -> Sequence {
        Sequence(self.header.first.0 + u64::from(self.footer.count) - 1)
    }

    pub(crate) fn file_len(&self) -> u64 {
        self.map.len() as u64
    }

    /// Where the record at `sequence` is; `None` if this segment has no such sequence.
    pub(crate) fn locate(&self, sequence: Sequence) -> Option<Located<'_>> {
        let offset = self.offset(sequence)?;
        let (bytes, start, is_verified) = (&self.map, offset as usize, self.is_resident);
        let (context, file) = (self.header.context, &self.name);
        Some(Located { bytes, start, sequence, context, is_verified, file, offset })
    }

    /// Has the place of the record at `sequence` fetched.
    pub(crate) fn prefetch(&self, sequence: Sequence) {
        let index = sequence.0.saturating_sub(self.header.first.0);
        prefetch(self.table(), usize::try_from(index).unwrap_or(usize::MAX).saturating_mul(4));
    }

    /// The bytes that sealing wrote: offset table and footer.
    pub(crate) fn end(&self) -> &[u8] {
        self.map.get(self.footer.data_end as usize..).unwrap_or_default()
    }

    fn data(&self) -> Bytes {
        self.map.slice(..self.footer.data_end as usize)
    }

    /// The offsets of the records, as stored.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = u32> + '_ {
        self.table().chunks_exact(4).map(|slot| Fields(slot).u32(0))
    }

    pub(crate) fn damaged(&self, offset: u64, what: impl std::fmt::Display) -> Error {
        Error::corrupt(&self.name, offset, what)
    }

    fn offset(&self, sequence: Sequence) -> Option<u32> {
        let index = usize::try_from(sequence.0.checked_sub(self.header.first.0)?).ok()?;
        let slot = self.table().get(index.checked_mul(4)?..)?.get(..4)?;
        let offset = Fields(slot).u32(0);
        Some(offset.min(self.footer.data_end))
    }

    fn table(&self) -> &[u8] {
        let start = self.footer.data_end as usize;
        let len = 4 * self.footer.count as usize;
        self.map.get(start..start + len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::command::Command;
    use crate::engine::Engine;
    use crate::error::ErrorKind;
    use crate::ids::UserId;
    use crate::options::Options;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

    /// A sealed segment of three posts: its name and bytes.
    fn sealed() -> (String, Bytes) {
        let storage = MemoryStorage::default();
        let disk = Arc::new(storage.clone()) as Arc<dyn Storage>;
        let engine = Engine::open_on(disk, Options::default()).unwrap();
        for text in ["one", "two", "three"] {
            engine.write(Command::publish(UserId(2), text.to_owned())).unwrap();
        }
        engine.close().unwrap();
        let name = storage.segments().pop().unwrap();
        let bytes = storage.bytes(&name).into();
        (name, bytes)
    }

    fn texts(segment: &PlainSegment) -> Vec<Bytes> {
        let found = (1..=3).filter_map(|at| segment.locate(Sequence(at)));
        found.map(|it| it.slice(it.post().unwrap().unwrap().text)).collect()
    }

    /// Nothing verifies a record of a held segment when it is read: so nothing that is damaged is held.
    #[test]
    fn a_segment_is_held_if_every_byte_that_reads_look_at_is_right() {
        let (name, bytes) = sealed();
        let held = PlainSegment::open_held(name.clone(), bytes.clone()).unwrap();
        assert!(held.is_resident && held.locate(Sequence(2)).unwrap().is_verified);
        let mapped = PlainSegment::open(name.clone(), bytes.clone()).unwrap();
        assert!(!mapped.is_resident && !mapped.locate(Sequence(2)).unwrap().is_verified);
        assert_eq!(texts(&held), ["one", "two", "three"]);
        let mut refused = 0;
        for at in 0..bytes.len() {
            let mut rotten = bytes.to_vec();
            rotten[at] ^= 1 << (at % 8);
            match PlainSegment::open_held(name.clone(), rotten.into()) {
                // A group's header, which only walks look at.
                Ok(held) => assert_eq!(texts(&held), ["one", "two", "three"], "byte {at}"),
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unusable));
                    refused += 1;
                }
            }
        }
        assert!(bytes.len() / 2 < refused, "{refused} of {}", bytes.len());
    }
}
