//! The manifest: what this data directory is, which epoch it is in, and whether it was closed
//! cleanly. Replaced atomically, never edited.
//!
//! It is not needed to know the data: losing it loses the clean mark and nothing else, because
//! every segment names its database and epoch itself.
//!
//! ```text
//!  0  magic "FANFOLD\n"                    8
//!  8  version u16 | kind u8 | clean u8 | space u32
//! 16  database id                         16
//! 32  epoch u32 | reserved u32
//! 40  last sequence u64 (if clean)
//! 48  reserved u64 .. 56 reserved u32 | crc u32 over 0..60
//! ```

use super::{Storage, names, replace_atomically};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{DatabaseId, Sequence};
use crate::log::bytes::{Fields, put_u16, put_u32, put_u64};
use crate::log::layout::{FILE_KIND_MANIFEST, FORMAT_VERSION, MAGIC};

/// Bytes of a manifest.
pub(crate) const MANIFEST_BYTES: usize = 64;

pub(crate) const CLEAN_AT: usize = 11;
pub(crate) const DATABASE_AT: usize = 16;
pub(crate) const EPOCH_AT: usize = 32;
pub(crate) const LAST_AT: usize = 40;
pub(crate) const CRC_AT: usize = 60;

/// What a data directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) database: DatabaseId,
    pub(crate) epoch: u32,
    /// The last sequence in the log, if the directory was closed cleanly.
    pub(crate) clean: Option<Sequence>,
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
        let mut bytes = Vec::with_capacity(MANIFEST_BYTES);
        bytes.extend_from_slice(&MAGIC);
        put_u16(&mut bytes, FORMAT_VERSION);
        bytes.push(FILE_KIND_MANIFEST);
        bytes.push(u8::from(self.clean.is_some()));
        put_u32(&mut bytes, 0);
        bytes.extend_from_slice(&self.database.0);
        put_u32(&mut bytes, self.epoch);
        put_u32(&mut bytes, 0);
        put_u64(&mut bytes, self.clean.unwrap_or_default().0);
        bytes.resize(CRC_AT, 0);
        let crc = crc32fast::hash(&bytes);
        put_u32(&mut bytes, crc);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let damaged = |at, what: &str| Error::corrupt(names::MANIFEST, at, what);
        if bytes.len() != MANIFEST_BYTES {
            let len = bytes.len();
            let what = format!("a manifest has {MANIFEST_BYTES} bytes, this file {len}");
            return Err(damaged(0, &what));
        }
        let fields = Fields(bytes);
        if fields.array::<8>(0) != MAGIC {
            return Err(damaged(0, "this is not a Fanfold manifest"));
        }
        if fields.u32(CRC_AT) != crc32fast::hash(fields.slice(0, CRC_AT)) {
            return Err(damaged(CRC_AT as u64, "checksum of the manifest differs"));
        }
        if fields.u16(8) != FORMAT_VERSION {
            let found = fields.u16(8);
            return Err(Error::new(
                ErrorKind::Unusable,
                format!("MANIFEST has format version {found}; this program reads {FORMAT_VERSION}"),
            ));
        }
        Ok(Self {
            database: DatabaseId(fields.array(DATABASE_AT)),
            epoch: fields.u32(EPOCH_AT),
            clean: (fields.u8(CLEAN_AT) == 1).then(|| Sequence(fields.u64(LAST_AT))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        Manifest { database: DatabaseId([7; 16]), epoch: 3, clean: Some(Sequence(99)) }
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
