//! An array in a view file that is read as a whole: one section of rows, each row after the one before.

use super::file::ViewFile;
use super::layout::section_part;
use super::section::Section;
use super::writer::ViewWriter;
use crate::error::Result;
use crate::log::bytes::Cursor;

/// How the rows of a family are written and read.
#[derive(Debug)]
pub(crate) struct Array<Row> {
    pub(crate) family: u8,
    /// What the rows are, for whoever reads that they make no sense.
    pub(crate) what: &'static str,
    pub(crate) put: fn(&Row, &mut Vec<u8>),
    /// Reads one row; `None` if it makes no sense.
    pub(crate) load: fn(&mut Cursor<'_>) -> Option<Row>,
}

impl<Row> Array<Row> {
    /// Writes the section.
    pub(crate) fn write(&self, rows: &[Row], file: &mut ViewWriter) -> Result<()> {
        let offset = file.offset();
        let mut bytes = Vec::with_capacity(size_of_val(rows));
        rows.iter().for_each(|row| (self.put)(row, &mut bytes));
        file.write(&bytes)?;
        let (family, part, count) = (self.family, section_part::ARRAY, rows.len() as u64);
        file.end_section(Section { family, part, payload_bits: 0, count, offset, len: 0 });
        Ok(())
    }

    /// Reads the section of a file that was verified. Refuses rows that do not make sense together.
    pub(crate) fn read(
        &self,
        file: &ViewFile,
        makes_sense: impl FnOnce(&[Row]) -> bool,
    ) -> Result<Vec<Row>> {
        let Some(section) = file.section(self.family, section_part::ARRAY) else {
            return Err(file.damaged(0, &format!("the array of {} is missing", self.what)));
        };
        let bytes = file.section_bytes(section)?;
        let rows = self.load_all(&bytes).filter(|rows| rows.len() as u64 == section.count);
        let damaged = || {
            let at = usize::try_from(section.offset).unwrap_or(usize::MAX);
            file.damaged(at, &format!("the {} in the file make no sense", self.what))
        };
        rows.filter(|rows| makes_sense(rows)).ok_or_else(damaged)
    }

    fn load_all(&self, bytes: &[u8]) -> Option<Vec<Row>> {
        let (mut rest, mut rows) = (Cursor::new(bytes), Vec::new());
        while !rest.is_empty() {
            rows.push((self.load)(&mut rest)?);
        }
        Some(rows)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::ids::{DatabaseId, Sequence};
    use crate::runs::writer::ViewHeader;
    use crate::storage::Storage;
    use crate::testing::memory::MemoryStorage;

    /// A file of that kind, of the sequences 10 to 90.
    pub(crate) fn written(view: u8, write: impl FnOnce(&mut ViewWriter) -> Result<()>) -> Bytes {
        let storage = MemoryStorage::default();
        let (first, last) = (Sequence(10), Sequence(90));
        let header = ViewHeader { database: DatabaseId([3; 16]), view, first, last, salt: 7 };
        let mut writer = ViewWriter::create(&storage, "arrays", &header).unwrap();
        write(&mut writer).unwrap();
        writer.finish(&storage).unwrap();
        storage.map("arrays").unwrap()
    }

    /// What `read` makes of the file.
    pub(crate) fn read_back<T>(bytes: Bytes, read: impl Fn(&ViewFile) -> Result<T>) -> Result<T> {
        read(&ViewFile::load("arrays", bytes)?)
    }

    /// Whichever byte of the file is another, somebody notices.
    pub(crate) fn assert_damage_is_noticed<T>(
        bytes: &Bytes,
        read: impl Fn(&ViewFile) -> Result<T>,
    ) {
        assert!(read_back(bytes.clone(), &read).is_ok());
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            let found = read_back(damaged.into(), &read);
            assert!(found.is_err(), "byte {at} of {}", bytes.len());
        }
    }
}
