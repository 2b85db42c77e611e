//! Recovery: what the files of a log mean after any kind of stop.
//!
//! First each segment is judged alone ([`judge`]); then the chain is checked ([`Chain`]). Nothing
//! is changed here: the caller seals what is to be sealed, `check` only reports.
//!
//! Judging a segment without a valid footer; `x` is where the walk over its groups stops:
//!
//! | at `x` | segment | evidence | decision |
//! |---|---|---|---|
//! | end of file, or zeros to the end | last | - | unfinished: seal at `x` |
//! | no valid group | last | no later group was written when the log was durable beyond `x` | torn: cut at `x`, report, seal |
//! | no valid group | last | a later group was | rot: refuse |
//! | anything | not last | all sequences up to the next segment are there | interrupted seal: seal at `x` |
//! | anything | not last | sequences are missing | rot: refuse |
//! | exactly the offset table that belongs there | any | the file has exactly a sealed length | its footer rotted: refuse |
//! | anything | any | the directory was closed cleanly | rot: refuse |
//!
//! A segment without a footer that is shorter than it was made was cut by somebody: a tear leaves the
//! length alone. It is sealed where it ends, but acknowledged writes may be gone with its end, so
//! an epoch begins.
//!
//! "A valid group follows a bad one" alone proves nothing: after a power cut the disk may hold a
//! later block and not an earlier one. The durable mark in each group header (`synced_up_to`) makes
//! the difference decidable. The honest limit is in `engine/SAFETY.md`: rot inside the very last
//! synced group looks like a tear.

use std::sync::Arc;

use ::bytes::Bytes;

use super::bytes::put_u32;
use super::header::{Footer, SegmentHeader, WrittenWith};
use super::layout::{FOOTER_BYTES, SEGMENT_HEADER_BYTES};
use super::packed::segment::PackedSegment;
use super::plain::PlainSegment;
use super::scan::{GroupScan, Stop, durable_evidence};
use super::sealed::SealedSegment;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{DatabaseId, Sequence, Timestamp};
use crate::storage::manifest::Manifest;
use crate::storage::{Storage, names};

/// What one segment file turned out to be.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Header, footer and offset table are sound.
    Sealed(Arc<SealedSegment>),
    /// It has no footer and may get one.
    Unfinished(Unfinished),
}

/// A segment without a footer whose groups are sound up to `footer.data_end`.
#[derive(Debug)]
pub(crate) struct Unfinished {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    pub(crate) footer: Footer,
    /// The offset table to be written before the footer.
    pub(crate) table: Vec<u8>,
    /// Bytes that were cut off because a write was torn; 0 if none.
    pub(crate) torn_bytes: u64,
    /// How many bytes shorter the file is than it was made; 0 if nobody cut it.
    pub(crate) missing_bytes: u64,
}

/// Where a segment stands in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The first sequence of the segment after this one; `None` for the last.
    pub(crate) next: Option<Sequence>,
    /// The directory was closed cleanly.
    pub(crate) clean: bool,
}

impl Place {
    fn is_last(self) -> bool {
        self.next.is_none()
    }
}

/// Judges the segment file `name`.
pub(crate) fn judge(storage: &dyn Storage, name: &str, place: Place) -> Result<Verdict> {
    let failed = |error| Error::io(format!("read {name}"), error);
    let file = storage.open(name).map_err(failed)?;
    let len = file.size().map_err(failed)?;
    let head = file.read_at(0, SEGMENT_HEADER_BYTES).map_err(failed)?;
    let header = SegmentHeader::load(name, &head)?;
    if names::parse_segment(name) != Some(header.first) {
        let at = super::layout::segment_header::FIRST_AT as u64;
        let first = header.first;
        return Err(Error::corrupt(name, at, format!("the header says it starts at {first}")));
    }
    if header.is_packed {
        let map = storage.map(name).map_err(failed)?;
        let segment = PackedSegment::open(name.to_owned(), map)?;
        return Ok(Verdict::Sealed(Arc::new(SealedSegment::Packed(segment))));
    }
    let tail_at = len.saturating_sub(FOOTER_BYTES as u64);
    let tail = file.read_at(tail_at, FOOTER_BYTES).map_err(failed)?;
    if Footer::load(&tail, header.context.salt).is_some() {
        let map = storage.map(name).map_err(failed)?;
        let segment = PlainSegment::open(name.to_owned(), map)?;
        return Ok(Verdict::Sealed(Arc::new(SealedSegment::Plain(segment))));
    }
    let bytes = Bytes::from(file.read_from_disk().map_err(failed)?);
    judge_unfinished(name, header, &bytes, place).map(Verdict::Unfinished)
}

