//! Rewrites neighbouring sealed segments as one packed segment.
//!
//! Safe at any byte: the new file is whole and durable before a rename puts it in the place of the
//! first of the old ones. The others are outdated from then on; if a crash leaves them behind,
//! opening removes them, and if their removal fails, the next round does.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::judge::{Entry, Erasing, Judge};
use crate::error::{Error, Result};
use crate::flush::gather::Lend;
use crate::ids::Sequence;
use crate::log::header::{SegmentHeader, WrittenWith};
use crate::log::packed::segment::PackedSegment;
use crate::log::packed::writer::PackedWriter;
use crate::log::record::Context;
use crate::log::sealed::SealedSegment;
use crate::log::view::Log;
use crate::storage::{Storage, names, remove_if_present};

/// Records that are judged under one hold of the state lock.
const BATCH_RECORDS: usize = 256;

/// Neighbouring segments that become one.
#[derive(Debug)]
pub(crate) struct Job {
    /// Oldest first; at least one.
    pub(crate) inputs: Vec<Arc<SealedSegment>>,
    /// Pack for the long term.
    pub(crate) is_cold: bool,
}

impl Job {
    /// Whether it rewrites something of the range.
    pub(crate) fn overlaps(&self, range: &RangeInclusive<Sequence>) -> bool {
        let is_in = |input: &Arc<SealedSegment>| {
            input.first() <= *range.end() && *range.start() <= input.last()
        };
        self.inputs.iter().any(is_in)
    }
}

/// Does the job; readers find the new segment when it returns.
pub(crate) fn rewrite(
    storage: &dyn Storage,
    log: &Log,
    lend: Lend<'_>,
    erasing: Erasing<'_>,
    job: &Job,
) -> Result<Arc<SealedSegment>> {
    let oldest = job.inputs.first().expect("a job has inputs");
    let newest = job.inputs.last().expect("a job has inputs");
    let header = SegmentHeader {
        written_with: WrittenWith::Fsync,
        context: Context { salt: crate::random::random_u64(), ..oldest.header().context },
        made_len: 0,
        is_packed: true,
        last: newest.last(),
        ..*oldest.header()
    };
    let segments = log.segments();
    let mut judge = Judge::new(lend, &segments, oldest.first(), erasing)?;
    let written = write(storage, header, job, &mut judge);
    let name = written.inspect_err(|_| {
        // A disk that is full must not stay full of this.
        let _ = remove_if_present(storage, &names::temporary(&names::segment(header.first)));
    })?;
    let failed = |error| Error::io(format!("publish {name}"), error);
    storage.sync_directory().map_err(failed)?;
    let map = storage.map(&name).map_err(failed)?;
    let packed = Arc::new(SealedSegment::Packed(PackedSegment::open(name.clone(), map)?));
    log.replace(&packed);
    remove_outdated(storage, log)?;
    Ok(packed)
}

/// Removes the files of log segments whose records are in other segments by now.
pub(crate) fn remove_outdated(storage: &dyn Storage, log: &Log) -> Result<()> {
    let failed = |error| Error::io("remove log segments that were rewritten", error);
    let segments = log.segments();
    let is_outdated = |name: &String| {
        let first = names::parse_segment(name);
        let holder = first.and_then(|first| segments.sealed_at(first));
        holder.is_some_and(|holder| holder.name() != name.as_str())
    };
    let outdated: Vec<_> =
        storage.list().map_err(failed)?.into_iter().filter(is_outdated).collect();
    for name in &outdated {
        remove_if_present(storage, name).map_err(failed)?;
    }
    if outdated.is_empty() { Ok(()) } else { storage.sync_directory().map_err(failed) }
}

/// Writes the new file under its name.
fn write(
    storage: &dyn Storage,
    header: SegmentHeader,
    job: &Job,
    judge: &mut Judge<'_>,
) -> Result<String> {
    let mut writer = PackedWriter::create(storage, header, job.is_cold)?;
    for input in &job.inputs {
        writer.note_time(input.last_time());
        copy(input, judge, &mut writer)?;
    }
    writer.finish(storage)
}

/// Copies what is needed of one segment.
fn copy(input: &SealedSegment, judge: &mut Judge<'_>, writer: &mut PackedWriter) -> Result<()> {
    let mut batch: Vec<Entry> = Vec::with_capacity(BATCH_RECORDS);
    let mut outcome = Ok(());
    let mut settle = |batch: &mut Vec<Entry>| {
        let kept = judge.judge(std::mem::take(batch))?;
        kept.iter().try_for_each(|(sequence, record)| writer.push(*sequence, record))
    };
    input.each_record(|sequence, record| {
        if outcome.is_ok() {
            batch.push((sequence, record.clone()));
            if batch.len() == BATCH_RECORDS {
                outcome = settle(&mut batch);
            }
        }
    })?;
    outcome.and_then(|()| settle(&mut batch))
}
