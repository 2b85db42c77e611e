//! The manifest: what this data directory is, which epoch it is in, whether it was closed cleanly,
//! and which view files are alive. Replaced atomically, never edited.
//!
//! It is not needed to know the data: losing it loses the clean mark and the view files, which are
//! then rebuilt from the log. Every segment names its database and epoch itself.
//!
//! Its bytes are in [`layout::manifest`](crate::layout::manifest) and `engine/FORMAT.md`.

use super::{Storage, names, replace_atomically};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{DatabaseId, Sequence};
use crate::limits::{EPOCH_MAX, SEQUENCE_MAX};
use crate::log::bytes::{Fields, put_u16, put_u32, put_u64};
use crate::log::layout::manifest::{
    CLEAN_AT, COVERED_AT, DATABASE_AT, EPOCH_AT, ERASED_AT, FLOOR_AT, HEAD_BYTES, KIND_AT, LAST_AT,
    NEWEST_SEGMENT_AT, NEXT_NUMBER_AT, REVISED_AT, SPACE_AT, THINNED_AT, VERSION_AT, VIEW_BYTES,
    VIEW_COUNT_AT,
};
use crate::log::layout::{FILE_KIND_MANIFEST, FORMAT_VERSION, MAGIC, manifest_view};

/// Bytes of the checksum at the end.
const CRC_BYTES: usize = 4;

/// What a data directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) database: DatabaseId,
    pub(crate) epoch: u32,
    /// The last sequence in the log, if the directory was closed cleanly.
    pub(crate) clean: Option<Sequence>,
    /// No sequence below this is given to a new record. Set before recovery removes or seals
    /// anything, so that a recovery that is itself interrupted does not forget which ids may have
    /// been given out.
    pub(crate) floor: Sequence,
    /// The number of the next view file.
    pub(crate) next_number: u64,
    /// The first sequence of the newest log segment, as far as was known.
    pub(crate) newest_segment: Sequence,
    /// The view files hold the effects of everything up to here.
    pub(crate) covered: Sequence,
    /// The texts of posts that were deleted up to here are erased.
    pub(crate) erased: Sequence,
    /// Retention may have dropped records of what held only below this.
    pub(crate) thinned: Sequence,
    /// The texts that were replaced by revisions up to here are erased.
    pub(crate) revised: Sequence,
    /// The view files that are alive, of each kind in ascending order of what they cover.
    pub(crate) views: Vec<ViewEntry>,
}

/// A view file that is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ViewEntry {
    /// See [`view_kind`](crate::runs::layout::view_kind).
    pub(crate) kind: u8,
    pub(crate) number: u64,
    pub(crate) first: Sequence,
    pub(crate) last: Sequence,
    /// Bytes of the file.
    pub(crate) len: u64,
}

impl ViewEntry {
    /// The name of the file.
    pub(crate) fn name(&self) -> String {
        names::view(self.kind, self.number)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.kind, 0, 0, 0, 0, 0, 0, 0]);
        put_u64(out, self.number);
        put_u64(out, self.first.0);
        put_u64(out, self.last.0);
        put_u64(out, self.len);
    }

    fn load(bytes: &[u8]) -> Self {
        let fields = Fields(bytes);
        Self {
            kind: fields.u8(manifest_view::KIND_AT),
            number: fields.u64(manifest_view::NUMBER_AT),
            first: Sequence(fields.u64(manifest_view::FIRST_AT)),
            last: Sequence(fields.u64(manifest_view::LAST_AT)),
            len: fields.u64(manifest_view::LEN_AT),
        }
    }
}