fn judge_unfinished(
    name: &str,
    header: SegmentHeader,
    bytes: &Bytes,
    place: Place,
) -> Result<Unfinished> {
    let mut scan = GroupScan::new(bytes, header.first, header.context);
    let mut table = Vec::new();
    let mut last_time = header.context.base_time;
    let stop = loop {
        match scan.next_group() {
            Ok(group) => {
                group.records.iter().for_each(|(offset, _, _)| put_u32(&mut table, *offset));
                last_time = last_time.max(group.header.time);
            }
            Err(stop) => break stop,
        }
    };
    let unfinished = unfinished(name, header, &scan, table, last_time);
    let torn_bytes = decide(&unfinished, bytes, stop, place)?;
    let missing_bytes = header.made_len.saturating_sub(bytes.len() as u64);
    Ok(Unfinished { torn_bytes, missing_bytes, ..unfinished })
}

fn unfinished(
    name: &str,
    header: SegmentHeader,
    scan: &GroupScan<'_>,
    table: Vec<u8>,
    last_time: Timestamp,
) -> Unfinished {
    let small = |value: usize| u32::try_from(value).expect("segments are at most 1 GiB");
    let footer = Footer {
        first: header.first,
        count: small(table.len() / 4),
        data_end: small(scan.offset()),
        last_time,
        table_crc: crc32fast::hash(&table),
    };
    Unfinished { name: name.to_owned(), header, footer, table, torn_bytes: 0, missing_bytes: 0 }
}

/// The decision table above; answers how many torn bytes are to be cut.
fn decide(unfinished: &Unfinished, bytes: &Bytes, stop: Stop, place: Place) -> Result<u64> {
    let x = unfinished.footer.data_end as usize;
    let rotten = |what: String| {
        let at = match stop {
            Stop::Bad(fault) => fault.place(x),
            Stop::End | Stop::Zeros => x as u64,
        };
        Err(Error::corrupt(&unfinished.name, at, what))
    };
    if place.clean {
        return rotten("the footer of a cleanly closed segment is damaged".to_owned());
    }
    if unfinished.has_sealed_shape(bytes) {
        return rotten("the segment's footer is damaged".to_owned());
    }
    if let Some(next) = place.next {
        let reached = Sequence(unfinished.header.first.0 + u64::from(unfinished.footer.count));
        return match stop {
            _ if reached == next => Ok(0),
            Stop::Bad(fault) => rotten(fault.to_string()),
            Stop::End | Stop::Zeros => {
                rotten(format!("sequences {reached} up to {next} are missing"))
            }
        };
    }
    match stop {
        Stop::End | Stop::Zeros => Ok(0),
        Stop::Bad(fault) => {
            let durable = durable_evidence(bytes, x, unfinished.header.context.salt);
            if x < durable as usize {
                return rotten(format!("{fault}, and the log was durable up to {durable}"));
            }
            Ok((bytes.len() - x) as u64)
        }
    }
}

impl Unfinished {
    /// The sequence after its last record.
    pub(crate) fn end(&self) -> Sequence {
        Sequence(self.header.first.0 + u64::from(self.footer.count))
    }

    /// Whether the file has exactly the length and the offset table of a sealed segment, so that
    /// only its footer can be wrong.
    fn has_sealed_shape(&self, bytes: &[u8]) -> bool {
        let start = self.footer.data_end as usize;
        0 < self.footer.count
            && self.footer.file_len() == bytes.len() as u64
            && bytes.get(start..start + self.table.len()) == Some(self.table.as_slice())
    }

    /// Writes the footer, cuts the file behind it, and opens it as sealed. May be interrupted at
    /// any point and judged and sealed again, with the same result.
    pub(crate) fn seal(&self, storage: &dyn Storage) -> Result<Arc<SealedSegment>> {
        let sealed = super::seal::write_footer(
            storage,
            &self.name,
            self.header.context.salt,
            self.footer,
            &self.table,
        )?;
        Ok(Arc::new(sealed))
    }
}

/// The log as recovery found it, not yet sealed up.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) database: Option<DatabaseId>,
    pub(crate) epoch: u32,
    pub(crate) last: Sequence,
    /// The first sequence that was surely never given out, if nothing was lost.
    pub(crate) next: Sequence,
    /// Some segment may have lost writes that were acknowledged.
    pub(crate) may_have_lost: bool,
    /// Segments that a packed one stands for; a crash left them behind.
    pub(crate) outdated: Vec<String>,
}

