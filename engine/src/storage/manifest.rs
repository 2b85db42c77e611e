//! The manifest: what this data directory is, which epoch it is in, and whether it was closed
//! cleanly. Replaced atomically, never edited.
//!
//! It is not needed to know the data: losing it loses the clean mark and nothing else, because
//! every segment names its database and epoch itself.
//!
//! Its bytes are in [`layout::manifest`](crate::layout::manifest) and `engine/FORMAT.md`.

use super::{Storage, names, replace_atomically};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{DatabaseId, Sequence};
use crate::log::bytes::{Fields, put_u16, put_u32, put_u64};
use crate::log::layout::manifest::{
    BYTES, CLEAN_AT, CRC_AT, DATABASE_AT, EPOCH_AT, FLOOR_AT, KIND_AT, LAST_AT, SPACE_AT,
    VERSION_AT,
};
use crate::log::layout::{FILE_KIND_MANIFEST, FORMAT_VERSION, MAGIC};

/// What a data directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) database: DatabaseId,
    pub(crate) epoch: u32,
    /// The last sequence in the log, if the directory was closed cleanly.
    pub(crate) clean: Option<Sequence>,
    /// No sequence below this is given to a new record. Set before recovery removes or seals
    /// anything, so that a recovery that is itself interrupted does not forget which ids may have
    /// been given out.
    pub(crate) floor: Sequence,
}

impl Manifest {
    /// Reads the manifest; `None` if there is none.
    pub(crate) fn load(storage: &dyn Storage) -> Result<Option<Self>> {
        let bytes = match storage.map(names::MANIFEST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read MANIFEST", error)),
        };
        Self::decode(&bytes).map(Some)
    }

    /// Replaces the manifest by this one, durably.
    pub(crate) fn store(&self, storage: &dyn Storage) -> Result<()> {
        replace_atomically(storage, names::MANIFEST, &self.encode())
            .map_err(|error| Error::io("replace MANIFEST", error))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(&MAGIC);
        put_u16(&mut bytes, FORMAT_VERSION);
        bytes.push(FILE_KIND_MANIFEST);
        bytes.push(u8::from(self.clean.is_some()));
        put_u32(&mut bytes, 0);
        bytes.extend_from_slice(&self.database.0);
        put_u32(&mut bytes, self.epoch);
        put_u32(&mut bytes, 0);
        put_u64(&mut bytes, self.clean.unwrap_or_default().0);
        put_u64(&mut bytes, self.floor.0);
        bytes.resize(CRC_AT, 0);
        let crc = crc32fast::hash(&bytes);
        put_u32(&mut bytes, crc);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let damaged = |at, what: &str| Error::corrupt(names::MANIFEST, at, what);
        if bytes.len() != BYTES {
            let len = bytes.len();
            let what = format!("a manifest has {BYTES} bytes, this file {len}");
            return Err(damaged(0, &what));
        }
        let fields = Fields(bytes);
        if fields.array::<8>(0) != MAGIC {
            return Err(damaged(0, "this is not a Fanfold manifest"));
        }
        if fields.u32(CRC_AT) != crc32fast::hash(fields.slice(0, CRC_AT)) {
            return Err(damaged(CRC_AT as u64, "checksum of the manifest differs"));
        }
        let (found, kind) = (fields.u16(VERSION_AT), fields.u8(KIND_AT));
        if found != FORMAT_VERSION || kind != FILE_KIND_MANIFEST || fields.u32(SPACE_AT) != 0 {
            return Err(Error::new(
                ErrorKind::Unusable,
                format!("MANIFEST has format version {found}; this program reads {FORMAT_VERSION}"),
            ));
        }
        Ok(Self {
            database: DatabaseId(fields.array(DATABASE_AT)),
            epoch: fields.u32(EPOCH_AT),
            clean: (fields.u8(CLEAN_AT) == 1).then(|| Sequence(fields.u64(LAST_AT))),
            floor: Sequence(fields.u64(FLOOR_AT)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        Manifest {
            database: DatabaseId([7; 16]),
            epoch: 3,
            clean: Some(Sequence(99)),
            floor: Sequence(100),
        }
    }

    #[test]
    fn round_trip() {
        assert_eq!(Manifest::decode(&sample().encode()).unwrap(), sample());
    }

    #[test]
    fn every_flipped_byte_is_refused() {
        let bytes = sample().encode();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            assert!(Manifest::decode(&damaged).is_err(), "byte {at}");
        }
    }
}