impl Manifest {
    /// The manifest of a directory without view files.
    pub(crate) fn new(database: DatabaseId, epoch: u32, floor: Sequence) -> Self {
        Self {
            database,
            epoch,
            clean: None,
            floor,
            next_number: 1,
            newest_segment: Sequence(0),
            covered: Sequence(0),
            erased: Sequence(0),
            thinned: Sequence(0),
            revised: Sequence(0),
            views: Vec::new(),
        }
    }

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
        let mut bytes = Vec::with_capacity(HEAD_BYTES + VIEW_BYTES * self.views.len() + CRC_BYTES);
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
        put_u64(&mut bytes, self.next_number);
        put_u64(&mut bytes, self.newest_segment.0);
        put_u64(&mut bytes, self.covered.0);
        put_u32(&mut bytes, u32::try_from(self.views.len()).expect("files are merged"));
        put_u32(&mut bytes, 0);
        put_u64(&mut bytes, self.erased.0);
        put_u64(&mut bytes, self.thinned.0);
        put_u64(&mut bytes, self.revised.0);
        self.views.iter().for_each(|view| view.encode(&mut bytes));
        let crc = crc32fast::hash(&bytes);
        put_u32(&mut bytes, crc);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let damaged = |at: usize, what: &str| Error::corrupt(names::MANIFEST, at as u64, what);
        let Some((content, crc)) = bytes.split_last_chunk::<CRC_BYTES>() else {
            return Err(damaged(0, "the manifest is shorter than its checksum"));
        };
        if content.len() < HEAD_BYTES {
            let what = format!("a manifest has at least {HEAD_BYTES} bytes");
            return Err(damaged(0, &what));
        }
        let fields = Fields(content);
        if fields.array::<8>(0) != MAGIC {
            return Err(damaged(0, "this is not a Fanfold manifest"));
        }
        if u32::from_le_bytes(*crc) != crc32fast::hash(content) {
            return Err(damaged(content.len(), "checksum of the manifest differs"));
        }
        let (found, kind) = (fields.u16(VERSION_AT), fields.u8(KIND_AT));
        if found != FORMAT_VERSION || kind != FILE_KIND_MANIFEST || fields.u32(SPACE_AT) != 0 {
            return Err(Error::new(
                ErrorKind::Unusable,
                format!("MANIFEST has format version {found}; this program reads {FORMAT_VERSION}"),
            ));
        }
        let list = content.get(HEAD_BYTES..).unwrap_or_default();
        if list.len() != (fields.u32(VIEW_COUNT_AT) as usize).saturating_mul(VIEW_BYTES) {
            return Err(damaged(VIEW_COUNT_AT, "the list of view files has another length"));
        }
        let manifest = Self {
            database: DatabaseId(fields.array(DATABASE_AT)),
            epoch: fields.u32(EPOCH_AT),
            clean: (fields.u8(CLEAN_AT) == 1).then(|| Sequence(fields.u64(LAST_AT))),
            floor: Sequence(fields.u64(FLOOR_AT)),
            next_number: fields.u64(NEXT_NUMBER_AT),
            newest_segment: Sequence(fields.u64(NEWEST_SEGMENT_AT)),
            covered: Sequence(fields.u64(COVERED_AT)),
            erased: Sequence(fields.u64(ERASED_AT)),
            thinned: Sequence(fields.u64(THINNED_AT)),
            revised: Sequence(fields.u64(REVISED_AT)),
            views: list.chunks_exact(VIEW_BYTES).map(ViewEntry::load).collect(),
        };
        if !manifest.makes_sense() {
            return Err(damaged(0, "the numbers in the manifest make no sense"));
        }
        Ok(manifest)
    }

    /// Whether its numbers are such that the engine could have written them.
    fn makes_sense(&self) -> bool {
        let own = [self.floor, self.newest_segment, self.covered, self.erased, self.revised];
        let all = own.into_iter().chain(self.clean);
        all.map(|sequence| sequence.0).all(|sequence| sequence <= SEQUENCE_MAX)
            && self.epoch <= EPOCH_MAX
            && self.views.iter().all(|view| {
                let in_order = view.first <= view.last && view.last <= self.covered;
                in_order && view.number < self.next_number
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        let view = |kind| ViewEntry {
            kind,
            number: 7 + u64::from(kind),
            first: Sequence(1),
            last: Sequence(99),
            len: 4_096,
        };
        Manifest {
            database: DatabaseId([7; 16]),
            epoch: 3,
            clean: Some(Sequence(99)),
            floor: Sequence(100),
            next_number: 10,
            newest_segment: Sequence(51),
            covered: Sequence(99),
            erased: Sequence(42),
            thinned: Sequence(43),
            revised: Sequence(41),
            views: vec![view(1), view(2)],
        }
    }

    #[test]
    fn round_trip() {
        assert_eq!(Manifest::decode(&sample().encode()).unwrap(), sample());
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_refused() {
        let bytes = sample().encode();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            assert!(Manifest::decode(&damaged).is_err(), "byte {at}");
            assert!(Manifest::decode(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}
