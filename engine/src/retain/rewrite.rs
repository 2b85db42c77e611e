//! Rewrites neighbouring sealed segments as one packed segment.
//!
//! Safe at any byte: the new file is whole and durable before a rename puts it in the place of the
//! first of the old ones. The others are outdated from then on; if a crash leaves them behind,
//! opening removes them.

use std::sync::Arc;

use super::judge::{Entry, Judge};
use crate::error::{Error, Result};
use crate::flush::gather::Lend;
use crate::ids::Sequence;
use crate::log::header::{SegmentHeader, WrittenWith};
use crate::log::packed::segment::PackedSegment;
use crate::log::packed::writer::PackedWriter;
use crate::log::record::Context;
use crate::log::sealed::SealedSegment;
use crate::log::view::Log;
use crate::storage::{Storage, remove_if_present};

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

/// Does the job; readers find the new segment when it returns.
pub(crate) fn rewrite(
    storage: &dyn Storage,
    log: &Log,
    lend: Lend<'_>,
    covered: Sequence,
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
    let mut writer = PackedWriter::create(storage, header, job.is_cold)?;
    let segments = log.segments();
    let mut judge = Judge::new(lend, &segments, oldest.first(), covered)?;
    for input in &job.inputs {
        writer.note_time(input.last_time());
        copy(input, &mut judge, &mut writer)?;
    }
    let name = writer.finish(storage)?;
    let failed = |error| Error::io(format!("publish {name}"), error);
    storage.sync_directory().map_err(failed)?;
    let map = storage.map(&name).map_err(failed)?;
    let packed = Arc::new(SealedSegment::Packed(PackedSegment::open(name.clone(), map)?));
    log.replace(&packed);
    for outdated in job.inputs.iter().skip(1) {
        remove_if_present(storage, outdated.name()).map_err(failed)?;
    }
    storage.sync_directory().map_err(failed)?;
    Ok(packed)
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