impl Chain {
    /// Judges all segments in `names`, in order, and checks that they form one log.
    pub(crate) fn examine(
        storage: &dyn Storage,
        segments: &[Sequence],
        manifest: Option<&Manifest>,
    ) -> Result<Self> {
        let clean = manifest.is_some_and(|manifest| manifest.clean.is_some());
        let mut chain = Self::empty(manifest);
        for (index, first) in segments.iter().enumerate() {
            let place = Place { next: segments.get(index + 1).copied(), clean };
            if chain.stands_for(*first) {
                chain.outdated.push(names::segment(*first));
                continue;
            }
            let verdict = judge(storage, &names::segment(*first), place)?;
            chain.link(verdict, place)?;
        }
        chain.check_manifest(manifest)?;
        Ok(chain)
    }

    pub(crate) fn empty(manifest: Option<&Manifest>) -> Self {
        Self {
            verdicts: Vec::new(),
            database: manifest.map(|manifest| manifest.database),
            epoch: manifest.map_or(0, |manifest| manifest.epoch),
            last: Sequence(0),
            next: manifest.map_or(Sequence(1), |manifest| manifest.floor.max(Sequence(1))),
            may_have_lost: false,
            outdated: Vec::new(),
        }
    }

    /// Whether the newest segment so far, which is packed, replaced the one that begins at `first`.
    pub(crate) fn stands_for(&self, first: Sequence) -> bool {
        let newest = self.verdicts.last();
        newest.is_some_and(|verdict| verdict.identity().1.is_packed && first <= self.last)
    }

    /// Appends the next segment, which must continue where the chain ends.
    pub(crate) fn link(&mut self, verdict: Verdict, place: Place) -> Result<()> {
        let (name, header) = verdict.identity();
        let ours = *self.database.get_or_insert(header.database);
        if header.database != ours {
            let theirs = header.database;
            return Err(Error::new(
                ErrorKind::Unusable,
                format!("{name} belongs to database {theirs}, this directory to {ours}"),
            ));
        }
        if header.previous != self.last {
            let (found, expected) = (header.previous, self.last);
            let missing = names::segment(expected.next());
            let what = format!(
                "a segment is missing: the log ends at {expected}, but {name} continues after {found}"
            );
            return Err(Error::corrupt(&missing, 0, what));
        }
        self.epoch = self.epoch.max(header.epoch);
        if let Verdict::Unfinished(unfinished) = &verdict {
            self.may_have_lost |= unfinished.header.written_with != WrittenWith::Fsync;
            self.may_have_lost |= place.is_last() && 0 < unfinished.missing_bytes;
        }
        // An empty segment tells where its epoch began: its records may have been lost.
        self.next = self.next.max(header.first);
        self.last = verdict.last().unwrap_or(self.last);
        self.next = self.next.max(self.last.next());
        self.verdicts.push(verdict);
        Ok(())
    }

    /// The newest segment that the manifest knows must be there, and a clean mark must name the very
    /// end of the log.
    pub(crate) fn check_manifest(&self, manifest: Option<&Manifest>) -> Result<()> {
        let known = manifest.map_or(Sequence(0), |manifest| manifest.newest_segment);
        let newest = self.verdicts.last().map(|verdict| verdict.identity().1.first);
        if newest.unwrap_or_default() < known {
            let what = "a segment is missing: MANIFEST says that it was begun";
            return Err(Error::corrupt(&names::segment(known), 0, what));
        }
        match manifest.and_then(|manifest| manifest.clean) {
            Some(closed) if closed != self.last => {
                let found = self.last;
                let missing = names::segment(found.next());
                let what = format!(
                    "a segment is missing: MANIFEST says the log was closed at {closed}, but it \
                     ends at {found}"
                );
                Err(Error::corrupt(&missing, 0, what))
            }
            _ => Ok(()),
        }
    }
}

impl Verdict {
    pub(crate) fn name(&self) -> &str {
        self.identity().0
    }

    pub(crate) fn header(&self) -> &SegmentHeader {
        self.identity().1
    }

    fn identity(&self) -> (&str, &SegmentHeader) {
        match self {
            Self::Sealed(segment) => (segment.name(), segment.header()),
            Self::Unfinished(unfinished) => (&unfinished.name, &unfinished.header),
        }
    }

    /// The last sequence; `None` if it has no records.
    pub(crate) fn last(&self) -> Option<Sequence> {
        match self {
            Self::Sealed(segment) => Some(segment.last()),
            Self::Unfinished(unfinished) if unfinished.footer.count == 0 => None,
            Self::Unfinished(unfinished) => Some(Sequence(unfinished.end().0 - 1)),
        }
    }
}
